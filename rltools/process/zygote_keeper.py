"""Decides when workers come from a zygote, and keeps it.

It is worth its start and its memory from the second worker on. What a worker inherits
must not depend on how it was started: where anything has changed since the zygote was
started that a copy would not follow, such as a limit of the system, a worker is started
afresh, and if that lasts the zygote, too.
"""

import atexit
import contextlib
import logging
import os
import threading
from collections.abc import Hashable, Mapping, Sequence

from rltools.process.child import ChildProcess
from rltools.process.inheritance import inheritance
from rltools.process.zygote import Zygote, ZygoteError
from rltools.process.zygote_protocol import NUM_DESCRIPTORS

_log = logging.getLogger(__name__)
# Where it keeps failing, each try takes the time of its start.
_MAX_FAILURES = 3
_SECONDS_TO_CLOSE = 1.0
_OUTPUTS = (1, 2)


class ZygoteKeeper:
    """Keeps the zygote of this process, once there is one; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._zygote: Zygote | None = None
        self._last: Hashable = None  # What the last worker inherits.
        self._zygotes: Hashable = None  # What the zygote inherits.
        self._failures = 0

    @property
    def zygote(self) -> Zygote | None:
        """The zygote, if there is one."""
        return self._zygote

    def spawn(
        self, environment: Mapping[str, str], path: Sequence[str], *ends: int
    ) -> ChildProcess | None:
        """Start a worker, if it can come from a zygote and should.

        Args:
            environment: Its environment variables.
            path: Where it imports from.
            *ends: Descriptors of its socket and of the lifeline's read end.

        Returns:
            The worker; None if a fresh interpreter is to be started.
        """
        # A signal handler may start a worker while one is being started.
        if self._failures == _MAX_FAILURES or not self._lock.acquire(blocking=False):
            return None
        try:
            worker = self._spawn(environment, path, ends)
            self._failures *= worker is None
            return worker
        except OSError as error:
            _log.debug("A worker does not come from the zygote: %s", error)
            return None
        except ZygoteError as error:
            self._failures += 1
            self._drop()
            _log.info("A worker does not come from the zygote: %s", error)
            return None
        except BaseException:  # Such as Ctrl-C, which has ended it.
            self._drop()
            raise
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the zygote; workers live on."""
        # Ctrl-C may have struck before a release, so that there is none to wait for.
        is_free = self._lock.acquire(timeout=_SECONDS_TO_CLOSE)
        self._drop()
        if is_free:
            self._lock.release()

    def abandon(self) -> None:
        """Leave the zygote to the process that this process was forked from."""
        self._lock = threading.Lock()  # A thread of the parent may have held it.
        if self._zygote is not None:
            self._zygote.abandon()
        self._zygote, self._last = None, None

    def _spawn(
        self, environment: Mapping[str, str], path: Sequence[str], ends: Sequence[int]
    ) -> ChildProcess | None:
        last, self._last = self._last, inheritance(environment)
        if self._zygote is None or self._zygotes != self._last:
            if last != self._last:
                return None
            self._drop()
            # Before it is started: a process that is forked meanwhile must not keep it.
            self._zygote = Zygote()
            self._zygote.start(environment, path)
            self._zygotes = self._last
        if not all(map(_is_open_to_all, _OUTPUTS)):
            return None
        with contextlib.ExitStack() as to_close:
            folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            to_close.callback(os.close, folder)
            descriptors = (*ends, folder, *_OUTPUTS)
            assert len(descriptors) == NUM_DESCRIPTORS
            variables = {
                os.fsencode(name): os.fsencode(value)
                for name, value in environment.items()
            }
            return self._zygote.spawn(variables, path, descriptors)

    def _drop(self) -> None:
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None


def _is_open_to_all(descriptor: int) -> bool:
    """Whether it is what every child inherits, and not a file of this process."""
    try:
        return os.get_inheritable(descriptor)
    except OSError:
        return False


keeper = ZygoteKeeper()
atexit.register(keeper.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=keeper.abandon)
