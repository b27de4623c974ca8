"""Environments that do as they are told, for checks of batches to be sure of."""

import os
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.space_checks import explain_mismatch

GO, TERMINATE, TRUNCATE, BOTH, RAISE, RAISE_DETAILED, RAISE_BOUND = range(7)
"""The actions of a `Puppet`; the last three raise."""

INDEX, EPISODE, STEP, TOTAL, SEED, ACTION = range(6)
"""What stands where in the observation of a `Puppet`."""

MESSAGE = "the left string is torn"


class PuppetError(Exception):
    """What an action of `RAISE` raises."""


class DetailedPuppetError(Exception):
    """What an action of `RAISE_DETAILED` raises: its constructor wants two values."""

    def __init__(self, string: str, message: str) -> None:
        super().__init__(string, message)


class BoundPuppetError(Exception):
    """What an action of `RAISE_BOUND` raises: it can't be pickled."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.pull = lambda: message


class Puppet(gym.Env[np.ndarray, Any]):
    """Actions say what happens, and observations and infos tell what has happened.

    Observations are int64 and have shape (6,): index of the environment, number of its
    episode from 0, step of the episode, steps of all episodes, the seed of its last
    reset and its last action, each -1 where there was none. Rewards tell index and
    step, and are never 0. No action is refused.

    Args:
        index: What it calls itself.
        box: Whether actions are a float32 Box of shape (2,) instead, which all mean to
            go on.
        diary: A file to which it appends a line when it is made and when it is closed.
    """

    observation_space = gym.spaces.Box(-1, 2**31 - 1, (6,), np.int64)
    action_space: gym.Space[Any] = gym.spaces.Discrete(7)

    def __init__(
        self, index: int, *, box: bool = False, diary: str | None = None
    ) -> None:
        if box:
            self.action_space = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self.index = index
        self.label = f"puppet {index}"
        self._diary = diary
        self._episode, self._step, self._total = -1, 0, 0
        self._seed, self._action = -1, -1
        self._write("made")

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin an episode; the info has its number and the option `"word"`."""
        super().reset(seed=seed)
        self._episode += 1
        self._step, self._action = 0, -1
        self._seed = -1 if seed is None else int(seed)
        info = {"began": self._episode}
        word = (options or {}).get("word")
        return self._observe(), info if word is None else {**info, "word": word}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Do as the action says; the info has the step of the episode."""
        command = GO if isinstance(self.action_space, gym.spaces.Box) else int(action)
        self._step += 1
        self._total += 1
        self._action = command
        if command in (RAISE, RAISE_DETAILED, RAISE_BOUND):
            self._tear_the_string(command)
        terminated, truncated = (
            command in (end, BOTH) for end in (TERMINATE, TRUNCATE)
        )
        reward = 100 * self.index + self._step + 0.5
        return self._observe(), reward, terminated, truncated, {"step": self._step}

    def resume(self, *, episode: int, total: int) -> None:
        """Go on as one that has more behind it."""
        self._episode, self._total = episode, total

    def tell(self, value: int, *, times: int = 1) -> int:
        """The index and some more, for calls by name."""
        return self.index + value * times

    def whisper(self) -> str:
        """The label, as the environment itself sees it."""
        return self.label

    def close(self) -> None:
        """Note in the diary that it was closed."""
        self._write("closed")

    def _observe(self) -> np.ndarray:
        values = self.index, self._episode, self._step, self._total
        return np.array([*values, self._seed, self._action], np.int64)

    def _tear_the_string(self, command: int) -> None:
        if command == RAISE:
            raise PuppetError(MESSAGE)
        if command == RAISE_DETAILED:
            raise DetailedPuppetError("left", MESSAGE)
        raise BoundPuppetError(MESSAGE)

    def _write(self, event: str) -> None:
        if self._diary is not None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            handle = os.open(self._diary, flags)
            os.write(handle, f"{event} {self.index}\n".encode())
            os.close(handle)


def read_diary(path: Path) -> list[tuple[str, int]]:
    """The events of a diary, each with the index of the puppet; empty if none wrote."""
    if not path.exists():
        return []
    lines = [line.split() for line in path.read_text().splitlines()]
    return [(event, int(index)) for event, index in lines]


class Still(gym.Env[Any, Any]):
    """Does nothing in the spaces it is given."""

    def __init__(self, observation: gym.Space[Any], action: gym.Space[Any]) -> None:
        self.observation_space = observation
        self.action_space = action

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Return any observation."""
        super().reset(seed=seed)
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Return any observation."""
        return self.observation_space.sample(), 0.0, False, False, {}


class Echo(gym.Env[Any, Any]):
    """Observes its last action, of any space; the first one comes from the seed.

    The info says why the action was no element of the space when it came.

    Args:
        space: The space of observations and of actions.
    """

    def __init__(self, space: gym.Space[Any]) -> None:
        self.observation_space = space
        self.action_space = space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        super().reset(seed=seed)
        self.observation_space.seed(int(self.np_random.integers(2**31)))
        return self.observation_space.sample(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Return the action."""
        problem = explain_mismatch(self.action_space, action, "action")
        return action, 1.0, False, False, {"problem": problem or "none"}


class Informant(gym.Env[Any, Any]):
    """Infos of all kinds, which differ from step to step and between environments.

    Args:
        index: Which infos it has.
        mixed: Whether values of one key may differ in type or shape between
            environments.
    """

    observation_space = gym.spaces.Box(0, 1, (), np.float32)
    action_space = gym.spaces.Discrete(2)

    def __init__(self, index: int, *, mixed: bool) -> None:
        self._index = index
        self._mixed = mixed
        self._step = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        super().reset(seed=seed)
        self._step = 0
        return np.zeros((), np.float32), {"began": True, "seconds": 0.25 + self._index}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take a step, of six with different infos."""
        index, self._step = self._index, self._step + 1
        infos: list[dict[str, Any]] = [
            {"lives": 3 + index, "height": 0.5 * index, "wet": index == 1},
            {"mass": np.float32(0.1 + index), "dry": np.bool_(index == 0)},
            {"name": f"env {index}", "nothing": None, "trace": [index, index + 1]},
            {"force": np.full((2,), index + 0.1, np.float16)},
            {"arm": {"angle": 0.1 * index, "joint": {"ids": np.arange(3) + index}}},
            {f"only {index}": index},
        ]
        if self._mixed:
            infos += [
                {"score": 1 if index == 0 else index + 0.7},
                {"path": np.arange(index + 1)},
            ]
        info = infos[(self._step - 1) % len(infos)]
        return np.zeros((), np.float32), 1.0, False, False, info
