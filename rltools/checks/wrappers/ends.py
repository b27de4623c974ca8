"""Check W4: what a wrapper makes of the observation that ends an episode."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from rltools.checks.bounds import varied_elements
from rltools.checks.call import Call
from rltools.checks.check import Hint, SkipCheck, check
from rltools.checks.difference import differences
from rltools.checks.rollout import Rollout
from rltools.checks.wrappers.spy import SpiedCall
from rltools.checks.wrappers.trial import WrapperTrial

_STEPS = 10  # Outer steps to look for those that can be compared.
_OTHERS = 6  # Observations to put in the place of the one that an episode ends with.
_ENDS = {"terminated": (True, False), "truncated": (False, True)}
_GOES_ON = (False, False)

Observe = Callable[[int, Any], Any]


@dataclass(frozen=True)
class _Place:
    """An outer step, with the numbers of the steps inside that it is made of."""

    outer: int
    first: int
    last: int


@dataclass(frozen=True)
class _Try:
    """What came of an outer step whose inside was told to end, or to go on."""

    call: Call
    inner: list[SpiedCall]

    @property
    def observ(self) -> Any:
        return self.call.result[0]

    @property
    def verbs(self) -> list[str]:
        return [call.verb for call in self.inner]


@check(
    "W4",
    "the observation that ends an episode is like any other",
    needs=["W1", "W2", "W5"],
)
def ends_like_any_other(trial: WrapperTrial) -> Iterator[str]:
    """Yield last observations that come out otherwise than where the episode goes on.

    The same steps are taken twice, with an end told at one of them and without.
    """
    survey, places = _survey(trial)
    is_compared = False
    for place in dict.fromkeys((places[0], places[-1])):
        on = _try(trial, survey, place, {place.last: _GOES_ON})
        if not on.call.is_complete or on.call.ended:
            continue  # It ends by itself, whatever goes on inside.
        surveyed = survey.calls[place.outer]
        if not surveyed.ended and differences(surveyed.result[0], on.observ, ""):
            raise SkipCheck("its observations are others each time (W5 tells more)")
        for name, flags in _ENDS.items():
            end = _try(trial, survey, place, {place.last: flags})
            if end.verbs[: len(on.verbs)] == on.verbs:
                is_compared = True
                yield from _judge(name, on, end)
    if not is_compared:
        raise SkipCheck("every step ends an episode, whatever goes on inside")
    yield from _judge_short_step(trial, survey, places[0])


CHECKS = (ends_like_any_other,)


def _survey(trial: WrapperTrial) -> tuple[Rollout, list[_Place]]:
    """Play, and find the outer steps with nothing but steps in them."""
    with trial.fresh() as drive:
        rollout = drive.rollout.play(steps=1, episodes=1, at_most=_STEPS)
        places: list[_Place] = []
        number = 0
        for outer, call in enumerate(rollout.calls):
            inner = [c for c in drive.passed_on(outer) if c.verb in ("reset", "step")]
            first, number = number, number + sum(c.verb == "step" for c in inner)
            is_plain = bool(inner) and all(c.verb == "step" for c in inner)
            if call.verb != "step" or not call.is_complete or not is_plain:
                continue
            is_made_of_several = len(inner) > 1 or any(p.first < p.last for p in places)
            if is_made_of_several and any(inner[-1].result[2:4]):
                continue  # Cut short, maybe: with the end hidden, it would go on.
            places.append(_Place(outer, first, number - 1))
    if not places:
        raise SkipCheck("no step of it can be taken with and without an end inside")
    return rollout, places


def _try(
    trial: WrapperTrial,
    survey: Rollout,
    place: _Place,
    flags: Mapping[int, tuple[bool, bool]],
    observe: Observe | None = None,
) -> _Try:
    with trial.fresh(flags=flags, observe=observe) as drive:
        drive.rollout.repeat(survey, at_most=place.outer + 1)
        return _Try(drive.rollout.calls[-1], drive.passed_on(place.outer))


def _judge(name: str, on: _Try, end: _Try) -> Iterator[str]:
    where = f"{end.call.where}, {name} inside"
    if not end.call.is_complete:
        yield f"{where}: expected an observation, got {end.call.error!r}"
        return
    reset = ""
    if "reset" in end.verbs:
        reset = " (the environment inside was reset, and the last observation is lost)"
    for line in differences(on.observ, end.observ, "observ"):
        yield f"{where}: {line}{reset}"
    flags = dict(zip(_ENDS, end.call.result[2:4], strict=True))
    if name == "truncated" and flags == {"terminated": True, "truncated": False}:
        yield Hint(
            f"{where}: it came out as terminated, so that a learner takes the value of "
            "what would have come after it for zero."
        )
    elif not flags[name] and not reset:
        yield Hint(f"{where}: the flag did not come out.")


def _judge_short_step(
    trial: WrapperTrial, survey: Rollout, place: _Place
) -> Iterator[str]:
    """Judge steps made of several, where the episode ends before the last of them.

    There is nothing to compare the observation with. But if it depends on the last one
    inside where the episode goes on, then it has to where the episode ends.
    """
    space = trial.drive.inner.observation_space

    def depends(number: int, flags: tuple[bool, bool]) -> bool:
        def results() -> Iterator[_Try]:
            yield _try(trial, survey, place, {number: flags})
            elements = varied_elements(space, seed=trial.options.seed)
            for other in islice(elements, _OTHERS):
                put = _put(number, other)
                yield _try(trial, survey, place, {number: flags}, put)

        first, *others = results()
        return any(differences(first.observ, each.observ, "") for each in others)

    if place.first == place.last or not depends(place.last, _GOES_ON):
        return
    for number in range(place.first, place.last):
        if not depends(number, _ENDS["terminated"]):
            count = number - place.first + 1
            yield (
                f"{survey.calls[place.outer].where}, terminated inside after {count} "
                f"of {place.last - place.first + 1} steps: expected an observation "
                "that depends on the last one inside, got one that does not"
            )


def _put(number: int, other: Any) -> Observe:
    return lambda step, observ: other if step == number else observ
