"""What `rltools record` and `rltools replay` do."""

import contextlib
import copy
import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import gymnasium as gym

from rltools.bench.target import make_env
from rltools.errors import InvalidArgumentError, RecordingError
from rltools.mocks.recording.recorder import Recorder
from rltools.mocks.recording.recording import Recording, load
from rltools.mocks.recording.summary import Summary
from rltools.mocks.recording.verification import first_difference
from rltools.space_checks import explain_mismatch

_STEPS = 1000


def record(
    target: str,
    output: str,
    *,
    steps: int | None,
    episodes: int | None,
    seed: int | None,
    actions: str,
    options: dict[str, Any] | None = None,
) -> None:
    """Record an environment, and print what is in the recording.

    Args:
        target: Names the environment, as `rltools.bench.target` takes it.
        output: The file to write.
        steps: How many steps; 1000 if this and `episodes` are None.
        episodes: How many episodes, in the place of `steps`.
        seed: Seed of the actions and of the first episode; None for 0.
        actions: `"random"`, or a recording whose resets and actions are repeated.
        options: Options of every reset.

    Raises:
        InvalidArgumentError: The environment can't be made, or raised; or the arguments
            contradict each other.
        RecordingError: It can't be recorded, or the other recording can't be read.
    """
    if actions != "random":
        if any(option is not None for option in (steps, episodes, seed, options)):
            raise InvalidArgumentError(
                "expected no steps, episodes, seed or options beside those of "
                f"{actions}."
            )
        other = load(actions)
    env = make_env(target)
    if actions != "random":
        with contextlib.ExitStack() as stack:
            stack.callback(env.close)
            _check_actions(other, env, actions, target)
            stack.pop_all()
    with Recorder(env, output) as recorder, _told(target):
        if actions == "random":
            if steps is None and episodes is None:
                steps = _STEPS
            _play_at_random(recorder, steps, episodes, seed or 0, options)
        else:
            for episode in other.episodes:
                recorder.reset(seed=episode.seed, options=episode.options)
                for step in range(episode.steps):
                    recorder.step(other.action(episode, step))
    print(Summary.of(output).as_text())


def replay(path: str, target: str | None, *, as_json: bool) -> int:
    """Print what is in a recording, or compare an environment with it.

    Args:
        path: The recording.
        target: Names the environment to compare, or None.
        as_json: Whether to print JSON, for machines.

    Returns:
        Exit code: 1 if the environment does something else, and 0 otherwise.

    Raises:
        InvalidArgumentError: The environment can't be made, or raised.
        RecordingError: The recording can't be read.
    """
    if target is None:
        summary = Summary.of(path)
        print(summary.as_json() if as_json else summary.as_text())
        return 0
    recording = load(path)
    with contextlib.closing(make_env(target)) as env, _told(target):
        found = first_difference(recording, env)
    if as_json:
        values = {"same": found is None, "difference": found and asdict(found)}
        print(json.dumps(values, indent=2))
    elif found is None:
        steps = sum(episode.steps for episode in recording.episodes)
        print(
            f"{target} does what {path} has: {len(recording.episodes)} episodes, "
            f"{steps} steps."
        )
    else:
        print(f"{target} differs from {path} in {found.place}:")
        for line in found.differences:
            print(f"- {line}")
    return 0 if found is None else 1


def _check_actions(
    recording: Recording, env: gym.Env[Any, Any], path: str, target: str
) -> None:
    """Refuse actions that are not of the environment's space, before any is taken."""
    for episode in recording.episodes:
        for step in range(episode.steps):
            action = recording.action(episode, step)
            if problem := explain_mismatch(env.action_space, action, "action"):
                raise InvalidArgumentError(
                    f"{path}: its actions are of {recording.description.action_space}, "
                    f"those of {target} of {env.action_space}; step {step + 1} of "
                    f"episode {episode.index}: {problem}."
                )


def _play_at_random(
    env: gym.Env[Any, Any],
    steps: int | None,
    episodes: int | None,
    seed: int,
    options: dict[str, Any] | None,
) -> None:
    space = copy.deepcopy(env.action_space)  # Its generator is the environment's.
    space.seed(seed)
    step = episode = 0
    while episode != episodes and step != steps:
        env.reset(seed=seed + episode, options=copy.deepcopy(options))
        episode += 1
        has_ended = False
        while not has_ended and step != steps:
            _, _, terminated, truncated, _ = env.step(space.sample())
            has_ended = bool(terminated or truncated)
            step += 1


@contextlib.contextmanager
def _told(target: str) -> Iterator[None]:
    """Turn what an environment raises into an error that names it."""
    try:
        yield
    except (RecordingError, InvalidArgumentError):
        raise
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InvalidArgumentError(f"{target} raised {reason}") from error
