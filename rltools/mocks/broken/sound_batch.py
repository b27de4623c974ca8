"""A batch that does everything right, for others to do one thing wrong."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import (
    batch_space,
    concatenate,
    create_empty_array,
    iterate,
)

from rltools.batching.infos import stack_infos
from rltools.errors import (
    CallOrderError,
    ClosedError,
    InvalidActionError,
    InvalidArgumentError,
    InvalidSpaceError,
    PendingCallError,
    ResetNeededError,
)
from rltools.space_checks import explain_mismatch


class SoundBatch(gym.vector.VectorEnv):
    """The plainest batch that passes all checks of `check_batch_env`.

    Args:
        env_fns: Constructors of the environments.

    Attributes:
        mode: What follows the end of an episode.
        trips: Names of the checks that it fails.
    """

    mode = AutoresetMode.NEXT_STEP
    trips: frozenset[str] = frozenset()

    def __init__(self, env_fns: Sequence[Callable[[], gym.Env]]) -> None:
        self.envs = [make() for make in env_fns]
        self.num_envs = len(self.envs)
        self.single_observation_space = self.envs[0].observation_space
        self.single_action_space = self.envs[0].action_space
        self.observation_space = batch_space(
            self.single_observation_space, self.num_envs
        )
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.metadata = {**self.envs[0].metadata, "autoreset_mode": self.mode}
        self.check_members()
        self.observs: list[Any] = [None] * self.num_envs
        self.ended = np.zeros(self.num_envs, np.bool_)
        self.pending: Any = None

    def check_members(self) -> None:
        """Check that environments are distinct and of equal spaces."""
        if len({id(env) for env in self.envs}) < self.num_envs:
            raise InvalidArgumentError("env_fns: expected distinct environments.")
        for env in self.envs:
            spaces = env.observation_space, env.action_space
            if spaces != (self.single_observation_space, self.single_action_space):
                raise InvalidSpaceError(f"env_fns: expected equal spaces, got {spaces}")

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> Any:
        """Begin episodes in all environments, or in those of a mask."""
        self.check_usable()
        rest = {k: v for k, v in (options or {}).items() if k != "reset_mask"}
        chosen = np.flatnonzero(self.read_mask(options or {})).tolist()
        seeds = self.read_seeds(seed)
        infos = {i: self.reset_one(i, seed=seeds[i], options=rest) for i in chosen}
        return self.stack_observs(), self.stack_infos(infos)

    def step(self, actions: Any) -> Any:
        """Take a step in every environment."""
        self.step_async(actions)
        return self.step_wait()

    def step_async(self, actions: Any) -> None:
        """Keep the actions for `step_wait`."""
        self.check_usable()
        self.check_actions(actions)
        if self.mode is AutoresetMode.DISABLED and self.ended.any():
            raise ResetNeededError("Cannot step after the end: call reset first.")
        self.pending = actions

    def step_wait(self) -> Any:
        """Take the step."""
        if self.pending is None:
            raise CallOrderError("step_wait: expected a step_async before it.")
        actions, self.pending = self.pending, None
        infos: dict[int, dict[str, Any]] = {}
        results = [
            self.step_one(index, action, infos)
            for index, action in enumerate(iterate(self.action_space, actions))
        ]
        rewards, terminated, truncated = (
            np.array(column) for column in zip(*results, strict=True)
        )
        self.ended = terminated | truncated
        if self.mode is AutoresetMode.SAME_STEP:
            self.ended = np.zeros(self.num_envs, np.bool_)
        return (
            self.stack_observs(),
            rewards.astype(np.float64),
            terminated,
            truncated,
            self.stack_infos(infos),
        )

    def step_one(
        self, index: int, action: Any, infos: dict[int, dict[str, Any]]
    ) -> tuple[float, bool, bool]:
        """Step an environment, or reset it where that is due."""
        if self.ended[index]:
            infos[index] = self.reset_one(index)
            return 0.0, False, False
        observ, reward, terminated, truncated, info = self.envs[index].step(action)
        self.observs[index], infos[index] = observ, info
        if self.mode is AutoresetMode.SAME_STEP and (terminated or truncated):
            infos[index] = self.go_on(index, observ, info)
        return float(reward), bool(terminated), bool(truncated)

    def go_on(self, index: int, observ: Any, info: dict[str, Any]) -> dict[str, Any]:
        """Reset an environment whose episode has ended; returns the info of both."""
        return self.reset_one(index) | {"final_obs": observ, "final_info": info}

    def reset_one(self, index: int, **arguments: Any) -> dict[str, Any]:
        """Reset an environment; returns its info."""
        self.observs[index], info = self.envs[index].reset(**arguments)
        self.ended[index] = False
        return info

    def read_seeds(self, seed: Any) -> list[int | None]:
        """The seed of each environment."""
        if seed is None:
            return [None] * self.num_envs
        if isinstance(seed, int):
            return [seed + index for index in range(self.num_envs)]
        if len(seed) != self.num_envs:
            raise InvalidArgumentError(f"seed: expected {self.num_envs} seeds.")
        return list(seed)

    def read_mask(self, options: Mapping[str, Any]) -> np.ndarray:
        """Which environments to reset."""
        mask = options.get("reset_mask", np.ones(self.num_envs, np.bool_))
        fits = isinstance(mask, np.ndarray) and mask.dtype == np.bool_
        if not fits or mask.shape != (self.num_envs,) or not mask.any():
            raise InvalidArgumentError(f"reset_mask: expected flags, got {mask!r}.")
        return mask

    def check_actions(self, actions: Any) -> None:
        """Check actions before anything moves."""
        if problem := explain_mismatch(self.action_space, actions, "actions"):
            raise InvalidActionError(problem)

    def check_usable(self) -> None:
        """Check that it is open and has nothing to do."""
        if self.closed:
            raise ClosedError("The batch has been closed.")
        if self.pending is not None:
            raise PendingCallError("The batch is at work: call step_wait first.")

    def stack_observs(self) -> Any:
        """A new batch of the last observations."""
        space = self.single_observation_space
        out: Any = create_empty_array(space, self.num_envs, fn=np.zeros)
        return concatenate(space, self.observs, out)

    def stack_infos(self, infos: dict[int, dict[str, Any]]) -> dict[str, Any]:
        """The infos of some environments as those of the batch."""
        return stack_infos(infos, self.num_envs)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Call a method of every environment, or get an attribute."""
        self.check_usable()
        values = [env.get_wrapper_attr(name) for env in self.envs]
        return tuple(v(*args, **kwargs) if callable(v) else v for v in values)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """The attribute of every environment."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute: a list has a value for each environment."""
        self.check_usable()
        if not isinstance(values, list):
            values = [values] * self.num_envs
        if len(values) != self.num_envs:
            raise InvalidArgumentError(f"values: expected {self.num_envs} values.")
        for env, value in zip(self.envs, values, strict=True):
            env.set_wrapper_attr(name, value)

    def close_extras(self, **kwargs: Any) -> None:
        """Close all environments."""
        for env in self.envs:
            env.close()
