"""The networks: from normalised flat observations to a policy and a value."""

import math
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import tensorflow as tf

from examples.ppo.algorithm.distributions import Distribution, define_distribution
from examples.ppo.algorithm.flat_spaces import FlatActions, FlatObservations
from examples.ppo.config import Config
from examples.ppo.networks.convolution import Convolution
from examples.ppo.networks.gru import GRU
from examples.ppo.networks.perceptron import Perceptron
from rltools.errors import InvalidSpaceError


class Body(tf.Module):
    """One network: pictures through convolutions, layers, and a memory if recurrent.

    Args:
        observations: What it gets.
        layers: Units of the fully connected layers.
        num_outputs: Length of its output.
        output_gain: Gain of the last layer's initial weights.
        config: The kind of network and its sizes.
        rng: Source of the initial weights.
        name: Name of the module.

    Attributes:
        state_size: Length of the recurrent state, 0 without one.
    """

    def __init__(
        self,
        observations: FlatObservations,
        layers: Sequence[int],
        num_outputs: int,
        *,
        output_gain: float,
        config: Config,
        rng: np.random.Generator,
        name: str,
    ) -> None:
        super().__init__(name=name)
        self._convolution = self._gru = None
        sizes = [observations.size, *layers]
        with self.name_scope:
            if config.network == "convolutional":
                raw = observations.dtype == tf.uint8 and not (
                    config.normalize_observations
                )
                self._convolution = Convolution(
                    observations,
                    config.filters,
                    scale=1 / 255 if raw else 1.0,
                    rng=rng,
                    name="convolution",
                )
                sizes[0] = self._convolution.size
            if config.network == "recurrent":
                self._encoder = Perceptron(
                    sizes, output_gain=math.sqrt(2), rng=rng, name="encoder"
                )
                units = config.recurrent_units
                self._gru = GRU(sizes[-1], units, rng=rng, name="gru")
                sizes = [units]
            self._layers = Perceptron(
                [*sizes, num_outputs], output_gain=output_gain, rng=rng, name="layers"
            )
        self.state_size = config.recurrent_units if self._gru else 0

    @property
    def layers(self) -> Perceptron:
        """The fully connected layers, all there is of a feed-forward network."""
        return self._layers

    def step(self, observ: Any, state: Any) -> tuple[Any, Any]:
        """One step: float32 [batch, size] and [batch, state_size] to outputs, state."""
        if self._convolution:
            observ = self._convolution(observ)
        if self._gru:
            observ = state = self._gru(tf.tanh(self._encoder(observ)), state)
        return self._layers(observ), state

    def unroll(self, observ: Any, begins: Any, state: Any) -> tuple[Any, Any]:
        """Many steps in a row, each from the state after the one before.

        Args:
            observ: float32 [steps, batch, size].
            begins: Whether an episode begins with the step, and its state with zeros,
                bool [steps, batch].
            state: State before the first step, float32 [batch, state_size].

        Returns:
            Outputs, float32 [steps, batch, outputs], and the states after each step,
            float32 [steps, batch, state_size].
        """
        if self._convolution:
            observ = self._convolution(observ)
        if not self._gru:
            return self._layers(observ), tf.zeros([*observ.shape[:2], 0])
        gru = self._gru
        kept = 1 - tf.cast(begins, tf.float32)[..., tf.newaxis]
        states = tf.scan(
            lambda last, step: gru(step[0], step[1] * last),
            (tf.tanh(self._encoder(observ)), kept),
            initializer=state,
        )
        return self._layers(states), states


class ActorCritic(tf.Module):
    """Separate policy and value networks.

    The standard deviation of continuous actions doesn't depend on the state.

    Args:
        observations: What the networks get.
        actions: What the policy chooses.
        config: Kind and sizes of the networks, and the seed of their weights.

    Attributes:
        state_size: Length of the recurrent state of both, 0 without one.
        num_outputs: Length of the policy's outputs.
        log_std: Logarithms of the standard deviations, float32 [continuous numbers].
    """

    def __init__(
        self, observations: FlatObservations, actions: FlatActions, config: Config
    ) -> None:
        super().__init__(name="network")
        rng = np.random.default_rng(config.seed)
        self._categories = actions.categories
        self.num_outputs = actions.num_continuous + sum(actions.categories)
        with self.name_scope:
            self.policy = Body(
                observations,
                config.policy_layers,
                self.num_outputs,
                output_gain=config.init_output_factor * math.sqrt(2),
                config=config,
                rng=rng,
                name="policy",
            )
            self.critic = Body(
                observations,
                config.value_layers,
                1,
                output_gain=1.0,
                config=config,
                rng=rng,
                name="value",
            )
            self.log_std = tf.Variable(
                tf.fill([actions.num_continuous], math.log(config.init_std)),
                name="log_std",
            )
        self.state_size = self.policy.state_size + self.critic.state_size

    @property
    def weights(self) -> dict[str, tf.Variable]:
        """What is trained, by names such as `policy/layers/weight0`."""
        return {
            variable.name.removeprefix("network/").removesuffix(":0"): variable
            for variable in self.trainable_variables
        }

    def step(self, observ: Any, state: Any) -> tuple[Any, Any, Any]:
        """Act on one observation of each environment.

        Args:
            observ: Normalised, float32 [batch, size].
            state: Recurrent state, float32 [batch, state_size].

        Returns:
            Outputs of the policy for `distribution`, values float32 [batch], and the
            next state.
        """
        policy_state, critic_state = self._split(state)
        outputs, policy_state = self.policy.step(observ, policy_state)
        value, critic_state = self.critic.step(observ, critic_state)
        return outputs, value[..., 0], tf.concat([policy_state, critic_state], -1)

    def unroll(self, observ: Any, begins: Any, state: Any) -> tuple[Any, Any, Any]:
        """Act on many observations in a row.

        Args:
            observ: Normalised, float32 [steps, batch, size].
            begins: Whether an episode begins with the step, bool [steps, batch].
            state: Recurrent state before the first step, float32 [batch, state_size].

        Returns:
            Outputs of the policy for `distribution`, values float32 [steps, batch], and
            the states after each step, float32 [steps, batch, state_size].
        """
        policy_state, critic_state = self._split(state)
        outputs, policy_states = self.policy.unroll(observ, begins, policy_state)
        value, critic_states = self.critic.unroll(observ, begins, critic_state)
        return outputs, value[..., 0], tf.concat([policy_states, critic_states], -1)

    def distribution(self, outputs: Any, log_std: Any = None) -> Distribution:
        """Distribution over flat actions that outputs of the policy describe.

        Args:
            outputs: Of `step` or `unroll`.
            log_std: In place of the present `log_std`.
        """
        log_std = self.log_std if log_std is None else log_std
        return define_distribution(outputs, log_std, self._categories)

    def _split(self, state: Any) -> tuple[Any, Any]:
        size = self.policy.state_size
        return state[..., :size], state[..., size:]


def define_network(
    observation_space: gym.Space[Any], action_space: gym.Space[Any], config: Config
) -> ActorCritic:
    """Build the network that the config names, for the spaces of one environment.

    Raises:
        InvalidSpaceError: The network can't work with one of the spaces.
    """
    observations = FlatObservations(observation_space)
    if config.network == "convolutional" and not observations.images:
        raise InvalidSpaceError(
            "The network 'convolutional' needs an observation space with a Box of "
            f"three dimensions, got {observation_space}."
        )
    return ActorCritic(observations, FlatActions(action_space), config)
