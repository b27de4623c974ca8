"""Checks that an algorithm learns tasks whose answers are known: A5."""

from collections.abc import Iterator

from rltools.checks.algorithms.lesson import Lesson
from rltools.checks.algorithms.trial import AlgorithmTrial
from rltools.checks.check import Check, Hint, check
from rltools.mocks import probes
from rltools.mocks.probes import ProbeEnvironment


def _learns(
    name: str, title: str, probe: type[ProbeEnvironment], *needs: str
) -> Check[AlgorithmTrial]:
    @check(name, title, needs=needs)
    def learns(trial: AlgorithmTrial) -> Iterator[str]:
        lesson = Lesson(trial, probe)
        lesson.require_something_to_judge()
        found = lesson.train() or lesson.judge()
        yield from found
        if found:
            yield Hint(f"Look at {probe.suspect}.")
        elif probe is probes.TwoStepDiscount and lesson.is_blind_to_discount:
            yield Hint(
                f"With gamma={trial.options.gamma} and tolerance="
                f"{trial.options.tolerance}, a missing discount would go unnoticed."
            )

    return learns


CHECKS = (
    _learns("A5-constant", "it learns a constant", probes.ConstantReward, "A3"),
    _learns(
        "A5-observation",
        "it learns values that depend on the observation",
        probes.ObservationDependent,
        "A5-constant",
    ),
    _learns(
        "A5-discount",
        "it learns what comes a step later, discounted",
        probes.TwoStepDiscount,
        "A5-observation",
    ),
    _learns(
        "A5-truncation",
        "it learns that a truncated episode would have gone on",
        probes.Truncation,
        "A5-discount",
    ),
    _learns(
        "A5-action",
        "it learns the better action",
        probes.ActionDependent,
        "A5-constant",
    ),
    _learns(
        "A5-observation-action",
        "it learns the better action for each observation",
        probes.ObservationAndAction,
        "A5-observation",
        "A5-action",
    ),
)
