"""Tells what an intervention makes different from what differs by itself."""

from collections.abc import Callable, Iterable, Iterator

from rltools.checks.environments.trial import EnvTrial

_MORE_PAIRS = 2


def confirm(
    trial: EnvTrial,
    with_it: Callable[[], Iterable[str]],
    without_it: Callable[[], Iterable[str]],
) -> Iterator[str]:
    """Yield differences that are there with an intervention, and only with it.

    Where there are some, it is tried again with and without. What comes and goes by
    itself is left to D1: the environment does not repeat itself, whatever the caller
    does.

    Args:
        trial: Of the environment; is told of what comes and goes.
        with_it: Plays with the intervention; returns how that differs from what it
            should be.
        without_it: Plays the same without.
    """
    found = list(with_it())
    for _ in range(_MORE_PAIRS if found else 0):
        if by_itself := list(without_it()):
            if any(without_it()):
                break  # It lasts: what was done to the environment has broken it.
            trial.unsteady = by_itself[0]
            return
        if not any(with_it()):
            trial.unsteady = found[0]
            return
    yield from found
