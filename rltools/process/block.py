"""A piece of memory that a process shares with its worker."""

import errno
import mmap
import os
import tempfile

from rltools.errors import ClosedError

_NO_SPACE = {errno.ENOSPC, errno.ENOMEM, errno.EFBIG}


class SharedBlock:
    """Anonymous memory behind a descriptor: it has no name that could be left behind.

    Args:
        descriptor: That of the memory, which this object closes.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def create(cls) -> "SharedBlock":
        """Make a block without any memory yet."""
        if hasattr(os, "memfd_create"):
            return cls(os.memfd_create("rltools", os.MFD_CLOEXEC))
        with tempfile.TemporaryFile() as file:  # Has no name, either.
            return cls(os.dup(file.fileno()))

    def fileno(self) -> int:
        """The descriptor.

        Raises:
            ClosedError: It has been closed.
        """
        descriptor = self._descriptor
        if descriptor is None:
            raise ClosedError("The shared memory has been closed.")
        return descriptor

    def map(self, size: int) -> mmap.mmap:
        """Map the first `size` bytes, which are set aside here if they were not yet.

        Raises:
            OSError: There is not so much memory. Without setting it aside, the first
                write would be the end of the process.
        """
        descriptor = self.fileno()
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(descriptor, 0, size)
            else:
                os.ftruncate(descriptor, max(size, os.fstat(descriptor).st_size))
        except OSError as error:
            if error.errno in _NO_SPACE:
                raise OSError(
                    error.errno,
                    f"{size:,} bytes of shared memory for the observations and actions "
                    f"of the environments are not to be had ({error.strerror})",
                ) from error
            raise
        return mmap.mmap(descriptor, size)

    def close(self) -> None:
        """Close the descriptor; what is mapped stays so. Idempotent."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)
