"""Compares what a process holds before and after a block of code."""

import gc
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any

from rltools.arguments import check_not_negative, check_strings
from rltools.errors import LeakError
from rltools.leaks.belonging import Belonging
from rltools.leaks.descriptors import find_descriptors
from rltools.leaks.kept import find_helpers
from rltools.leaks.processes import find_processes, list_processes, wait_for_processes
from rltools.leaks.shared_memory import (
    find_mappings,
    find_named_blocks,
    without_those_of_others,
)
from rltools.leaks.threads import find_threads, wait_for_threads

_MARK = "RLTOOLS_LEAK_CHECKS"


@contextmanager
def no_leaks(*, timeout: float = 2.0, ignore: Collection[str] = ()) -> Iterator[None]:
    """Fail if a block of code leaves something behind that it did not find.

    What is looked for: processes that were started in the block, zombies included,
    and those that these started, even if they have detached themselves; descriptors;
    shared memory that is mapped, and such that has a name in `/dev/shm`; threads.

    If something seems left, garbage is collected first, and what is about to end, such
    as a process that was told to terminate, may take until `timeout`. Not counted is
    what Python and libraries make once and keep: see `rltools.leaks.kept`.

    Elsewhere than on Linux, only descriptors and threads are looked at.

    Args:
        timeout: Seconds that processes and threads may take to end, all together.
        ignore: Patterns as in `fnmatch` of what may stay, such as `"*thread 'tqdm*"`
            or `"descriptor *: /dev/nvidia*"`. They are compared with the lines of the
            error.

    Raises:
        LeakError: Something is left, and the block raised nothing. If it did, that
            exception gets a note that says what is left.
        InvalidArgumentError: An argument makes no sense.

    >>> with no_leaks():  # doctest: +ELLIPSIS
    ...     descriptor = os.open("/dev/null", os.O_RDONLY)
    Traceback (most recent call last):
    ...
    rltools.errors.LeakError: The block left behind:
    - descriptor ...: /dev/null
    >>> os.close(descriptor)
    """
    check = LeakCheck(timeout=timeout, ignore=ignore)
    try:
        yield
    except BaseException as error:
        if left := check.finish():
            error.add_note(str(LeakError("The block", left)))
        raise
    if left := check.finish():
        raise LeakError("The block", left)


class LeakCheck:
    """What this process held when this object was made, to be compared with later.

    Until `finish`, processes started by this one have a mark in their environment.

    Args:
        timeout: As in `no_leaks`.
        ignore: As in `no_leaks`.
    """

    def __init__(self, *, timeout: float = 2.0, ignore: Collection[str] = ()) -> None:
        self._timeout = check_not_negative("timeout", timeout)
        self._ignore = check_strings("ignore", ignore)
        self._mark = uuid.uuid4().hex
        self._known = frozenset(process.key for process in list_processes().values())
        self._before = _find_others()
        self._outer_marks = os.environ.get(_MARK)
        os.environ[_MARK] = f"{self._outer_marks or ''} {self._mark}".lstrip()

    def finish(
        self, *, let_go: Callable[[], object] = lambda: None
    ) -> tuple[Belonging, ...]:
        """Say what is there that was not, in the order in which it should be read.

        Args:
            let_go: Called if something seems left, to drop what merely keeps objects
                alive, such as the traceback of a failure that was reported.
        """
        if self._outer_marks is None:
            os.environ.pop(_MARK, None)
        else:
            os.environ[_MARK] = self._outer_marks
        left = self._look()
        if left:
            let_go()
            gc.collect()
            left = self._look()
        if any(each.kind in ("process", "thread") for each in left):
            self._wait_for(left)
            gc.collect()  # It may have been what ended that kept others alive.
            _reap()
            left = self._look()
        return tuple(sorted(left, key=lambda each: (each.kind != "process", each.text)))

    def _look(self) -> set[Belonging]:
        helpers = find_helpers()
        left = _find_others() - self._before
        named = {each for each in left if each.kind == "shared memory"}
        left -= named - without_those_of_others(named)
        left |= find_processes(
            self._mark.encode(), known=self._known, besides=helpers.pids
        )
        return {
            each
            for each in left
            if not any(fnmatchcase(each.text, pattern) for pattern in self._ignore)
        }

    def _wait_for(self, left: set[Belonging]) -> None:
        deadline = time.monotonic() + self._timeout
        keys: dict[str, set[Any]] = {}
        for each in left:
            keys.setdefault(each.kind, set()).add(each.key)
        wait_for_processes([pid for pid, _ in keys.get("process", ())], deadline)
        wait_for_threads(keys.get("thread", set()), deadline)


def _find_others() -> set[Belonging]:
    """All that this process holds but processes."""
    helpers = find_helpers()
    return {
        *find_descriptors(besides=helpers.descriptors),
        *find_mappings(),
        *find_named_blocks(),
        *find_threads(),
    }


def _reap() -> None:
    """Have ended processes waited for whose owners leave that to the modules."""
    subprocess._cleanup()  # type: ignore[attr-defined]
    if multiprocessing := sys.modules.get("multiprocessing"):
        multiprocessing.active_children()
