"""Check W3: through a wrapper, one reaches what is inside of it."""

from collections.abc import Iterator
from typing import Any

import gymnasium as gym

from rltools.checks.check import check, tell_exception
from rltools.checks.wrappers.trial import Drive, WrapperTrial
from rltools.space_checks import describe

_NAME = "attribute_of_check_wrapper"


@check("W3", "unwrapped, env and attributes reach the right object")
def attributes_arrive(trial: WrapperTrial) -> Iterator[str]:
    """Yield what of the environment inside can't be reached or set from outside."""
    for judge in (_judge_way, _judge_attributes, _judge_unknown, _judge_generator):
        with trial.fresh() as drive:
            try:
                yield from judge(drive)
            except Exception as error:
                yield f"{_TRIED[judge.__name__]}: raised {tell_exception(error)}"


CHECKS = (attributes_arrive,)

_TRIED = {
    "_judge_way": "env and unwrapped",
    "_judge_attributes": "attributes of the environment inside",
    "_judge_unknown": "attributes that nothing has",
    "_judge_generator": "np_random",
}


def _judge_way(drive: Drive) -> Iterator[str]:
    found, base = drive.env.unwrapped, drive.inner.unwrapped
    if found is not base:
        yield f"unwrapped: expected {base}, got {found}"
    layer: Any = drive.env
    while layer is not drive.inner:
        if not isinstance(layer, gym.Env) or not hasattr(layer, "env"):
            yield f"env: expected it to lead to {drive.inner}, got {layer}"
            return
        layer = layer.env


def _judge_attributes(drive: Drive) -> Iterator[str]:
    """Get and set an attribute of the nearest layer inside, then one of the last."""
    env = drive.env
    owners: dict[str, gym.Env[Any, Any]] = {
        "the environment directly inside": drive.inner,
        "the innermost environment": drive.inner.unwrapped,
    }
    for number, (owner_name, owner) in enumerate(owners.items()):
        name, value, other = f"{_NAME}_{number}", object(), object()
        setattr(owner, name, value)
        if not env.has_wrapper_attr(name):
            yield f"has_wrapper_attr: expected True for one of {owner_name}, got False"
            continue
        if (found := env.get_wrapper_attr(name)) is not value:
            yield (
                f"get_wrapper_attr: expected that of {owner_name}, "
                f"got {describe(found)}"
            )
        told = env.set_wrapper_attr(name, other)
        if getattr(owner, name) is not other:
            yield f"set_wrapper_attr: expected to set that of {owner_name}, did not"
        elif told is not True:
            yield f"set_wrapper_attr: expected True when set, got {describe(told)}"
        elif env.get_wrapper_attr(name) is not other:
            yield "get_wrapper_attr: expected what was just set, got something else"


def _judge_unknown(drive: Drive) -> Iterator[str]:
    env = drive.env
    if env.has_wrapper_attr(_NAME):
        yield "has_wrapper_attr: expected False for one that nothing has, got True"
        return
    try:
        found = env.get_wrapper_attr(_NAME)
    except AttributeError:
        pass
    else:
        yield (
            "get_wrapper_attr: expected AttributeError for one that nothing has, "
            f"got {describe(found)}"
        )
    told = env.set_wrapper_attr(_NAME, 1, force=False)
    if told is not False or env.has_wrapper_attr(_NAME):
        yield (
            "set_wrapper_attr: expected force=False to set none that nothing has and "
            f"to return False, got {describe(told)}"
        )


def _judge_generator(drive: Drive) -> Iterator[str]:
    drive.rollout.reset()
    try:
        expected = drive.inner.np_random
    except Exception:  # Environments in other processes have none to give.
        return
    if drive.env.np_random is not expected:
        yield (
            "np_random: expected the generator of the environment inside, got another "
            "one; a wrapper's own has a name of its own"
        )
