"""The episodes of a worker's environments, which are lost when it dies."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


class CurrentEpisodes:
    """Knows what would be lost, and what has been lost and not been told yet.

    Attributes:
        lost: Environments whose lost episode has not been told yet.
        unseeded: Environments that have not been reset in this life of the worker.
        recall: Returns the last observation of an environment that was in a row.
    """

    def __init__(self) -> None:
        self.lost: set[int] = set()
        self.unseeded: set[int] = set()
        self._begun: set[int] = set()
        self._seeds: dict[int, int] = {}
        self._observations: dict[int, Any] = {}
        self._life = 0
        self._cause = ""  # Of the last loss.
        self.recall: Callable[[int], Any] = self._observations.__getitem__

    def begin(self, slots: Iterable[int]) -> None:
        """Note that environments have episodes that can be lost."""
        self._begun.update(slots)

    def fail_to_begin(self, slots: Iterable[int]) -> None:
        """Note that resets failed: there are no episodes that could be lost."""
        self._begun.difference_update(slots)

    def remember(self, slot: int, observation: Any) -> None:
        """Keep an observation that may turn out to be the last one."""
        self._begun.add(slot)
        self._observations[slot] = observation

    def forget(self, slots: Iterable[int]) -> None:
        """Note that later observations of environments can be recalled."""
        for slot in slots if self._observations else ():
            self._observations.pop(slot, None)

    def forget_rows(self) -> None:
        """Let go of the rows that observations were recalled from."""
        self.recall = self._observations.__getitem__

    def lose(self, *, count: int, life: int, cause: str) -> None:
        """Note that the worker's next life begins.

        Args:
            count: The number of its environments.
            life: The number of the new life; the first one has 0.
            cause: Why the last one has ended.
        """
        self._life, self._cause = life, cause
        self.lost = set(self._begun)
        self.unseeded = set(range(count))

    def tell_lost(self, slot: int) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """The result of the step in which it is told that an episode was lost."""
        self.lost.discard(slot)
        self._begun.discard(slot)  # There is nothing to lose until it is reset.
        last = self._observations.get(slot)
        if last is None:
            last = self.recall(slot)
        info = {"worker_restarted": True, "worker_error": self._cause}
        return last, 0.0, False, True, info

    def seed_for(self, slot: int, seed: int | None) -> int | None:
        """The seed for a reset of an environment that is asked for with `seed`.

        That is `seed` itself; but the first reset in a later life, if it has none, gets
        one that follows from the last seed and the life: a new stream of random
        numbers, and the same one when all is repeated.
        """
        if seed is not None:
            self._seeds[slot] = seed
        elif slot in self.unseeded and slot in self._seeds:
            sequence = np.random.SeedSequence([self._seeds[slot], self._life])
            seed = int(sequence.generate_state(1)[0])
        self.unseeded.discard(slot)
        self.lost.discard(slot)
        return seed
