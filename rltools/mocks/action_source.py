"""Where the actions of a `MockAlgorithm` come from: chance, a script, or a function."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array

from rltools.arguments import check_integer
from rltools.errors import (
    InvalidActionError,
    InvalidArgumentError,
    ScriptEndedError,
)
from rltools.space_checks import describe, explain_mismatch

Actions = Sequence[Any] | Callable[[np.ndarray, Any], Any] | None


class ActionSource:
    """Chooses a batch of actions for each call.

    Args:
        space: The action space of one environment.
        actions: A sequence with a batch for each call, a function from indices and
            observations to a batch, or None for random actions.
        seed: Seed of the random actions; None draws one from the operating system.

    Raises:
        InvalidArgumentError: `actions` is something else, or the seed is negative.
    """

    def __init__(
        self, space: gym.Space[Any], actions: Actions, seed: int | None
    ) -> None:
        is_script = isinstance(actions, Sequence | np.ndarray)
        is_script = is_script and not isinstance(actions, str)
        if not is_script and not callable(actions) and actions is not None:
            raise InvalidArgumentError(
                "expected actions to be a sequence of batches of actions, a function "
                f"or None, got {describe(actions)}."
            )
        self._actions = copy.deepcopy(actions) if is_script else actions
        self._played = 0
        # Sampling from the public space would share its generator with the caller's.
        self._space = copy.deepcopy(space)
        if seed is not None:
            seed = check_integer("seed", seed, at_least=0)
        self._space.seed(
            int(np.random.default_rng(seed).integers(2**31, dtype=np.int64))
        )

    def choose(self, indices: np.ndarray, observ: Any) -> Any:
        """Choose the actions for some environments.

        Args:
            indices: Indices of the environments, int array of shape [k].
            observ: Their observations, batched.

        Returns:
            An element of the action space batched for k environments, new each time.

        Raises:
            InvalidActionError: The script or function has actions that are no such.
            ScriptEndedError: The script has no more batches.
        """
        count = len(indices)
        if not count or self._actions is None:
            batch: Any = create_empty_array(self._space, count)
            samples = [self._space.sample() for _ in range(count)]
            return concatenate(self._space, samples, batch) if count else batch
        if callable(self._actions):
            actions, name = self._actions(indices, observ), "actions(...)"
        else:
            actions, name = self._next_batch(), f"actions[{self._played}]"
        if problem := explain_mismatch(batch_space(self._space, count), actions, name):
            raise InvalidActionError(problem)
        self._played += 1
        return copy.deepcopy(actions)

    def _next_batch(self) -> Any:
        actions: Any = self._actions
        if self._played == len(actions):
            raise ScriptEndedError(
                f"The script of actions has only {len(actions)} batches."
            )
        return actions[self._played]
