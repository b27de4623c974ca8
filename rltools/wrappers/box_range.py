"""The linear map between the values of a box and the range from -1 to 1."""

from typing import Any

import numpy as np
from gymnasium import spaces

# Integers up to here survive the way through float64 and back.
_EXACT = 2**48


class BoxRange:
    """Map a box to the range from -1 to 1 and back, dimension by dimension.

    Dimensions without bounds on both sides are left alone, as are those bounded only by
    the largest number of a floating dtype, which is how older environments write
    "unbounded". Boxes of integers are mapped as a whole, to floats, or not at all.

    Args:
        space: A box of numbers.

    Attributes:
        source: The original box.
        bounded: Boolean array of the box's shape: the dimensions that are mapped.
        space: The box that results, with bounds of -1 and 1 where mapped.
    """

    def __init__(self, space: spaces.Box) -> None:
        self.source = space
        self._dtype: np.dtype[Any] = np.dtype(space.dtype)
        if self._dtype.kind == "f":
            limit = float(np.nextafter(np.finfo(self._dtype).max, 0))
            dtype = self._dtype
        else:
            limit = float(_EXACT)
            dtype = np.result_type(self._dtype, np.float32)
        # Wide enough for the rounding of the computation not to show.
        wide = np.result_type(self._dtype, np.float64)
        low, high = space.low.astype(wide), space.high.astype(wide)
        bounded = (np.abs(low) <= limit) & (np.abs(high) <= limit)
        bounded &= space.bounded_below & space.bounded_above
        if self._dtype.kind != "f" and not bounded.all():
            bounded = np.zeros_like(bounded)
        self.bounded = bounded
        self._low, self._high = np.where(bounded, low, 0), np.where(bounded, high, 0)
        # Halves, because the difference of two large bounds would overflow.
        self._half_low = self._low / 2
        half_width = self._high / 2 - self._half_low
        self._half_width = np.where(half_width > 0, half_width, 1)
        self._offset = np.where(half_width > 0, 1.0, 0.0)
        self._is_everything = bool(bounded.all())
        self.space = spaces.Box(
            np.where(bounded, -1.0, low).astype(dtype),
            np.where(bounded, 1.0, high).astype(dtype),
            dtype=dtype.type,
        )

    def normalize(self, value: np.ndarray) -> np.ndarray:
        """Map a value of the original box.

        Args:
            value: Array of the box's shape.

        Returns:
            Array of the resulting box's dtype: the lower bound gives exactly -1, the
            upper one exactly 1, and a dimension of only one value 0. The line goes on
            outside the bounds, so values outside stay outside.
        """
        # Every operation preserves order, so values inside can't be rounded outside.
        wide = value.astype(self._low.dtype)
        mapped = (wide / 2 - self._half_low) / self._half_width * 2 - self._offset
        return self._choose(mapped, value).astype(self.space.dtype)

    def denormalize(self, value: np.ndarray) -> np.ndarray:
        """Map a value of the resulting box back.

        Args:
            value: An element of the resulting box.

        Returns:
            An element of the original box; the nearest one where it holds integers.
        """
        weight = (value.astype(self._low.dtype) + 1) / 2
        mapped = self._low * (1 - weight) + self._high * weight
        mapped = np.minimum(np.maximum(mapped, self._low), self._high)
        if self._dtype.kind != "f":
            mapped = np.rint(mapped)
        return self._choose(mapped, value).astype(self._dtype)

    def _choose(self, mapped: np.ndarray, value: np.ndarray) -> np.ndarray:
        if self._is_everything:
            return np.asarray(mapped)
        return np.where(self.bounded, mapped, value)
