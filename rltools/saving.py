"""What a loop can save and restore."""

from typing import Any, Protocol


class Checkpoint(Protocol):
    """What can be saved and restored: a `tf.train.Checkpoint`, or anything like it."""

    def write(self, path_prefix: str, /) -> Any:
        """Write files whose names start with the prefix."""

    def read(self, path_prefix: str, /) -> Any:
        """Read what `write` has written."""


def read_all(checkpoint: Checkpoint, path_prefix: str) -> None:
    """Read a checkpoint, and fail if it lacks anything.

    TensorFlow only tells of variables that were not saved if it is asked.
    """
    status = checkpoint.read(path_prefix)
    if hasattr(status, "assert_existing_objects_matched"):
        status.assert_existing_objects_matched()
