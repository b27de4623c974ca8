"""The algorithm that `benchmarks.in_graph` lets act: it acts and remembers, no more."""

import itertools
import math
from typing import Any

import tensorflow as tf


class ActorCritic(tf.Module):
    """A policy and a value network, each of two layers of 64 with tanh.

    What is remembered of a step is what an on-policy algorithm needs: observation,
    action, its log-probability, value, reward and whether the episode ended.

    Args:
        num_envs: Number of environments.
        length: For how many steps there is room; then the first ones are overwritten.
        observation_size: Elements of an observation.
        num_actions: Number of discrete actions, which start at 0.
        compiled: Whether XLA compiles the networks.

    Attributes:
        policy, value: Weights and biases of the layers of each network.
        memory: Variables [length, num_envs, ...] by the names of what they keep.
    """

    def __init__(
        self,
        num_envs: int,
        length: int,
        observation_size: int,
        num_actions: int,
        *,
        compiled: bool,
    ) -> None:
        super().__init__(name="actor_critic")
        generator = tf.random.Generator.from_seed(0)
        self.policy = _make_layers(generator, observation_size, 64, 64, num_actions)
        self.value = _make_layers(generator, observation_size, 64, 64, 1)
        self._generator = generator
        self._length = length
        self._steps = tf.Variable(0, trainable=False)
        shapes = {"observ": [observation_size]}
        dtypes = {"action": tf.int64, "terminated": tf.bool, "truncated": tf.bool}
        names = ("observ", "action", "logprob", "value", "reward", *list(dtypes)[1:])
        self.memory = {
            name: tf.Variable(
                tf.zeros(
                    [length, num_envs, *shapes.get(name, [])],
                    dtypes.get(name, tf.float32),
                ),
                trainable=False,
            )
            for name in names
        }
        self._acted = {
            name: tf.Variable(tf.zeros([num_envs]), trainable=False)
            for name in ("logprob", "value")
        }
        self._evaluate = (
            tf.function(self._evaluate_networks, jit_compile=True, autograph=False)
            if compiled
            else self._evaluate_networks
        )

    @tf.autograph.experimental.do_not_convert
    def begin_episode(self, indices: Any) -> None:
        """Nothing to do."""

    @tf.autograph.experimental.do_not_convert
    def perform(self, indices: Any, observ: Any) -> Any:
        """Draw actions, int64 [n], of all environments."""
        seed = self._generator.make_seeds(1)[:, 0]
        action, logprob, value = self._evaluate(observ, seed)
        self._acted["logprob"].assign(logprob)
        self._acted["value"].assign(value)
        return action

    @tf.autograph.experimental.do_not_convert
    def experience(
        self,
        indices: Any,
        observ: Any,
        action: Any,
        reward: Any,
        terminated: Any,
        truncated: Any,
        next_observ: Any,
    ) -> None:
        """Remember a step of all environments."""
        values = {name: kept.read_value() for name, kept in self._acted.items()}
        values |= {"observ": observ, "action": action, "reward": reward}
        values |= {"terminated": terminated, "truncated": truncated}
        place = tf.reshape(self._steps % self._length, [1, 1])
        for name, memory in self.memory.items():
            memory.scatter_nd_update(place, values[name][tf.newaxis])
        self._steps.assign_add(1)

    @tf.autograph.experimental.do_not_convert
    def end_episode(self, indices: Any) -> None:
        """Nothing to do."""

    def _evaluate_networks(self, observ: Any, seed: Any) -> tuple[Any, Any, Any]:
        logits = apply(self.policy, observ)
        value = apply(self.value, observ)[:, 0]
        # The Gumbel-max trick, as the library's own operation doesn't compile.
        uniform = tf.random.stateless_uniform(
            tf.shape(logits), seed, minval=1e-20, maxval=1.0
        )
        action = tf.argmax(logits - tf.math.log(-tf.math.log(uniform)), -1)
        chosen = tf.one_hot(action, logits.shape[-1])
        logprob = tf.reduce_sum(tf.nn.log_softmax(logits) * chosen, -1)
        return action, logprob, value


def _make_layers(generator: Any, *sizes: int) -> list[tuple[Any, Any]]:
    return [
        (
            tf.Variable(generator.normal([rows, columns]) / math.sqrt(rows)),
            tf.Variable(tf.zeros([columns])),
        )
        for rows, columns in itertools.pairwise(sizes)
    ]


def apply(layers: list[tuple[Any, Any]], inputs: Any) -> Any:
    """Outputs of a network, float32 [n, units of its last layer]."""
    *hidden, (weight, bias) = layers
    for each, shift in hidden:
        inputs = tf.tanh(inputs @ each + shift)
    return inputs @ weight + bias
