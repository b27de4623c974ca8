"""Plays an environment and keeps what it returned, as it was when it was returned."""

import copy
from collections.abc import Callable, Collection, Iterator
from typing import Any, Literal

import gymnasium as gym

from rltools.checks.call import Call, compare_calls
from rltools.checks.difference import differences
from rltools.checks.generators import Generators
from rltools.checks.memory import count_bytes, overwrite, shared_parts

Policy = Callable[[Any, dict[str, Any]], Any]
_LARGEST = 2**28  # Bytes of the observations that are kept.
_FEWEST_STEPS = 10


class Rollout:
    """A number of calls of one environment in a row.

    Args:
        env: The environment.
        seed: Seed of the first reset, and of the actions. None resets without one.
        policy: Function of observation and info that returns an action; None draws
            from a copy of the action space.
        watch: Whether to look for mishaps, which takes most of the time.
        spoil: What to write nonsense to as soon as a call is over: the `"results"`
            that it returned, or the `"action"` that it was given.
        varying_infos: Keys of infos that are left out of the results that are kept.
        options: Options of every reset that is given none; None for no options.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        *,
        seed: int | None,
        policy: Policy | None = None,
        watch: bool = False,
        spoil: Literal["results", "action"] | None = None,
        varying_infos: Collection[str] = (),
        options: dict[str, Any] | None = None,
    ) -> None:
        self.env = env
        self.calls: list[Call] = []
        self._seed = seed
        self._watch = watch
        self._spoil = spoil
        self._varying_infos = varying_infos
        self._policy = policy
        self._options = options
        self._actions = copy.deepcopy(env.action_space)
        self._actions.seed(seed)
        self._last: tuple[Call, Any] | None = None

    @property
    def steps(self) -> list[Call]:
        """Its steps."""
        return [call for call in self.calls if call.verb == "step"]

    @property
    def resets(self) -> list[Call]:
        """Its resets."""
        return [call for call in self.calls if call.verb == "reset"]

    @property
    def episodes_ended(self) -> int:
        """How many episodes came to their end."""
        return sum(call.ended for call in self.calls)

    def play(self, *, steps: int, episodes: int, at_most: int) -> "Rollout":
        """Go on until there are enough steps and enough episodes, or it fails.

        Args:
            steps: Number of steps to take at least.
            episodes: Number of episodes to bring to their end.
            at_most: Number of steps after which to give up; fewer where observations
                are so large that they would not fit into memory.

        Returns:
            The rollout itself.
        """
        taken = ended = 0
        call = self.reset(seed=self._seed)
        size = count_bytes(call.result)
        at_most = min(at_most, max(_FEWEST_STEPS, _LARGEST // max(size, 1)))
        while call.is_complete and taken < at_most:
            if taken >= steps and ended >= episodes:
                break
            call = self.step(self.choose_action())
            taken += 1
            if call.is_complete and call.ended:
                ended += 1
                if taken >= steps and ended >= episodes:
                    break
                call = self.reset()
        return self

    def repeat(self, other: "Rollout", *, at_most: int | None = None) -> "Rollout":
        """Do what another rollout did, with the seed of this one, until they part.

        Args:
            other: Whose resets and actions to repeat.
            at_most: Number of calls after which to stop; None for all of them.

        Returns:
            The rollout itself.
        """
        for call in other.calls[:at_most]:
            if not self.repeat_call(call):
                break
        return self

    def repeat_call(self, call: Call) -> bool:
        """Do what was done by one call.

        Returns:
            Whether it came out so that the next call of that rollout makes sense.
        """
        if call.verb == "step":
            mine = self.step(copy.deepcopy(call.action))
        else:
            mine = self.reset(seed=None if self.calls else self._seed)
        return mine.is_complete and mine.ended == call.ended

    def reset(self, *, seed: int | None = None, **arguments: Any) -> Call:
        """Reset once."""
        if seed is not None:
            arguments["seed"] = seed
        if self._options is not None and "options" not in arguments:
            arguments["options"] = copy.deepcopy(self._options)
        episode = self.calls[-1].episode + 1 if self.calls else 0
        call = Call("reset", episode, 0)
        return self._carry_out(call, lambda: self.env.reset(**arguments))

    def step(self, action: Any) -> Call:
        """Step once."""
        last = self.calls[-1]
        call = Call("step", last.episode, last.step + 1, action=copy.deepcopy(action))
        self._carry_out(call, lambda: self.env.step(action))
        if self._spoil == "action":
            overwrite(action)
        if self._watch and (changes := differences(call.action, action, "action")):
            call.mishaps["action changed"] = changes[0]
        return call

    def choose_action(self) -> Any:
        """Draw or ask for the next action."""
        if self._policy is None:
            return self._actions.sample()
        result = self.calls[-1].result
        return self._policy(result[0], copy.deepcopy(result[-1]))

    def _carry_out(self, call: Call, verb: Callable[[], Any]) -> Call:
        generators = Generators(self.env) if self._watch else None
        returned = None
        try:
            returned = verb()
        except (Exception, SystemExit) as error:
            call.error = error
        if generators is not None:
            call.mishaps.update(generators.changes())
            if self._last is not None:
                self._compare_with_last(call, returned)
            self._last = (call, returned)
        call.result = self._without_varying(_snapshot(returned))
        if self._spoil == "results":
            overwrite(returned)
        self.calls.append(call)
        return call

    def _without_varying(self, result: Any) -> Any:
        if not self._varying_infos or not isinstance(result, tuple):
            return result
        if not isinstance(result[-1], dict):
            return result
        kept = {k: v for k, v in result[-1].items() if k not in self._varying_infos}
        return (*result[:-1], kept)

    def _compare_with_last(self, call: Call, returned: Any) -> None:
        assert self._last is not None
        last, held = self._last
        # The observation and info only: Python shares small numbers and the flags.
        old, new = _named_parts(held), _named_parts(returned)
        changed = differences(
            _named_parts(last.result), _named_parts(self._without_varying(held)), ""
        )
        if changed:
            text = changed[0].replace("['observ']", "observ", 1)
            text = text.replace("['info']", "info", 1)
            call.mishaps["changed later"] = f"what {last.where} returned: {text}"
        if shared := shared_parts(old, new):
            call.mishaps["shared memory"] = f"{shared} of {last.where}"


def compare(
    expected: Rollout, got: Rollout, *, same_types: bool = True
) -> Iterator[str]:
    """Tell where two rollouts first differ; see `compare_calls`."""
    return compare_calls(expected.calls, got.calls, same_types=same_types)


def _named_parts(returned: Any) -> dict[str, Any]:
    if not isinstance(returned, tuple) or len(returned) < 2:
        return {}
    return {"observ": returned[0], "info": returned[-1]}


def _snapshot(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # What can't be copied is kept itself.
        return value
