"""Small environments that do the same again for the same seeds and actions."""

from collections.abc import Collection
from typing import Any

from gymnasium import Space
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Tuple
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from rltools.mocks.scripted import ScriptedEnvironment
from rltools.strategies.element import elements
from rltools.strategies.episode import ENDS, REWARDS, episodes
from rltools.strategies.options import require_integer, require_space
from rltools.strategies.space import spaces


def _is_bounded(space: Any) -> bool:
    return bool(space.is_bounded("both"))


_ANY_SPACE = Discrete(1)
_SIZE: dict[str, int] = {"max_dims": 2, "max_side": 2}
_SPACES = spaces(kinds="array_like", max_depth=1, **_SIZE)
# A policy has to have bounds to choose from.
_ACTION_SPACES = st.one_of(
    spaces(
        kinds=(Discrete, MultiDiscrete, MultiBinary, Dict, Tuple), max_depth=1, **_SIZE
    ),
    spaces(kinds=(Box,), **_SIZE).filter(_is_bounded),
)


def environments(
    observation_space: Space[Any] | SearchStrategy[Space[Any]] = _SPACES,
    action_space: Space[Any] | SearchStrategy[Space[Any]] = _ACTION_SPACES,
    *,
    max_episodes: int = 3,
    max_steps: int = 3,
    rewards: SearchStrategy[float] = REWARDS,
    infos: SearchStrategy[dict[str, Any]] | None = None,
    ends: Collection[str] = ENDS,
) -> SearchStrategy[ScriptedEnvironment]:
    """Draw an environment that plays a few short episodes over and over.

    Observations, rewards, infos and ends are drawn when the environment is, so that a
    counterexample shrinks to a short script of simple values, which is what is printed.
    They keep the contract that `checks.check_env` checks.
    A reset with seed `s` goes on with episode `s` modulo their number. Actions must be
    of their space and have no influence.

    `copy.deepcopy(env)` is a second one that does the same, and `lambda: env` is a
    constructor that may go to another process.

    Args:
        observation_space: A space, or a strategy for it; by default small arrays of any
            kind, and small dicts and tuples of them.
        action_space: As for `observation_space`; by default boxes are bounded and not
            nested.
        max_episodes: Largest number of episodes before they repeat.
        max_steps: Number of steps of the longest episodes.
        rewards: As for `episodes`.
        infos: As for `episodes`.
        ends: As for `episodes`.

    Returns:
        A strategy for environments. It shrinks towards simple spaces, and a single
        episode of one step.

    Raises:
        InvalidOptionError, InvalidSpaceError: As for `episodes`.

    >>> from gymnasium.spaces import Discrete
    >>> environments(Discrete(3), Discrete(2), max_episodes=1).validate()
    """
    require_integer("max_episodes", max_episodes, minimum=1)
    options: dict[str, Any] = {
        "max_steps": max_steps,
        "rewards": rewards,
        "infos": infos,
        "ends": ends,
    }
    episodes(_ANY_SPACE, **options)  # Checks them now, not with the first example.
    return _environments(
        _as_strategy("observation_space", observation_space),
        _as_strategy("action_space", action_space),
        max_episodes,
        options,
    )


@st.composite
def _environments(
    draw: DrawFn,
    observation_spaces: SearchStrategy[Space[Any]],
    action_spaces: SearchStrategy[Space[Any]],
    max_episodes: int,
    options: dict[str, Any],
) -> ScriptedEnvironment:
    observation_space, action_space = draw(observation_spaces), draw(action_spaces)
    return draw(
        st.builds(  # Hypothesis prints what this was called with.
            ScriptedEnvironment,
            st.lists(
                episodes(observation_space, **options),
                min_size=1,
                max_size=max_episodes,
            ),
            observation_space=st.just(observation_space),
            action_space=st.just(action_space),
            repeat=st.just(True),
            seed_chooses=st.just(True),
        )
    )


def _as_strategy(name: str, space: Any) -> SearchStrategy[Space[Any]]:
    if isinstance(space, SearchStrategy):
        return space
    require_space(name, space)
    elements(space)  # An error now if that is of an unknown kind.
    return st.just(space)
