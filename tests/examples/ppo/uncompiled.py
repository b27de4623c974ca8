"""Runs compiled functions as they are written."""

import contextlib
from collections.abc import Iterator

import tensorflow as tf


@contextlib.contextmanager
def uncompiled() -> Iterator[None]:
    """An update is many times slower in it, but doesn't take seconds to compile."""
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(False)
