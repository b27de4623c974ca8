"""Batches whose results are not what they should be."""

from typing import Any

import numpy as np

from rltools.mocks.broken.sound_batch import SoundBatch


class CastsInfos(SoundBatch):
    """Casts values of infos to the type of the first one: 0.7 becomes 0."""

    trips = frozenset({"V1"})

    def stack_infos(self, infos: dict[int, dict[str, Any]]) -> dict[str, Any]:
        """Cast what other environments say to the type of what the first one says."""
        first = infos.get(0, {})
        for info in infos.values():
            for key in info.keys() & first.keys():
                if type(first[key]) is int:
                    info[key] = int(info[key])
        return super().stack_infos(infos)


class LosesInfos(SoundBatch):
    """Forgets the infos of its last environment."""

    trips = frozenset({"V1"})

    def stack_infos(self, infos: dict[int, dict[str, Any]]) -> dict[str, Any]:
        """Drop the entry but what tests of other things look at."""
        last = infos.get(self.num_envs - 1, {})
        infos[self.num_envs - 1] = {k: v for k, v in last.items() if k == "began"}
        return super().stack_infos(infos)


class RoundsHalfFloats(SoundBatch):
    """Passes float16 observations through a byte."""

    trips = frozenset({"V1"})

    def stack_observs(self) -> Any:
        """Round the observations of a float16 space."""
        observs = super().stack_observs()
        if self.observation_space.dtype == np.float16:
            return observs.astype(np.int8).astype(np.float16)
        return observs


class MergesFlags(SoundBatch):
    """Calls every truncation a termination."""

    trips = frozenset({"V1"})

    def step_wait(self) -> Any:
        """Merge the flags."""
        observs, rewards, terminated, truncated, infos = super().step_wait()
        ended = terminated | truncated
        return observs, rewards, ended, np.zeros_like(ended), infos


class ColumnOfRewards(SoundBatch):
    """Returns rewards of shape `(num_envs, 1)`."""

    trips = frozenset({"V2"})

    def step_wait(self) -> Any:
        """Add an axis."""
        observs, rewards, *rest = super().step_wait()
        return observs, rewards[:, None], *rest


class UnbatchedActionSpace(SoundBatch):
    """Says that the actions of its environments are those of the batch."""

    trips = frozenset({"V2"})

    def __init__(self, env_fns: Any) -> None:
        super().__init__(env_fns)
        self.single_action_space = self.action_space


class KeepsItsModeSecret(SoundBatch):
    """Does not tell what follows the end of an episode."""

    trips = frozenset({"V2"})

    def __init__(self, env_fns: Any) -> None:
        super().__init__(env_fns)
        del self.metadata["autoreset_mode"]


class ReusesArrays(SoundBatch):
    """Returns the same arrays every time, although nobody said so."""

    trips = frozenset({"V9"})
    _buffer: Any = None

    def stack_observs(self) -> Any:
        """Write into the array of before."""
        observs = super().stack_observs()
        if not isinstance(observs, np.ndarray):
            return observs
        if self._buffer is None:
            self._buffer = observs
        self._buffer[:] = observs
        return self._buffer


BATCHES: tuple[type[SoundBatch], ...] = (
    CastsInfos,
    LosesInfos,
    RoundsHalfFloats,
    MergesFlags,
    ColumnOfRewards,
    UnbatchedActionSpace,
    KeepsItsModeSecret,
    ReusesArrays,
)
