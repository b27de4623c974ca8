"""Checks of what an algorithm keeps while it acts: A3 and A4."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rltools import nested
from rltools.checks.algorithms.play import Play
from rltools.checks.algorithms.protocols import HasValue, HasWeights
from rltools.checks.algorithms.replay import (
    Episode,
    Replay,
    Surrounding,
    record_episodes,
)
from rltools.checks.algorithms.trial import AlgorithmTrial, show_weights
from rltools.checks.check import Hint, SkipCheck, check
from rltools.checks.difference import differences

_RECORDED = 32  # Episodes to choose from.
_LOOKED_AT = 16  # The longest of them, in which actions are compared.
_AGAIN = "when all is shown again"
_INDICES = 4  # At most so many of them are compared with the first.
_MAX_STEPS = 10
# Batches of another size may be computed in another order.
_RELATIVE, _ABSOLUTE = 1e-4, 1e-5


@check("A3", "nothing leaks between episodes or environments", needs=["A2", "A4"])
def nothing_leaks(trial: AlgorithmTrial) -> Iterator[str]:
    """Yield actions that depend on more than the observations of their episode."""
    _train_if_possible(trial)
    verbs = trial.evaluate(trial.algorithm)
    if not trial.options.deterministic:
        raise SkipCheck("it is declared to evaluate with random actions")
    env = trial.make_envs()[0]
    episodes = sorted(
        record_episodes(
            env, count=_RECORDED, max_steps=_MAX_STEPS, seed=trial.options.seed
        ),
        key=len,
        reverse=True,
    )
    replay = Replay(verbs, env.observation_space, env.action_space)
    seen = []
    is_repeatable = True
    for number, episode in enumerate(episodes[:_LOOKED_AT]):
        reference, *others = _surroundings(trial, episode, episodes[_LOOKED_AT:])
        expected = replay.show(reference)
        seen += expected
        for surrounding in others:
            found = replay.show(surrounding)
            for step, pair in enumerate(zip(expected, found, strict=True)):
                if not _is_close(*pair):
                    is_repeatable &= surrounding.name != _AGAIN
                    where = f"action at step {step} of episode {number}"
                    for line in differences(*pair, where):
                        yield f"{line} {surrounding.name}"
                    break  # What follows may depend on it.
    if not is_repeatable:
        yield Hint("Say deterministic=False if its evaluation is left to chance.")
    if trial.options.num_envs == 1:
        yield Hint("Only between episodes, as num_envs=1.")
    if all(_is_close(seen[0], action) for action in seen):
        raise SkipCheck(
            f"its action was the same for all {len(seen)} observations, so that no "
            "leak could show"
        )


@check("A4", "evaluation changes no weights", needs=["A1"])
def evaluation_keeps_weights(trial: AlgorithmTrial) -> Iterator[str]:
    """Yield weights that are others after an evaluation than before it."""
    algorithm = trial.algorithm
    if not isinstance(algorithm, HasWeights):
        raise SkipCheck("it has no weights()")
    first = trial.first_weights
    _train_if_possible(trial)
    verbs = trial.evaluate(algorithm)
    before = show_weights(algorithm)
    envs = trial.make_envs()
    play = Play(verbs, envs, seed=trial.options.seed, name="evaluation")
    play.play(trial.rounds)
    if isinstance(algorithm, HasValue):
        observ, _ = envs[0].reset()
        algorithm.value(observ)
    yield from differences(before, show_weights(algorithm), "weights")
    if play.failure:
        yield play.failure
    if not differences(first, before, "weights"):
        raise SkipCheck(
            "weights() are as they were before its training of "
            f"{trial.options.steps} steps, so that they may not show what changes"
        )


CHECKS = (nothing_leaks, evaluation_keeps_weights)


def _train_if_possible(trial: AlgorithmTrial) -> None:
    _ = trial.own_training, trial.training


def _surroundings(
    trial: AlgorithmTrial, episode: Episode, others: list[Episode]
) -> Iterator[Surrounding]:
    """The reference, and all that must not make a difference to it."""
    count = trial.options.num_envs
    first, second, third, fourth, *_ = others

    def beside(index: int, line: list[Episode], *aside: Episode) -> dict[int, Any]:
        """Environments of which one shows the line, the others what is aside."""
        lines = {i: [aside[i % len(aside)]] for i in range(count)}
        lines[index] = line
        return lines

    yield Surrounding("", beside(0, [episode], first, second), 0)
    yield Surrounding(_AGAIN, beside(0, [episode], first, second), 0)
    yield Surrounding(
        "after another episode", beside(0, [second, episode], first, second), 0
    )
    yield Surrounding(
        "after an episode that was given up",
        beside(0, [first[:1], episode], first, second),
        0,
    )
    if count == 1:
        return
    yield Surrounding("beside other episodes", beside(0, [episode], third, fourth), 0)
    for index in {*range(1, min(count, _INDICES)), count - 1}:
        yield Surrounding(
            f"in environment {index}", beside(index, [episode], first, second), index
        )
    if trial.options.subsets:
        yield Surrounding("alone", {0: [episode]}, 0)
        yield Surrounding(
            f"alone in environment {count - 1}", {count - 1: [episode]}, count - 1
        )


def _is_close(expected: Any, found: Any) -> bool:
    left = nested.flatten(expected)
    right = nested.flatten(found)
    return len(left) == len(right) and all(
        _is_close_leaf(*pair) for pair in zip(left, right, strict=True)
    )


def _is_close_leaf(expected: Any, found: Any) -> bool:
    if isinstance(expected, np.ndarray | np.generic) and np.issubdtype(
        np.asarray(expected).dtype, np.floating
    ):
        return bool(np.allclose(found, expected, _RELATIVE, _ABSOLUTE, equal_nan=True))
    return not differences(expected, found, "")
