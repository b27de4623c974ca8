"""Whole episodes of a policy, the same number from chosen environments."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

import rltools
from rltools import nested


class Episode(NamedTuple):
    """How an episode went.

    Attributes:
        env: Place of its environment in the batch.
        score: Sum of its rewards.
        length: Number of its steps.
        terminated: Whether it reached a terminal state; otherwise it was truncated.
    """

    env: int
    score: float
    length: int
    terminated: bool


class Spectator(Protocol):
    """Sees all steps of the episodes that count."""

    def acted(self, indices: Sequence[int], observ: Any, action: Any) -> None:
        """An action was chosen, and the environments are still as they were observed.

        Args:
            indices: Environments whose episode counts.
            observ: Observations of all environments, nested arrays [num_envs, ...].
            action: Actions for all environments, nested arrays [num_envs, ...].
        """

    def stepped(
        self,
        indices: Sequence[int],
        observ: Any,
        reward: np.ndarray,
        ended: dict[int, Episode],
    ) -> None:
        """The action was carried out, and nothing has been reset yet.

        Args:
            indices: As above.
            observ: Observations that followed, at an episode's end its final ones.
            reward: Rewards of all environments, [num_envs].
            ended: The episodes that are over, by their environment.
        """


def play(
    batch: rltools.BatchEnv,
    policy: Any,
    counts: Sequence[int],
    *,
    seed: int,
    spectator: Spectator | None = None,
) -> list[Episode]:
    """Let a policy play until every environment has finished its number of episodes.

    To count whatever ends first would favour short episodes.

    Args:
        batch: The environments, which are reset by hand.
        policy: Has the four verbs of `rltools.simulate`, taking and returning tensors.
        counts: Number of episodes for each environment.
        seed: Environment i starts from this seed plus i, and goes on from there.
        spectator: Is told of every step, or None.

    Returns:
        The episodes in the order in which they ended.
    """
    everyone = tf.range(len(batch))
    perform = tf.function(policy.perform, autograph=False)
    left = np.array(counts)
    score, length = np.zeros(len(batch)), np.zeros(len(batch), int)
    episodes: list[Episode] = []
    observ, _ = batch.reset(seed=seed)
    policy.begin_episode(everyone)
    while left.any():
        counting = [int(index) for index in left.nonzero()[0]]
        action = nested.map(_to_array, perform(everyone, observ))
        if spectator:
            spectator.acted(counting, observ, action)
        following, reward, terminated, truncated, _ = batch.step(action)
        policy.experience(
            everyone, observ, action, reward, terminated, truncated, following
        )
        score += reward
        length += 1
        done = terminated | truncated
        ended = {
            index: Episode(
                index, float(score[index]), int(length[index]), bool(terminated[index])
            )
            for index in counting
            if done[index]
        }
        if spectator:
            spectator.stepped(counting, following, reward, ended)
        episodes.extend(ended.values())
        left[list(ended)] -= 1
        observ = following
        if not done.any():
            continue
        indices = tf.constant(done.nonzero()[0], tf.int32)
        policy.end_episode(indices)
        if left.any():
            observ, _ = batch.reset(options={"reset_mask": done})
            policy.begin_episode(indices)
            score[done] = length[done] = 0
    return episodes


def spread(num_episodes: int, num_envs: int) -> list[int]:
    """Episodes for each environment, as equal as can be, `num_episodes` in all."""
    return [
        num_episodes // num_envs + (index < num_episodes % num_envs)
        for index in range(num_envs)
    ]


def _to_array(tensor: Any) -> np.ndarray:
    return tensor.numpy()
