"""SIGINT and SIGTERM end a run in order, at whatever it is."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

import gymnasium as gym

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_SHOW_CURSOR = b"\x1b[?25h\n"


class Stopped(KeyboardInterrupt):
    """A run has stopped because it was asked to.

    Attributes:
        step: Training steps made, but for those of a rollout under way.
        saved: Training steps made until the last checkpoint; 0 if there is none.
    """

    def __init__(self, step: int, saved: int) -> None:
        super().__init__()
        self.step = step
        self.saved = saved


class Stop:
    """Whether the run was asked to stop, and by which signal.

    Handlers of Python run in the main thread and between its instructions only: not
    while it waits for the graph, which may take as long as a whole rollout. Therefore a
    thread of its own takes note of signals, too, and the environments look here before
    every step.
    """

    def __init__(self) -> None:
        self._came = threading.Event()
        self._raised = False
        self._number: int | None = None

    @property
    def name(self) -> str:
        """Name of the signal, such as `"SIGTERM"`; without one, that of Ctrl-C."""
        return signal.Signals(self._number or signal.SIGINT).name

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if a signal has come."""
        if self._came.is_set():
            raise KeyboardInterrupt

    def comes(self, seconds: float) -> bool:
        """Return whether a signal has come, or comes within some seconds."""
        return self._came.wait(seconds)

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler of Python, which interrupts the main thread once."""
        del frame
        self._take(number)
        if not self._raised:
            self._raised = True
            raise KeyboardInterrupt

    def watch(self, numbers: socket.socket) -> None:
        """Take note of the numbers of signals until there are no more.

        The second one ends the process: somebody does not want to wait. Nothing is lost
        by that, as checkpoints are whole at any moment and workers end with this one.
        """
        seen = False
        while received := numbers.recv(16):
            for number in received:
                if number in SIGNALS and seen:
                    if os.isatty(1):
                        os.write(1, _SHOW_CURSOR)  # Which a progress bar has hidden.
                    os._exit(128 + number)
                if number in SIGNALS:
                    seen = True
                    self._take(number)

    def _take(self, number: int) -> None:
        if self._number is None:
            self._number = number
        self._came.set()


class StoppableBatch(gym.vector.VectorWrapper):
    """A batch that refuses to step once the run was asked to stop.

    Args:
        env: The batch.
        stop: Whether it was.
    """

    def __init__(self, env: gym.vector.VectorEnv, stop: Stop) -> None:
        super().__init__(env)
        self._stop = stop

    def step(self, actions: Any) -> Any:
        """Step all environments, or raise `KeyboardInterrupt`."""
        self._stop.check()
        return self.env.step(actions)


@contextlib.contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Let SIGINT and SIGTERM raise `KeyboardInterrupt` during the block.

    Signals that are ignored stay so, and a second one ends the process at once. In
    other threads than the main one, which never get signals, nothing happens.

    Yields:
        Whether one has come.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    kept = (signal.SIG_IGN, None)  # None is a handler that is not of Python.
    handled = [number for number in SIGNALS if handlers[number] not in kept]
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    watcher = threading.Thread(target=stop.watch, args=[reader], daemon=True)
    watcher.start()
    wakeup = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        for number in handled:
            signal.signal(number, stop.handle)
        yield stop
    finally:
        for number in handled:
            signal.signal(number, handlers[number])
        signal.set_wakeup_fd(wakeup)
        writer.close()
        watcher.join()
        reader.close()
