"""Copies this process as a child of its parent, where Linux can do that.

`os.fork` makes a child of the calling process. Here the copy is its sibling: whoever
started this process can wait for both alike, and both end up under the same id of a
parent. There is no call for that in Python or in C's library, so that the kernel is
asked directly, and what the library would have done beside it is done here.
"""

import ctypes
import errno
import os
import platform
import signal
import sys
import threading
from typing import NamedTuple

_CLONE_PARENT, _CHILD_CLEARTID, _CHILD_SETTID = 0x8000, 0x200000, 0x1000000
_FLAGS = _CLONE_PARENT | _CHILD_CLEARTID | _CHILD_SETTID | signal.SIGCHLD


class _Calls(NamedTuple):
    """Numbers of system calls; and where `clone` takes the place for the new id."""

    clone: int
    place: int
    set_robust_list: int
    get_robust_list: int


_CALLS = {"x86_64": _Calls(56, 3, 273, 274), "aarch64": _Calls(220, 4, 99, 100)}
_SEARCHED_BYTES = 1024
_TASKS = "/proc/self/task"


class Cloner:
    """Makes siblings of this process, which must have one thread.

    Raises:
        OSError: It can't be done on this system.
    """

    def __init__(self) -> None:
        if sys.platform != "linux" or platform.machine() not in _CALLS:
            raise _not_here("siblings are made by Linux on x86-64 and ARM only")
        self._calls = _CALLS[platform.machine()]
        # Keeps the interpreter's lock, as the copy would find nobody to return it.
        self._library = ctypes.PyDLL(None, use_errno=True)
        self._library.syscall.restype = ctypes.c_long
        self._thread_id = self._find_thread_id()
        self._robust_list = self._find_robust_list()

    def clone(self) -> int:
        """Copy this process; returns the sibling's id here, and 0 in the sibling.

        Raises:
            OSError: The kernel refuses, or there are other threads, which the copy
                would lack.
        """
        if len(os.listdir(_TASKS)) != 1:
            raise _not_here("a process with several threads can't be copied")
        arguments = [ctypes.c_void_p(None) for _ in range(4)]
        arguments[self._calls.place - 1] = ctypes.c_void_p(self._thread_id)
        ctypes.pythonapi.PyOS_BeforeFork()
        pid: int = self._library.syscall(
            ctypes.c_long(self._calls.clone), ctypes.c_ulong(_FLAGS), *arguments
        )
        if pid == 0:
            # The list of locks that others are told of if this process dies with them.
            self._library.syscall(self._calls.set_robust_list, *self._robust_list)
            ctypes.pythonapi.PyOS_AfterFork_Child()
            return 0
        error = ctypes.get_errno()
        ctypes.pythonapi.PyOS_AfterFork_Parent()
        if pid < 0:
            raise OSError(error, os.strerror(error))
        return pid

    def _find_robust_list(self) -> tuple[ctypes.c_void_p, ctypes.c_size_t]:
        head, size = ctypes.c_void_p(), ctypes.c_size_t()
        self._library.syscall(
            self._calls.get_robust_list, 0, ctypes.byref(head), ctypes.byref(size)
        )
        return head, size

    def _find_thread_id(self) -> int:
        """The address where C's library keeps the id of this thread.

        The kernel has to write the new one there: by the old one the copy would send
        its own signals, such as that of `abort`, to somebody else.
        """
        self._library.pthread_self.restype = ctypes.c_void_p
        start = self._library.pthread_self()
        wanted = threading.get_native_id()
        size = ctypes.sizeof(ctypes.c_int)
        found = [
            address
            for address in range(start, start + _SEARCHED_BYTES, size)
            if ctypes.c_int.from_address(address).value == wanted
        ]
        if len(found) != 1:
            raise _not_here("C's library keeps the id of the thread elsewhere")
        return found[0]


def _not_here(reason: str) -> OSError:
    return OSError(errno.ENOSYS, reason)
