"""Arrays whose every value lies between bounds of its own."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from hypothesis.strategies import SearchStrategy

_MAX_UNFILLED = 32


def bounded_arrays(low: np.ndarray, high: np.ndarray) -> SearchStrategy[np.ndarray]:
    """Draw an array between two others.

    Args:
        low: Smallest values, of a boolean, integer or float dtype; -inf for unbounded.
        high: Largest values, of the same shape and dtype; inf for unbounded.

    Returns:
        A strategy for finite arrays of that shape and dtype.

    >>> import numpy as np
    >>> bounded_arrays(np.zeros(3), np.full(3, np.inf)).validate()
    """
    shape, dtype = low.shape, low.dtype
    # Values with the same bounds are drawn as one array, so that large arrays with few
    # different bounds, such as images, stay cheap.
    groups: dict[tuple[Any, Any], list[int]] = {}
    bounds = zip(low.ravel().tolist(), high.ravel().tolist(), strict=True)
    for index, pair in enumerate(bounds):
        groups.setdefault(pair, []).append(index)

    def assemble(parts: tuple[np.ndarray, ...]) -> np.ndarray:
        if len(parts) == 1:
            return parts[0].reshape(shape)
        flat = np.empty(low.size, dtype)
        for indices, part in zip(groups.values(), parts, strict=True):
            flat[indices] = part
        return flat.reshape(shape)

    return st.tuples(
        *[
            _filled(dtype, len(indices), _scalars(dtype, *pair))
            for pair, indices in groups.items()
        ]
    ).map(assemble)


def _filled(
    dtype: np.dtype[Any], size: int, scalars: SearchStrategy[Any]
) -> SearchStrategy[np.ndarray]:
    # Hypothesis draws few values and fills up with one more, which is what makes large
    # arrays affordable. Small ones shrink better without, value by value.
    fill = st.nothing() if size <= _MAX_UNFILLED else None
    return npst.arrays(dtype, size, elements=scalars, fill=fill)


def _scalars(dtype: np.dtype[Any], low: Any, high: Any) -> SearchStrategy[Any]:
    if dtype.kind == "b":
        return st.booleans() if high and not low else st.just(low)
    if dtype.kind in "iu":
        return st.integers(low, high)
    return npst.from_dtype(
        dtype,
        min_value=low if np.isfinite(low) else None,
        max_value=high if np.isfinite(high) else None,
        allow_nan=False,
        allow_infinity=False,
    )
