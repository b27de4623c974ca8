"""What a batch is compared with: its environments, one by one."""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode


@dataclass
class Rows:
    """Results of single environments, with an entry for each.

    Attributes:
        observs: Observations.
        rewards: Rewards.
        terminated, truncated: Flags.
        infos: Infos, empty where an environment has not been called.
        finals: Last observation and info of an episode that ended and was followed by
            another one in the same step, or None.
    """

    observs: list[Any]
    rewards: list[float] = field(default_factory=list)
    terminated: list[bool] = field(default_factory=list)
    truncated: list[bool] = field(default_factory=list)
    infos: list[Mapping[str, Any]] = field(default_factory=list)
    finals: list[tuple[Any, Mapping[str, Any]] | None] = field(default_factory=list)

    @property
    def ended(self) -> list[bool]:
        """Where an episode ended."""
        return [a or b for a, b in zip(self.terminated, self.truncated, strict=True)]


class SingleEnvs:
    """Steps environments one by one, as a batch of an autoreset mode should.

    Args:
        constructors: Make the environments.
        mode: What follows the end of an episode.

    Attributes:
        envs: The environments.
    """

    def __init__(
        self,
        constructors: Sequence[Callable[[], gym.Env]],
        mode: AutoresetMode | None,
    ) -> None:
        self.envs = [make() for make in constructors]
        self._mode = mode
        self._due = [False] * len(self.envs)
        self._observs: list[Any] = [None] * len(self.envs)

    def reset(
        self,
        seeds: Sequence[int | None],
        *,
        options: dict[str, Any] | None = None,
        mask: Sequence[bool] | None = None,
    ) -> Rows:
        """Begin episodes in all environments, or in those of a mask."""
        infos: list[Mapping[str, Any]] = [{} for _ in self.envs]
        for index, env in enumerate(self.envs):
            if mask is None or mask[index]:
                observ, info = env.reset(seed=seeds[index], options=options)
                self._observs[index], infos[index] = copy.deepcopy((observ, info))
                self._due[index] = False
        return Rows(list(self._observs), infos=infos)

    def step(self, actions: Sequence[Any]) -> Rows:
        """Take a step in every environment, or the reset that is due."""
        rows = Rows([])
        for index, (env, action) in enumerate(zip(self.envs, actions, strict=True)):
            final = None
            if self._due[index]:
                observ, info = env.reset()
                terminated, truncated = False, False
                reward: Any = 0.0
            else:
                observ, reward, terminated, truncated, info = env.step(
                    copy.deepcopy(action)
                )
            ended = bool(terminated or truncated)
            if ended and self._mode is AutoresetMode.SAME_STEP:
                final = copy.deepcopy((observ, info))
                observ, info = env.reset()
            self._due[index] = ended and self._mode is AutoresetMode.NEXT_STEP
            observ, info = copy.deepcopy((observ, info))
            rows.observs.append(observ)
            rows.rewards.append(float(reward))
            rows.terminated.append(bool(terminated))
            rows.truncated.append(bool(truncated))
            rows.infos.append(info)
            rows.finals.append(final)
        self._observs = list(rows.observs)
        return rows

    def close(self) -> None:
        """Close all environments."""
        for env in self.envs:
            env.close()
