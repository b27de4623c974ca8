"""Proximal policy optimisation (Schulman et al., 2017, arXiv:1707.06347)."""

from typing import Any

import gymnasium as gym
import tensorflow as tf

from examples.ppo.configs import Config
from examples.ppo.learner import METRICS, Learner, do_not_convert
from examples.ppo.memory import RolloutMemory, Transition
from examples.ppo.networks import define_network
from examples.ppo.normalize import StreamingNormalize


class PPO(tf.Module):
    """The algorithm, as `rltools.simulate` drives it.

    It acts with a fixed policy until every environment has made `rollout_length` steps,
    trains on all of them, and forgets them. Observations are normalised by statistics
    that stay as they are during a rollout and the update on it, so that the update
    starts from exactly the policy that acted.

    Args:
        observation_space: Observation space of one environment, a Box.
        action_space: Action space of one environment.
        config: The options of the run.

    Attributes:
        network: The policy and value networks.
        learner: What trains them.
        generator: Source of the actions' and the minibatches' randomness.
        observ_filter: Statistics that observations are normalised by.
        return_filter: Statistics that rewards are scaled by.
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
        self._action_dtype = tf.as_dtype(action_space.dtype)
        self.network = define_network(observation_space, action_space, config)
        self.learner = Learner(self.network, config)
        self.generator = tf.random.Generator.from_seed(config.seed)
        self.observ_filter = StreamingNormalize(
            observation_space.shape or (),
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
        observ = tf.TensorSpec(observation_space.shape)
        is_box = isinstance(action_space, gym.spaces.Box)
        action = tf.TensorSpec(action_space.shape, tf.float32 if is_box else tf.int64)
        self._memory = RolloutMemory(
            Transition(observ, action, number, number, number, flag, flag, observ),
            num_envs=config.num_agents,
            length=config.rollout_length,
        )
        self._logprob = _zeros(config.num_agents, "logprob")
        self._discounted_return = _zeros(config.num_agents, "discounted_return")
        self._metrics = {
            name: tf.Variable(0.0, trainable=False, name=name) for name in METRICS
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
        """Forget the rewards of the previous episode.

        Args:
            indices: Environments that begin an episode, int32 [k].
        """
        zeros = tf.zeros_like(indices, tf.float32)
        _assign(self._discounted_return, indices, zeros)

    @do_not_convert
    def perform(self, indices: Any, observ: Any) -> Any:
        """Draw actions from the policy.

        Args:
            indices: Environments to act in, int32 [k].
            observ: Their observations, [k, *observation_shape].

        Returns:
            Actions, [k, *action_shape] of the action space's dtype.
        """
        seed = self.generator.make_seeds(1)[:, 0]
        action, logprob = self._sample(tf.cast(observ, tf.float32), seed)
        _assign(self._logprob, indices, logprob)
        return tf.cast(action, self._action_dtype)

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
            observ: Observations acted on, [k, *observation_shape].
            action: Actions that `perform` chose for them, [k, *action_shape].
            reward: Rewards, float32 [k].
            terminated: Whether an episode reached a terminal state, bool [k].
            truncated: Whether an episode ended for another reason, bool [k].
            next_observ: Observations that followed, at an episode's end its final one,
                [k, *observation_shape].
        """
        discounted_return = reward + self._config.discount * tf.gather(
            self._discounted_return, indices
        )
        _assign(self._discounted_return, indices, discounted_return)
        steps = Transition(
            tf.cast(observ, tf.float32),
            tf.cast(action, self._memory.specs.action.dtype),
            tf.gather(self._logprob, indices),
            reward,
            discounted_return,
            terminated,
            truncated,
            tf.cast(next_observ, tf.float32),
        )
        self._memory.append(indices, steps)
        tf.cond(self._memory.full, self._train, lambda: None)

    @do_not_convert
    def end_episode(self, indices: Any) -> None:
        """Nothing to do, as rollouts go on across the ends of episodes."""
        del indices

    @do_not_convert
    def summary(self) -> dict[str, Any]:
        """Scalars that describe the last update, see `Learner.update`."""
        return {name: metric.read_value() for name, metric in self._metrics.items()}

    @tf.function(jit_compile=True, autograph=False)
    def mode(self, observ: Any) -> Any:
        """Most likely actions for observations [k, *observation_shape]."""
        return self._policy(observ).mode()

    @tf.function(jit_compile=True, autograph=False)
    def _sample(self, observ: Any, seed: Any) -> tuple[Any, Any]:
        distribution = self._policy(observ)
        action = distribution.sample(seed)
        return action, distribution.log_prob(action)

    def _policy(self, observ: Any) -> Any:
        return self.network.distribution(self.observ_filter.transform(observ))

    def _train(self) -> None:
        rollout = self._memory.data()
        # The policy doesn't see rewards, so their scale may include this rollout's.
        self.return_filter.update(tf.reshape(rollout.discounted_return, [-1]))
        metrics = self.learner.update(
            rollout._replace(
                observ=self.observ_filter.transform(rollout.observ),
                next_observ=self.observ_filter.transform(rollout.next_observ),
                reward=self.return_filter.transform(rollout.reward),
            ),
            self.learner.permutations(self.generator.make_seeds(1)[:, 0]),
        )
        # Last, as the policy acted on observations normalised without this rollout.
        observ = rollout.observ
        self.observ_filter.update(tf.reshape(observ, [-1, *observ.shape[2:]]))
        for name, value in metrics.items():
            self._metrics[name].assign(value)
        self._memory.clear()


def _zeros(size: int, name: str) -> tf.Variable:
    return tf.Variable(tf.zeros([size]), trainable=False, name=name)


def _assign(variable: tf.Variable, indices: Any, values: Any) -> None:
    variable.scatter_update(tf.IndexedSlices(values, indices))
