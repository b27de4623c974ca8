"""What Python and libraries keep on purpose for as long as the process lives.

They make it when it is first needed, so that the code that happens to need it first
would seem to have left it behind.
"""

import sys
from fnmatch import fnmatchcase
from typing import NamedTuple

# Sources of random numbers; drivers of graphics cards; the pool of memory behind
# `multiprocessing.Array` and the like; the code of callbacks from C.
_TARGETS = (
    "/dev/urandom",
    "/dev/random",
    "/dev/nvidia*",
    "/dev/dri/*",
    "/dev/kfd",
    "/dev/shm/pym-*",
    "/memfd:libffi*",
)


class Helpers(NamedTuple):
    """The helpers of `multiprocessing`: ids of processes, and descriptors to them."""

    pids: frozenset[int]
    descriptors: frozenset[int]


def is_kept(target: str) -> bool:
    """Whether what a descriptor or mapping leads to is kept on purpose."""
    return any(fnmatchcase(target, pattern) for pattern in _TARGETS)


def find_helpers() -> Helpers:
    """The resource tracker and the fork server, where they have been started."""
    pids, descriptors = zip(
        _numbers("resource_tracker", "_resource_tracker", "_pid", "_fd"),
        _numbers(
            "forkserver", "_forkserver", "_forkserver_pid", "_forkserver_alive_fd"
        ),
        strict=True,
    )
    return Helpers(frozenset(pids), frozenset(descriptors))


def _numbers(module: str, name: str, *attributes: str) -> tuple[int, ...]:
    # Of a module that has not been imported there is nothing, and nothing public that
    # would tell of one that has.
    helper = getattr(sys.modules.get(f"multiprocessing.{module}"), name, None)
    found = [getattr(helper, attribute, None) for attribute in attributes]
    return tuple(-1 if number is None else number for number in found)
