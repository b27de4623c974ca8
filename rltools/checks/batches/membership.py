"""Checks of the environments of a batch: V7, V9, V12 and V14."""

import copy
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from rltools.checks.batches.guarded_batch import GuardedBatch
from rltools.checks.batches.puppet import GO, INDEX, TOTAL, Puppet, Still
from rltools.checks.batches.trial import BatchTrial, commands
from rltools.checks.check import SkipCheck, check, tell_exception
from rltools.checks.difference import differences
from rltools.errors import RequestTimeoutError

_HELD_STEPS = 6


@check("V7", "every constructor makes an environment of its own, in its place")
def environments_are_distinct(trial: BatchTrial) -> Iterator[str]:
    """Yield rows that are not those of their environment, or of one that is shared."""
    count = trial.options.num_envs
    with trial.puppets() as batch:
        got = [int(row[INDEX]) for row in batch.reset()[0]]
        if got != list(range(count)):
            yield f"environments: expected {list(range(count))}, got {got}"
    shared = Puppet(0)
    try:
        made = trial.make([partial(_return, shared)] * 2)
    except RequestTimeoutError:
        raise
    except Exception:
        return  # To refuse is best. Processes have a copy each, which is as good.
    try:
        made.reset()
        observ = made.step(commands(made, GO))[0]
        steps = [int(row[TOTAL]) for row in observ]
    finally:
        made.close()
    if steps != [1, 1]:
        yield (
            "constructors that return one environment twice: expected an error, got a "
            "batch that steps it twice in each step"
        )


@check("V9", "what was returned never changes afterwards")
def held_results_stay(trial: BatchTrial) -> Iterator[str]:
    """Yield results, and actions of the caller, that are changed by later calls."""
    if not trial.options.copies:
        raise SkipCheck("it is declared that returned arrays are used again")
    resets = trial.mode is AutoresetMode.DISABLED
    if trial.takes_constructors:
        with trial.puppets() as batch:
            yield from _changes(batch, trial.options.seed, resets=resets)
    with trial.own() as batch:
        yield from _changes(batch, trial.options.seed, resets=resets)


@check("V12", "environments of different spaces make no batch")
def different_spaces_raise(trial: BatchTrial) -> Iterator[str]:
    """Yield differences between spaces that nobody minds."""
    box, choice = spaces.Box(-1.0, 1.0, (3,), np.float32), spaces.Discrete(3)
    pair = spaces.Dict(a=box, b=choice)
    others: dict[str, tuple[gym.Space[Any], gym.Space[Any]]] = {
        "shapes of observations": (box, spaces.Box(-1.0, 1.0, (4,), np.float32)),
        "dtypes of observations": (box, spaces.Box(-1.0, 1.0, (3,), np.float64)),
        "keys of observations": (pair, spaces.Dict(a=box, c=choice)),
    }
    cases: dict[str, tuple[tuple[gym.Space[Any], ...], ...]] = {
        name: ((a, choice), (b, choice)) for name, (a, b) in others.items()
    }
    cases["numbers of actions"] = (box, choice), (box, spaces.Discrete(4))
    for name, (first, last) in cases.items():
        try:
            batch = trial.make([partial(Still, *first), partial(Still, *last)])
        except SkipCheck:
            raise
        except RequestTimeoutError as error:
            yield f"different {name}: expected an error, but {error}"
        except Exception:
            pass  # Which one is the batch's own choice.
        else:
            batch.close()
            yield f"different {name}: expected an error, got a batch"


@check("V14", "attributes and calls reach their environments")
def attributes_reach_their_environment(trial: BatchTrial) -> Iterator[str]:
    """Yield values that come from, or arrive at, the wrong place."""
    with trial.puppets() as batch:
        lacking = [n for n in ("call", "get_attr", "set_attr") if not _has(batch, n)]
    if len(lacking) == 3:
        raise SkipCheck("it has none of the methods call, get_attr and set_attr")
    with trial.puppets() as batch:
        places = [int(row[INDEX]) for row in batch.reset()[0]]
        batch.spoiled = True  # Nobody else should find other names.
        yield from _attribute_problems(batch, places, lacking)
    if lacking:
        yield f"methods: expected call, get_attr and set_attr, got no {lacking}"


CHECKS = (
    environments_are_distinct,
    held_results_stay,
    different_spaces_raise,
    attributes_reach_their_environment,
)


def _return(env: gym.Env) -> gym.Env:
    return env


def _has(batch: GuardedBatch, name: str) -> bool:
    return callable(getattr(batch.env, name, None))


def _changes(batch: GuardedBatch, seed: int, *, resets: bool) -> Iterator[str]:
    space = copy.deepcopy(batch.env.action_space)
    space.seed(seed)
    held = [("the result of reset", value := batch.reset(), copy.deepcopy(value))]
    puppets = batch.env.action_space == gym.vector.utils.batch_space(
        Puppet.action_space, batch.env.num_envs
    )
    for step in range(1, _HELD_STEPS + 1):
        actions = commands(batch, GO) if puppets else space.sample()
        held.append((f"the actions of step {step}", actions, copy.deepcopy(actions)))
        value = batch.step(actions)
        held.append((f"the result of step {step}", value, copy.deepcopy(value)))
        if resets and np.any(value[2] | value[3]):
            batch.reset()
    batch.reset()
    for name, value, snapshot in held:
        if found := differences(snapshot, value, name):
            yield f"{found[0]} after later calls"
            batch.spoiled = True
            return


def _attribute_problems(
    batch: GuardedBatch, places: Sequence[int], lacking: Sequence[str]
) -> Iterator[str]:
    def compare(what: str, expected: Sequence[Any], *call: Any, **options: Any) -> Any:
        if call[0] in lacking:
            return
        try:
            got = batch.call(*call, **options)
        except Exception as error:
            yield f"{what}: raised {tell_exception(error)}"
            return
        if list(got) != list(expected):
            yield f"{what}: expected {list(expected)}, got {list(got)}"

    labels = [f"puppet {place}" for place in places]
    yield from compare("get_attr('label')", labels, "get_attr", "label")
    told = [place + 6 for place in places]
    yield from compare("call('tell', 3, times=2)", told, "call", "tell", 3, times=2)
    yield from compare("call('label')", labels, "call", "label")
    if "set_attr" in lacking or "call" in lacking:
        return
    for values, expected in (
        ([f"name {place}" for place in places], None),
        ("one name", ["one name"] * len(places)),
    ):
        what = f"set_attr('label', {values!r})"
        try:
            batch.call("set_attr", "label", values)
        except Exception as error:
            yield f"{what}: raised {tell_exception(error)}"
            continue
        what = f"what environments see after {what}"
        yield from compare(what, expected or values, "call", "whisper")
    few = ["a"] * (len(places) - 1)
    wrong: dict[str, tuple[Any, ...]] = {
        "set_attr with a value too few": ("set_attr", "label", few),
        "get_attr of nothing": ("get_attr", "no_such_attribute"),
    }
    for what, arguments in wrong.items():
        yield from batch.must_raise(what, partial(batch.call, *arguments))
