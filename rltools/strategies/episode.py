"""Transitions and episodes as data: what environments return, without one."""

import dataclasses
from collections.abc import Collection
from typing import Any

from gymnasium import Space
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rltools.errors import InvalidOptionError
from rltools.mocks.episode import Episode, Transition
from rltools.strategies.element import elements
from rltools.strategies.options import (
    expectation,
    require_integer,
    require_space,
    require_strategy,
)

ENDS = ("terminated", "truncated")
_FLAGS = {"terminated": (True, False), "truncated": (False, True), "both": (True, True)}
_NO_END = (False, False)
# Few binary digits, so that sums are exact in whichever order and precision.
REWARDS = st.integers(-1000, 1000).map(lambda eighths: eighths / 8)
_NO_INFOS: SearchStrategy[dict[str, Any]] = st.builds(dict)


def transitions(
    observation_space: Space[Any],
    action_space: Space[Any] | None = None,
    *,
    rewards: SearchStrategy[float] = REWARDS,
    infos: SearchStrategy[dict[str, Any]] | None = None,
    ends: Collection[str] = ENDS,
) -> SearchStrategy[Transition]:
    """Draw what a step returns and, on request, the action before it.

    Args:
        observation_space: The space of the observation.
        action_space: The space of the action; None for transitions of any action.
        rewards: Strategy for the reward; by default eighths from -125 to 125.
        infos: Strategy for the info, which is empty by default.
        ends: How an episode may end there: any of `"terminated"`, `"truncated"` and
            `"both"`, which is not drawn by default: to a learner it says nothing. No
            end is possible in any case.

    Returns:
        A strategy for transitions. It shrinks towards one that does not end, with a
        reward of zero and the simplest observation and action.

    Raises:
        InvalidOptionError: An argument is of the wrong type or out of its range.
        InvalidSpaceError: A space is not one whose elements can be drawn.

    >>> from gymnasium.spaces import Discrete
    >>> transitions(Discrete(3), Discrete(2), ends=["terminated"]).validate()
    """
    flags = [_NO_END, *_choose_flags(ends)]
    steps = _steps(observation_space, action_space, rewards, infos)
    return st.tuples(steps, st.sampled_from(flags)).map(lambda drawn: _end(*drawn))


def episodes(
    observation_space: Space[Any],
    action_space: Space[Any] | None = None,
    *,
    min_steps: int = 1,
    max_steps: int = 5,
    rewards: SearchStrategy[float] = REWARDS,
    infos: SearchStrategy[dict[str, Any]] | None = None,
    ends: Collection[str] = ENDS,
    complete: bool = True,
) -> SearchStrategy[Episode]:
    """Draw an episode: what a reset returns, and the steps after it.

    Args:
        observation_space: As for `transitions`.
        action_space: As for `transitions`.
        min_steps: The number of steps of the shortest episodes.
        max_steps: The number of steps of the longest episodes.
        rewards: As for `transitions`.
        infos: As for `transitions`, also for that of the reset.
        ends: How the episode may end, as for `transitions`.
        complete: Whether the last step always is an end. If not, it may also be as the
            others, as when a program stops; `ends` may then be empty.

    Returns:
        A strategy for episodes. It shrinks towards few steps, the first of `ends`, and
        then towards simple transitions.

    Raises:
        InvalidOptionError, InvalidSpaceError: As for `transitions`.

    >>> from gymnasium.spaces import Discrete
    >>> episodes(Discrete(3), max_steps=2).validate()
    """
    require_integer("min_steps", min_steps, minimum=1 if complete else 0)
    require_integer("max_steps", max_steps, minimum=max(1, min_steps))
    flags = _choose_flags(ends)
    if not complete:
        flags = [_NO_END, *flags]
    if not flags:
        raise InvalidOptionError(expectation("at least one way to end", "ends", ends))
    steps = _steps(observation_space, action_space, rewards, infos)
    return st.builds(
        Episode,
        observ=elements(observation_space),
        transitions=st.tuples(
            st.lists(steps, min_size=min_steps, max_size=max_steps),
            st.sampled_from(flags),
        ).map(lambda drawn: _end_last(*drawn)),
        info=_NO_INFOS if infos is None else infos,
    )


def _steps(
    observation_space: Any, action_space: Any, rewards: Any, infos: Any
) -> SearchStrategy[Transition]:
    """Transitions that end nothing."""
    require_space("observation_space", observation_space)
    if action_space is not None:
        require_space("action_space", action_space)
    require_strategy("rewards", rewards)
    if infos is not None:
        require_strategy("infos", infos)
    return st.builds(
        Transition,
        observ=elements(observation_space),
        reward=rewards,
        info=_NO_INFOS if infos is None else infos,
        action=st.none() if action_space is None else elements(action_space),
    )


def _end(step: Transition, flags: tuple[bool, bool]) -> Transition:
    terminated, truncated = flags
    return dataclasses.replace(step, terminated=terminated, truncated=truncated)


def _end_last(steps: list[Transition], flags: tuple[bool, bool]) -> list[Transition]:
    return [*steps[:-1], *(_end(step, flags) for step in steps[-1:])]


def _choose_flags(ends: Any) -> list[tuple[bool, bool]]:
    is_collection = isinstance(ends, Collection) and not isinstance(ends, str)
    if not is_collection or not all(end in _FLAGS for end in ends):
        raise InvalidOptionError(
            expectation(f"a collection of {', '.join(map(repr, _FLAGS))}", "ends", ends)
        )
    return [_FLAGS[end] for end in ends]
