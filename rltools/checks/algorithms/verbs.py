"""Checks of how an algorithm deals with environments: A1 and A2."""

import itertools
import numbers
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from rltools.checks.algorithms.actions import to_arrays
from rltools.checks.algorithms.play import Play
from rltools.checks.algorithms.protocols import Acts, Evaluates, HasVerbs
from rltools.checks.algorithms.trial import AlgorithmTrial
from rltools.checks.check import Hint, SkipCheck, check
from rltools.space_checks import describe

_SUBSETS = 16  # Of the environments, at most.


@check("A1", "it takes every legal order of calls and returns right shapes")
def takes_legal_orders(trial: AlgorithmTrial) -> Iterator[str]:
    """Yield what was raised, batches of wrong shape, and steps out of order."""
    trial.require_training()
    play = trial.training
    if play is not None:
        yield from play.shape_problems
        if play.failure:
            yield play.failure
        yield from _judge_summary(trial)
    for watch in trial.own_training:
        yield from watch.order_problems
    if trial.own_training and not any(watch.steps for watch in trial.own_training):
        yield "train(steps): expected it to step the environments, got no step"


@check("A2", "actions are of the action space", needs=["A1"])
def actions_are_in_space(trial: AlgorithmTrial) -> Iterator[str]:
    """Yield actions outside of the space, for all kinds of subsets of environments."""
    algorithm = trial.algorithm
    if trial.training is not None:
        yield from trial.training.space_problems
    for watch in trial.own_training:
        yield from watch.space_problems
    seed = trial.options.seed
    players = []
    if isinstance(algorithm, HasVerbs):
        play = Play(algorithm, trial.make_envs(), seed=seed, name="training")
        players.append(play.play(1))
    if isinstance(algorithm, Evaluates | Acts):
        verbs = trial.evaluate(algorithm)
        play = Play(verbs, trial.make_envs(), seed=seed, name="evaluation")
        players.append(play.play(trial.rounds))
    if not players and not trial.own_training:
        raise SkipCheck("it has no verbs, and can neither train, evaluate nor act")
    for play in players:
        if trial.options.subsets:
            for groups in _divide(trial.options.num_envs, seed):
                play.play_round(groups)
        yield from [*play.shape_problems, *play.space_problems]
        if play.failure:
            yield play.failure
    if not trial.options.subsets:
        yield Hint("Not with subsets of the environments: subsets=False.")


CHECKS = (takes_legal_orders, actions_are_in_space)


def _divide(count: int, seed: int) -> Iterator[Sequence[Sequence[int]]]:
    """Divide indices into two groups: all ways, or some if there are many."""
    generator = np.random.default_rng(seed)
    everyone = range(count)
    sizes = range(count + 1)
    if 2**count <= _SUBSETS:
        chosen = [
            list(group)
            for size in sizes
            for group in itertools.combinations(everyone, size)
        ]
    else:
        chosen = [
            generator.permutation(count)[:size].tolist()
            for size in [*(0, 1, 1, count - 1), *generator.choice(sizes, _SUBSETS - 4)]
        ]
    for group in chosen:
        rest = [index for index in reversed(everyone) if index not in group]
        yield [group, rest]


def _judge_summary(trial: AlgorithmTrial) -> Iterator[str]:
    summarize = getattr(trial.algorithm, "summary", None)
    if summarize is None:
        return
    summary = to_arrays(summarize())
    if not isinstance(summary, Mapping):
        yield f"summary(): expected a dict, got {describe(summary)}"
        return
    for name, value in summary.items():
        is_number = isinstance(value, np.ndarray) and value.dtype.kind in "biuf"
        if not isinstance(name, str):
            yield f"summary(): expected str as keys, got {describe(name)}"
        elif not is_number and not isinstance(value, numbers.Real | np.bool_):
            yield f"summary()[{name!r}]: expected numbers, got {describe(value)}"
