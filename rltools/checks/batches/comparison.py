"""Tells the results of a batch from those of its environments."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import concatenate, create_empty_array, iterate

from rltools.checks.batches.infos import info_differences
from rltools.checks.batches.single_envs import Rows
from rltools.checks.difference import differences
from rltools.space_checks import describe


def split(space: gym.Space[Any], values: Any) -> list[Any]:
    """The single values of a batch of a batched space."""
    return [copy.deepcopy(value) for value in iterate(space, values)]


def stack(single_space: gym.Space[Any], values: Sequence[Any]) -> Any:
    """The batch of single values."""
    out: Any = create_empty_array(single_space, len(values), fn=np.zeros)
    return concatenate(single_space, values, out)


def observ_differences(
    single_space: gym.Space[Any], rows: Rows, got: Any, path: str
) -> list[str]:
    """Compare observations, down to the dtype and every value."""
    return differences(stack(single_space, rows.observs), got, path)


def outcome_differences(
    rows: Rows, got: Sequence[Any], path: str, dtype: Any
) -> Iterator[str]:
    """Compare rewards and flags.

    Args:
        rows: What single environments returned.
        got: The five values of the batch.
        path: What to call them.
        dtype: That of rewards.
    """
    wanted = {
        "reward": np.array(rows.rewards, dtype),
        "terminated": np.array(rows.terminated, np.bool_),
        "truncated": np.array(rows.truncated, np.bool_),
    }
    for (name, expected), value in zip(wanted.items(), got[1:4], strict=True):
        yield from differences(expected, value, f"{path}: {name}")


def final_differences(
    single_space: gym.Space[Any], rows: Rows, infos: Mapping[str, Any], path: str
) -> Iterator[str]:
    """Compare what infos say of episodes that another one has followed at once."""
    ended = [final is not None for final in rows.finals]
    if not any(ended):
        for key in ("final_obs", "final_info"):
            if key in infos:
                got = describe(infos[key])
                yield f"{path}: info[{key!r}]: expected nothing, got {got}"
        return
    for key in ("final_obs", "final_info"):
        mask = infos.get(f"_{key}")
        if not isinstance(mask, np.ndarray) or mask.tolist() != ended:
            found = mask.tolist() if isinstance(mask, np.ndarray) else describe(mask)
            yield f"{path}: info['_{key}']: expected {ended}, got {found}"
    observs = infos.get("final_obs")
    if not isinstance(observs, np.ndarray) or len(observs) != len(ended):
        wanted = f"an array of {len(ended)} observations"
        yield f"{path}: info['final_obs']: expected {wanted}, got {describe(observs)}"
    else:
        for index, final in enumerate(rows.finals):
            expected = None if final is None else final[0]
            place = f"{path}: info['final_obs'][{index}]"
            yield from _final_observ_differences(
                single_space, expected, observs[index], place
            )
    expected_infos = [{} if final is None else final[1] for final in rows.finals]
    if any(expected_infos) or "final_info" in infos:
        name = f"{path}: info['final_info']"
        yield from info_differences(expected_infos, infos.get("final_info"), name)


def _final_observ_differences(
    single_space: gym.Space[Any], expected: Any, got: Any, path: str
) -> list[str]:
    if expected is None or got is None:
        return differences(expected, got, path)
    found = differences(stack(single_space, [expected]), stack(single_space, [got]), "")
    # As batches they are alike where one is 3 and the other `np.int64(3)`.
    return (differences(expected, got, path) or [path + found[0]]) if found else []
