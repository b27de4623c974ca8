"""The infos of single environments, taken out of those of a batch."""

from collections.abc import Mapping
from typing import Any

import numpy as np

# What Python's own numbers have become in an array.
_OF_PYTHON = {np.dtype(kind) for kind in (np.bool_, np.int64, np.float64)}


def unstack_infos(stacked: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """Split the infos of a batch into one for each environment.

    The inverse of what Gymnasium's vector environments and `BatchEnv` do, but for
    numbers: where they are bool, int64 or float64, Python's own are returned, because
    nothing tells what they were before.

    Args:
        stacked: Infos where under each key there is an array with an entry for each
            environment, or a dict of such infos, and under the key with an underscore
            before it a boolean mask of the environments that have the key.
        count: The number of environments.

    Returns:
        A list with the info of each environment.

    >>> lives = {"lives": np.array([0, 3]), "_lives": np.array([False, True])}
    >>> unstack_infos(lives, 2)
    [{}, {'lives': 3}]
    """
    infos: list[dict[str, Any]] = [{} for _ in range(count)]
    for key, values in stacked.items():
        mask = stacked.get(f"_{key}")
        if mask is None:  # It is the mask of another key.
            continue
        entries = _entries(values, count)
        for index in np.flatnonzero(mask):
            infos[index][key] = entries[index]
    return infos


def _entries(values: Any, count: int) -> Any:
    if isinstance(values, Mapping):
        return unstack_infos(values, count)
    if values.ndim == 1 and values.dtype in _OF_PYTHON:
        return values.tolist()
    return values
