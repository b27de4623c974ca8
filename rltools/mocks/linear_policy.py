"""Policies that are linear in their features, for Discrete and Box actions."""

from abc import ABC, abstractmethod
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.errors import InvalidSpaceError


class LinearPolicy(ABC):
    """A distribution over actions whose parameters are linear in some features.

    Attributes:
        weights: Float64 array of shape [outputs, features].
    """

    def __init__(self, outputs: int, features: int, rng: np.random.Generator) -> None:
        # Small, so that it begins near to indifference, but with an opinion.
        self.weights = rng.normal(size=(outputs, features), scale=0.1)

    @abstractmethod
    def mode(self, features: np.ndarray) -> np.ndarray:
        """The most likely actions [k, *action_shape] for features [k, f]."""

    @abstractmethod
    def sample(self, features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Random actions [k, *action_shape] for features [k, f]."""

    @abstractmethod
    def surprise(self, features: np.ndarray, action: np.ndarray) -> np.ndarray:
        """How actions [k, *action_shape] exceed what was expected, [k, outputs].

        Weights that go this way make the actions more likely.
        """

    def improve(
        self, features: np.ndarray, action: np.ndarray, step: np.ndarray
    ) -> None:
        """Make actions more likely, each by a step of its own, [k]; in place."""
        surprise = self.surprise(features, action)
        self.weights += (surprise * step[:, None]).T @ features


class CategoricalPolicy(LinearPolicy):
    """Chooses one of the actions of a Discrete space by a softmax."""

    def __init__(
        self, space: gym.spaces.Discrete, features: int, rng: np.random.Generator
    ) -> None:
        super().__init__(int(space.n), features, rng)
        self._space = space

    def mode(self, features: np.ndarray) -> np.ndarray:
        """See `LinearPolicy.mode`."""
        return self._to_action(np.argmax(features @ self.weights.T, axis=1))

    def sample(self, features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """See `LinearPolicy.sample`; by the Gumbel-max trick."""
        logits = features @ self.weights.T
        return self._to_action(np.argmax(logits + rng.gumbel(size=logits.shape), 1))

    def surprise(self, features: np.ndarray, action: np.ndarray) -> np.ndarray:
        """The gradient of the action's log-probability by the logits."""
        logits = features @ self.weights.T
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        chosen = np.eye(logits.shape[1])[action - int(self._space.start)]
        return chosen - odds / odds.sum(axis=1, keepdims=True)

    def _to_action(self, index: np.ndarray) -> np.ndarray:
        return (index + int(self._space.start)).astype(self._space.dtype)


class NormalPolicy(LinearPolicy):
    """Draws the actions of a Box from a normal distribution, and clips them.

    Args:
        space: A Box of floats.
        features: The number of features.
        std: The standard deviation, which stays as it is.
        rng: Source of the first weights.
    """

    def __init__(
        self,
        space: gym.spaces.Box,
        features: int,
        std: float,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(int(np.prod(space.shape)), features, rng)
        self._space = space
        self._std = std

    def mode(self, features: np.ndarray) -> np.ndarray:
        """See `LinearPolicy.mode`."""
        return self._to_action(features @ self.weights.T)

    def sample(self, features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """See `LinearPolicy.sample`."""
        mean = features @ self.weights.T
        return self._to_action(mean + self._std * rng.normal(size=mean.shape))

    def surprise(self, features: np.ndarray, action: np.ndarray) -> np.ndarray:
        """The distance to the mean: the natural gradient by the mean."""
        return action.reshape(len(features), -1) - features @ self.weights.T

    def _to_action(self, flat: np.ndarray) -> np.ndarray:
        low, high = self._space.low, self._space.high
        values = np.clip(flat.reshape(len(flat), *self._space.shape), low, high)
        # Clipped again, as rounding could lead out of the bounds.
        return np.clip(values.astype(self._space.dtype), low, high)


def define_policy(
    space: gym.Space[Any], features: int, std: float, rng: np.random.Generator
) -> LinearPolicy:
    """Make the policy for an action space.

    Args:
        space: A Discrete space, or a Box of floats.
        features: The number of features that it will be given.
        std: Standard deviation of continuous actions.
        rng: Source of the first weights.

    Raises:
        InvalidSpaceError: The space is another one.
    """
    if isinstance(space, gym.spaces.Discrete):
        return CategoricalPolicy(space, features, rng)
    if isinstance(space, gym.spaces.Box) and np.issubdtype(space.dtype, np.floating):
        return NormalPolicy(space, features, std, rng)
    raise InvalidSpaceError(
        f"expected the action space to be Discrete or a Box of floats, got {space}."
    )
