"""Check W1: a wrapper's spaces describe its values, outwards and inwards."""

from collections.abc import Iterator

from rltools.checks.check import SkipCheck, check, tell_exception
from rltools.checks.wrappers.trial import Drive, WrapperTrial
from rltools.space_checks import describe, explain_mismatch


@check("W1", "spaces and values change together")
def spaces_fit_values(trial: WrapperTrial) -> Iterator[str]:
    """Yield observations and passed on actions that are not of their spaces."""
    found = [*_judge(trial.drive), *_judge_own_spaces(trial)]
    if not found and trial.options.at_bounds:
        lines = _judge(trial.drive_at_bounds)
        found = [f"with observations and actions at their bounds, {x}" for x in lines]
    if found and (own := list(_judge(trial.bare.drive))):
        raise SkipCheck(f"the environment itself is at fault (see check_env): {own[0]}")
    yield from found


CHECKS = (spaces_fit_values,)


def _judge(drive: Drive) -> Iterator[str]:
    """Judge all calls; an exception that a wrong action causes is not told twice."""
    for index, call in enumerate(drive.rollout.calls):
        wrong_actions = list(_judge_actions(drive, index))
        yield from (f"{call.where}: {problem}" for problem in wrong_actions)
        if call.error is not None:
            if not wrong_actions:
                yield f"{call.where}: raised {tell_exception(call.error)}"
        elif not call.is_complete:
            count = "two" if call.verb == "reset" else "five"
            found = describe(call.result)
            if isinstance(call.result, tuple):
                found = f"a tuple of {len(call.result)}"
            yield f"{call.where}: expected a tuple of {count} values, got {found}"
        else:
            space, observ = drive.env.observation_space, call.result[0]
            if problem := explain_mismatch(space, observ, "observ"):
                yield f"{call.where}: {problem}"


def _judge_actions(drive: Drive, outer: int) -> Iterator[str]:
    space = drive.inner.action_space
    for call in drive.passed_on(outer):
        if call.verb == "step":
            name = "action passed on to the environment"
            if problem := explain_mismatch(space, call.arguments["action"], name):
                yield problem


def _judge_own_spaces(trial: WrapperTrial) -> Iterator[str]:
    """Yield spaces of the inner environment that wrapping or stepping has changed."""
    drive = trial.drive
    for name, space in drive.log.spaces.items():
        found = getattr(drive.inner.env, name)
        if space != found:
            yield (
                f"{name} of the environment inside: expected it to stay {space}, "
                f"got {found}"
            )
