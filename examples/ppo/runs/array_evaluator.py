"""Acts with a feed-forward policy in NumPy, without chance or learning."""

from typing import Any

import numpy as np

from examples.ppo.networks.array_policy import ArrayPolicy
from examples.ppo.ppo import PPO


class ArrayEvaluator:
    """Takes the most likely actions, in plain Python for `rltools.InGraphAlgorithm`.

    Args:
        algo: The algorithm that has the policy.
        num_envs: Number of environments to act in.
    """

    def __init__(self, algo: PPO, num_envs: int) -> None:
        self._algo = algo
        shape = num_envs, algo.observations.size
        self._observ = np.zeros(shape, algo.observations.dtype.as_numpy_dtype)
        self._policy: ArrayPolicy

    def take_policy(self) -> None:
        """Take the policy as it is now."""
        algo = self._algo
        self._policy = ArrayPolicy(algo.network, algo.observ_filter, algo.actions)

    def begin_episode(self, indices: np.ndarray) -> None:
        """Nothing to do; int32 [k]."""

    def perform(self, indices: np.ndarray, observ: Any) -> Any:
        """Choose actions for the observations of all environments, nested arrays."""
        self._algo.observations.write(observ, self._observ)
        return self._algo.actions.unflatten_array(self._policy.mode(self._observ))

    def experience(self, indices: np.ndarray, *transition: Any) -> None:
        """Nothing to do; int32 [k] and what `PPO.experience` takes."""

    def end_episode(self, indices: np.ndarray) -> None:
        """Nothing to do; int32 [k]."""
