"""The update: all epochs and minibatches of one rollout, in one compiled function."""

from typing import Any, NamedTuple

import tensorflow as tf

from examples.ppo.algorithm import losses
from examples.ppo.algorithm.advantages import generalized_advantage
from examples.ppo.algorithm.chunks import from_chunks, to_chunks
from examples.ppo.algorithm.memory import Transition
from examples.ppo.algorithm.optimizers import Schedule, define_optimizer
from examples.ppo.config import Config
from examples.ppo.networks.actor_critic import ActorCritic

# For code without branches or loops on tensors: to look for them takes seconds.
do_not_convert = tf.autograph.experimental.do_not_convert

# What is recorded of every minibatch, in this order.
_RECORDED = (
    "policy_loss",
    "surrogate_loss",
    "kl_loss",
    "value_loss",
    "entropy",
    "approx_kl",
    "clip_fraction",
    "gradient_norm",
    "ratio_error",
)
# Names of what `Learner.update` returns.
METRICS = (*_RECORDED, "explained_variance", "kl", "penalty", "learning_rate")


class Minibatch(NamedTuple):
    """What a step of gradient descent learns from; tensors [steps, chunks, ...].

    Attributes:
        rollout: The steps that were made.
        outputs: What the policy network gave for them before the update.
        advantage: Advantages of the actions.
        target: What the values should be.
    """

    rollout: Transition
    outputs: Any
    advantage: Any
    target: Any


class Learner(tf.Module):
    """Trains a network on rollouts.

    Args:
        network: The policy and value networks to train.
        config: The options of the run.

    Attributes:
        penalty: Weight of the KL divergence in the loss "kl".
        outputs: With `weight_summaries`, what the policy network gave for the last
            rollout before the update, float32 [steps, envs, outputs].
        log_std: With them, the logarithms of that policy's standard deviations.
    """

    def __init__(self, network: ActorCritic, config: Config) -> None:
        super().__init__(name="learner")
        self._network = network
        self._config = config
        self._num_minibatches = config.update_every // config.batch_size
        self._per_update = config.update_epochs * self._num_minibatches
        decay_steps = config.num_updates * self._per_update
        self._clip_range = Schedule(
            config.clip_range_schedule, config.clip_range, decay_steps
        )
        self._learning_rate = Schedule(
            config.learning_rate_schedule, config.learning_rate, decay_steps
        )
        self._optimizer = define_optimizer(config.optimizer, self._learning_rate)
        self._optimizer.build(network.trainable_variables)
        self.penalty = tf.Variable(
            config.kl_init_penalty, trainable=False, name="penalty", dtype=tf.float32
        )
        # What is kept for summaries, which takes time.
        kept = network.trainable_variables if config.weight_summaries else ()
        self._gradients = [_kept(variable.shape) for variable in kept]
        steps = config.rollout_length if config.weight_summaries else 0
        self.outputs = _kept([steps, config.num_agents, network.num_outputs])
        self.log_std = _kept(network.log_std.shape)

    @property
    def num_updates(self) -> Any:
        """Updates made so far, int64 scalar."""
        steps = tf.cast(self._optimizer.iterations.value, tf.int64)
        return steps // self._per_update

    @property
    def gradients(self) -> dict[str, Any]:
        """Last gradients by the names of variables; none without `weight_summaries`."""
        return dict(zip(self._network.weights, self._gradients, strict=False))

    def permutations(self, seed: Any) -> Any:
        """Draw the order in which an update visits the steps.

        Args:
            seed: Integers [2]; the same seed gives the same order.

        Returns:
            Every chunk once in each epoch, int32 [epochs, minibatches, chunks].
        """
        config = self._config
        size = config.chunk_length
        uniform = tf.random.stateless_uniform(
            [config.update_epochs, config.update_every // size], seed
        )
        order = tf.argsort(uniform, stable=True)
        shape = [config.update_epochs, self._num_minibatches, config.batch_size // size]
        return tf.reshape(order, shape)

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
            Float32 scalars, means over all minibatches: `policy_loss` and its parts
            `surrogate_loss` and `kl_loss`, `value_loss`, `entropy`, `approx_kl`,
            `clip_fraction` and `gradient_norm`, before it is clipped. Of the whole
            rollout: `explained_variance` before the update, and `kl`, the divergence of
            the policy before it from the one after. `penalty` and `learning_rate` are
            those of the next update. `ratio_error` is the largest difference from 1 of
            a probability ratio in the first minibatch: anything but rounding means that
            the rollout isn't what the policy acted on.
        """
        config = self._config
        rollout = to_chunks(rollout, config.chunk_length)
        batch = self._estimate(rollout)
        # The distribution before the update, as tensors that stay what they are.
        outputs, log_std = batch.outputs, tf.identity(self._network.log_std)
        if config.weight_summaries:
            self.outputs.assign(from_chunks(outputs, config.num_agents))
            self.log_std.assign(log_std)
        explained = losses.explained_variance(
            batch.target - batch.advantage, batch.target
        )
        records = tf.TensorArray(
            tf.float32, self._per_update, element_shape=[len(_RECORDED)]
        )
        for epoch in tf.range(config.update_epochs):
            # Advantages by the current values, rather than by those before the update.
            batch = self._estimate(rollout)._replace(outputs=outputs)
            for minibatch in tf.range(self._num_minibatches):
                chosen = _select(batch, permutations[epoch, minibatch])
                record = self._improve(chosen, log_std)
                records = records.write(
                    epoch * self._num_minibatches + minibatch, record
                )
        stacked = records.stack()
        metrics = dict(
            zip(_RECORDED, tf.unstack(tf.reduce_mean(stacked, 0)), strict=True)
        )
        metrics["ratio_error"] = stacked[0, _RECORDED.index("ratio_error")]
        metrics["explained_variance"] = explained
        metrics["kl"] = self._divergence(rollout, outputs, log_std)
        if config.loss == "kl":
            self.penalty.assign(
                losses.adapt_penalty(self.penalty, metrics["kl"], config.kl_target)
            )
        metrics["penalty"] = self.penalty.read_value()
        metrics["learning_rate"] = self._learning_rate(self._optimizer.iterations.value)
        return metrics

    @do_not_convert
    def _estimate(self, rollout: Transition) -> Minibatch:
        """Act on the rollout again, and estimate advantages and values."""
        config = self._config
        outputs, value, states = self._network.unroll(
            rollout.observ, rollout.begins, rollout.state[0]
        )
        _, next_value, _ = self._network.step(rollout.next_observ, states)
        flags = rollout.terminated, rollout.truncated, rollout.begins
        reward, before, after, terminated, truncated, begins = from_chunks(
            (rollout.reward, value, next_value, *flags), config.num_agents
        )
        # An episode that was given up without an end has the next one behind it.
        given_up = tf.concat([begins[1:], tf.zeros_like(begins[:1])], 0)
        advantage = generalized_advantage(
            reward,
            before,
            after,
            terminated,
            truncated | given_up,
            config.discount,
            config.gae_lambda,
        )
        advantage = to_chunks(advantage, config.chunk_length)
        return Minibatch(rollout, outputs, advantage, advantage + value)

    @do_not_convert
    def _improve(self, batch: Minibatch, log_std: Any) -> Any:
        """One step of gradient descent; returns the metrics in their order."""
        config, rollout, advantage = self._config, batch.rollout, batch.advantage
        clip_range = self._clip_range(self._optimizer.iterations.value)
        if config.batch_size > 1:
            centered = advantage - tf.reduce_mean(advantage)
            advantage = centered / (tf.math.reduce_std(advantage) + 1e-8)
        variables = self._network.trainable_variables
        with tf.GradientTape() as tape:
            outputs, value, _ = self._network.unroll(
                rollout.observ, rollout.begins, rollout.state[0]
            )
            distribution = self._network.distribution(outputs)
            log_ratio = distribution.log_prob(rollout.action) - rollout.logprob
            ratio = tf.exp(log_ratio)
            if config.loss == "clip":
                surrogate_loss = losses.clip_loss(ratio, advantage, clip_range)
                kl_loss = tf.zeros_like(surrogate_loss)
            else:
                before = self._network.distribution(batch.outputs, log_std)
                surrogate_loss = losses.surrogate_loss(ratio, advantage)
                kl_loss = losses.kl_penalty(
                    before.kl(distribution),
                    self.penalty,
                    config.kl_target,
                    config.kl_cutoff_factor,
                    config.kl_cutoff_coef,
                )
            policy_loss = surrogate_loss + kl_loss
            value_loss = losses.value_loss(value, batch.target)
            entropy_loss = losses.entropy_loss(distribution.entropy())
            loss = (
                policy_loss
                + config.value_coefficient * value_loss
                + config.entropy_regularization * entropy_loss
            )
        gradients = tape.gradient(loss, variables, unconnected_gradients="zero")
        gradients, norm = tf.clip_by_global_norm(gradients, config.max_gradient_norm)
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        for kept, gradient in zip(self._gradients, gradients, strict=False):
            kept.assign(gradient)
        return tf.stack(
            [
                policy_loss,
                surrogate_loss,
                kl_loss,
                value_loss,
                -entropy_loss,
                losses.approximate_kl(log_ratio),
                losses.clip_fraction(ratio, clip_range),
                norm,
                tf.reduce_max(tf.abs(ratio - 1)),
            ]
        )

    @do_not_convert
    def _divergence(self, rollout: Transition, outputs: Any, log_std: Any) -> Any:
        """Mean divergence of the policy of these outputs from the present one."""
        present, _, _ = self._network.unroll(
            rollout.observ, rollout.begins, rollout.state[0]
        )
        before = self._network.distribution(outputs, log_std)
        return tf.reduce_mean(before.kl(self._network.distribution(present)))


def _kept(shape: Any) -> tf.Variable:
    return tf.Variable(tf.zeros(shape), trainable=False)


def _select(batch: Minibatch, chosen: Any) -> Minibatch:
    """Some of the chunks [steps, chunks, ...] by their numbers."""
    return tf.nest.map_structure(lambda part: tf.gather(part, chosen, axis=1), batch)
