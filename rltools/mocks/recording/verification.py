"""Whether an environment still does what was recorded."""

from dataclasses import dataclass
from typing import Any

import gymnasium as gym

from rltools.checks.difference import differences
from rltools.mocks.recording.recording import Recording
from rltools.mocks.recording.space_values import space_to_value

_RESET = ("observation", "info")
_STEP = ("observation", "reward", "terminated", "truncated", "info")


@dataclass(frozen=True)
class Difference:
    """Where an environment first does something else than what was recorded.

    Attributes:
        place: Which call it is, in words.
        episode: Number of the episode, counting from 0; None if a space differs.
        step: Number of the step, counting from 1; None if it is no step.
        differences: A line for every leaf that differs.
    """

    place: str
    episode: int | None
    step: int | None
    differences: list[str]


def first_difference(recording: Recording, env: gym.Env[Any, Any]) -> Difference | None:
    """Take an environment through a recording until it does something else.

    Args:
        recording: Its resets and actions are repeated.
        env: The environment. What it raises is not caught.

    Returns:
        The first call whose result differs in a type, shape, dtype or value, or the
        spaces if they do; None if all is the same.

    Raises:
        RecordingError: The recording can't be read, or a space of the environment is
            none of Gymnasium's own.
    """
    for name in ("observation_space", "action_space"):
        expected = space_to_value(getattr(recording.description, name), name)
        lines = differences(expected, space_to_value(getattr(env, name), name), name)
        if lines:
            return Difference(f"the {name}", None, None, lines)
    for episode in recording.episodes:
        result: Any = env.reset(seed=episode.seed, options=episode.options)
        place = f"the reset of episode {episode.index} (seed={episode.seed!r})"
        lines = _compare(_RESET, recording.reset_result(episode), result)
        if lines:
            return Difference(place, episode.index, None, lines)
        for step in range(episode.steps):
            result = env.step(recording.action(episode, step))
            lines = _compare(_STEP, recording.step_result(episode, step), result)
            if lines:
                place = (
                    f"step {step + 1} of episode {episode.index} "
                    f"(seed={episode.seed!r})"
                )
                return Difference(place, episode.index, step + 1, lines)
    return None


def _compare(names: tuple[str, ...], expected: tuple[Any, ...], got: Any) -> list[str]:
    if not isinstance(got, tuple) or len(got) != len(names):
        return differences(expected, got, "result")
    return [
        line
        for name, one, other in zip(names, expected, got, strict=True)
        for line in differences(one, other, name)
    ]
