"""Policies that act and learn nothing."""

from typing import Any

import tensorflow as tf

from examples.ppo.ppo import PPO


class Deterministic:
    """Takes the most likely actions of a policy.

    Args:
        algo: The algorithm that has the policy.
        num_envs: Number of environments to act in.
        action_dtype: Dtype of the action space.

    Attributes:
        value: The value estimates of the last observations acted on, in units of the
            environment's reward, float32 [num_envs].
    """

    def __init__(self, algo: PPO, num_envs: int, action_dtype: Any) -> None:
        self._algo = algo
        self._action_dtype = tf.as_dtype(action_dtype)
        self.value = tf.Variable(tf.zeros([num_envs]), trainable=False, name="value")

    def begin_episode(self, indices: Any) -> None:
        """Nothing to do; int32 [k]."""
        del indices

    def perform(self, indices: Any, observ: Any) -> Any:
        """Choose actions [k, *action_shape] for observations [k, *shape]."""
        algo = self._algo
        observ = tf.cast(observ, tf.float32)
        value = algo.network.value(algo.observ_filter.transform(observ))
        if algo._config.normalize_rewards:
            value *= algo.return_filter.stddev
        self.value.scatter_update(tf.IndexedSlices(value, indices))
        return tf.cast(algo.mode(observ), self._action_dtype)

    def experience(self, indices: Any, *transition: Any) -> None:
        """Nothing to do; int32 [k] and what `PPO.experience` takes."""
        del indices, transition

    def end_episode(self, indices: Any) -> None:
        """Nothing to do; int32 [k]."""
        del indices


class Stochastic:
    """Draws actions from a policy, as training does.

    Args:
        algo: The algorithm that has the policy; acts in at most as many environments as
            it was made for.
        seed: Seed of the actions.
    """

    def __init__(self, algo: PPO, seed: int) -> None:
        self._algo = algo
        algo.generator.reset_from_seed(seed)

    def begin_episode(self, indices: Any) -> None:
        """Begin an episode in the environments int32 [k]."""
        self._algo.begin_episode(indices)

    def perform(self, indices: Any, observ: Any) -> Any:
        """Draw actions [k, *action_shape] for observations [k, *shape]."""
        return self._algo.perform(indices, observ)

    def experience(self, indices: Any, *transition: Any) -> None:
        """Nothing to do, for the algorithm would learn from it."""
        del indices, transition

    def end_episode(self, indices: Any) -> None:
        """Nothing to do; int32 [k]."""
        del indices
