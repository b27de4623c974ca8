"""An environment of random observations and rewards that is strict about its use."""

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.arguments import check_integer
from rltools.errors import (
    InvalidArgumentError,
    InvalidAttributeError,
    InvalidSpaceError,
)
from rltools.mocks.environment_call import EnvironmentCall
from rltools.mocks.strict_environment import StrictEnvironment
from rltools.space_checks import describe

_ENDS = ("terminated", "truncated", "either")


class MockEnvironment(StrictEnvironment):
    """Random observations of a space, random rewards, episodes of random length.

    All randomness comes from a stream of the instance itself: never from the global
    state, nor from the generators of the spaces. Two instances differ from each other
    unless they are given the same seed, so that a mix-up between them shows.

    Observations are elements of the observation space and new objects each time.
    Rewards are floats in [-1, 1), and infos are empty. Actions have no influence, and
    the options of a reset neither.

    Args:
        observ_shape: Shape of the observations, for a float32 box from -1 to 1.
        action_shape: Shape of the actions, for a float32 box from -1 to 1.
        min_duration: Number of steps of the shortest episodes.
        max_duration: Number of steps of the longest episodes.
        observation_space: Any Gymnasium space, in place of `observ_shape`.
        action_space: Any Gymnasium space, in place of `action_shape`.
        seed: Seed of the random stream; None draws one from the operating system.
        ends: How episodes end: `"terminated"`, `"truncated"`, or `"either"`, which is
            drawn for each episode.
        record_calls: Whether to keep a record of every call.

    Attributes:
        durations: The length drawn for every episode so far, in steps.
        steps: The number of steps that every episode so far really took; the last one
            is that of the running episode. An episode cut short by a reset has fewer
            steps than its duration.
        calls: All calls so far that were not refused, as `EnvironmentCall` records, if
            they are recorded.

    Raises:
        InvalidArgumentError: Neither or both of a shape and a space are given, or a
            shape, duration, seed or way to end makes no sense.
        InvalidSpaceError: A space is not a Gymnasium space.
    """

    def __init__(
        self,
        observ_shape: Sequence[int] | None = None,
        action_shape: Sequence[int] | None = None,
        min_duration: int = 1,
        max_duration: int = 10,
        *,
        observation_space: gym.Space[Any] | None = None,
        action_space: gym.Space[Any] | None = None,
        seed: int | None = None,
        ends: str = "terminated",
        record_calls: bool = False,
    ) -> None:
        self.observation_space = _choose_space(
            observ_shape, "observ_shape", observation_space, "observation_space"
        )
        self.action_space = _choose_space(
            action_shape, "action_shape", action_space, "action_space"
        )
        self._min_duration = check_integer("min_duration", min_duration, at_least=1)
        self._max_duration = check_integer(
            "max_duration", max_duration, at_least=self._min_duration
        )
        if ends not in _ENDS:
            raise InvalidArgumentError(
                f"expected ends to be one of {', '.join(map(repr, _ENDS))}, got "
                f"{describe(ends)}."
            )
        self._ends = ends
        self._truncates = ends == "truncated"
        self._calls: list[EnvironmentCall] | None = [] if record_calls else None
        self.durations: list[int] = []
        self.steps: list[int] = []
        # Sampling from the public space would share its generator with the caller's.
        self._observations = copy.deepcopy(self.observation_space)
        if seed is not None:
            seed = check_integer("seed", seed, at_least=0)
        self._seed_generator(seed)
        self._seed_observations()

    @property
    def calls(self) -> list[EnvironmentCall]:
        """All calls so far; an error unless they are recorded."""
        if self._calls is None:
            raise InvalidAttributeError(
                "Calls are only recorded with MockEnvironment(..., record_calls=True)."
            )
        return self._calls

    def close(self) -> None:
        """End the environment's life; closing twice is allowed."""
        super().close()
        self._record("close")

    def _begin(
        self, seed: int | None, options: dict[str, Any] | None
    ) -> tuple[Any, dict[str, Any]]:
        if seed is not None:
            self._seed_observations()
        duration = self.np_random.integers(self._min_duration, self._max_duration + 1)
        self.durations.append(int(duration))
        self.steps.append(0)
        if self._ends == "either":
            self._truncates = bool(self.np_random.integers(2))
        observ = self._observations.sample()
        self._record("reset", seed=seed, options=options, observ=observ)
        return observ, {}

    def _advance(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.steps[-1] += 1
        is_last = self.steps[-1] >= self.durations[-1]
        terminated = is_last and not self._truncates
        truncated = is_last and self._truncates
        reward = float(self.np_random.uniform(-1.0, 1.0))
        observ = self._observations.sample()
        self._record(
            "step",
            action=action,
            observ=observ,
            reward=reward,
            terminated=terminated,
            truncated=truncated,
        )
        return observ, reward, terminated, truncated, {}

    def _record(self, method: str, **values: Any) -> None:
        if self._calls is not None:
            self._calls.append(EnvironmentCall(method, **copy.deepcopy(values)))

    def _seed_observations(self) -> None:
        self._observations.seed(int(self.np_random.integers(2**31)))


def _choose_space(
    shape: Sequence[int] | None,
    shape_name: str,
    space: gym.Space[Any] | None,
    space_name: str,
) -> gym.Space[Any]:
    if (shape is None) == (space is None):
        raise InvalidArgumentError(
            f"expected either {shape_name} or {space_name}, "
            f"got {shape_name}={shape!r} and {space_name}={space!r}."
        )
    if space is not None:
        if not isinstance(space, gym.Space):
            raise InvalidSpaceError(
                f"expected {space_name} to be a Gymnasium space, got {describe(space)}."
            )
        return space
    if not isinstance(shape, Sequence):
        raise InvalidArgumentError(
            f"expected {shape_name} to be a tuple of integers, got {describe(shape)}."
        )
    sizes = tuple(
        check_integer(f"{shape_name}[{axis}]", size, at_least=0)
        for axis, size in enumerate(shape)
    )
    return gym.spaces.Box(-1.0, 1.0, sizes, np.float32)
