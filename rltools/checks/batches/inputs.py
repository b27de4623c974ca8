"""Checks of what a batch is given: V4 to V6."""

import inspect
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode

from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.checks.batches.movement import refusal_problems
from rltools.checks.batches.puppet import GO, SEED, TERMINATE
from rltools.checks.batches.trial import BatchTrial, commands
from rltools.checks.check import Hint, SkipCheck, check, tell_exception
from rltools.errors import RequestTimeoutError

NOT_COMPARED = "The caller's environments were not compared while V6 fails."
"""What checks say that can't play environments without their seeds."""

_SEED = 1000


@check("V4", "reset masks and indices that make no sense raise before anything moves")
def bad_masks_raise(trial: BatchTrial) -> Iterator[str]:
    """Yield masks and indices that are accepted, or change what they should not."""
    count = trial.options.num_envs
    with trial.puppets() as batch:
        takes_indices = "indices" in inspect.signature(batch.env.reset).parameters
    takes_mask = trial.mode is AutoresetMode.DISABLED
    if not (takes_mask or takes_indices):
        raise SkipCheck(
            f"its autoreset mode is {trial.mode.value}, where nobody resets some "
            "environments only"
        )
    if takes_mask:
        for name, mask in _bad_masks(count):
            options: Any = {"reset_mask": mask}
            with trial.puppets() as batch:
                call = partial(batch.reset, options=options)
                yield from refusal_problems(batch, call, f"reset_mask: {name}")
        mask = np.ones(count, np.bool_)
        options = {"reset_mask": mask}
        with trial.puppets() as batch:
            batch.reset()
            batch.reset(options=options)
        if options.get("reset_mask") is not mask:
            yield (
                "options: expected the caller's to stay as they are, got "
                f"{options} after a reset with a reset_mask"
            )
    if takes_indices:
        for name, indices in _bad_indices(count):
            with trial.puppets() as batch:
                call = partial(batch.reset, indices=indices)
                yield from refusal_problems(batch, call, f"indices: {name}")


@check("V5", "actions that do not fit raise before anything moves")
def bad_actions_raise(trial: BatchTrial) -> Iterator[str]:
    """Yield actions that are accepted, or move some environments before they raise."""
    outside = trial.options.checks_actions
    for box, cases in ((False, _bad_commands), (True, _bad_boxes)):
        for name, actions in cases(trial.options.num_envs, outside):
            with trial.puppets(box=box) as batch:
                call = partial(batch.step, actions)
                yield from refusal_problems(batch, call, f"actions: {name}")
    if not outside:
        yield Hint("Actions outside of the space were not tried, as declared.")


@check("V6", "every environment has its seed, and autoresets have none")
def seeds_arrive(trial: BatchTrial) -> Iterator[str]:
    """Yield seeds that reach environments they are not for, or do not arrive."""
    count, mode = trial.options.num_envs, trial.mode_if_known
    with trial.puppets() as batch:
        batch.spoiled = True
        numbers = [_SEED + index for index in range(count)]
        if trial.options.consecutive_seeds:
            yield from _seed_differences(batch, _SEED, numbers)
        else:
            first, again = (_seeds(batch.reset(seed=_SEED)[0]) for _ in range(2))
            if len(set(first)) < count or -1 in first:
                yield f"reset(seed={_SEED}): expected distinct seeds, got {first}"
            if again != first:
                yield f"reset(seed={_SEED}) again: expected {first}, got {again}"
        yield from _seed_differences(batch, None, [-1] * count)
        listed = [*range(5 * count, 4 * count, -1)]
        if trial.options.seed_lists:
            yield from _seed_differences(batch, listed, listed)
            partly = [None, *listed[1:]]
            yield from _seed_differences(batch, partly, [-1, *listed[1:]])
            if mode is AutoresetMode.DISABLED:
                yield from _masked_seed_problems(batch, listed)
        yield from _seeds_after_the_end(mode, batch)
        batch.spoiled = False
    for wrong in (listed[:-1], [*listed, 1]) if trial.options.seed_lists else ():
        with trial.puppets() as batch:
            call = partial(batch.reset, seed=wrong)
            name = f"{len(wrong)} seeds for {count} environments"
            yield from refusal_problems(batch, call, name)


CHECKS = (bad_masks_raise, bad_actions_raise, seeds_arrive)


def has_own_seeds(trial: BatchTrial) -> bool:
    """Whether the seeds that the caller's environments are played with go astray."""
    if not trial.takes_constructors:
        return False  # Nobody can tell.
    argument, seeds = trial.seeds(trial.options.seed)
    try:
        with trial.puppets() as batch:
            found = list(_seed_differences(batch, argument, seeds))
            batch.spoiled = bool(found)
    except RequestTimeoutError:
        raise
    except Exception:
        return True
    return bool(found)


def _bad_masks(count: int) -> Iterator[tuple[str, Any]]:
    yield "a list", [True] * count
    yield "of integers", np.ones(count, np.int64)
    yield "too short", np.ones(count - 1, np.bool_)
    yield "too long", np.ones(count + 1, np.bool_)
    yield "of two dimensions", np.ones((count, 1), np.bool_)
    yield "without any True", np.zeros(count, np.bool_)


def _bad_indices(count: int) -> Iterator[tuple[str, Any]]:
    yield "too high", [count]
    yield "below zero", [-1]
    yield "one twice", [0, 0]
    yield "floats", [0.0]
    yield "flags", [True]
    yield "not in a list", 0


def _bad_commands(count: int, outside: bool) -> Iterator[tuple[str, Any]]:
    fine = np.full(count, GO)
    yield "one too few", fine[:-1]
    yield "one too many", np.append(fine, fine[:1])
    yield "a scalar", fine.dtype.type(GO)
    yield "None", None
    if outside:
        for name, value in (("too high", 7), ("below zero", -1)):
            wrong = fine.copy()
            wrong[-1] = value
            yield f"the last one {name}", wrong
        yield "floats for integers", fine + 0.5


def _bad_boxes(count: int, outside: bool) -> Iterator[tuple[str, Any]]:
    fine = np.zeros((count, 2), np.float32)
    yield "one too few, of a Box", fine[:-1]
    yield "one too many, of a Box", np.concatenate([fine, fine[:1]])
    yield "a scalar for a Box", np.float32(0)
    if outside:
        yield "of another shape than the Box", np.zeros((count, 3), np.float32)
        for name, value in (("beyond the Box", 2), ("NaN in a Box", np.nan)):
            wrong = fine.copy()
            wrong[-1, -1] = value
            yield f"the last one {name}", wrong


def _seeds(observ: Any) -> list[int]:
    return [int(row[SEED]) for row in observ]


def _seed_differences(
    batch: GuardedBatch, argument: Any, expected: list[int]
) -> Iterator[str]:
    got = _seeds(batch.reset(seed=argument)[0])
    if got != expected:
        place = f"reset(seed={argument})"
        yield f"{place}: expected seeds {expected}, got {got} (-1 is None)"


def _masked_seed_problems(batch: GuardedBatch, seeds: list[int]) -> Iterator[str]:
    """With a mask, too, a list has a seed for every environment of the batch."""
    mask = np.arange(len(seeds)) == len(seeds) - 1
    try:
        observ, _ = batch.reset(seed=seeds, options={"reset_mask": mask})
    except Exception as error:
        yield f"reset(seed={seeds}) with a reset_mask: raised {tell_exception(error)}"
        return
    if (got := _seeds(observ)[-1]) != seeds[-1]:
        yield (
            f"reset(seed={seeds}) with a reset_mask of the last one: expected the seed "
            f"{seeds[-1]}, got {got} (-1 is None)"
        )


def _seeds_after_the_end(
    mode: AutoresetMode | None, batch: GuardedBatch
) -> Iterator[str]:
    if mode is None or mode is AutoresetMode.DISABLED:
        return
    batch.reset(seed=_SEED)
    observ = batch.step(commands(batch, TERMINATE))[0]
    if mode is AutoresetMode.NEXT_STEP:
        observ = batch.step(commands(batch, GO))[0]
    got = {seed for seed in _seeds(observ) if seed in range(10 * _SEED)}
    if got:
        yield (
            f"the autoreset after reset(seed=...): expected no seeds, got {sorted(got)}"
        )
