"""Proximal policy optimisation (Schulman et al., 2017, arXiv:1707.06347)."""

from typing import Any

import gymnasium as gym
import tensorflow as tf

from examples.ppo.algorithm.advantages import discounted_sum
from examples.ppo.algorithm.flat_spaces import FlatActions, FlatObservations
from examples.ppo.algorithm.learner import METRICS, Learner, do_not_convert
from examples.ppo.algorithm.memory import RolloutMemory, Transition
from examples.ppo.algorithm.normalize import StreamingNormalize
from examples.ppo.config import Config
from examples.ppo.networks.actor_critic import define_network


class PPO(tf.Module):
    """The algorithm, as `rltools.simulate` drives it.

    It acts with a fixed policy until every environment has made `rollout_length` steps,
    trains on all of them, and forgets them. Observations are normalised by statistics
    that stay as they are during a rollout and the update on it, so that the update
    starts from exactly the policy that acted.

    Args:
        observation_space: Observation space of one environment.
        action_space: Action space of one environment.
        config: The options of the run.

    Attributes:
        network: The policy and value networks.
        learner: What trains them.
        generator: Source of the actions' and the minibatches' randomness.
        observ_filter: Statistics that flat observations are normalised by.
        return_filter: Statistics that rewards are scaled by.
        observations: Flattens observations.
        actions: Flattens actions.
        checkpoint: `tf.train.Checkpoint` of all that a later process needs to go on
            from the end of an update.
    """

    def __init__(
        self,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        config: Config,
    ) -> None:
        super().__init__(name="ppo")
        self._config = config
        self.observations = FlatObservations(observation_space)
        self.actions = FlatActions(action_space)
        self.network = define_network(observation_space, action_space, config)
        self.learner = Learner(self.network, config)
        self.generator = tf.random.Generator.from_seed(config.seed)
        self.observ_filter = StreamingNormalize(
            [self.observations.size],
            center=config.normalize_observations,
            scale=config.normalize_observations,
            clip=10.0 if config.normalize_observations else None,
            name="observ_filter",
        )
        self.return_filter = StreamingNormalize(
            (),
            center=False,
            scale=config.normalize_rewards,
            clip=10.0 if config.normalize_rewards else None,
            name="return_filter",
        )
        number, flag = tf.TensorSpec([]), tf.TensorSpec([], tf.bool)
        observ = tf.TensorSpec([self.observations.size], self.observations.dtype)
        action = tf.TensorSpec([self.actions.size])
        state = tf.TensorSpec([self.network.state_size])
        self._memory = RolloutMemory(
            Transition(observ, action, state, number, number, flag, flag, flag, observ),
            num_envs=config.num_agents,
            length=config.rollout_length,
        )
        # Of every environment: what `perform` leaves for `experience`, ...
        self._state = _zeros([config.num_agents, state.shape[0]], "state")
        self._acted = _zeros([config.num_agents, 1 + state.shape[0]], "acted")
        self._begins = _zeros([config.num_agents], "begins")
        # ... and what the end of a rollout leaves for the next.
        self._reward_sum = _zeros([config.num_agents], "reward_sum")
        self._metrics = {
            name: tf.Variable(0.0, trainable=False, name=name)
            for name in (*METRICS, "memory_size")
        }
        # The memory isn't in it: to go on from a checkpoint is to begin a rollout.
        self.checkpoint = tf.train.Checkpoint(
            network=self.network,
            learner=self.learner,
            generator=self.generator,
            observ_filter=self.observ_filter,
            return_filter=self.return_filter,
        )

    @do_not_convert
    def begin_episode(self, indices: Any) -> None:
        """Forget the previous episode.

        Args:
            indices: Environments that begin an episode, int32 [k].
        """
        _assign(self._begins, indices, tf.ones_like(indices, tf.float32))
        if self.network.state_size:
            zeros = tf.zeros([tf.shape(indices)[0], self.network.state_size])
            _assign(self._state, indices, zeros)

    @do_not_convert
    def perform(self, indices: Any, observ: Any) -> Any:
        """Draw actions from the policy.

        Args:
            indices: Environments to act in, int32 [k].
            observ: Their observations, nested tensors with k rows.

        Returns:
            Actions, nested tensors of the action space's dtypes with k rows.
        """
        state = tf.gather(self._state, indices)
        outputs, _, next_state = self.act(self.observations(observ), state)
        distribution = self.network.distribution(outputs)
        action = distribution.sample(self.generator)
        logprob = distribution.log_prob(action)[:, tf.newaxis]
        if self.network.state_size:
            _assign(self._state, indices, next_state)
            logprob = tf.concat([logprob, state], 1)
        _assign(self._acted, indices, logprob)
        return self.actions.unflatten(action)

    @do_not_convert
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
        """Remember one step, and train when the memory is full.

        Args:
            indices: Environments that made a step, int32 [k].
            observ: Observations acted on, nested tensors with k rows.
            action: Actions that `perform` chose for them, nested tensors with k rows.
            reward: Rewards, float32 [k].
            terminated: Whether an episode reached a terminal state, bool [k].
            truncated: Whether an episode ended for another reason, bool [k].
            next_observ: Observations that followed, at an episode's end its final one,
                nested tensors with k rows.
        """
        acted = tf.gather(self._acted, indices)
        steps = Transition(
            observ=self.observations(observ),
            action=self.actions(action),
            state=acted[:, 1:],
            logprob=acted[:, 0],
            reward=reward,
            begins=tf.gather(self._begins, indices),
            terminated=terminated,
            truncated=truncated,
            next_observ=self.observations(next_observ),
        )
        self._memory.append(indices, steps)
        _assign(self._begins, indices, tf.zeros_like(indices, tf.float32))
        tf.cond(self._memory.full, self._train, lambda: None)

    @tf.function(autograph=False)
    def learn(self, rollout: Transition) -> None:
        """Train on a rollout that was collected elsewhere by the present policy.

        Args:
            rollout: Tensors or arrays [rollout_length, num_agents, ...]; observations
                and actions flat, observations not normalised.
        """
        self._memory.fill(rollout)
        self._train()

    @do_not_convert
    def end_episode(self, indices: Any) -> None:
        """Nothing to do, as rollouts go on across the ends of episodes."""
        del indices

    @do_not_convert
    def summary(self) -> dict[str, Any]:
        """Describe the last update.

        Returns:
            Float32 scalars, see `Learner.update`, and `memory_size`, the steps that it
            trained on. With `weight_summaries` also arrays for histograms: of these
            steps, all of which the memory holds until the next one is made, and of what
            the update left behind.
        """
        summary = {name: metric.read_value() for name, metric in self._metrics.items()}
        return summary | self._arrays() if self._config.weight_summaries else summary

    @do_not_convert
    def act(self, observ: Any, state: Any) -> tuple[Any, Any, Any]:
        """Ask the networks what to do.

        Compiling this into one operation would make it slower: it is small.

        Args:
            observ: Flat observations, [k, size].
            state: Recurrent state, float32 [k, state_size].

        Returns:
            Outputs for `network.distribution`, values float32 [k] in units of scaled
            rewards, and the next state.
        """
        normalized = self.observ_filter.transform(tf.cast(observ, tf.float32))
        return self.network.step(normalized, state)

    def _arrays(self) -> dict[str, Any]:
        rollout, learner = self._memory.data(), self.learner
        distribution = self.network.distribution(learner.outputs, learner.log_std)
        arrays = {
            "action": rollout.action,
            "mode": distribution.mode(),
            "logprob": rollout.logprob,
            "stddev": tf.exp(learner.log_std),
            "observ_filter/mean": self.observ_filter.mean,
            "observ_filter/stddev": self.observ_filter.stddev,
            "return_filter/stddev": self.return_filter.stddev,
        }
        for name, variable in self.network.weights.items():
            arrays[f"weights/{name}"] = variable.read_value()
        for name, gradient in learner.gradients.items():
            arrays[f"gradients/{name}"] = gradient.read_value()
        return arrays

    def _train(self) -> None:
        permutations = self.learner.permutations(self.generator.make_seeds(1)[:, 0])
        metrics = self._learn(self._memory.data(), permutations)
        for name, value in metrics.items():
            self._metrics[name].assign(value)
        self._metrics["memory_size"].assign(self._config.update_every)
        self._memory.clear()

    # With what is before and after the update, which would take as long in pieces.
    @tf.function(jit_compile=True, autograph=False)
    def _learn(self, rollout: Transition, permutations: Any) -> dict[str, Any]:
        sums = discounted_sum(
            rollout.reward, rollout.begins, self._reward_sum, self._config.discount
        )
        self._reward_sum.assign(sums[-1])
        # The policy doesn't see rewards, so their scale may include this rollout's.
        self.return_filter.update(tf.reshape(sums, [-1]))
        observ = tf.cast(rollout.observ, tf.float32)
        next_observ = tf.cast(rollout.next_observ, tf.float32)
        metrics = self.learner.update(
            rollout._replace(
                observ=self.observ_filter.transform(observ),
                next_observ=self.observ_filter.transform(next_observ),
                reward=self.return_filter.transform(rollout.reward),
            ),
            permutations,
        )
        # Last, as the policy acted on observations normalised without this rollout.
        self.observ_filter.update(tf.reshape(observ, [-1, observ.shape[-1]]))
        return metrics


def _zeros(shape: list[int], name: str) -> tf.Variable:
    return tf.Variable(tf.zeros(shape), trainable=False, name=name)


def _assign(variable: tf.Variable, indices: Any, values: Any) -> None:
    variable.scatter_update(tf.IndexedSlices(values, indices))
