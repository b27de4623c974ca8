"""An algorithm without a mind that is strict about its use and records every call."""

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space

from rltools.errors import (
    CallOrderError,
    InvalidActionError,
    InvalidArgumentError,
    InvalidObservationError,
    InvalidResultError,
)
from rltools.mocks.action_source import Actions, ActionSource
from rltools.mocks.call import Call
from rltools.mocks.shared_spaces import shared_spaces
from rltools.space_checks import describe, explain_mismatch

# What an environment's episode waits for, and so which verb may come next.
_BEGIN, _PERFORM, _EXPERIENCE, _END = range(4)
_VERBS = ("begin_episode", "perform", "experience", "end_episode")


class MockAlgorithm:
    """Random or scripted actions for a batch of environments, in plain NumPy.

    Every environment's episode is a `begin_episode`, then `perform` and `experience`
    in turn until a flag is set, then an `end_episode`. An episode may be given up at
    any time by beginning the next one. All else is an error, as are values that are
    not of the spaces.

    Args:
        envs: A vector environment such as `BatchEnv`, or a sequence of environments
            whose spaces are equal.
        seed: Seed of random actions; None draws one from the operating system.
        actions: What `perform` returns, in place of random actions: a sequence that has
            a batch of actions for each call of it, or a function that makes one from
            `indices` and `observ`.

    Attributes:
        calls: All calls so far in their order, as `Call` records.

    Raises:
        InvalidArgumentError: `envs` is neither, or is empty; or another argument makes
            no sense.
        InvalidSpaceError: The environments' spaces differ.
    """

    def __init__(
        self,
        envs: gym.vector.VectorEnv | Sequence[gym.Env[Any, Any]],
        *,
        seed: int | None = None,
        actions: Actions = None,
    ) -> None:
        observation_space, action_space, count = shared_spaces(envs)
        self.calls: list[Call] = []
        self._observation_space = observation_space
        self._action_space = action_space
        self._source = ActionSource(action_space, actions, seed)
        self._awaits = np.full(count, _BEGIN)

    def begin_episode(self, indices: np.ndarray) -> None:
        """Start an episode in some environments.

        Args:
            indices: Indices of the environments, int array of shape [k].

        Raises:
            InvalidArgumentError: The indices are not distinct integers of the batch.
        """
        indices = self._check_indices(indices)
        self._awaits[indices] = _PERFORM
        self.calls.append(Call("begin_episode", indices))

    def perform(self, indices: np.ndarray, observ: Any) -> Any:
        """Choose actions, at random or by the script.

        Args:
            indices: Indices of the environments, int array of shape [k].
            observ: Their current observations, an element of the observation space
                batched for k environments.

        Returns:
            An element of the action space batched for k environments.

        Raises:
            CallOrderError: One of the environments is not waiting for an action.
            InvalidArgumentError: The indices are not distinct integers of the batch.
            InvalidActionError: The script has no such actions for them.
            InvalidObservationError: The observations are not of their space.
            ScriptEndedError: The script has no more actions.
        """
        indices = self._check_indices(indices)
        self._check_order(indices, _PERFORM)
        self._check_observ(observ, len(indices), "observ")
        actions = self._source.choose(indices, observ)
        self._awaits[indices] = _EXPERIENCE
        self._record("perform", indices, observ=observ, action=actions)
        return actions

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
        """Take note of what came of the actions.

        Args:
            indices: Indices of the environments, int array of shape [k].
            observ: Observations before the step, batched for k environments.
            action: Actions taken, batched for k environments.
            reward: Rewards, float array of shape [k].
            terminated: Whether the episode ended by itself, bool array of shape [k].
            truncated: Whether the episode was cut short, bool array of shape [k].
            next_observ: Observations after the step, batched for k environments; of
                the old episode where that has ended.

        Raises:
            CallOrderError: One of the environments was not given an action before.
            InvalidActionError: The actions are not of their space.
            InvalidArgumentError: The indices are not distinct integers of the batch.
            InvalidObservationError: Observations are not of their space.
            InvalidResultError: Rewards or flags have a wrong type or shape.
        """
        indices = self._check_indices(indices)
        self._check_order(indices, _EXPERIENCE)
        count = len(indices)
        self._check_observ(observ, count, "observ")
        self._check_observ(next_observ, count, "next_observ")
        space = batch_space(self._action_space, count) if count else None
        if space and (problem := explain_mismatch(space, action, "action")):
            raise InvalidActionError(problem)
        _check_results(reward, count, "reward", np.floating)
        _check_results(terminated, count, "terminated", np.bool_)
        _check_results(truncated, count, "truncated", np.bool_)
        self._awaits[indices] = np.where(terminated | truncated, _END, _PERFORM)
        self._record(
            "experience",
            indices,
            observ=observ,
            action=action,
            reward=reward,
            terminated=terminated,
            truncated=truncated,
            next_observ=next_observ,
        )

    def end_episode(self, indices: np.ndarray) -> None:
        """Finish the episode of some environments.

        Args:
            indices: Indices of the environments, int array of shape [k].

        Raises:
            CallOrderError: The episode of one of the environments has not ended.
            InvalidArgumentError: The indices are not distinct integers of the batch.
        """
        indices = self._check_indices(indices)
        self._check_order(indices, _END)
        self._awaits[indices] = _BEGIN
        self.calls.append(Call("end_episode", indices))

    def _check_indices(self, indices: np.ndarray) -> np.ndarray:
        array = np.array(indices)
        count = len(self._awaits)
        if (
            array.ndim != 1
            or not np.issubdtype(array.dtype, np.integer)
            or np.any((array < 0) | (array >= count))
            or len(np.unique(array)) != len(array)
        ):
            raise InvalidArgumentError(
                f"expected indices to be an array of shape [k] of distinct integers "
                f"from 0 to {count - 1}, got {array!r}."
            )
        return array

    def _check_order(self, indices: np.ndarray, verb: int) -> None:
        for index in indices[self._awaits[indices] != verb]:
            raise CallOrderError(
                f"expected {_VERBS[self._awaits[index]]} for environment {index} "
                f"as the next call, got {_VERBS[verb]}."
            )

    def _check_observ(self, observ: Any, count: int, name: str) -> None:
        space = batch_space(self._observation_space, count) if count else None
        if space and (problem := explain_mismatch(space, observ, name)):
            raise InvalidObservationError(problem)

    def _record(self, verb: str, indices: np.ndarray, **values: Any) -> None:
        self.calls.append(Call(verb, indices, **copy.deepcopy(values)))


def _check_results(value: Any, count: int, name: str, kind: type) -> None:
    if (
        not isinstance(value, np.ndarray)
        or value.shape != (count,)
        or not np.issubdtype(value.dtype, kind)
    ):
        raise InvalidResultError(
            f"{name}: expected a {kind.__name__} array of shape ({count},), "
            f"got {describe(value)}"
        )
