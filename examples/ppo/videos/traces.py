"""What happened in an episode, as one line of numbers for everything that varies."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

# More can't be told apart by looking at them.
MOST = 32


def traces_of(values: Sequence[Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Take nested values of many steps apart.

    Args:
        values: Observations or actions, all of one structure, step by step.

    Returns:
        At most 32 dictionaries with `name`, such as `"2"` or `"arm 0,1"`, and `values`,
        one number for each step; and sentences about what is left out.
    """
    traces: list[dict[str, Any]] = []
    notes: list[str] = []
    total = 0
    for name, parts in _leaves(values):
        array = np.stack(parts).astype(float)
        if array.ndim > 2 and array[0].size > MOST:
            size = " x ".join(map(str, array.shape[1:]))
            notes.append(f"{name + ': a' if name else 'A'} picture of {size} numbers.")
            continue
        flat = array.reshape([len(array), -1])
        total += flat.shape[1]
        for place, index in enumerate(np.ndindex(array.shape[1:])):
            if len(traces) < MOST:
                label = f"{name} {','.join(map(str, index))}".strip()
                traces.append({"name": label, "values": shorten(flat[:, place])})
    if total > len(traces):
        notes.append(f"The first {len(traces)} of {total} numbers.")
    return traces, notes


def shorten(values: Any) -> list[float | None]:
    """Round to four digits, as more can't be seen; what is not finite becomes None."""
    return [
        float(f"{value:.4g}") if np.isfinite(value) else None
        for value in np.asarray(values, float).tolist()
    ]


def returns_that_followed(
    rewards: Sequence[float],
    values: Sequence[float],
    terminated: bool,
    discount: float,
) -> list[float]:
    """Discounted return from each step on, which is what values estimate.

    An episode that was truncated would have gone on: its last step counts with the
    value estimate of the last observation acted on, in place of the reward.

    Args:
        rewards: Reward of every step.
        values: Value estimate of every observation acted on.
        terminated: Whether the episode reached a terminal state.
        discount: Discount factor gamma.
    """
    following = rewards[-1] if terminated else values[-1]
    returns = [float(following)]
    for reward in reversed(rewards[:-1]):
        following = reward + discount * following
        returns.append(float(following))
    return returns[::-1]


def _leaves(values: Sequence[Any], name: str = "") -> Iterator[tuple[str, list[Any]]]:
    first = values[0]
    if isinstance(first, Mapping):
        keys: Any = first.keys()
    elif isinstance(first, tuple | list):
        keys = range(len(first))
    else:
        yield name, [np.asarray(value) for value in values]
        return
    for key in keys:
        yield from _leaves([value[key] for value in values], f"{name} {key}".strip())
