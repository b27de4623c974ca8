"""An environment that plays back what it was given."""

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.checks.difference import differences
from rltools.errors import (
    InvalidArgumentError,
    InvalidSpaceError,
    ScriptEndedError,
    ScriptMismatchError,
)
from rltools.mocks.episode import Episode, Transition
from rltools.mocks.leaves import leaf_spaces, value_at, with_value_at
from rltools.mocks.strict_environment import StrictEnvironment
from rltools.space_checks import describe, explain_mismatch

_NUMERIC = (
    *(gym.spaces.Discrete, gym.spaces.Box),
    *(gym.spaces.MultiDiscrete, gym.spaces.MultiBinary),
)


class ScriptedEnvironment(StrictEnvironment):
    """Plays back given episodes, one for each reset, in their order.

    Everything that is returned is a copy, and so is the script that is kept. An episode
    may be given up by a reset, which begins the next one.

    Args:
        episodes: The script.
        observation_space: The space of the observations.
        action_space: The space of the actions.
        repeat: Whether the script begins again after its end.
        seed_chooses: Whether a reset with a seed goes on with the episode whose number
            is the seed modulo their count. Otherwise seeds are ignored.
        allow_invalid: Whether what the script returns may break the contract of
            environments, for a test of what happens then.

    Raises:
        InvalidArgumentError: The script is empty, or breaks the contract.
        InvalidSpaceError: A space is not a Gymnasium space.

    `reset` raises `ScriptEndedError` after the last episode. `step` raises it where an
    episode has no transition any more and has not ended, and `ScriptMismatchError`
    where a transition expects another action; the episode can then go on with that.
    """

    def __init__(
        self,
        episodes: Sequence[Episode],
        *,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
        repeat: bool = False,
        seed_chooses: bool = False,
        allow_invalid: bool = False,
    ) -> None:
        _check_types(episodes, observation_space, action_space)
        self.observation_space = observation_space
        self.action_space = action_space
        self._episodes = copy.deepcopy(list(episodes))
        self._repeat = repeat
        self._seed_chooses = seed_chooses
        for index, episode in enumerate(self._episodes):
            self._check_actions(episode, f"episodes[{index}]")
            if not allow_invalid:
                self._check_episode(episode, f"episodes[{index}]")

    @property
    def is_over(self) -> bool:
        """Whether all of the script has been played; never if it repeats."""
        is_last = self._episode == len(self._episodes) - 1 and not self._repeat
        return is_last and self._elapsed == len(self._current.transitions)

    @property
    def _current(self) -> Episode:
        return self._episodes[self._episode % len(self._episodes)]

    def _begin(
        self, seed: int | None, options: dict[str, Any] | None
    ) -> tuple[Any, dict[str, Any]]:
        count = len(self._episodes)
        if self._seed_chooses and seed is not None:
            self._episode = seed % count - 1  # That before the one to begin.
        following = self._episode + 1
        if following >= count and not self._repeat:
            raise ScriptEndedError(
                f"Cannot reset: all {count} episodes of the script have been begun."
            )
        episode = self._episodes[following % count]
        observ, info = copy.deepcopy((episode.observ, episode.info))
        return observ, dict(info)

    def _advance(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        number = self._episode % len(self._episodes)
        transitions = self._current.transitions
        if self._elapsed == len(transitions):
            raise ScriptEndedError(
                f"Cannot step: episode {number} of the script has no step "
                f"{self._elapsed + 1}, though it has not ended."
            )
        step = transitions[self._elapsed]
        if step.action is not None:
            expected, got = map(self._as_element, (step.action, action))
            if problems := differences(expected, got, "action"):
                raise ScriptMismatchError(
                    f"Step {self._elapsed + 1} of episode {number} of the script: "
                    f"{'; '.join(problems)}."
                )
        observ, reward, info = copy.deepcopy((step.observ, step.reward, step.info))
        return observ, reward, step.terminated, step.truncated, dict(info)

    def _check_episode(self, episode: Episode, path: str) -> None:
        self._check_observ(episode.observ, f"{path}.observ")
        _check_info(episode.info, f"{path}.info")
        for index, step in enumerate(episode.transitions):
            place = f"{path}.transitions[{index}]"
            self._check_observ(step.observ, f"{place}.observ")
            _check_info(step.info, f"{place}.info")
            _check_outcome(step, place)
            if step.done and index + 1 < len(episode.transitions):
                raise InvalidArgumentError(
                    f"{place}: expected the last transition of the episode, which ends "
                    f"here, got one of {len(episode.transitions)}."
                )

    def _check_actions(self, episode: Episode, path: str) -> None:
        for index, step in enumerate(episode.transitions):
            place = f"{path}.transitions[{index}].action"
            if step.action is not None:
                problem = explain_mismatch(self.action_space, step.action, place)
                if problem:
                    raise InvalidArgumentError(problem)

    def _as_element(self, action: Any) -> Any:
        """The action with the dtypes of the space, where others are allowed, too."""
        for path, leaf in leaf_spaces(self.action_space):
            if isinstance(leaf, _NUMERIC):
                value = np.asarray(value_at(action, path), leaf.dtype)
                action = with_value_at(action, path, value)
        return action

    def _check_observ(self, observ: Any, path: str) -> None:
        if problem := explain_mismatch(self.observation_space, observ, path):
            raise InvalidArgumentError(problem)


def _check_types(episodes: Any, observation_space: Any, action_space: Any) -> None:
    spaces = {"observation_space": observation_space, "action_space": action_space}
    for name, space in spaces.items():
        if not isinstance(space, gym.Space):
            raise InvalidSpaceError(
                f"expected {name} to be a Gymnasium space, got {describe(space)}."
            )
    if not isinstance(episodes, Sequence) or not episodes:
        raise InvalidArgumentError(
            f"expected episodes to be a non-empty sequence, got {describe(episodes)}."
        )
    for index, episode in enumerate(episodes):
        _check_type(episode, Episode, f"episodes[{index}]")
        for number, step in enumerate(episode.transitions):
            _check_type(step, Transition, f"episodes[{index}].transitions[{number}]")


def _check_type(value: Any, kind: type, path: str) -> None:
    if not isinstance(value, kind):
        raise InvalidArgumentError(
            f"{path}: expected a mocks.{kind.__name__}, got {describe(value)}."
        )


def _check_info(info: Any, path: str) -> None:
    if not isinstance(info, dict):
        raise InvalidArgumentError(f"{path}: expected a dict, got {describe(info)}.")


def _check_outcome(step: Any, path: str) -> None:
    is_number = isinstance(step.reward, int | float | np.integer | np.floating)
    if not is_number or isinstance(step.reward, bool) or not np.isfinite(step.reward):
        raise InvalidArgumentError(
            f"{path}.reward: expected a finite number, got {describe(step.reward)}."
        )
    for name in ("terminated", "truncated"):
        flag = getattr(step, name)
        if not isinstance(flag, bool | np.bool_):
            raise InvalidArgumentError(
                f"{path}.{name}: expected a boolean, got {describe(flag)}."
            )
