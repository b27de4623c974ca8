"""Acts with a feed-forward policy in NumPy, and remembers what comes of it."""

from typing import Any

import numpy as np

from examples.ppo.algorithm.memory import Transition
from examples.ppo.config import Config
from examples.ppo.networks.array_policy import ArrayPolicy
from examples.ppo.ppo import PPO


class ArrayActor:
    """The verbs of PPO in plain Python, for `rltools.InGraphAlgorithm`.

    It stands in for the algorithm while a rollout is made, and trains nothing. What is
    drawn depends on nothing but the seed of the run and the updates made so far.

    Args:
        algo: The algorithm that has the policy.
        config: The options of the run.

    Attributes:
        rollout: The steps made, for `PPO.learn`: arrays [rollout_length, num_agents,
            ...]. The next rollout overwrites them.
    """

    def __init__(self, algo: PPO, config: Config) -> None:
        self._algo = algo
        self._seed = config.seed
        shape = config.rollout_length, config.num_agents
        observ = np.zeros(
            (*shape, algo.observations.size), algo.observations.dtype.as_numpy_dtype
        )
        number, flag = np.zeros(shape, np.float32), np.zeros(shape, np.bool_)
        self.rollout = Transition(
            observ=observ,
            action=np.zeros((*shape, algo.actions.size), np.float32),
            state=np.zeros((*shape, 0), np.float32),
            logprob=number,
            reward=number.copy(),
            begins=flag,
            terminated=flag.copy(),
            truncated=flag.copy(),
            next_observ=observ.copy(),
        )
        self._begins = flag[0].copy()
        self._step = 0
        self._policy: ArrayPolicy
        self._noise: np.ndarray

    def begin_rollout(self) -> None:
        """Take the policy as it is now, for `rollout_length` steps."""
        algo = self._algo
        updates = int(algo.learner.num_updates)
        # Other streams of the run are made from the same two numbers.
        seed = np.random.SeedSequence([self._seed, updates], spawn_key=(1,))
        self._policy = ArrayPolicy(algo.network, algo.observ_filter, algo.actions)
        self._noise = self._policy.draw(
            self.rollout.reward.shape, np.random.default_rng(seed)
        )
        self._step = 0

    def begin_episode(self, indices: np.ndarray) -> None:
        """Note that the next step begins an episode; int32 [k]."""
        self._begins[indices] = True

    def perform(self, indices: np.ndarray, observ: Any) -> Any:
        """Draw actions from the policy.

        Args:
            indices: All environments, int32 [num_agents].
            observ: Their observations, nested arrays.

        Returns:
            Actions, nested arrays of the action space's dtypes.
        """
        rollout, step = self.rollout, self._step
        self._algo.observations.write(observ, rollout.observ[step])
        action, rollout.logprob[step] = self._policy.act(
            rollout.observ[step], self._noise[step]
        )
        rollout.action[step] = action
        rollout.begins[step] = self._begins
        self._begins[:] = False
        return self._algo.actions.unflatten_array(action)

    def experience(
        self,
        indices: np.ndarray,
        observ: Any,
        action: Any,
        reward: np.ndarray,
        terminated: np.ndarray,
        truncated: np.ndarray,
        next_observ: Any,
    ) -> None:
        """Remember what came of the actions; see `PPO.experience`."""
        rollout, step = self.rollout, self._step
        rollout.reward[step] = reward
        rollout.terminated[step], rollout.truncated[step] = terminated, truncated
        self._algo.observations.write(next_observ, rollout.next_observ[step])
        self._step += 1

    def end_episode(self, indices: np.ndarray) -> None:
        """Nothing to do, as rollouts go on across the ends of episodes."""
