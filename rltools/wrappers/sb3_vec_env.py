"""Use a batch in Stable-Baselines3."""

import types
import warnings
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import iterate

from rltools.batch_env import BatchEnv
from rltools.errors import CallOrderError, InvalidArgumentError
from rltools.extras import require
from rltools.process.promise import Promise
from rltools.space_checks import describe
from rltools.wrappers.unstacked_infos import unstack_infos

_Indices = int | Iterable[int] | None
_NOTHING: Mapping[str, Any] = types.MappingProxyType({})


def to_sb3(batch: BatchEnv) -> Any:
    """Make a Stable-Baselines3 `VecEnv` of a batch.

    It does what Stable-Baselines3's own `DummyVecEnv` does with the same environments:
    the end of an episode resets its environment, the observation that it ended with is
    in `info["terminal_observation"]`, and rewards are float32. `step_async` starts the
    step in all environments, and `step_wait` waits for it.

    The batch may be one of `autoreset="same_step"`, which is faster as workers reset at
    once, or of `"disabled"`, where a second call resets those that have ended. With
    `"next_step"`, Stable-Baselines3 would take resets for steps.

    What differs from `DummyVecEnv`: actions outside of the action space raise
    `InvalidActionError`, but for dtypes that convert without loss and for rounding,
    both of which Stable-Baselines3 leaves to the environment; attributes are set where
    an environment has them, under its wrappers; numbers in infos are Python's own where
    they are bool, int64 or float64.

    Args:
        batch: The batch. It is closed by the result, and should be used through it. As
            what is returned is copied here, `copy=False` saves time.

    Returns:
        A `stable_baselines3.common.vec_env.VecEnv`, with the attribute `batch`.

    Raises:
        InvalidArgumentError: Something else than a batch, or one that resets in the
            next step.
        MissingExtraError: Stable-Baselines3 is not installed.
    """
    if not isinstance(batch, BatchEnv):
        raise InvalidArgumentError(
            f"expected batch to be an rltools.BatchEnv, got {describe(batch)}."
        )
    if batch.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP:
        raise InvalidArgumentError(
            "expected batch to have autoreset 'same_step' or 'disabled', got "
            "'next_step', whose resets would count as steps."
        )
    return _vec_env_class()(batch)


@cache
def _vec_env_class() -> type:
    base = require("stable_baselines3", extra="sb3").common.vec_env.VecEnv
    return types.new_class("BatchVecEnv", (_BatchVecEnv, base))


class _BatchVecEnv:
    """All of the `VecEnv` but its base class, which is imported when it is needed."""

    num_envs: int
    render_mode: str | None
    reset_infos: list[dict[str, Any]]
    _seeds: list[int | None]
    _options: list[dict[str, Any]]

    def __init__(self, batch: BatchEnv) -> None:
        self.batch = batch
        self._promise: Promise | None = None
        super().__init__(  # type: ignore[call-arg]
            batch.num_envs, batch.single_observation_space, batch.single_action_space
        )
        self.metadata = dict(batch.metadata)
        del self.metadata["autoreset_mode"]

    def reset(self) -> Any:
        """Begin new episodes, with the seeds and options that were set for it."""
        self._promise = None  # A step under way is given up.
        for indices in self._indices_by_options():
            observ = self._reset(
                np.isin(np.arange(self.num_envs), indices),
                seed=self._seeds,
                options=self._options[indices[0]],
            )
        self._seeds = [None] * self.num_envs
        self._options = [{} for _ in range(self.num_envs)]
        return deepcopy(observ)  # Which algorithms keep beyond the next call.

    def step_async(self, actions: Any) -> None:
        """Start a step in every environment."""
        self._promise = self.batch.step(self._fit(np.asarray(actions)), blocking=False)

    def step_wait(self) -> tuple[Any, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Wait for the step; returns observations, rewards, dones and infos."""
        if self._promise is None:
            raise CallOrderError("step_wait: expected a step_async before it.")
        observ, rewards, terminated, truncated, stacked = self._promise()
        self._promise = None
        dones = terminated | truncated
        infos = unstack_infos(stacked, self.num_envs)
        if self.batch.metadata["autoreset_mode"] is AutoresetMode.SAME_STEP:
            self._part_resets_from_ends(infos, dones)
        elif dones.any():
            observ = self._reset_ended(infos, dones, observ)
        for info, is_cut in zip(infos, truncated & ~terminated, strict=True):
            info["TimeLimit.truncated"] = bool(is_cut)
        return deepcopy(observ), rewards.astype(np.float32), dones, infos

    def close(self) -> None:
        """Close the batch."""
        self.batch.close()

    def has_attr(self, attr_name: str) -> bool:
        """Whether every environment has the attribute."""
        return all(self.batch.call("has_wrapper_attr", attr_name))

    def get_attr(self, attr_name: str, indices: _Indices = None) -> list[Any]:
        """The attribute of all or some environments."""
        return [env.get_wrapper_attr(attr_name) for env in self._chosen(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: _Indices = None) -> None:
        """Set an attribute of all or some environments to the same value."""
        for env in self._chosen(indices):
            env.set_wrapper_attr(attr_name, value)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,
        indices: _Indices = None,
        **method_kwargs: Any,
    ) -> list[Any]:
        """Call a method of all environments, at the same time, or of some in turn."""
        if indices is None:
            return [*self.batch.call(method_name, *method_args, **method_kwargs)]
        methods = self.get_attr(method_name, indices)
        return [method(*method_args, **method_kwargs) for method in methods]

    def env_is_wrapped(
        self, wrapper_class: type[gym.Wrapper], indices: _Indices = None
    ) -> list[bool]:
        """Whether environments are wrapped in a class.

        Of an environment in another process only that is known which its `spec` tells:
        the very classes of the wrappers around what `gymnasium.make` has made.
        """
        return [_is_wrapped(env, wrapper_class) for env in self._chosen(indices)]

    def get_images(self) -> Sequence[np.ndarray | None]:
        """What each environment renders; None where that is no image."""
        if self.render_mode != "rgb_array":
            warnings.warn(
                f"Images need render_mode='rgb_array', not {self.render_mode!r}.",
                stacklevel=2,
            )
            return [None] * self.num_envs
        return [*self.batch.render()]

    def _chosen(self, indices: _Indices) -> list[gym.Env]:
        if indices is None:
            return self.batch.envs
        indices = indices if isinstance(indices, Iterable) else [indices]
        return [self.batch.envs[index] for index in indices]

    def _indices_by_options(self) -> list[list[int]]:
        # Environments share the very dict where the same options were set for all.
        groups: dict[int, list[int]] = {}
        for index, options in enumerate(self._options):
            groups.setdefault(id(options) if options else 0, []).append(index)
        return [*groups.values()]

    def _reset(
        self, mask: np.ndarray, seed: Any = None, options: Mapping[str, Any] = _NOTHING
    ) -> Any:
        """Reset some environments; returns the observations of all."""
        observ, stacked = self.batch.reset(
            seed=seed, options={**options, "reset_mask": mask}
        )
        infos = unstack_infos(stacked, self.num_envs)
        for index in np.flatnonzero(mask):
            self.reset_infos[index] = infos[index]
        return observ

    def _reset_ended(
        self, infos: list[dict[str, Any]], dones: np.ndarray, observ: Any
    ) -> Any:
        rows = [*iterate(self.batch.observation_space, observ)]
        for index in np.flatnonzero(dones):
            infos[index]["terminal_observation"] = deepcopy(rows[index])
        return self._reset(dones)

    def _part_resets_from_ends(
        self, infos: list[dict[str, Any]], dones: np.ndarray
    ) -> None:
        for index in np.flatnonzero(dones):
            self.reset_infos[index] = reset_info = infos[index]
            infos[index] = reset_info.pop("final_info")
            infos[index]["terminal_observation"] = reset_info.pop("final_obs")

    def _fit(self, actions: np.ndarray) -> np.ndarray:
        space = self.batch.action_space
        if not isinstance(space, gym.spaces.Box) or actions.shape != space.shape:
            return actions
        fitting = np.clip(actions, space.low, space.high).astype(space.dtype)
        # Else the batch says what is wrong with them.
        return fitting if np.allclose(fitting, actions) else actions


def _is_wrapped(env: gym.Env, wrapper_class: type[gym.Wrapper]) -> bool:
    while isinstance(env, gym.Wrapper):
        if isinstance(env, wrapper_class):
            return True
        env = env.env
    spec = env.get_wrapper_attr("spec")
    name = f"{wrapper_class.__module__}:{wrapper_class.__name__}"
    wrappers = () if spec is None else spec.additional_wrappers
    return any(wrapper.entry_point == name for wrapper in wrappers)
