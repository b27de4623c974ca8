"""The update: all epochs and minibatches of one rollout, in one compiled function."""

from typing import Any

import tensorflow as tf

from examples.ppo import losses
from examples.ppo.advantages import generalized_advantage
from examples.ppo.configs import Config
from examples.ppo.memory import Transition
from examples.ppo.networks import FeedForward

# For code without branches or loops on tensors: to look for them takes seconds.
do_not_convert = tf.autograph.experimental.do_not_convert

# What is recorded of every minibatch, in this order.
_RECORDED = (
    "policy_loss",
    "value_loss",
    "entropy",
    "kl",
    "clip_fraction",
    "gradient_norm",
    "ratio_error",
)
# Names of what `Learner.update` returns.
METRICS = (*_RECORDED, "explained_variance")


class Learner(tf.Module):
    """Trains a network on rollouts.

    Args:
        network: The policy and value networks to train.
        config: The options of the run.
    """

    def __init__(self, network: FeedForward, config: Config) -> None:
        super().__init__(name="learner")
        self._network = network
        self._config = config
        self._num_minibatches = config.update_every // config.batch_size
        self._optimizer = tf.keras.optimizers.Adam(
            tf.keras.optimizers.schedules.PolynomialDecay(
                config.learning_rate,
                decay_steps=config.num_updates
                * config.update_epochs
                * self._num_minibatches,
                end_learning_rate=0.0,
            ),
            epsilon=1e-5,
        )
        self._optimizer.build(network.trainable_variables)

    @property
    def num_updates(self) -> Any:
        """Updates made so far, int64 scalar."""
        per_update = self._config.update_epochs * self._num_minibatches
        return tf.cast(self._optimizer.iterations.value, tf.int64) // per_update

    def permutations(self, seed: Any) -> Any:
        """Draw the order in which an update visits the steps.

        Args:
            seed: Integers [2]; the same seed gives the same order.

        Returns:
            Every step once in each epoch, int32 [epochs, minibatches, batch_size].
        """
        config = self._config
        uniform = tf.random.stateless_uniform(
            [config.update_epochs, config.update_every], seed
        )
        order = tf.argsort(uniform, stable=True)
        return tf.reshape(
            order, [config.update_epochs, self._num_minibatches, config.batch_size]
        )

    # One compilation for all updates: a loop unrolled in Python would take minutes to
    # trace, and calling a compiled minibatch step from Python costs more than the step.
    @tf.function(jit_compile=True)
    def update(self, rollout: Transition, permutations: Any) -> dict[str, Any]:
        """Train on a rollout, algorithm 1 of the PPO paper (arXiv:1707.06347).

        Args:
            rollout: Tensors [steps, envs, ...], observations and rewards normalised as
                the networks are to see them.
            permutations: See `permutations`.

        Returns:
            Float32 scalars, means over all minibatches: `policy_loss`, `value_loss`,
            `entropy`, `kl`, `clip_fraction` and `gradient_norm`. Furthermore the
            `explained_variance` before the update, and `ratio_error`, the largest
            difference from 1 of a probability ratio in the first minibatch: anything
            but rounding means that the rollout isn't what the policy acted on.
        """
        advantage, target = self._estimate(rollout)
        explained = losses.explained_variance(target - advantage, target)
        records = tf.TensorArray(
            tf.float32,
            size=self._config.update_epochs * self._num_minibatches,
            element_shape=[len(_RECORDED)],
        )
        for epoch in tf.range(self._config.update_epochs):
            # Advantages by the current values, rather than by those before the update.
            advantage, target = self._estimate(rollout)
            for minibatch in tf.range(self._num_minibatches):
                chosen = permutations[epoch, minibatch]
                record = self._improve(
                    _select(rollout.observ, chosen),
                    _select(rollout.action, chosen),
                    _select(rollout.logprob, chosen),
                    _select(advantage, chosen),
                    _select(target, chosen),
                )
                records = records.write(
                    epoch * self._num_minibatches + minibatch, record
                )
        stacked = records.stack()
        means = dict(
            zip(_RECORDED, tf.unstack(tf.reduce_mean(stacked, 0)), strict=True)
        )
        means["ratio_error"] = stacked[0, _RECORDED.index("ratio_error")]
        means["explained_variance"] = explained
        return means

    @do_not_convert
    def _estimate(self, rollout: Transition) -> tuple[Any, Any]:
        """Advantages and value targets of all steps, both [steps, envs]."""
        value = self._values(rollout.observ)
        advantage = generalized_advantage(
            rollout.reward,
            value,
            self._values(rollout.next_observ),
            rollout.terminated,
            rollout.truncated,
            self._config.discount,
            self._config.gae_lambda,
        )
        return advantage, advantage + value

    def _values(self, observ: Any) -> Any:
        flat = tf.reshape(observ, [-1, *observ.shape[2:]])
        return tf.reshape(self._network.value(flat), observ.shape[:2])

    @do_not_convert
    def _improve(
        self, observ: Any, action: Any, old_logprob: Any, advantage: Any, target: Any
    ) -> Any:
        """One step of gradient descent; returns the metrics in their order."""
        config = self._config
        if config.batch_size > 1:
            centered = advantage - tf.reduce_mean(advantage)
            advantage = centered / (tf.math.reduce_std(advantage) + 1e-8)
        variables = self._network.trainable_variables
        with tf.GradientTape() as tape:
            distribution = self._network.distribution(observ)
            log_ratio = distribution.log_prob(action) - old_logprob
            ratio = tf.exp(log_ratio)
            policy_loss = losses.clip_loss(ratio, advantage, config.clip_range)
            value_loss = losses.value_loss(self._network.value(observ), target)
            entropy_loss = losses.entropy_loss(distribution.entropy())
            loss = (
                policy_loss
                + config.value_coefficient * value_loss
                + config.entropy_regularization * entropy_loss
            )
        gradients, norm = tf.clip_by_global_norm(
            tape.gradient(loss, variables), config.max_gradient_norm
        )
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return tf.stack(
            [
                policy_loss,
                value_loss,
                -entropy_loss,
                losses.approximate_kl(log_ratio),
                losses.clip_fraction(ratio, config.clip_range),
                norm,
                tf.reduce_max(tf.abs(ratio - 1)),
            ]
        )


def _select(values: Any, chosen: Any) -> Any:
    """Rows of [steps, envs, ...] by their number in the order steps, then envs."""
    return tf.gather(tf.reshape(values, [-1, *values.shape[2:]]), chosen)
