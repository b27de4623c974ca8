"""Records episodes: a video of each, and every number in it."""

import contextlib
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import rltools
from examples.ppo.runs.episodes import Episode
from examples.ppo.videos.rendering import render
from examples.ppo.videos.traces import returns_that_followed, shorten, traces_of
from examples.ppo.videos.video import VideoWriter
from rltools import nested


class Recorder:
    """A spectator of `examples.ppo.runs.episodes.play`; a context manager.

    Args:
        batch: The environments.
        policy: Has the `value` of what it saw last, [num_envs].
        folder: Where to put the videos, `episode-1.mp4` and so on, numbered in the
            order in which episodes begin.
        frames_per_second: Speed of the videos, one frame for each observation.
        discount: Discount factor gamma.
        report: Called with what is known of an episode when it ends.

    Attributes:
        episodes: What is known of the episodes that have ended, by number: JSON values.
    """

    def __init__(
        self,
        batch: rltools.BatchEnv,
        policy: Any,
        folder: pathlib.Path,
        *,
        frames_per_second: float,
        discount: float,
        report: Callable[[dict[str, Any]], object] | None = None,
    ) -> None:
        self._batch = batch
        self._policy = policy
        self._folder = folder
        self._frames_per_second = frames_per_second
        self._discount = discount
        self._report = report
        self._running: dict[int, _Running] = {}
        self._started = 0
        self.episodes: dict[int, dict[str, Any]] = {}

    def __enter__(self) -> "Recorder":
        return self

    def __exit__(self, *_: Any) -> None:
        with contextlib.ExitStack() as stack:
            for running in self._running.values():
                stack.callback(running.video.abort)

    def acted(self, indices: Sequence[int], observ: Any, action: Any) -> None:
        """See `Spectator`."""
        values = self._policy.value.numpy()
        frames = render(self._batch, indices)
        for index, frame in zip(indices, frames, strict=True):
            if index not in self._running:
                self._running[index] = self._begin()
            running = self._running[index]
            running.video.append(frame)
            running.observations.append(_row(observ, index))
            running.actions.append(_row(action, index))
            running.values.append(float(values[index]))

    def stepped(
        self,
        indices: Sequence[int],
        observ: Any,
        reward: np.ndarray,
        ended: dict[int, Episode],
    ) -> None:
        """See `Spectator`."""
        for index in indices:
            self._running[index].rewards.append(float(reward[index]))
        for index, frame in zip(ended, render(self._batch, list(ended)), strict=True):
            running = self._running[index]
            running.video.append(frame)
            running.video.close()
            running.observations.append(_row(observ, index))
            del self._running[index]
            episode = self._describe(running, ended[index])
            self.episodes[running.number] = episode
            if self._report:
                self._report(episode)

    def _begin(self) -> "_Running":
        self._started += 1
        path = self._folder / f"episode-{self._started}.mp4"
        return _Running(self._started, VideoWriter(path, self._frames_per_second))

    def _describe(self, running: "_Running", episode: Episode) -> dict[str, Any]:
        observations, seen = traces_of(running.observations)
        actions, done = traces_of(running.actions)
        followed = returns_that_followed(
            running.rewards, running.values, episode.terminated, self._discount
        )
        return {
            "number": running.number,
            "video": f"episode-{running.number}.mp4",
            "score": episode.score,
            "length": episode.length,
            "terminated": episode.terminated,
            "reward": shorten(running.rewards),
            "value": shorten(running.values),
            "followed": shorten(followed),
            "actions": actions,
            "observations": observations,
            "notes": {"actions": done, "observations": seen},
        }


class _Running:
    """An episode that goes on."""

    def __init__(self, number: int, video: VideoWriter) -> None:
        self.number = number
        self.video = video
        self.observations: list[Any] = []
        self.actions: list[Any] = []
        self.values: list[float] = []
        self.rewards: list[float] = []


def _row(values: Any, index: int) -> Any:
    # A copy, because the batch may overwrite its observations.
    return nested.map(lambda array: np.array(array[index]), values)
