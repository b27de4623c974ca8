"""Networks: from normalised observations to a distribution over actions and a value."""

import math
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf

from examples.ppo.configs import Config
from examples.ppo.distributions import Categorical, DiagonalNormal
from rltools.errors import InvalidSpaceError

Distribution = DiagonalNormal | Categorical


class Perceptron(tf.Module):
    """Fully connected layers with tanh between them, and a linear last one.

    Weights start orthogonal (Saxe et al., 2014, "Exact solutions to the nonlinear
    dynamics of learning in deep linear neural networks"), biases at zero.

    Args:
        sizes: Units of every layer, with those of the input first.
        output_gain: Gain of the last layer's initial weights; hidden ones have
            sqrt(2).
        rng: Source of the initial weights.
        name: Name of the module, which prefixes those of its variables.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        *,
        output_gain: float,
        rng: np.random.Generator,
        name: str,
    ) -> None:
        super().__init__(name=name)
        gains = [math.sqrt(2)] * (len(sizes) - 2) + [output_gain]
        with self.name_scope:
            self.weights = [
                tf.Variable(
                    gain * orthogonal(rows, columns, rng), name=f"weight{layer}"
                )
                for layer, (rows, columns, gain) in enumerate(
                    zip(sizes[:-1], sizes[1:], gains, strict=True)
                )
            ]
            self.biases = [
                tf.Variable(tf.zeros(size), name=f"bias{layer}")
                for layer, size in enumerate(sizes[1:])
            ]

    def __call__(self, inputs: Any) -> Any:
        """Map float32 [batch, sizes[0]] to float32 [batch, sizes[-1]]."""
        *hidden, last = zip(self.weights, self.biases, strict=True)
        outputs = inputs
        for weight, bias in hidden:
            outputs = tf.tanh(outputs @ weight + bias)
        return outputs @ last[0] + last[1]


class FeedForward(tf.Module):
    """Separate policy and value networks on flattened observations.

    Args:
        observation_space: A Box of any shape.
        num_outputs: Outputs of the policy network.
        config: Sizes, factor of the last policy layer, and the seed.
    """

    def __init__(
        self, observation_space: gym.spaces.Box, num_outputs: int, config: Config
    ) -> None:
        super().__init__(name="network")
        rng = np.random.default_rng(config.seed)
        num_inputs = math.prod(observation_space.shape)
        with self.name_scope:
            self.policy = Perceptron(
                [num_inputs, *config.policy_layers, num_outputs],
                output_gain=config.init_output_factor * math.sqrt(2),
                rng=rng,
                name="policy",
            )
            self.critic = Perceptron(
                [num_inputs, *config.value_layers, 1],
                output_gain=1.0,
                rng=rng,
                name="value",
            )

    def distribution(self, observ: Any) -> Distribution:
        """Distribution over actions given float32 [batch, *observation_shape]."""
        raise NotImplementedError

    def value(self, observ: Any) -> Any:
        """Value of float32 [batch, *observation_shape], float32 [batch]."""
        return self.critic(_flatten(observ))[:, 0]


class FeedForwardGaussian(FeedForward):
    """Normal distribution whose standard deviation doesn't depend on the state.

    Args:
        observation_space: A Box of any shape.
        action_space: A Box of any shape.
        config: See `FeedForward`; `init_std` too.
    """

    def __init__(
        self,
        observation_space: gym.spaces.Box,
        action_space: gym.spaces.Box,
        config: Config,
    ) -> None:
        super().__init__(observation_space, math.prod(action_space.shape), config)
        self.action_shape = action_space.shape
        with self.name_scope:
            self.log_std = tf.Variable(
                tf.fill(action_space.shape, math.log(config.init_std)), name="log_std"
            )

    def distribution(self, observ: Any) -> DiagonalNormal:
        """Distribution over float32 [batch, *action_shape]."""
        mean = self.policy(_flatten(observ))
        mean = tf.reshape(mean, [tf.shape(mean)[0], *self.action_shape])
        return DiagonalNormal(mean, self.log_std)


class FeedForwardCategorical(FeedForward):
    """Distribution over a finite number of actions.

    Args:
        observation_space: A Box of any shape.
        action_space: A Discrete space.
        config: See `FeedForward`.
    """

    def __init__(
        self,
        observation_space: gym.spaces.Box,
        action_space: gym.spaces.Discrete,
        config: Config,
    ) -> None:
        super().__init__(observation_space, int(action_space.n), config)
        self.start = int(action_space.start)

    def distribution(self, observ: Any) -> Categorical:
        """Distribution over int64 [batch]."""
        return Categorical(self.policy(_flatten(observ)), self.start)


_NETWORKS: dict[str, tuple[type[FeedForward], type[gym.Space[Any]]]] = {
    "feed_forward_gaussian": (FeedForwardGaussian, gym.spaces.Box),
    "feed_forward_categorical": (FeedForwardCategorical, gym.spaces.Discrete),
}


def define_network(
    observation_space: gym.Space[Any], action_space: gym.Space[Any], config: Config
) -> FeedForward:
    """Build the network that the config names, for the spaces of one environment.

    Args:
        observation_space: Observation space of one environment, a Box.
        action_space: Action space of one environment.
        config: The options of the run.

    Raises:
        InvalidSpaceError: The network can't work with one of the spaces.
    """
    network, action_kind = _NETWORKS[config.network]
    if not isinstance(observation_space, gym.spaces.Box):
        raise InvalidSpaceError(
            f"The network {config.network!r} needs a Box as observation space, got "
            f"{observation_space}; see gymnasium.wrappers.FlattenObservation."
        )
    if not isinstance(action_space, action_kind):
        raise InvalidSpaceError(
            f"The network {config.network!r} needs a {action_kind.__name__} as action "
            f"space, got {action_space}."
        )
    return network(observation_space, action_space, config)  # type: ignore[arg-type]


def orthogonal(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a float32 matrix [rows, columns] with orthonormal rows or columns."""
    gaussian = rng.normal(size=(max(rows, columns), min(rows, columns)))
    basis, triangle = np.linalg.qr(gaussian)
    # Without the signs, the draw would not be uniform over orthogonal matrices.
    basis *= np.sign(np.diag(triangle))
    return (basis if rows >= columns else basis.T).astype(np.float32)


def _flatten(observ: Any) -> Any:
    return tf.reshape(observ, [tf.shape(observ)[0], -1])
