"""Where each environment of a batch stands: its observation, and its episode."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.batching.results import unpack_reset, unpack_step
from rltools.batching.rows import rows_of
from rltools.errors import ResetNeededError

Results = Mapping[int, Any]
Failures = dict[int, Exception]


@dataclass
class Steps:
    """What one step of a batch came to; environments that did not step have zeros."""

    rewards: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray
    infos: dict[int, dict[str, Any]] = field(default_factory=dict)
    observs: dict[int, Any] = field(default_factory=dict)


class Episodes:
    """Takes the results of environments in, after checking them.

    A result that is not as it must be becomes one of the call's failures.

    Args:
        space: Observation space of one environment.
        count: The number of environments.

    Attributes:
        observs: The current observations, by row.
        started: Mask of the environments that can be stepped at all: they have been
            reset, and have not failed since.
        ended: Mask of the environments whose episode has ended.
    """

    def __init__(self, space: gym.Space, count: int) -> None:
        self.observs = rows_of(space, count)
        self.started = np.zeros(count, np.bool_)
        self.ended = np.zeros(count, np.bool_)

    def check_steppable(self, *, past_end: bool) -> None:
        """Check that every environment can be stepped.

        Args:
            past_end: Whether that is so after the end of an episode, too.

        Raises:
            ResetNeededError: It is not; names the environments.
        """
        waiting = ~self.started if past_end else ~self.started | self.ended
        if waiting.any():
            raise ResetNeededError(
                f"Environments {np.flatnonzero(waiting).tolist()} must be reset before "
                "they can step: their episode has not begun, has ended, or has failed."
            )

    def take_resets(
        self, results: Results, failures: Failures
    ) -> dict[int, dict[str, Any]]:
        """Store the first observations of new episodes; returns the infos."""
        infos: dict[int, dict[str, Any]] = {}
        for index, result in results.items():
            try:
                observ, infos[index] = unpack_reset(result, f"envs[{index}]")
                self.observs.write(index, observ, f"envs[{index}] observation")
            except Exception as error:  # Such as that of a space of the user's own.
                failures[index] = error
                continue
            self.started[index] = True
            self.ended[index] = False
        self.started[list(failures)] = False
        return infos

    def take_steps(self, results: Results, failures: Failures) -> Steps:
        """Store the observations that follow a step; returns the rest of it."""
        count = len(self.started)
        steps = Steps(
            np.zeros(count), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        )
        for index, result in results.items():
            try:
                observ, reward, terminated, truncated, info = unpack_step(
                    result, f"envs[{index}]"
                )
                self.observs.write(index, observ, f"envs[{index}] observation")
            except Exception as error:  # Such as that of a space of the user's own.
                failures[index] = error
                continue
            steps.rewards[index] = reward
            steps.terminated[index] = terminated
            steps.truncated[index] = truncated
            steps.infos[index] = info
            steps.observs[index] = observ
            self.ended[index] = terminated or truncated
        self.started[list(failures)] = False
        return steps
