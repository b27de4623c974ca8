"""Batches that take what they should not."""

from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from rltools.errors import InvalidActionError
from rltools.mocks.broken.sound_batch import SoundBatch


class TakesAnyMask(SoundBatch):
    """Takes integers and lists for masks, whatever their length."""

    trips = frozenset({"V4"})
    mode = AutoresetMode.DISABLED

    def read_mask(self, options: Any) -> np.ndarray:
        """Make a mask of whatever there is."""
        mask = np.zeros(self.num_envs, np.bool_)
        given = np.ravel(options.get("reset_mask", ~mask))[: self.num_envs]
        mask[: len(given)] = given
        return mask


class TakesMaskOut(SoundBatch):
    """Removes the mask from the options of the caller."""

    trips = frozenset({"V4"})
    mode = AutoresetMode.DISABLED

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        """Pop the mask."""
        result = super().reset(seed=seed, options=options)
        if options:
            options.pop("reset_mask", None)
        return result


class StepsBeforeItChecks(SoundBatch):
    """Finds that actions are too few when it runs out of them."""

    trips = frozenset({"V5"})

    def step_async(self, actions: Any) -> None:
        """Step as many environments as there are actions."""
        short = isinstance(actions, np.ndarray) and actions.ndim > 0
        if short and 0 < len(actions) < self.num_envs:
            for env, action in zip(self.envs, actions, strict=False):
                env.step(action)
        super().step_async(actions)


class AnswersLate(SoundBatch):
    """Steps when actions don't fit, and from then on answers one call too late."""

    trips = frozenset({"V5"})
    _answer: Any = None

    def check_actions(self, actions: Any) -> None:
        """Take a step in secret before the error."""
        try:
            super().check_actions(actions)
        except InvalidActionError:
            space = self.action_space
            self.pending = np.zeros(space.shape or (), space.dtype)
            self._answer = super().step_wait()
            raise

    def step_wait(self) -> Any:
        """Return the answer of before."""
        return self._delay(super().step_wait())

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        """Return the answer of before."""
        observs, *_, infos = self._delay(super().reset(seed=seed, options=options))
        return observs, infos

    def _delay(self, answer: Any) -> Any:
        if self._answer is not None:
            answer, self._answer = self._answer, answer
        return answer


class TakesAnyActions(SoundBatch):
    """Leaves it to environments whether actions are in the space."""

    trips = frozenset({"V5"})

    def check_actions(self, actions: Any) -> None:
        """Look at the number only."""
        if not hasattr(actions, "__len__") or len(actions) != self.num_envs:
            super().check_actions(actions)


class OneSeedForAll(SoundBatch):
    """Gives the same seed to all environments."""

    trips = frozenset({"V6"})

    def read_seeds(self, seed: Any) -> list[int | None]:
        """Repeat the seed."""
        return (
            [seed] * self.num_envs
            if isinstance(seed, int)
            else super().read_seeds(seed)
        )


class SeedsAutoresets(SoundBatch):
    """Seeds autoresets as the first reset, so that all episodes are the same."""

    trips = frozenset({"V6"})

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        """Keep the seeds."""
        self._seeds = self.read_seeds(seed)
        return super().reset(seed=seed, options=options)

    def reset_one(self, index: int, **arguments: Any) -> dict[str, Any]:
        """Give the seed that was kept."""
        return super().reset_one(index, **{"seed": self._seeds[index], **arguments})


BATCHES: tuple[type[SoundBatch], ...] = (
    TakesAnyMask,
    TakesMaskOut,
    StepsBeforeItChecks,
    AnswersLate,
    TakesAnyActions,
    OneSeedForAll,
    SeedsAutoresets,
)
