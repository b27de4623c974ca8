"""Ends a worker when its parent is gone, whatever either of them is doing.

The parent holds the write end of a pipe that nobody writes to; the kernel closes it
however the parent dies. On Linux the worker asks the kernel to signal SIGKILL to the
worker's process group at that moment, which reaches a worker that holds the GIL in C
code, and the programs that its environment started. Elsewhere a thread waits for it.
"""

import os
import select
import signal
import sys
import threading


def arm(read_end: int) -> None:
    """Tie this process group, which this process must lead, to the pipe.

    Args:
        read_end: Descriptor of the read end; it must stay open.
    """
    if sys.platform == "linux":
        _ask_kernel(read_end)
    else:
        watch_in_thread(read_end)


def _ask_kernel(read_end: int) -> None:
    import fcntl

    fcntl.fcntl(read_end, fcntl.F_SETOWN, -os.getpgrp())  # Negative: a whole group.
    fcntl.fcntl(read_end, fcntl.F_SETSIG, signal.SIGKILL)
    flags = fcntl.fcntl(read_end, fcntl.F_GETFL)
    fcntl.fcntl(read_end, fcntl.F_SETFL, flags | os.O_ASYNC)
    # A parent that died before this point sends no signal any more.
    poll = select.poll()
    poll.register(read_end, 0)  # A hang-up is always reported.
    if poll.poll(0):
        os.killpg(os.getpgrp(), signal.SIGKILL)


def watch_in_thread(read_end: int) -> None:
    """Do the same with a daemon thread, which needs the GIL to act."""

    def watch() -> None:
        os.read(read_end, 1)  # Returns at the end of the file: nobody writes.
        os.killpg(os.getpgrp(), signal.SIGKILL)

    threading.Thread(target=watch, name="rltools-lifeline", daemon=True).start()
