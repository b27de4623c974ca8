"""Observations and actions of any space, as one vector for each environment."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from rltools import nested
from rltools.errors import InvalidSpaceError


class Image(NamedTuple):
    """Where a picture stands in a flat observation.

    Attributes:
        start: Its first place.
        shape: Height, width and channels, or channels first.
    """

    start: int
    shape: tuple[int, int, int]

    @property
    def stop(self) -> int:
        """The place behind its last one."""
        return self.start + math.prod(self.shape)

    @property
    def channels_first(self) -> bool:
        """Whether channels are the first dimension: the smallest one counts them."""
        return self.shape[0] < self.shape[-1]


class FlatObservations:
    """Turns observations into vectors: arrays flattened, categories as one-hot.

    Args:
        space: Box, Discrete, MultiDiscrete, MultiBinary, or Dict and Tuple of these.

    Attributes:
        size: Length of a vector.
        dtype: uint8 if the space has nothing else, as pictures, otherwise float32.
        images: The parts of three dimensions.

    Raises:
        InvalidSpaceError: There is another kind of space in it.
    """

    def __init__(self, space: gym.Space[Any]) -> None:
        self._leaves = _list_leaves(space, "observation space")
        self._is_box = isinstance(space, spaces.Box)
        bytes_only = all(
            isinstance(leaf, spaces.Box) and leaf.dtype == "uint8"
            for leaf in self._leaves
        )
        self.dtype = tf.uint8 if bytes_only else tf.float32
        self.size = 0
        self.images: list[Image] = []
        for leaf in self._leaves:
            shape: Sequence[int] = leaf.shape or ()
            if isinstance(leaf, spaces.Box) and len(shape) == 3:
                self.images.append(Image(self.size, (shape[0], shape[1], shape[2])))
            self.size += sum(_categories(leaf)) or math.prod(shape)

    def __call__(self, observ: Any) -> Any:
        """Flatten nested observations with k rows to [k, size] of `dtype`."""
        values = nested.flatten(observ)
        parts = [
            self._flatten(leaf, value)
            for leaf, value in zip(self._leaves, values, strict=True)
        ]
        return parts[0] if len(parts) == 1 else tf.concat(parts, -1)

    def write(self, observ: Any, out: np.ndarray) -> None:
        """Flatten nested arrays with k rows into an array [k, size] of `dtype`."""
        if self._is_box:  # What most are, and done in every step.
            out[...] = np.reshape(observ, out.shape)
            return
        rows, start = len(out), 0
        for leaf, value in zip(self._leaves, nested.flatten(observ), strict=True):
            counts = _categories(leaf)
            if not counts:
                stop = start + math.prod(leaf.shape or ())
                out[:, start:stop] = np.reshape(value, (rows, stop - start))
                start = stop
                continue
            numbers = np.reshape(value - leaf.start, (rows, len(counts)))
            for column, count in zip(numbers.T, counts, strict=True):
                out[:, start : start + count] = column[:, np.newaxis] == range(count)
                start += count

    def _flatten(self, leaf: gym.Space[Any], value: Any) -> Any:
        rows = tf.shape(value)[0]
        if not isinstance(leaf, spaces.Discrete | spaces.MultiDiscrete):
            size = math.prod(leaf.shape or ())
            return tf.reshape(tf.cast(value, self.dtype), [rows, size])
        counts = _categories(leaf)
        numbers = tf.cast(value - leaf.start, tf.int32)
        columns = tf.unstack(tf.reshape(numbers, [rows, len(counts)]), axis=-1)
        one_hots = [
            tf.one_hot(column, count)
            for column, count in zip(columns, counts, strict=True)
        ]
        return tf.concat(one_hots, -1)


class FlatActions:
    """Turns vectors into actions and back: continuous numbers first, then choices.

    A choice is the number of a category, counted from zero.

    Args:
        space: Box, Discrete, MultiDiscrete, MultiBinary, or Dict and Tuple of these.

    Attributes:
        num_continuous: How many continuous numbers an action has.
        categories: Of each choice, between how many.

    Raises:
        InvalidSpaceError: There is another kind of space in it.
    """

    def __init__(self, space: gym.Space[Any]) -> None:
        self._structure = space_structure(space)
        self._leaves = _list_leaves(space, "action space")
        self.num_continuous = sum(
            math.prod(leaf.shape)
            for leaf in self._leaves
            if isinstance(leaf, spaces.Box)
        )
        self.categories = tuple(
            count
            for leaf in self._leaves
            if not isinstance(leaf, spaces.Box)
            for count in _categories(leaf) or (2,) * math.prod(leaf.shape or ())
        )

    @property
    def size(self) -> int:
        """Length of a vector."""
        return self.num_continuous + len(self.categories)

    def __call__(self, action: Any) -> Any:
        """Flatten nested actions with k rows to float32 [k, size]."""
        parts: list[list[Any]] = [[], []]
        for leaf, value in zip(self._leaves, nested.flatten(action), strict=True):
            is_choice = not isinstance(leaf, spaces.Box)
            if isinstance(leaf, spaces.Discrete | spaces.MultiDiscrete):
                value = value - leaf.start
            size = math.prod(leaf.shape or ())
            value = tf.reshape(tf.cast(value, tf.float32), [tf.shape(value)[0], size])
            parts[is_choice].append(value)
        ordered = parts[0] + parts[1]
        return ordered[0] if len(ordered) == 1 else tf.concat(ordered, -1)

    def unflatten(self, vectors: Any) -> Any:
        """Nest float32 [k, size] to actions of the space's dtypes with k rows."""
        values, places = [], [0, self.num_continuous]
        rows = tf.shape(vectors)[0]
        for leaf in self._leaves:
            is_choice = not isinstance(leaf, spaces.Box)
            size = math.prod(leaf.shape or ())
            start = places[is_choice]
            places[is_choice] += size
            value = tf.cast(vectors[:, start : start + size], tf.as_dtype(leaf.dtype))
            value = tf.reshape(value, [rows, *(leaf.shape or ())])
            if isinstance(leaf, spaces.Discrete | spaces.MultiDiscrete):
                value += tf.constant(leaf.start, value.dtype)
            values.append(value)
        return nested.unflatten(self._structure, values)

    def unflatten_array(self, vectors: np.ndarray) -> Any:
        """The same as `unflatten` for an array, and in arrays."""
        values, places = [], [0, self.num_continuous]
        for leaf in self._leaves:
            is_choice = not isinstance(leaf, spaces.Box)
            start = places[is_choice]
            places[is_choice] = stop = start + math.prod(leaf.shape or ())
            value = vectors[:, start:stop].astype(leaf.dtype)
            value = value.reshape(len(vectors), *(leaf.shape or ()))
            if isinstance(leaf, spaces.Discrete | spaces.MultiDiscrete):
                value += leaf.start
            values.append(value)
        return nested.unflatten(self._structure, values)


def space_structure(space: gym.Space[Any]) -> Any:
    """The spaces of a nested one, in the structure of its elements."""
    if isinstance(space, spaces.Dict):
        return {key: space_structure(part) for key, part in space.spaces.items()}
    if isinstance(space, spaces.Tuple):
        return tuple(space_structure(part) for part in space.spaces)
    return space


def _list_leaves(space: gym.Space[Any], name: str) -> list[Any]:
    leaves = list(nested.flatten(space_structure(space)))
    known = spaces.Box | spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary
    for leaf in leaves:
        if not isinstance(leaf, known):
            raise InvalidSpaceError(
                f"expected an {name} of Box, Discrete, MultiDiscrete and MultiBinary, "
                f"nested in Dict and Tuple, got {leaf}."
            )
    if not leaves:
        raise InvalidSpaceError(f"expected an {name} with at least one part.")
    return leaves


def _categories(leaf: gym.Space[Any]) -> tuple[int, ...]:
    """Sizes of the one-hot vectors that a space is turned into; none for others."""
    if isinstance(leaf, spaces.Discrete):
        return (int(leaf.n),)
    if isinstance(leaf, spaces.MultiDiscrete):
        return tuple(int(count) for count in leaf.nvec.flatten())
    return ()
