"""Faults that keep an environment from doing its work."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from rltools.arguments import check_callable, check_integer, check_positive
from rltools.errors import InjectedError
from rltools.mocks.faults.fault import Fault
from rltools.mocks.faults.firing import Firing


@dataclass(frozen=True, kw_only=True, repr=False)
class Disruption(Fault):
    """Strikes before the environment has done anything, at the end of an episode after.

    Its subclasses implement `strike`.

    Args:
        at: As for every `Fault`, as are the other options.
    """


@dataclass(frozen=True, kw_only=True, repr=False)
class Raise(Disruption):
    """An exception.

    Args:
        error: Makes the exception from a message, such as an exception type.
        at: As for every `Fault`, as are the other options.
    """

    error: Callable[[str], BaseException] = InjectedError
    stops_call = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_callable("error", self.error)

    def strike(self, firing: Firing) -> None:
        """Raise the exception."""
        raise self.error(str(firing))


@dataclass(frozen=True, kw_only=True, repr=False)
class Exit(Disruption):
    """The end of the process, at once and without any cleaning up.

    Args:
        code: The exit code, from 0 to 255.
        at: As for every `Fault`, as are the other options.
    """

    code: int = 1
    stops_process = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if check_integer("code", self.code, at_least=0) > 255:
            self._refuse("code", self.code, "to be at most 255")

    def strike(self, firing: Firing) -> None:
        """End the process."""
        os._exit(self.code)


@dataclass(frozen=True, kw_only=True, repr=False)
class Signal(Disruption):
    """A signal to its own process, such as a crash in native code or a kill.

    Args:
        number: The signal.
        at: As for every `Fault`, as are the other options.
    """

    number: int = signal.SIGKILL
    stops_process = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.number not in signal.valid_signals():
            self._refuse("number", self.number, "to be the number of a signal")

    def strike(self, firing: Firing) -> None:
        """Send the signal, which goes on from here only if it is handled."""
        os.kill(os.getpid(), self.number)


@dataclass(frozen=True, kw_only=True, repr=False)
class Hang(Disruption):
    """A wait without end, until the process is ended or interrupted from outside."""

    stops_process = True

    def strike(self, firing: Firing) -> None:
        """Wait for ever."""
        threading.Event().wait()


@dataclass(frozen=True, kw_only=True, repr=False)
class Slow(Disruption):
    """A delay, after which all goes on as usual.

    Args:
        seconds: How long it takes.
        at: As for every `Fault`, as are the other options.
    """

    seconds: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_positive("seconds", self.seconds)

    def strike(self, firing: Firing) -> None:
        """Sleep."""
        time.sleep(self.seconds)
