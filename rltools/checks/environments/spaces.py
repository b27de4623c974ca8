"""Checks of an environment's spaces: S1 to S7."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from gymnasium import spaces

from rltools.checks.check import Hint, check
from rltools.checks.environments.trial import EnvTrial
from rltools.space_checks import describe

_NAMES = ("observation_space", "action_space")


@check("S1", "both spaces exist and are Gymnasium spaces")
def spaces_exist(trial: EnvTrial) -> Iterator[str]:
    """Yield what is missing, with a hint where it comes from the older gym."""
    for name in _NAMES:
        try:
            space = getattr(trial.env, name)
        except AttributeError as error:
            yield f"{name}: expected a Gymnasium space, got AttributeError: {error}"
            continue
        if isinstance(space, spaces.Space):
            continue
        hint = ""
        if type(space).__module__.split(".")[0] == "gym":
            hint = "; rltools.wrappers.FromGym converts environments made with gym"
        yield f"{name}: expected a Gymnasium space, got {describe(space)}{hint}"


@check("S2", "boxes have lower and upper bounds in order", needs=["S1"])
def boxes_are_ordered(trial: EnvTrial) -> Iterator[str]:
    """Yield boxes whose bounds have a wrong shape, are NaN, or are crossed."""
    for path, space in _all_spaces(trial):
        if not isinstance(space, spaces.Box):
            continue
        wrong = [
            f"{path}.{name}: expected shape {space.shape}, got {bound.shape}"
            for name, bound in (("low", space.low), ("high", space.high))
            if bound.shape != space.shape
        ]
        yield from wrong
        if not wrong and not np.all(space.low <= space.high):
            index = tuple(np.argwhere(~(space.low <= space.high))[0].tolist())
            yield (
                f"{path}{list(index) or ''}: expected low <= high, got "
                f"low={space.low[index]} and high={space.high[index]}"
            )
        elif not wrong and (
            np.any(space.low == np.inf) or np.any(space.high == -np.inf)
        ):
            yield f"{path}: expected room between the bounds, got an infinite lower one"


@check("S3", "discrete spaces have at least one element", needs=["S1"])
def discrete_spaces_have_elements(trial: EnvTrial) -> Iterator[str]:
    """Yield Discrete, MultiDiscrete and MultiBinary spaces without elements."""
    for path, space in _all_spaces(trial):
        if isinstance(space, spaces.Discrete) and space.n <= 0:
            yield f"{path}.n: expected a positive number, got {space.n}"
        elif isinstance(space, spaces.MultiDiscrete) and np.any(space.nvec <= 0):
            yield f"{path}.nvec: expected positive numbers, got {space.nvec}"
        elif isinstance(space, spaces.MultiBinary) and min(space.shape, default=0) <= 0:
            yield f"{path}.n: expected positive sizes, got {space.n}"


@check("S4", "no Tuple or Dict is empty", needs=["S1"])
def nested_spaces_have_parts(trial: EnvTrial) -> Iterator[str]:
    """Yield Tuple and Dict spaces that have no parts."""
    for path, space in _all_spaces(trial):
        if isinstance(space, spaces.Tuple | spaces.Dict) and not space.spaces:
            yield f"{path}: expected at least one part, got {space}"


@check("S5", "every access gives the same space object", needs=["S1"])
def spaces_stay(trial: EnvTrial) -> Iterator[str]:
    """Yield spaces that are made anew by every access, or by a reset."""
    before = [getattr(trial.env, name) for name in _NAMES]
    again = [getattr(trial.env, name) for name in _NAMES]
    for name, first, second in zip(_NAMES, before, again, strict=True):
        if first is not second:
            yield (
                f"{name}: expected the same object at every access, got another one "
                "(its random generator would start anew each time)"
            )


@check("S6", "Text, Sequence, Graph and OneOf spaces have elements", needs=["S1"])
def variable_spaces_have_elements(trial: EnvTrial) -> Iterator[str]:
    """Yield spaces of elements of varying size that no element can be drawn from."""
    for path, space in _all_spaces(trial):
        if isinstance(space, spaces.Text):
            if not 0 <= space.min_length <= space.max_length:
                yield (
                    f"{path}: expected 0 <= min_length <= max_length, got "
                    f"{space.min_length} and {space.max_length}"
                )
            if space.max_length and not space.character_set:
                yield f"{path}.character_set: expected characters, got none"
        elif isinstance(space, spaces.OneOf) and not space.spaces:
            yield f"{path}: expected at least one part, got {space}"
        elif isinstance(space, spaces.Sequence):
            feature: Any = space.feature_space
            if not isinstance(feature, spaces.Space):
                found = describe(feature)
                yield f"{path}.feature_space: expected a Gymnasium space, got {found}"
        elif isinstance(space, spaces.Graph):
            for name in ("node_space", "edge_space"):
                part = getattr(space, name)
                if name == "edge_space" and part is None:
                    continue
                if not isinstance(part, spaces.Box | spaces.Discrete):
                    found = describe(part)
                    yield f"{path}.{name}: expected a Box or Discrete, got {found}"


@check("S7", "boxes of actions are bounded", needs=["S1", "S2"])
def actions_are_bounded(trial: EnvTrial) -> Iterator[str]:
    """Yield unbounded actions, and a hint where the bounds are not -1 and 1."""
    hint = False
    for path, space in _all_spaces(trial):
        if not isinstance(space, spaces.Box) or not path.startswith("action_space"):
            continue
        if not space.is_bounded("both"):
            yield f"{path}: expected finite bounds, got {space}"
        elif not (np.all(space.low == -1) and np.all(space.high == 1)):
            hint = True
    if hint:
        yield Hint("Bounds of -1 and 1 suit most algorithms: wrappers.RangeNormalize.")


CHECKS = (
    spaces_exist,
    boxes_are_ordered,
    discrete_spaces_have_elements,
    nested_spaces_have_parts,
    spaces_stay,
    variable_spaces_have_elements,
    actions_are_bounded,
)


def _all_spaces(trial: EnvTrial) -> Iterator[tuple[str, spaces.Space[Any]]]:
    for name in _NAMES:
        yield from _walk(name, getattr(trial.env, name))


def _walk(path: str, space: Any) -> Iterator[tuple[str, spaces.Space[Any]]]:
    yield path, space
    if isinstance(space, spaces.Dict):
        for key, part in space.spaces.items():
            yield from _walk(f"{path}[{key!r}]", part)
    elif isinstance(space, spaces.Tuple | spaces.OneOf):
        for index, part in enumerate(space.spaces):
            yield from _walk(f"{path}[{index}]", part)
    elif isinstance(space, spaces.Sequence):
        yield from _walk(f"{path}.feature_space", space.feature_space)
    elif isinstance(space, spaces.Graph):
        yield from _walk(f"{path}.node_space", space.node_space)
        if space.edge_space is not None:
            yield from _walk(f"{path}.edge_space", space.edge_space)
