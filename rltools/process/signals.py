"""Words in shared memory by which a parent and its workers call each other.

A message through a socket costs each side a system call or two. For a step of all
environments, whose data is in shared memory anyway, it is enough that the parent writes
a number there, once for all workers, and that each worker, which yields its core and
looks again, sees it and answers in the same way. Whoever has looked for long enough
says that it is going to sleep, and is from then on to be woken by a message.

Every word is written by one side only. Between "I go to sleep" and sleeping, a side
looks once more; and between what it writes and what it then looks at, there is a fence:
a processor may let a read overtake a write. So no call is lost.
"""

import platform
from _thread import allocate_lock
from typing import Any

# Others may let a number be seen before the data that it stands for.
IS_RELIABLE = platform.machine().lower() in ("x86_64", "amd64")

# What is announced, beside its number.
SAME_STEP = 1  # Environments whose episode ends are reset.
RESET_ONLY = 2  # Those of the mask are reset, and nothing is stepped.
FLAG_BITS = 2
FLAGS = (1 << FLAG_BITS) - 1

# Places of words. Each has a cache line to itself: the writing of one side must not
# disturb the other's reading. Arrays with a word for each worker follow.
REQUEST, PARENT_ASLEEP, YIELD_FOR = 0, 8, 16
_FIRST_ARRAY = 24
_ARRAYS = 5
_WORDS_IN_LINE = 8


def size_of_signals(workers: int) -> int:
    """Bytes that the words of some workers take."""
    return 8 * (_FIRST_ARRAY + _ARRAYS * _words_in_array(workers))


class Signals:
    """The words of the workers that are stepped together.

    Args:
        memory: A writable buffer of at least `size_of_signals(workers)` bytes.
        workers: How many workers there are.

    Attributes:
        words: All words. `words[REQUEST]` is the number of the last step or reset
            that was announced, and its flags; `words[PARENT_ASLEEP]` is 1 while the
            parent has to be woken; `words[YIELD_FOR]` is how many microseconds workers
            should yield before they sleep.
        mail: How many messages each worker has been sent, by the parent.
        replies: The number of the last one that each worker has carried out.
        reports: The number of the last one that it has sent a report of.
        asleep: Whether it has to be woken.
        busy: About how many nanoseconds a step takes it.
    """

    def __init__(self, memory: Any, workers: int) -> None:
        words = memoryview(memory)[: size_of_signals(workers)].cast("Q")
        length = _words_in_array(workers)
        firsts = (_FIRST_ARRAY + number * length for number in range(_ARRAYS))
        self.words = words
        arrays = [words[first : first + workers] for first in firsts]
        self.mail, self.replies, self.reports, self.asleep, self.busy = arrays


def fence() -> None:
    """Keep what is read after this from being read before what was written is seen."""
    # To take a lock is one indivisible operation, which no access to memory crosses.
    # A lock of its own, because a signal handler may come in between.
    allocate_lock().acquire(False)


def _words_in_array(workers: int) -> int:
    return -(-workers // _WORDS_IN_LINE) * _WORDS_IN_LINE
