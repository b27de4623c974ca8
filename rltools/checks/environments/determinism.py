"""Checks of what an environment's results depend on: D1 to D3."""

import contextlib
import copy
from collections.abc import Iterator

from rltools.checks.check import Hint, SkipCheck, check
from rltools.checks.difference import differences
from rltools.checks.environments.trial import SECONDS_PER_CALL, EnvTrial
from rltools.checks.rollout import compare
from rltools.errors import NotPicklableError
from rltools.wrappers.external_process import ExternalProcess

_OTHER_SEEDS = 4


@check("D1", "the same seed and actions give the same episodes", needs=["R7", "T10"])
def repeats_itself(trial: EnvTrial) -> Iterator[str]:
    """Yield where a second run differs from the first, or one in another check did."""
    trial.require_reproducible()
    again = trial.start(trial.env).repeat(trial.rollout)
    found = list(compare(trial.rollout, again))
    if not found and trial.unsteady is not None:
        found = [f"not every time: {trial.unsteady}"]
    yield from found
    ended, wanted = trial.rollout.episodes_ended, trial.options.episodes
    if ended < wanted:
        yield Hint(f"Only {ended} of {wanted} episodes came to their end.")


@check("D2", "two instances agree, also across processes", needs=["D1"])
def instances_agree(trial: EnvTrial) -> Iterator[str]:
    """Yield where another instance, here or in another process, differs.

    A third one moves between the steps of the one here: they have nothing in common.
    """
    trial.require_reproducible()
    second_run = trial.second_run
    if trial.instances.problem is not None:
        yield (
            f"make, while another instance exists: {trial.instances.problem}; if only "
            "one may exist at a time, say one_instance=True"
        )
        return
    trial.require_another()
    for line in compare(trial.rollout, second_run):
        yield f"another instance, {line}"
    if not trial.options.processes:
        yield Hint("Not in another process: processes=False.")
        return
    try:
        remote = ExternalProcess(trial.make, timeout=SECONDS_PER_CALL)
    except NotPicklableError as error:
        yield Hint(f"Not in another process: {error}")
        return
    with contextlib.closing(remote):
        there = trial.start(remote).repeat(trial.rollout)
    for line in compare(trial.rollout, there, same_types=False):
        yield f"in another process, {line}"


@check("D3", "another seed gives other episodes", needs=["D1"])
def seed_matters(trial: EnvTrial) -> Iterator[str]:
    """Yield that several seeds all give the same, unless that is declared."""
    trial.require_reproducible()
    if not trial.options.seed_matters:
        raise SkipCheck("it is declared that the seed does not matter")
    for offset in range(1, _OTHER_SEEDS + 1):
        with trial.used() as env:
            other = trial.start(env, seed_offset=offset).repeat(trial.rollout)
        if any(compare(trial.rollout, other)):
            if _repeats_without_seed(trial):
                yield Hint(
                    "Resets without a seed give the episode of the last seed again: "
                    "they are to go on with its generator."
                )
            return
    seed = trial.options.seed
    yield (
        f"expected other episodes of {len(trial.rollout.steps)} steps for the seeds "
        f"{seed} to {seed + _OTHER_SEEDS}, got the same; if the environment is "
        "deterministic, say seed_matters=False"
    )


CHECKS = (repeats_itself, instances_agree, seed_matters)


def _repeats_without_seed(trial: EnvTrial) -> bool:
    """Whether the episode of a seed and the two after it are all the same."""
    actions = [call.action for call in trial.rollout.steps if call.episode == 0]
    with trial.used() as env:
        rollout = trial.start(env)
        episodes = []
        for seed in (trial.options.seed, None, None):
            calls = [rollout.reset(seed=seed)]
            for action in actions:
                calls.append(rollout.step(copy.deepcopy(action)))
                if not calls[-1].is_complete or calls[-1].ended:
                    break
            episodes.append([call.result for call in calls])
    return not any(differences(episodes[0], each, "") for each in episodes[1:])
