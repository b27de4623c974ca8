"""Check W2: what a reset is given arrives at the environment inside."""

import warnings
from collections.abc import Iterator
from typing import Any

from rltools.checks.check import SkipCheck, check, tell_exception
from rltools.checks.wrappers.spy import SpiedCall
from rltools.checks.wrappers.trial import Drive, WrapperTrial

_SEEDS = (0, 5)  # Zero is one, too.
# An option that nobody knows: the environment is spared it.
_UNKNOWN_OPTIONS = {"option_of_check_wrapper": [1, 2]}


@check("W2", "seed and options pass through reset")
def reset_passes_on(trial: WrapperTrial) -> Iterator[str]:
    """Yield arguments of resets that get lost, and seeds out of nowhere."""
    with trial.fresh() as drive:
        if (error := drive.rollout.reset().error) is not None:
            raise SkipCheck(f"reset() raised {tell_exception(error)}")
    options = trial.options.options or _UNKNOWN_OPTIONS
    cases: list[dict[str, Any]] = [{"seed": seed} for seed in _SEEDS]
    cases += [{"options": options}, {"seed": _SEEDS[-1], "options": options}, {}]
    keep_options = options is _UNKNOWN_OPTIONS
    with trial.fresh(keep_options=keep_options) as drive:
        for arguments in cases:
            rollout = drive.start()
            call = rollout.reset(**arguments)
            text = ", ".join(f"{name}={value}" for name, value in arguments.items())
            if call.error is not None:
                yield f"reset({text}): raised {tell_exception(call.error)}"
                continue
            for problem in _judge(arguments, drive.log.of("reset")):
                yield f"reset({text}): {problem}"
    yield from _judge_later_seeds(trial)


CHECKS = (reset_passes_on,)


def _judge(arguments: dict[str, Any], resets: list[SpiedCall]) -> Iterator[str]:
    if not resets:
        yield "expected a reset of the environment inside, got none"
        return
    seeds = [reset.arguments["seed"] for reset in resets]
    expected = arguments.get("seed")
    # A wrapper may reset more than once; one of them has to restart the random stream.
    if expected is None:
        if any(seed is not None for seed in seeds):
            yield f"expected no seed at the environment inside, got {_tell(seeds)}"
    elif expected not in [seed for seed in seeds if seed is not None]:
        yield f"expected seed={expected} at the environment inside, got {_tell(seeds)}"
    # The last reset is the one that the episode begins with.
    options = resets[-1].arguments["options"] or {}
    for name, value in (arguments.get("options") or {}).items():
        if name not in options or options[name] != value:
            yield (
                f"expected options[{name!r}]={value!r} at the environment inside, got "
                f"options={resets[-1].arguments['options']!r}"
            )


def _judge_later_seeds(trial: WrapperTrial) -> Iterator[str]:
    """Yield seeds given again in later episodes, which would all be the same."""
    yield from _judge_seeds(trial.drive)
    with trial.fresh() as drive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Many warn of steps after the end.
        drive.rollout.play(steps=0, episodes=1, at_most=trial.options.steps)
        if drive.rollout.calls[-1].ended:
            drive.rollout.step(drive.rollout.choose_action())  # It may reset by itself.
        yield from _judge_seeds(drive)


def _judge_seeds(drive: Drive) -> Iterator[str]:
    seen: list[Any] = []
    for reset in drive.log.of("reset"):
        seed = reset.arguments["seed"]
        if seed in seen and reset.outer > 0:
            where = drive.rollout.calls[reset.outer].where
            yield (
                f"{where}: expected no seed at the environment inside, got {seed} "
                "again, which gives the same episode again"
            )
            return
        if seed is not None:
            seen.append(seed)


def _tell(seeds: list[Any]) -> str:
    if len(seeds) == 1:
        return f"seed={seeds[0]}"
    return f"seeds {', '.join(map(str, seeds))} in {len(seeds)} resets"
