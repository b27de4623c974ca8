"""A small algorithm that learns, and is known to be right."""

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.arguments import check_integer
from rltools.errors import InvalidArgumentError, InvalidSpaceError
from rltools.mocks.linear_policy import define_policy
from rltools.mocks.shared_spaces import shared_spaces


class LinearActorCritic:
    """An actor-critic in plain NumPy that learns from each step right away.

    Value and policy are linear in the observation and in a trace of the observations
    before it in the episode, `trace = decay * trace + observ`: the simplest memory that
    has to be kept for every environment and cleared for every episode.

    One-step actor-critic of Sutton and Barto, "Reinforcement Learning", 2nd edition,
    section 13.5, without the factor for the time since the episode's start. A truncated
    episode counts with the value of its last observation.

    It is what `rltools.checks.check_algorithm` is tested with, and shows all that this
    can ask of an algorithm.

    Args:
        envs: A vector environment such as `BatchEnv`, or a sequence of environments
            whose spaces are equal: observations of a Box, actions of a Discrete space
            or a Box of floats.
        gamma: Discount of the next observation's value, from 0 to 1.
        learning_rate: Step size of the value function, for features of length 1.
        policy_learning_rate: Step size of the policy, for features of length 1.
        std: Standard deviation of continuous actions.
        decay: How much of the trace stays from one step to the next, from 0 to 1.
        seed: Seed of the first weights and of the actions.

    Raises:
        InvalidArgumentError: `envs` is neither, or is empty, or a number is out of its
            range.
        InvalidSpaceError: The environments' spaces differ or are others.
    """

    def __init__(
        self,
        envs: gym.vector.VectorEnv | Sequence[gym.Env[Any, Any]],
        *,
        gamma: float = 0.7,
        learning_rate: float = 0.2,
        policy_learning_rate: float = 0.5,
        std: float = 0.2,
        decay: float = 0.5,
        seed: int = 0,
    ) -> None:
        observation_space, action_space, count = shared_spaces(envs)
        if not isinstance(observation_space, gym.spaces.Box):
            raise InvalidSpaceError(
                f"expected the observation space to be a Box, got {observation_space}."
            )
        for name, value in {"gamma": gamma, "decay": decay}.items():
            if not 0 <= value <= 1:
                raise InvalidArgumentError(
                    f"expected {name} to be a number from 0 to 1, got {value!r}."
                )
        self._gamma = gamma
        self._learning_rate = learning_rate
        self._policy_learning_rate = policy_learning_rate
        self._decay = decay
        self._generator = np.random.default_rng(check_integer("seed", seed, at_least=0))
        size = int(np.prod(observation_space.shape))
        self._traces = np.zeros((count, size))
        self._critic = np.zeros(1 + 2 * size)
        self._policy = define_policy(
            action_space, len(self._critic), std, self._generator
        )
        self._learns = True

    def begin_episode(self, indices: np.ndarray) -> None:
        """Forget the observations of the episodes before; int array of shape [k]."""
        self._traces[indices] = 0.0

    def perform(self, indices: np.ndarray, observ: np.ndarray) -> np.ndarray:
        """Draw actions, or choose the most likely ones in evaluation.

        Args:
            indices: Indices of the environments, int array of shape [k].
            observ: Their current observations, [k, *observation_shape].

        Returns:
            Actions, [k, *action_shape] of the action space's dtype.
        """
        features = self._features(observ, self._traces[indices])
        if self._learns:
            return self._policy.sample(features, self._generator)
        return self._policy.mode(features)

    def experience(
        self,
        indices: np.ndarray,
        observ: np.ndarray,
        action: np.ndarray,
        reward: np.ndarray,
        terminated: np.ndarray,
        truncated: np.ndarray,
        next_observ: np.ndarray,
    ) -> None:
        """Remember the observations and learn from the steps.

        Args:
            indices: Indices of the environments, int array of shape [k].
            observ: Observations before the step, [k, *observation_shape].
            action: Actions taken, [k, *action_shape].
            reward: Rewards, float array of shape [k].
            terminated: Whether the episode ended by itself, bool array of shape [k].
            truncated: Whether the episode was cut short, bool array of shape [k].
            next_observ: Observations after the step, of the same episode,
                [k, *observation_shape].
        """
        features = self._features(observ, self._traces[indices])
        self._remember(indices, observ)
        if not self._learns or not len(indices):
            return
        following = self._features(next_observ, self._traces[indices])
        goes_on = self._goes_on(terminated, truncated)
        target = reward + self._gamma * goes_on * (following @ self._critic)
        advantage = target - features @ self._critic
        self._improve_critic(features, following, advantage)
        self._improve_policy(features, action, advantage)

    def end_episode(self, indices: np.ndarray) -> None:
        """Nothing to do; int array of shape [k]."""

    def evaluation(self) -> "LinearActorCritic":
        """The same policy with its most likely actions, in other environments.

        Returns:
            Has the verbs for as many environments, and traces of its own. It shares
            the weights, also those learnt later, and does not change them.
        """
        other = copy.copy(self)
        other._traces = np.zeros_like(self._traces)
        other._learns = False
        return other

    def value(self, observ: np.ndarray) -> float:
        """The value of an observation that begins an episode."""
        features = self._features(observ[None], np.zeros_like(self._traces[:1]))
        return float((features @ self._critic)[0])

    def weights(self) -> dict[str, np.ndarray]:
        """Copies of all that is learnt."""
        return {"critic": self._critic.copy(), "policy": self._policy.weights.copy()}

    # The steps of learning, one by one for `mocks.broken` to put mistakes in.

    def _features(self, observ: np.ndarray, traces: np.ndarray) -> np.ndarray:
        flat = np.reshape(observ, traces.shape).astype(np.float64)
        return np.concatenate([np.ones((len(flat), 1)), flat, traces], axis=1)

    def _remember(self, indices: np.ndarray, observ: np.ndarray) -> None:
        traces = self._traces[indices]
        self._traces[indices] = self._decay * traces + observ.reshape(traces.shape)

    def _goes_on(self, terminated: np.ndarray, truncated: np.ndarray) -> np.ndarray:
        return ~terminated

    def _improve_critic(
        self, features: np.ndarray, following: np.ndarray, advantage: np.ndarray
    ) -> None:
        step = self._learning_rate / _size(features)
        self._critic += step * advantage @ features

    def _improve_policy(
        self, features: np.ndarray, action: np.ndarray, advantage: np.ndarray
    ) -> None:
        step = self._policy_learning_rate / _size(features)
        self._policy.improve(features, action, step * advantage)


def _size(features: np.ndarray) -> float:
    """What to divide a step by: how many there are and, above 1, how large they are."""
    return max(float(np.sum(features**2)), float(len(features)))
