"""Rollouts in the graph, of a policy of any kind."""

from typing import Any

import gymnasium as gym

import rltools
from examples.ppo.config import Config
from examples.ppo.ppo import PPO


class GraphRollouts:
    """Collects rollouts by `rltools.simulate`; the algorithm trains itself.

    Args:
        batch: The environments; `config.num_agents` of them.
        algo: The algorithm.
        config: The options of the run.
    """

    def __init__(self, batch: gym.vector.VectorEnv, algo: PPO, config: Config) -> None:
        self._env = rltools.InGraphBatchEnv(batch)
        self._algo = algo
        self._steps = config.rollout_length

    def collect(
        self, seed: int | None = None, *, log: bool = False
    ) -> tuple[Any, Any, dict[str, Any]]:
        """Make the steps of one rollout, and train on them.

        Args:
            seed: Begin new episodes with it in all environments; None to go on.
            log: Whether to return a summary.

        Returns:
            Whose episode is over after each step, bool, and the sum of rewards of the
            running episode, float32, both [rollout_length, num_agents]; and the
            summary, see `rltools.simulate`.
        """
        reset = seed is not None
        if reset:
            self._env.reset(seed=seed)
        return rltools.simulate(
            self._env, self._algo, steps=self._steps, log=log, reset=reset
        )
