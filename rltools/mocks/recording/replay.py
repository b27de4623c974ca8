"""Plays a recorded environment back, without the environment."""

import os
from typing import Any

import gymnasium as gym

from rltools.arguments import check_path
from rltools.checks.difference import differences
from rltools.errors import ClosedError, ReplayError, ResetNeededError
from rltools.mocks.recording.comparison import (
    compare_resets,
    difference_error,
    plain,
)
from rltools.mocks.recording.recording import MAX_BYTES, Episode, load


class Replay(gym.Env[Any, Any]):
    """Play back what `Recorder` has written, bit by bit, without the simulator.

    Spaces, metadata and `spec` are those of the recorded environment (nothing can be
    made from the spec). Everything that is returned is a copy of its own.

    Whoever uses it must do what was recorded, or gets an error that shows the
    difference. Numbers are compared by value whatever their type, so that `1`,
    `np.int64(1)` and `np.array(1)` are the same action; arrays by shape, dtype and
    every value.

    A reset with a seed plays an episode that was recorded with that seed and those
    options: the next one in the order of the recording, or from its beginning on.
    Hence tests may play the seeds of a recording in any order. Episodes of the same
    seed are told apart by their actions. A reset without a seed goes on with the next
    episode in the order, because it depends on what was before; it is right only where
    the recording has one, after all steps of the episode before.

    Args:
        path: The file.
        strict: Whether to compare. Otherwise the episodes are played in their order,
            whatever seeds, options and actions are given.
        max_bytes: How much of memory the recording may take.

    Attributes:
        path: The file, as an absolute path.

    Raises:
        InvalidArgumentError: `path` is not a path, or `max_bytes` not an integer.
        RecordingError: The file can't be read, is damaged, is not a recording, is of a
            newer version, or is too large.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        strict: bool = True,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.path = check_path("path", path)
        self._recording = load(self.path, max_bytes=max_bytes)
        description = self._recording.description
        self.observation_space = description.observation_space
        self.action_space = description.action_space
        self.metadata = description.metadata
        self.spec = description.spec
        self._is_strict = strict
        self._is_closed = False
        self._episode: Episode | None = None
        self._step = 0  # How many steps of the episode were played.

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode as it was recorded.

        Args:
            seed: Chooses an episode that was recorded with this seed; None goes on with
                the next one.
            options: Must be those that were recorded.

        Returns:
            Tuple of the first observation and the info.

        Raises:
            ClosedError: The replay was closed.
            ReplayError: There is no such reset in the recording, or not here.
        """
        self._check_open("reset")
        episode = self._choose_episode(seed, options)
        number = plain(seed)
        if type(number) is int and number >= 0:
            super().reset(seed=number)  # For wrappers that draw from `np_random`.
        self._episode, self._step = episode, 0
        return self._recording.reset_result(episode)

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Take a step as it was recorded.

        Args:
            action: Must be the one that was recorded.

        Returns:
            Tuple of observation, reward, terminated, truncated and info.

        Raises:
            ClosedError: The replay was closed.
            ReplayError: The recording has another action here, or no further step.
            ResetNeededError: There was no reset yet, or the episode has ended.
        """
        self._check_open("step")
        if self._episode is None:
            raise ResetNeededError("Cannot step before the first reset.")
        self._episode = self._follow(self._episode, action)
        result: Any = self._recording.step_result(self._episode, self._step)
        self._step += 1
        return result

    def render(self) -> Any:
        """Frames are not recorded.

        Raises:
            ReplayError: Always.
        """
        raise ReplayError(f"Frames are not recorded, so {self.path} has none to show.")

    def close(self) -> None:
        """End the replay; closing twice is allowed."""
        self._is_closed = True

    def _choose_episode(self, seed: Any, options: Any) -> Episode:
        episodes = self._recording.episodes
        following = 0 if self._episode is None else self._episode.index + 1
        if self._is_strict and seed is not None:
            # Those behind this episode first, then those before.
            return self._find_episode(
                episodes[following:] + episodes[:following], seed, options
            )
        if following == len(episodes):
            raise ReplayError(
                f"Cannot reset: {self.path} has no more than {following} episodes."
            )
        episode = episodes[following]
        if not self._is_strict:
            return episode
        if problems := compare_resets(episode, seed, options):
            what = f"The reset of episode {following} differs from {self.path}"
            raise difference_error(what, problems)
        if self._episode is not None and self._step < self._episode.steps:
            raise ReplayError(
                f"Cannot reset without a seed after step {self._step} of episode "
                f"{self._episode.index}: {self.path} has {self._episode.steps} steps "
                "of it, and what comes next may depend on them."
            )
        return episode

    def _find_episode(
        self, episodes: list[Episode], seed: Any, options: Any
    ) -> Episode:
        """The first one with a seed and options, or an error that shows the nearest."""
        if not episodes:
            raise ReplayError(f"Cannot reset: {self.path} has no episodes.")
        for episode in episodes:
            if not compare_resets(episode, seed, options):
                return episode
        differ = [compare_resets(episode, seed, options) for episode in episodes]
        # Best one that has the seed, and other options than these.
        seeds = [not any(line.startswith("seed") for line in each) for each in differ]
        nearest = seeds.index(True) if True in seeds else 0
        raise difference_error(
            f"{self.path} has no episode that began with this reset; episode "
            f"{episodes[nearest].index} differs",
            differ[nearest],
        )

    def _follow(self, episode: Episode, action: Any) -> Episode:
        """The episode that goes on with an action: this one, or another like it."""
        has_step = self._step < episode.steps
        problems: list[str] = []
        if has_step and self._is_strict:
            problems = self._compare_action(episode, action)
        if has_step and not problems:
            return episode
        if self._is_strict and (other := self._find_branch(episode, action)):
            return other
        if problems:
            place = f"step {self._step + 1} of episode {episode.index}"
            what = f"The action of {place} differs from {self.path}"
            raise difference_error(what, problems)
        if self._has_ended(episode):
            raise ResetNeededError(
                f"Cannot step after the end of episode {episode.index} "
                f"({episode.steps} steps): call reset first."
            )
        raise ReplayError(
            f"Cannot step: {self.path} has no more than {episode.steps} steps of "
            f"episode {episode.index}."
        )

    def _find_branch(self, episode: Episode, action: Any) -> Episode | None:
        """An episode that was the same up to here and has this action next."""
        if episode.seed is None:
            return None
        for other in self._recording.episodes:
            if (
                other.steps > self._step
                and not compare_resets(other, episode.seed, episode.options)
                and not self._compare_action(other, action)
                and self._have_same_past(episode, other)
            ):
                return other
        return None

    def _have_same_past(self, one: Episode, other: Episode) -> bool:
        recording = self._recording
        if differences(recording.reset_result(one), recording.reset_result(other), ""):
            return False
        return not any(
            differences(recording.action(one, step), recording.action(other, step), "")
            or differences(
                recording.step_result(one, step), recording.step_result(other, step), ""
            )
            for step in range(self._step)
        )

    def _compare_action(self, episode: Episode, action: Any) -> list[str]:
        expected = self._recording.action(episode, self._step)
        return differences(plain(expected), plain(action), "action")

    def _has_ended(self, episode: Episode) -> bool:
        if episode.steps == 0:
            return False
        result = self._recording.step_result(episode, episode.steps - 1)
        return bool(result[2]) or bool(result[3])

    def _check_open(self, verb: str) -> None:
        if self._is_closed:
            raise ClosedError(f"Cannot {verb} a closed replay.")
