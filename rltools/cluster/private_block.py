"""Memory for columns that are not shared with anybody."""

import mmap

from rltools.process.block import SharedBlock


class PrivateBlock(SharedBlock):
    """Stands where a shared block does, for workers on other machines.

    Each side has one of its own, and what changes there is sent in messages.
    """

    def __init__(self) -> None:
        self._descriptor = None

    def map(self, size: int) -> mmap.mmap:
        """Memory of this process; other than in a shared block, new every time."""
        return mmap.mmap(-1, size)
