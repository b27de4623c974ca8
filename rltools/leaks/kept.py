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
    """Helpers of `multiprocessing` and of this library, and descriptors to them.

    Attributes:
        pids: Their process ids.
        descriptors: Those that lead to them.
    """

    pids: frozenset[int]
    descriptors: frozenset[int]


def is_kept(target: str) -> bool:
    """Whether what a descriptor or mapping leads to is kept on purpose."""
    return any(fnmatchcase(target, pattern) for pattern in _TARGETS)


def find_helpers() -> Helpers:
    """The resource tracker, the fork server and the zygote, where they were started."""
    pids, descriptors = zip(
        _numbers("resource_tracker", "_resource_tracker", "_pid", "_fd"),
        _numbers(
            "forkserver", "_forkserver", "_forkserver_pid", "_forkserver_alive_fd"
        ),
        strict=True,
    )
    helpers = Helpers(frozenset(pids), frozenset(descriptors))
    starter = sys.modules.get("rltools.process.zygote_keeper")
    zygote = starter and starter.keeper.zygote
    if zygote is None:
        return helpers
    return Helpers(helpers.pids | {zygote.pid}, helpers.descriptors | {zygote.fileno()})


def _numbers(module: str, name: str, *attributes: str) -> tuple[int, ...]:
    # Of a module that has not been imported there is nothing, and nothing public that
    # would tell of one that has.
    helper = getattr(sys.modules.get(f"multiprocessing.{module}"), name, None)
    found = [getattr(helper, attribute, None) for attribute in attributes]
    return tuple(-1 if number is None else number for number in found)
