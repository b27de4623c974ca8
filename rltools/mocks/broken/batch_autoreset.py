"""Batches that go wrong where an episode ends."""

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from rltools.mocks.broken.sound_batch import SoundBatch


class KeepsRewardInReset(SoundBatch):
    """Repeats the last reward of an episode in the step that resets."""

    trips = frozenset({"V3"})

    def __init__(self, env_fns: Any) -> None:
        super().__init__(env_fns)
        self._last = np.zeros(self.num_envs)

    def step_one(self, index: int, *arguments: Any) -> tuple[float, bool, bool]:
        """Return the reward that was kept."""
        is_reset = self.ended[index]
        reward, *flags = super().step_one(index, *arguments)
        self._last[index] = self._last[index] if is_reset else reward
        return self._last[index], *flags


class StepsAfterReset(SoundBatch):
    """Takes the action of the step that resets to be the first of the new episode."""

    trips = frozenset({"V3"})

    def step_one(self, index: int, *arguments: Any) -> tuple[float, bool, bool]:
        """Step after the reset."""
        if self.ended[index]:
            self.reset_one(index)
        return super().step_one(index, *arguments)


class ResetsTwice(SoundBatch):
    """Resets twice at the end of an episode, and loses the first of both."""

    trips = frozenset({"V3"})
    mode = AutoresetMode.SAME_STEP

    def go_on(self, index: int, *arguments: Any) -> dict[str, Any]:
        """Reset once more."""
        self.reset_one(index)
        return super().go_on(index, *arguments)


class ForgetsExplicitReset(SoundBatch):
    """Still resets in the next step after the caller has done so."""

    trips = frozenset({"V3"})

    def reset(self, **options: Any) -> Any:
        """Keep what is due."""
        ended = self.ended.copy()
        result = super().reset(**options)
        self.ended = ended
        return result


class StepsPastTheEnd(SoundBatch):
    """Steps environments whose episode has ended, where nobody resets them."""

    trips = frozenset({"V3"})
    mode = AutoresetMode.DISABLED

    def step_wait(self) -> Any:
        """Forget what has ended."""
        result = super().step_wait()
        self.ended[:] = False
        return result


class IgnoresMask(SoundBatch):
    """Resets all environments where some should be."""

    trips = frozenset({"V3"})
    mode = AutoresetMode.DISABLED

    def read_mask(self, options: Any) -> np.ndarray:
        """Choose everyone, after a look at the mask."""
        return np.ones_like(super().read_mask(options))


class FinalIsFirst(SoundBatch):
    """Has the first observation of the next episode in the place of the last one."""

    trips = frozenset({"V8"})
    mode = AutoresetMode.SAME_STEP

    def go_on(self, index: int, observ: Any, info: Any) -> dict[str, Any]:
        """Take the observation after the reset."""
        infos = super().go_on(index, observ, info)
        return infos | {"final_obs": self.observs[index]}


class FinalInfoIsFirst(SoundBatch):
    """Has the first info of the next episode in the place of the last one."""

    trips = frozenset({"V8"})
    mode = AutoresetMode.SAME_STEP

    def go_on(self, index: int, observ: Any, info: Any) -> dict[str, Any]:
        """Take the info of the reset."""
        infos = self.reset_one(index)
        return infos | {"final_obs": observ, "final_info": infos}


class FinalEverywhere(SoundBatch):
    """Has a last observation for every environment at any end."""

    trips = frozenset({"V8"})
    mode = AutoresetMode.SAME_STEP

    def stack_infos(self, infos: dict[int, dict[str, Any]]) -> dict[str, Any]:
        """Fill the gaps."""
        stacked = super().stack_infos(infos)
        if "final_obs" in stacked:
            stacked["_final_obs"][:] = True
        return stacked


class LosesLastObservation(SoundBatch):
    """Returns the last observation but one at the end of an episode."""

    trips = frozenset({"V8"})

    def step_one(
        self, index: int, action: Any, infos: dict[int, dict[str, Any]]
    ) -> tuple[float, bool, bool]:
        """Put the old observation back."""
        before = self.observs[index]
        reward, terminated, truncated = super().step_one(index, action, infos)
        if terminated or truncated:
            self.observs[index] = before
        return reward, terminated, truncated


class ResetsAll(SoundBatch):
    """Resets all environments once one has ended."""

    trips = frozenset({"V13"})

    def step_wait(self) -> Any:
        """Spread the end to everyone."""
        result = super().step_wait()
        self.ended[:] = self.ended.any()
        return result


BATCHES: tuple[type[SoundBatch], ...] = (
    KeepsRewardInReset,
    StepsAfterReset,
    ResetsTwice,
    ForgetsExplicitReset,
    StepsPastTheEnd,
    IgnoresMask,
    FinalIsFirst,
    FinalInfoIsFirst,
    FinalEverywhere,
    LosesLastObservation,
    ResetsAll,
)
