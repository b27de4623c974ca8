"""Words in shared memory by which a parent and its worker call each other.

A message through a socket costs each side a system call or two. For a step, whose data
is in shared memory anyway, it is enough that one side writes a number there and the
other one, which yields its core and looks again, sees it. Whoever has looked for long
enough says that it is going to sleep, and is from then on to be called by a message.

Each word is written by one side only. Between "I go to sleep" and sleeping, a side
looks once more; and because a processor may let a read overtake a write, it looks again
after a millisecond of sleep. So no call is lost, and one that comes both ways is told
by its number.
"""

import platform
from typing import Any

# Others may let a number be seen before the data that it stands for.
IS_RELIABLE = platform.machine().lower() in ("x86_64", "amd64")
SECONDS_TO_LOOK_AGAIN = 1e-3
BELL_SIZE = 256
# One to a cache line: each side's writing must not disturb the other's reading.
_REQUEST, _WORKER_ASLEEP, _REPLY, _PARENT_ASLEEP = range(0, 32, 8)

# What is announced, beside its number.
IN_SOCKET = 1  # There is a message to be read.
SAME_STEP = 2  # A step without a message; environments that end are reset.
_FLAGS = 3


class Bell:
    """The words of one worker.

    Args:
        memory: A writable buffer of at least `BELL_SIZE` bytes.
    """

    def __init__(self, memory: Any) -> None:
        self._words = memoryview(memory)[:BELL_SIZE].cast("Q")

    def silence(self) -> None:
        """Forget all that was said, before another worker listens."""
        for word in (_REQUEST, _WORKER_ASLEEP, _REPLY, _PARENT_ASLEEP):
            self._words[word] = 0

    def announce_request(self, number: int, flags: int) -> bool:
        """Call the worker; returns whether it sleeps and needs a message."""
        words = self._words
        words[_REQUEST] = number << 2 | flags
        return words[_WORKER_ASLEEP] != 0

    def request(self) -> tuple[int, int]:
        """Number and flags of what has been asked last."""
        word = self._words[_REQUEST]
        return word >> 2, word & _FLAGS

    def announce_reply(self, number: int, flags: int) -> bool:
        """Call the parent; returns whether it sleeps and needs a message."""
        words = self._words
        words[_REPLY] = number << 2 | flags
        return words[_PARENT_ASLEEP] != 0

    def reply(self) -> tuple[int, int]:
        """Number and flags of what has been answered last."""
        word = self._words[_REPLY]
        return word >> 2, word & _FLAGS

    def worker_sleeps(self, asleep: bool) -> None:
        """Tell the parent whether it has to send a message."""
        self._words[_WORKER_ASLEEP] = asleep

    def parent_sleeps(self, asleep: bool) -> None:
        """Tell the worker whether it has to send a message."""
        self._words[_PARENT_ASLEEP] = asleep
