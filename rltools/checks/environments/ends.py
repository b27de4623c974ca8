"""Checks of how an environment's episodes end: T11 and T12."""

from collections.abc import Iterator

from rltools.checks.check import SkipCheck, check
from rltools.checks.environments.trial import EnvTrial


@check("T11", "episodes end within their greatest length", needs=["T1"])
def episodes_end(trial: EnvTrial) -> Iterator[str]:
    """Yield episodes that are longer than was declared."""
    rollout, limit = trial.rollout, trial.max_steps
    if limit is None and not rollout.episodes_ended:
        raise SkipCheck(
            f"no episode ended within {len(rollout.steps)} steps, and no max_steps is "
            "declared"
        )
    for call in rollout.steps:
        if limit is not None and call.step == limit and not call.ended:
            yield f"{call.where}: expected the end by then (max_steps={limit})"


@check("T12", "an episode is either terminated or truncated", needs=["T4"])
def flags_are_consistent(trial: EnvTrial) -> Iterator[str]:
    """Yield steps with both flags, but for the one that reached the time limit."""
    if trial.options.ends_both_ways:
        raise SkipCheck("both flags at once are declared to be allowed")
    if not trial.rollout.episodes_ended:
        raise SkipCheck(f"no episode ended within {len(trial.rollout.steps)} steps")
    limit = getattr(trial.env.spec, "max_episode_steps", None)
    for call in trial.rollout.steps:
        if all(call.result[2:4]) and call.step != limit:
            yield (
                f"{call.where}: expected one of terminated and truncated, got both "
                "(a learner must know whether the value after the end is zero)"
            )


CHECKS = (episodes_end, flags_are_consistent)
