"""The worker's end of the line: requests that come, and replies that go."""

import select
import socket
from _thread import allocate_lock
from collections import deque
from collections.abc import Callable
from time import monotonic_ns

from rltools.process.frames import FrameSocket
from rltools.process.patience import Patience, sched_yield
from rltools.process.protocol import Command, Message, Status
from rltools.process.signals import (
    FLAG_BITS,
    FLAGS,
    PARENT_ASLEEP,
    REQUEST,
    RESET_ONLY,
    YIELD_FOR,
    Signals,
    fence,
)

# Carries out a step or a reset; takes the flags of `signals` that say which. Returns
# the packed report, empty if there is nothing to tell.
Step = Callable[[int], bytes]
_STEPS_BETWEEN_CLOCKS = 16


class Inbox:
    """Waits for requests and answers them.

    They come as messages, or are announced by `Signals`. What is announced goes before
    messages: the parent announces nothing while it waits for the reply to one.

    Args:
        connection: The socket that leads to the parent.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._descriptors: deque[int] = deque()
        self._frames = FrameSocket(connection, self._descriptors)
        self._patience = Patience()
        self._received = 0  # Messages.
        self._signals: Signals | None = None
        self._lock = allocate_lock()
        self._index = 0
        self._word = 0  # That of the last step that was announced.

    def take_descriptor(self) -> int:
        """The descriptor that came with a message; it is the caller's to close."""
        return self._descriptors.popleft()

    def heed(self, signals: Signals, index: int) -> None:
        """Look for steps there from now on, as the worker of this index."""
        if signals is not self._signals:
            self._signals, self._index = signals, index
            self._word = signals.words[REQUEST]  # Others' steps, and those before.

    def receive(self, step: Step) -> Message:
        """Wait for a message, for as long as it takes.

        Args:
            step: Called for everything that is announced meanwhile.

        Raises:
            EOFError, OSError: The parent is gone.
        """
        signals = self._signals
        if signals is None:
            while (first := self._next_message()) is None:
                self._wait_for_message()
            return first
        words, mail, replies = signals.words, signals.mail, signals.replies
        index, received, word = self._index, self._received, self._word
        message: Message | None = None
        patience = self._patience
        patience.begin()
        acquire, release = self._lock.acquire, self._lock.release
        # The loop of all steps. What is looked up, called and made in it is kept to the
        # least: see `solo`.
        while True:
            for _ in patience.looks:
                if words[REQUEST] != word or mail[index] != received:
                    break
                sched_yield()
            # The mail first: what is announced before a message is seen before it.
            has_mail = mail[index] != received
            if words[REQUEST] != word:
                self._word = word = words[REQUEST]
                number = word >> FLAG_BITS
                # Of two in a row, as every other one may be a reset.
                if number % _STEPS_BETWEEN_CLOCKS < 2 and not word & RESET_ONLY:
                    self._take_time(signals, step, word)
                elif body := step(word & FLAGS):
                    self._report(signals, number, body)
                replies[index] = number
                acquire()  # See `fence`; nobody else can be about to take this one.
                release()
                if words[PARENT_ASLEEP]:
                    self._wake_parent(signals, number)
                if message is not None:  # It was sent after the step was announced.
                    patience.end()
                    return message
                patience.begin(words[YIELD_FOR] * 1e-6)
                continue
            message = self._next_message() if has_mail else None
            received = self._received
            if message is None and not patience.yields():
                message = self._sleep(signals)
                received = self._received
            if message is not None and words[REQUEST] == word:
                patience.end()
                return message

    def answer(self, message: Message) -> None:
        """Send a reply to the last message.

        Raises:
            OSError: The parent is gone.
        """
        self._frames.send(message)

    def _take_time(self, signals: Signals, step: Step, word: int) -> None:
        """Carry out a step as `receive` does, and tell how long that takes."""
        start = monotonic_ns()
        body = step(word & FLAGS)
        busy = signals.busy[self._index]
        took = monotonic_ns() - start
        signals.busy[self._index] = (busy + took) // 2 if busy else took
        if body:
            self._report(signals, word >> FLAG_BITS, body)

    def _report(self, signals: Signals, number: int, body: bytes) -> None:
        self._frames.send(Message(number, Status.REPORTED, body))
        signals.reports[self._index] = number

    def _wake_parent(self, signals: Signals, number: int) -> None:
        # Only the last one does, and if two take themselves for that, both do.
        if all(reply == number for reply in signals.replies):
            self._frames.send(Message(number, Status.WOKEN, b""))

    def _next_message(self) -> Message | None:
        while (message := self._frames.receive_some()) is not None:
            self._received += 1
            if message.kind != Command.WAKE:
                return message
        return None

    def _sleep(self, signals: Signals) -> Message | None:
        signals.asleep[self._index] = 1
        fence()
        try:
            # What came together with an earlier message is not in the socket. And what
            # was sent only to wake must be gone before the look at what it stands for.
            message = self._next_message()
            if message is None and signals.words[REQUEST] == self._word:
                self._wait_for_message()
            return message
        finally:
            signals.asleep[self._index] = 0

    def _wait_for_message(self) -> None:
        poll = select.poll()  # Unlike `select`, it takes descriptors of any number.
        poll.register(self._socket, select.POLLIN)
        poll.poll()
