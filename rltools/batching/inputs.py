"""Checks what a batch is asked to do, before any environment moves."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode

from rltools.arguments import check_callable, check_integer
from rltools.errors import InvalidArgumentError
from rltools.space_checks import describe

_SeedList = Sequence | np.ndarray
_MODES = {
    "disabled": AutoresetMode.DISABLED,
    "next_step": AutoresetMode.NEXT_STEP,
    "same_step": AutoresetMode.SAME_STEP,
}


def parse_autoreset(mode: str | AutoresetMode) -> AutoresetMode:
    """The Gymnasium mode for its name, such as `"next_step"`."""
    if isinstance(mode, AutoresetMode):
        return mode
    if not isinstance(mode, str) or mode not in _MODES:
        raise InvalidArgumentError(
            f"autoreset: expected one of {list(_MODES)}, got {mode!r}."
        )
    return _MODES[mode]


def parse_reset_mask(
    options: dict[str, Any] | None, count: int
) -> tuple[dict[str, Any] | None, np.ndarray | None]:
    """Take Gymnasium's `"reset_mask"` out of the options, which are left as they are.

    Returns:
        The tuple `(options, mask)`: the other options, and the mask of shape `(count,)`
        or None.
    """
    if options is None or "reset_mask" not in options:
        return options, None
    rest = {key: value for key, value in options.items() if key != "reset_mask"}
    mask = options["reset_mask"]
    wanted = f"an array of shape ({count},) and dtype bool"
    name = "options['reset_mask']"
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        raise TypeError(f"{name}: expected {wanted}, got {describe(mask)}.")
    if mask.shape != (count,):
        raise ValueError(f"{name}: expected {wanted}, got {describe(mask)}.")
    if not mask.any():
        raise ValueError(f"{name}: expected at least one True, got none.")
    return rest or None, mask


def choose_indices(
    indices: Sequence[int] | np.ndarray | None, mask: np.ndarray | None, count: int
) -> list[int]:
    """The environments to reset: those of the indices, of the mask, or all."""
    if mask is not None and indices is not None:
        raise ValueError("Expected indices or options['reset_mask'], got both.")
    if mask is not None:
        return mask.nonzero()[0].tolist()
    if indices is None:
        return list(range(count))
    array = np.asarray(indices)
    if array.ndim != 1 or (array.size and not np.issubdtype(array.dtype, np.integer)):
        raise TypeError(f"indices: expected integers, got {describe(indices)}.")
    if array.size and (array.min() < 0 or array.max() >= count):
        raise ValueError(f"indices: expected 0 to {count - 1}, got {array.tolist()}.")
    if len(np.unique(array)) != len(array):
        raise ValueError(f"indices: expected each once, got {array.tolist()}.")
    return [*map(int, array)]


def seeds_for(
    seed: int | Sequence[int | None] | None,
    indices: Sequence[int],
    count: int | None = None,
) -> list[int | None]:
    """The seed of each environment that is reset; see `BatchEnv.reset`.

    Args:
        seed: What the caller gave.
        indices: The environments to reset.
        count: The number of all environments if a sequence has a seed for each, or None
            if it has those of the ones to reset.
    """
    if seed is None:
        return [None] * len(indices)
    if isinstance(seed, int | np.integer) and not isinstance(seed, bool):
        return [int(seed) + index for index in indices]
    if isinstance(seed, bool | str | bytes) or not isinstance(seed, _SeedList):
        raise TypeError(f"seed: expected an integer or integers, got {describe(seed)}.")
    wanted = len(indices) if count is None else count
    if len(seed) != wanted:
        raise ValueError(f"seed: expected {wanted} seeds, got {len(seed)}.")
    if count is not None:
        seed = [seed[index] for index in indices]
    return [None if item is None else int(item) for item in seed]


def parse_constructors(make: Any, num_envs: int | None) -> list[Callable[[], gym.Env]]:
    """The constructors of a batch, one for each environment."""
    if callable(make):
        if num_envs is None:
            raise InvalidArgumentError(
                "expected num_envs to say how many environments to make, got None."
            )
        return [make] * check_integer("num_envs", num_envs, at_least=1)
    if not isinstance(make, Sequence) or isinstance(make, str) or not make:
        raise InvalidArgumentError(
            "expected make to be a constructor or a sequence of constructors, got "
            f"{describe(make)}."
        )
    for index, constructor in enumerate(make):
        check_callable(f"make[{index}]", constructor)
    if num_envs is not None and num_envs != len(make):
        raise InvalidArgumentError(
            f"expected num_envs to be the number of constructors, {len(make)}, or to "
            f"be left out, got {num_envs}."
        )
    return list(make)


def parse_workers(workers: int | str, count: int) -> int | str:
    """The number of workers of a batch of so many environments, or `"auto"`."""
    if workers == "auto":
        return workers
    if isinstance(workers, str):
        raise InvalidArgumentError(
            f"expected workers to be a number or 'auto', got {workers!r}."
        )
    number = check_integer("workers", workers, at_least=0)
    if number > count:
        raise InvalidArgumentError(
            f"expected workers to be at most the number of environments, {count}, got "
            f"{number}."
        )
    return number


def parse_pin(pin: bool | str) -> bool | str:
    """Whether to pin workers to cores, or `"auto"`."""
    if pin != "auto" and not isinstance(pin, bool):
        raise InvalidArgumentError(
            f"expected pin to be True, False or 'auto', got {describe(pin)}."
        )
    return pin


def parse_cluster(
    cluster: str | None,
    ray_options: Mapping[str, Any] | None,
    workers: int | str,
    pin: bool | str,
    threads: int | None,
) -> dict[str, Any] | None:
    """The options of Ray actors, or None for workers of this machine.

    The other arguments are those that mean nothing on a cluster.
    """
    if cluster is None:
        if ray_options is not None:
            raise InvalidArgumentError(
                f"expected ray_options beside cluster='ray' only, got {ray_options!r}."
            )
        return None
    if cluster != "ray":
        raise InvalidArgumentError(
            f"expected cluster to be 'ray' or None, got {cluster!r}."
        )
    if workers == 0:
        raise InvalidArgumentError(
            "expected workers to be at least 1, or 'auto', on a cluster, got 0."
        )
    for name, value in (("pin", pin is True or None), ("threads", threads)):
        if value is not None:
            raise InvalidArgumentError(
                f"expected {name} to be left out on a cluster, where Ray divides the "
                f"cores, got {value!r}."
            )
    if ray_options is not None and not isinstance(ray_options, Mapping):
        raise InvalidArgumentError(
            f"expected ray_options to be a dict, got {describe(ray_options)}."
        )
    return dict(ray_options or {})
