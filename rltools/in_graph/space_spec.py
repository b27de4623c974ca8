"""How the elements of a space look as tensors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from rltools import nested
from rltools.errors import (
    InvalidArgumentError,
    InvalidSpaceError,
    RLToolsError,
    StructureError,
)
from rltools.in_graph.conversion import to_tensor
from rltools.space_checks import describe

_ARRAY_SPACES = spaces.Box | spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary


@dataclass(frozen=True)
class ArrayLeaf:
    """An array-like space among nested ones."""

    path: str
    spec: tf.TensorSpec
    shape: tuple[int | None, ...]
    dtype: np.dtype[Any]
    is_scalar: bool


class SpaceSpec:
    """Dtypes and shapes of a space's elements; takes them apart, checks and packs them.

    Args:
        space: Box, Discrete, MultiDiscrete, MultiBinary, or Dict and Tuple of these.
        name: What to call an element in messages.
        error: Type of the error for what is not an element.
        batch_shape: Dimensions in front of those of the space. None stands for a
            dimension of unknown size.

    Raises:
        InvalidSpaceError: Elements of the space have no fixed shape.
    """

    def __init__(
        self,
        space: gym.Space[Any],
        name: str,
        error: type[RLToolsError],
        *,
        batch_shape: tuple[int | None, ...] = (),
    ) -> None:
        self._name = name
        self._error = error
        self._batch_shape = batch_shape
        # Dimensions of unknown size are the first ones, if there are any.
        self._first_known = batch_shape.count(None)
        self._structure = _build(space, name, batch_shape)
        self._leaves: Sequence[ArrayLeaf] = nested.flatten(self._structure)
        # What most spaces are, to be done fast in every step.
        self._is_leaf = isinstance(self._structure, ArrayLeaf)
        self.specs: list[tf.TensorSpec] = [leaf.spec for leaf in self._leaves]
        self.paths: list[str] = [leaf.path for leaf in self._leaves]

    def pack(self, leaves: Sequence[Any]) -> Any:
        """Nest tensors or anything else, one per leaf, in the way of the space."""
        if self._is_leaf and len(leaves) == 1:
            return leaves[0]
        return nested.unflatten(self._structure, leaves)

    def pack_element(self, arrays: Sequence[np.ndarray]) -> Any:
        """Nest arrays to an element of the space, of a Discrete one to a scalar."""
        pairs = zip(self._leaves, arrays, strict=True)
        return self.pack(
            [array[()] if leaf.is_scalar else array for leaf, array in pairs]
        )

    def tensors(self, value: Any) -> list[tf.Tensor]:
        """Take an element apart into tensors of exactly the specs.

        Args:
            value: Nested tensors or arrays, or numbers for scalars.

        Returns:
            One tensor per leaf, with its static shape. Raises `error` if the structure,
            a dtype or a static shape differs.
        """
        return [self._to_tensor(leaf, item) for leaf, item in self._pair(value)]

    def arrays(self, value: Any) -> list[np.ndarray]:
        """Take an element apart into arrays of exactly the specs.

        Args:
            value: Nested arrays, or numbers for scalars, of dtypes that can be cast to
                those of the space without loss.

        Returns:
            One array per leaf, which may share memory with the value. Raises `error` if
            the structure, a dtype or a shape differs, or a number is not finite.
        """
        return [self._to_array(leaf, item) for leaf, item in self._pair(value)]

    def _pair(self, value: Any) -> Sequence[tuple[ArrayLeaf, Any]]:
        if self._is_leaf and type(value) is np.ndarray:
            return ((self._leaves[0], value),)
        try:
            return nested.zip(self._structure, value, flatten=True)
        except StructureError as error:
            raise self._error(f"{self._name}: {error}") from error

    def _to_tensor(self, leaf: ArrayLeaf, value: Any) -> tf.Tensor:
        spec = leaf.spec
        try:
            value = to_tensor(value, spec.dtype)
        except InvalidArgumentError as error:
            raise self._error(f"{leaf.path}: {error}") from error
        shape = value.shape
        if value.dtype != spec.dtype or not spec.shape.is_compatible_with(shape):
            raise self._error(
                f"{leaf.path}: expected a tensor of shape {spec.shape} and dtype "
                f"{spec.dtype.name}, got shape {shape} and dtype {value.dtype.name}"
            )
        return tf.ensure_shape(value, spec.shape)

    def _has_shape(self, array: np.ndarray, shape: tuple[int | None, ...]) -> bool:
        known = self._first_known
        return array.ndim == len(shape) and array.shape[known:] == shape[known:]

    def _to_array(self, leaf: ArrayLeaf, value: Any) -> np.ndarray:
        array = np.asarray(value)
        if array.dtype != leaf.dtype or not self._has_shape(array, leaf.shape):
            fits = leaf.spec.shape.is_compatible_with(array.shape)
            if not fits or not np.can_cast(array.dtype, leaf.dtype):
                raise self._error(
                    f"{leaf.path}: expected an array of shape {leaf.spec.shape} and "
                    f"dtype {leaf.dtype}, got {describe(value)}"
                )
            array = array.astype(leaf.dtype)
        if problem := explain_not_finite(leaf.path, array, len(self._batch_shape)):
            raise self._error(problem)
        return array


def explain_not_finite(path: str, array: np.ndarray, batch_rank: int) -> str | None:
    """Explain where an array has a NaN or infinity.

    Args:
        path: What to call the array in the message.
        array: Array of any dtype.
        batch_rank: 1 if the first dimension counts environments, otherwise 0.

    Returns:
        None if all is finite, otherwise one line that names the environment and place.
    """
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return None
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    environment = f" of environment {index[0]}" if batch_rank else ""
    place = index[batch_rank:]
    where = f" at index {place}" if place else ""
    return f"{path}{environment}: expected finite numbers, got {array[index]}{where}"


def _build(space: Any, path: str, batch_shape: tuple[int | None, ...]) -> Any:
    if isinstance(space, spaces.Dict):
        return {
            key: _build(part, f"{path}[{key!r}]", batch_shape)
            for key, part in space.spaces.items()
        }
    if isinstance(space, spaces.Tuple):
        return tuple(
            _build(part, f"{path}[{index}]", batch_shape)
            for index, part in enumerate(space.spaces)
        )
    if not isinstance(space, _ARRAY_SPACES):
        raise InvalidSpaceError(
            f"{path}: expected a space of arrays of a fixed shape, got {space}"
        )
    try:
        dtype = tf.as_dtype(space.dtype)
    except TypeError as error:
        raise InvalidSpaceError(
            f"{path}: expected a dtype that TensorFlow has, got {space.dtype}"
        ) from error
    shape = (*batch_shape, *(space.shape or ()))
    return ArrayLeaf(
        path,
        spec=tf.TensorSpec(shape, dtype),
        shape=shape,
        dtype=np.dtype(dtype.as_numpy_dtype),
        is_scalar=isinstance(space, spaces.Discrete) and not batch_shape,
    )
