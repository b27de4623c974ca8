"""Bring bounded observations and actions to the range from -1 to 1."""

from typing import Any, SupportsFloat

import gymnasium as gym
from gymnasium import spaces
from gymnasium.utils import RecordConstructorArgs

from rltools.errors import InvalidArgumentError, InvalidSpaceError
from rltools.wrappers.box_checks import action_array, observation_array
from rltools.wrappers.box_range import BoxRange


class RangeNormalize(gym.Wrapper, RecordConstructorArgs):
    """Scale observations and actions linearly to the range from -1 to 1.

    For observations and actions each, True demands that all dimensions are scaled,
    False leaves them alone, and None (the default) scales what can be scaled: the
    bounded dimensions of a `Box`. Spaces and values always change together.

    Integer observations become floats, and actions for an integer space are rounded to
    the nearest integer. Observations outside of the environment's own bounds come out
    outside of [-1, 1] in proportion, not clipped. Actions outside of the new space are
    an error; put a `ClipAction` around this wrapper to accept them.

    Args:
        env: The environment to wrap.
        observ: Whether to scale observations: True, False or None for where possible.
        action: Whether to scale actions: True, False or None for where possible.

    Raises:
        InvalidArgumentError: `observ` or `action` is none of True, False and None.
        InvalidSpaceError: One of them is True but the space is not a `Box` that is
            bounded in all dimensions.
    """

    def __init__(
        self,
        env: gym.Env,
        *,
        observ: bool | None = None,
        action: bool | None = None,
    ) -> None:
        RecordConstructorArgs.__init__(self, observ=observ, action=action)
        gym.Wrapper.__init__(self, env)
        self._observ = _choose_range("observ", observ, env.observation_space)
        self._action = _choose_range("action", action, env.action_space)
        if self._observ:
            self.observation_space = self._observ.space
        if self._action:
            self.action_space = self._action.space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Passed on to the environment.
            options: Passed on to the environment.

        Returns:
            Tuple of the scaled observation and the info.
        """
        observ, info = self.env.reset(seed=seed, options=options)
        return self._normalize(observ), info

    def step(
        self, action: Any
    ) -> tuple[Any, SupportsFloat, bool, bool, dict[str, Any]]:
        """Take a step.

        Args:
            action: An element of the action space, scaled back for the environment.

        Returns:
            Tuple of scaled observation, reward, terminated, truncated and info.

        Raises:
            InvalidActionError: The action is not in the scaled action space.
        """
        if self._action:
            action = self._action.denormalize(action_array(self._action.space, action))
        observ, reward, terminated, truncated, info = self.env.step(action)
        return self._normalize(observ), reward, terminated, truncated, info

    def _normalize(self, observ: Any) -> Any:
        if not self._observ:
            return observ
        return self._observ.normalize(observation_array(self._observ.source, observ))


def _choose_range(
    name: str, wanted: bool | None, space: gym.Space[Any]
) -> BoxRange | None:
    if wanted is not None and not isinstance(wanted, bool):
        raise InvalidArgumentError(
            f"expected {name} to be True, False or None, got {wanted!r}."
        )
    result = None
    if wanted is not False and isinstance(space, spaces.Box):
        result = BoxRange(space)
    if wanted and (result is None or not result.bounded.all()):
        raise InvalidSpaceError(
            f"{name}=True needs a Box that is bounded in all dimensions, got {space}."
        )
    return result if result is not None and result.bounded.any() else None
