"""Faults for environments, alone or several together."""

import signal
from collections.abc import Collection
from typing import Any

import gymnasium as gym
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from rltools.errors import InvalidOptionError, InvalidSpaceError
from rltools.mocks.faults import (
    Exit,
    Fault,
    NotANumber,
    ObservationFault,
    OutOfBounds,
    Raise,
    ReusedBuffer,
    Signal,
    Slow,
    Unpicklable,
    WrongDtype,
    WrongShape,
)
from rltools.strategies.options import expectation, require_integer

_HARMLESS_TO_THE_PROCESS: tuple[type[Fault], ...] = (
    *(Raise, Unpicklable, NotANumber, OutOfBounds),
    *(WrongDtype, WrongShape, ReusedBuffer),
)
_OPTIONS: dict[type[Fault], dict[str, SearchStrategy[Any]]] = {
    Exit: {"code": st.integers(0, 255)},
    Signal: {
        "number": st.sampled_from([signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
    },
    Slow: {"seconds": st.floats(0.001, 0.01)},
}


def faults(
    space: gym.Space[Any] | None = None,
    *,
    kinds: Collection[type[Fault]] | None = None,
    max_episode: int = 2,
    max_step: int = 5,
) -> SearchStrategy[Fault]:
    """Draw a fault that is certain to fire, in one episode, if the episode gets there.

    Args:
        space: The observation space of the environment. Without one, only faults that
            are possible in any space are drawn.
        kinds: The classes of faults to draw. By default all that are possible in the
            space and leave the process alive.
        max_episode: The last episode with faults, counting from 0.
        max_step: The last step with faults, counting from 1.

    Returns:
        A strategy for faults at a step, a reset or the end of an episode. It shrinks
        towards the first kind, at the first step.

    Raises:
        InvalidOptionError: An argument is of the wrong type or out of its range.
        InvalidSpaceError: One of `kinds` is not possible in the space.

    >>> faults(max_step=3).validate()
    """
    require_integer("max_episode", max_episode, minimum=0)
    require_integer("max_step", max_step, minimum=1)
    if space is not None and not isinstance(space, gym.Space):
        raise InvalidOptionError(expectation("a space", "space", space))
    episodes = st.integers(0, max_episode)
    places = st.one_of(
        st.fixed_dictionaries({"at_step": st.integers(1, max_step)}),
        st.sampled_from([{"at": "reset"}, {"at": "end"}]),
    )
    return st.one_of(
        [
            st.builds(
                lambda kind, place, episode, options: kind(
                    **place, episode=episode, **options
                ),
                st.just(kind),
                places,
                episodes,
                st.fixed_dictionaries(_options(kind)),
            )
            for kind in _choose_kinds(kinds, space)
        ]
    )


def fault_plans(
    space: gym.Space[Any] | None = None,
    *,
    kinds: Collection[type[Fault]] | None = None,
    max_episode: int = 2,
    max_step: int = 5,
    max_faults: int = 3,
) -> SearchStrategy[list[Fault]]:
    """Draw a list of faults, for `mocks.Faulty(env, *plan)`.

    Args:
        space: As for `faults`, as are the other options.
        kinds: As for `faults`.
        max_episode: As for `faults`.
        max_step: As for `faults`.
        max_faults: The largest number of faults.

    Returns:
        A strategy that shrinks towards no faults.

    Raises:
        InvalidOptionError, InvalidSpaceError: As for `faults`.

    >>> fault_plans(max_faults=2).validate()
    """
    require_integer("max_faults", max_faults, minimum=0)
    drawn = faults(space, kinds=kinds, max_episode=max_episode, max_step=max_step)
    return st.lists(drawn, max_size=max_faults)


def _choose_kinds(kinds: Any, space: gym.Space[Any] | None) -> list[type[Fault]]:
    if kinds is None:
        return [kind for kind in _HARMLESS_TO_THE_PROCESS if _is_possible(kind, space)]
    is_collection = isinstance(kinds, Collection) and len(kinds) > 0
    if not is_collection or not all(
        isinstance(kind, type) and issubclass(kind, Fault) for kind in kinds
    ):
        raise InvalidOptionError(
            expectation("one or more classes of faults", "kinds", kinds)
        )
    for kind in kinds:
        if not _is_possible(kind, space):
            raise InvalidSpaceError(
                f"{kind.__name__} needs an observation space in which something can "
                f"have this fault, got {space}."
            )
    return list(kinds)


def _is_possible(kind: type[Fault], space: gym.Space[Any] | None) -> bool:
    # A space of no arrays stands for those of which nothing is known.
    space = gym.spaces.Text(1) if space is None else space
    try:
        kind().check_space(space)
    except InvalidSpaceError:
        return False
    return True


def _options(kind: type[Fault]) -> dict[str, SearchStrategy[Any]]:
    if issubclass(kind, ObservationFault):
        return {"choice": st.integers(0, 2**16)}
    return _OPTIONS.get(kind, {})
