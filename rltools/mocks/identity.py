"""An environment that rewards the echo of its observation."""

import copy
from typing import Any

import numpy as np
from gymnasium import spaces

from rltools.arguments import check_integer
from rltools.errors import InvalidArgumentError, InvalidSpaceError
from rltools.mocks.strict_environment import StrictEnvironment
from rltools.space_checks import describe

_KINDS = (
    spaces.Discrete,
    spaces.Box,
    spaces.MultiDiscrete,
    spaces.MultiBinary,
)


class IdentityEnvironment(StrictEnvironment):
    """Observations are random, and the action that repeats them earns a reward of 1.

    The observation to repeat is the one before the action, or with a `delay` of d that
    of d steps before it; the first d actions of an episode earn nothing. So a policy
    needs a memory of d observations.

    A `Discrete` action earns 1 or 0, one of several numbers the fraction of those that
    are right. In a `Box` each number earns 1 minus its distance from the observation,
    in parts of the distance of its bounds, and the reward is their mean.

    Episodes terminate after a fixed number of steps. Randomness comes from the
    generator of the environment that `reset(seed=...)` restarts.

    Args:
        space: The space of both observations and actions: a `Discrete`, `MultiDiscrete`
            or `MultiBinary`, or a bounded `Box`.
        delay: How many steps ago the observation was returned, at least 0.
        duration: The number of steps of an episode, more than `delay`.

    Attributes:
        best_return: The largest sum of the rewards of an episode, which is that of an
            exact echo: `duration - delay`.

    Raises:
        InvalidArgumentError: A number is not an integer or too small.
        InvalidSpaceError: The space is of another kind, unbounded or empty.
    """

    def __init__(
        self, space: spaces.Space[Any], *, delay: int = 0, duration: int = 10
    ) -> None:
        _check_space(space)
        self.observation_space = self.action_space = space
        self._delay = check_integer("delay", delay, at_least=0)
        self._duration = check_integer("duration", duration, at_least=1)
        if self._duration <= self._delay:
            raise InvalidArgumentError(
                f"expected duration to be above delay={delay}, got {duration}."
            )
        self.best_return = float(self._duration - self._delay)
        # Sampling from the public space would share its generator with the caller's.
        self._observations = copy.deepcopy(space)
        self._is_seeded = False
        self._shown: list[Any] = []

    def _begin(
        self, seed: int | None, options: dict[str, Any] | None
    ) -> tuple[Any, dict[str, Any]]:
        if seed is not None or not self._is_seeded:
            self._observations.seed(int(self.np_random.integers(2**31)))
            self._is_seeded = True
        self._shown = []
        return self._show(), {}

    def _advance(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        index = self._elapsed - self._delay
        reward = 0.0 if index < 0 else self._closeness(action, self._shown[index])
        is_last = self._elapsed + 1 == self._duration
        return self._show(), reward, is_last, False, {}

    def _show(self) -> Any:
        observ = self._observations.sample()
        self._shown.append(copy.deepcopy(observ))  # The caller may change its own.
        return observ

    def _closeness(self, action: Any, shown: Any) -> float:
        if not isinstance(self.action_space, spaces.Box):
            return float(np.mean(np.equal(action, shown)))
        low = self.action_space.low.astype(np.float64)
        extent = self.action_space.high.astype(np.float64) - low
        distance = np.abs(np.subtract(action, shown, dtype=np.float64))
        # Where both bounds are the same, so is every action.
        distance = np.divide(distance, extent, out=distance, where=extent > 0)
        return float(1.0 - np.mean(distance))


def _check_space(space: Any) -> None:
    if not isinstance(space, _KINDS):
        names = ", ".join(kind.__name__ for kind in _KINDS)
        raise InvalidSpaceError(
            f"expected space to be one of {names}, got {describe(space)}."
        )
    if isinstance(space, spaces.Box) and not space.is_bounded():
        raise InvalidSpaceError(f"expected space to be bounded, got {space}.")
    if 0 in (space.shape or ()):
        raise InvalidSpaceError(f"expected space not to be empty, got {space}.")
