"""Which faults fire where: while an environment runs, or beforehand."""

import os
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rltools.arguments import check_integer
from rltools.errors import InvalidArgumentError
from rltools.mocks.faults.corruption import Corruption
from rltools.mocks.faults.disruption import Disruption
from rltools.mocks.faults.fault import Fault
from rltools.mocks.faults.firing import Firing
from rltools.space_checks import describe


class FaultSchedule:
    """Decides which of some faults fire, and keeps a list of those that did.

    Args:
        faults: The faults, in the order in which they fire at the same place.
        seed: Seed of the probabilities.
        env_index: Tells environments with the same seed apart.
        marks: Whether faults that fire once leave their file. If not, they are assumed
            not to have fired before.

    Attributes:
        fired: What has fired so far.

    Raises:
        InvalidArgumentError: Something else than faults, or a negative seed or index.
    """

    def __init__(
        self, faults: Sequence[Fault], seed: int, env_index: int, *, marks: bool = True
    ) -> None:
        for index, fault in enumerate(faults):
            if not isinstance(fault, Fault):
                raise InvalidArgumentError(
                    f"expected faults[{index}] to be a fault of rltools.mocks.faults, "
                    f"got {describe(fault)}."
                )
        self.faults = tuple(faults)
        self._seed = check_integer("seed", seed, at_least=0)
        self._first_episode = 0
        self._env_index = check_integer("env_index", env_index, at_least=0)
        self.fired: list[Firing] = []
        self._claimed: set[str] | None = None if marks else set()

    def restart(self, seed: int, episode: int) -> None:
        """Draw from here on as another schedule does that begins with this seed.

        Args:
            seed: The new seed.
            episode: The number of the episode that begins.

        Raises:
            InvalidArgumentError: The seed is not an integer of at least 0.
        """
        self._seed = check_integer("seed", seed, at_least=0)
        self._first_episode = episode

    def due(
        self, kind: type[Fault], place: str, episode: int | None, step: int | None
    ) -> Iterator[Firing]:
        """The faults of a kind that fire at a place, recorded one by one."""
        for index, fault in enumerate(self.faults):
            if not isinstance(fault, kind) or not fault.is_at(place, episode, step):
                continue
            draw, choice = self._draw(index, episode, step)
            if fault.probability is not None and draw >= fault.probability:
                continue
            if fault.once is not None and not self._claim(os.fspath(fault.once)):
                continue
            firing = Firing(fault, place, episode, step, choice)
            self.fired.append(firing)
            yield firing

    def _draw(
        self, index: int, episode: int | None, step: int | None
    ) -> tuple[float, int]:
        place = (0, 0)
        if episode is not None and step is not None:
            place = (episode - self._first_episode + 1, step)
        # The last number can't be 0, for zeros at the end make no difference.
        key = (self._seed, self._env_index, *place, index + 1)
        draw, choice = np.random.SeedSequence(key).generate_state(2, np.uint64)
        return int(draw) / 2**64, int(choice) >> 1

    def _claim(self, path: str) -> bool:
        if self._claimed is not None:
            is_first = path not in self._claimed
            self._claimed.add(path)
            return is_first
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        return True


def expected_schedule(
    faults: Sequence[Fault],
    durations: Iterable[int],
    *,
    seed: int = 0,
    env_index: int = 0,
) -> list[Firing]:
    """Say beforehand which faults will fire, also of those that end the process.

    An exception that is raised at a step is taken to end the episode, so that the next
    call is a reset. A fault that ends its process, or that hangs, is the last one. No
    file of a fault that fires once is taken to exist, and none is made.

    Args:
        faults: As for `Faulty`.
        durations: The number of steps of each episode, at the last of which it ends.
        seed: As for `Faulty`, or the seed of its resets.
        env_index: As for `Faulty`.

    Returns:
        What the attribute `schedule` of the environment will be.

    Raises:
        InvalidArgumentError: An argument has a value that makes no sense.

    >>> from rltools.mocks import faults
    >>> expected_schedule([faults.NotANumber(at="end")], [2, 3], seed=1)[1].step
    3
    """
    schedule = FaultSchedule(faults, seed, env_index, marks=False)
    if _is_stopped(schedule, Disruption, "constructor", None, None):
        return schedule.fired
    for episode, duration in enumerate(durations):
        check_integer(f"durations[{episode}]", duration, at_least=1)
        for step in range(duration + 1):
            if _is_call_stopped(schedule, episode, step, is_last=step == duration):
                break
        if schedule.fired and schedule.fired[-1].fault.stops_process:
            break
    return schedule.fired


def from_schedule(schedule: Iterable[Firing]) -> tuple[Fault, ...]:
    """Faults that fire again where they have fired, and nowhere else.

    Args:
        schedule: The attribute `schedule` of a faulty environment.

    Returns:
        The faults; in an environment with the same episodes, they do the same.
    """
    return tuple(firing.fault.pinned(firing) for firing in schedule)


def _is_call_stopped(
    schedule: FaultSchedule, episode: int, step: int, *, is_last: bool
) -> bool:
    place = "step" if step else "reset"
    if _is_stopped(schedule, Disruption, place, episode, step):
        return True
    _is_stopped(schedule, Corruption, place, episode, step)
    return is_last and _is_stopped(schedule, Fault, "end", episode, step)


def _is_stopped(
    schedule: FaultSchedule,
    kind: type[Fault],
    place: str,
    episode: int | None,
    step: int | None,
) -> bool:
    return any(
        firing.fault.stops_call or firing.fault.stops_process
        for firing in schedule.due(kind, place, episode, step)
    )
