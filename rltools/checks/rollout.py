"""Plays an environment and keeps what it returned, as it was when it was returned."""

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import gymnasium as gym
import numpy as np

from rltools.checks.check import tell_exception
from rltools.checks.difference import differences
from rltools.checks.memory import shared_parts

Policy = Callable[[Any, dict[str, Any]], Any]
_RESET_NAMES: tuple[str, ...] = ("observ", "info")
_STEP_NAMES = ("observ", "reward", "terminated", "truncated", "info")


@dataclass
class Call:
    """One call of `reset` or `step` and what became of it.

    Attributes:
        verb: `"reset"` or `"step"`.
        episode: Number of the episode, from 0.
        step: Number of steps of the episode so far, 0 for a reset.
        action: Copy of the action, None for a reset.
        result: Copy of all that was returned, or None after an exception.
        error: The exception that was raised instead.
        mishaps: What the call did that it should not: a dictionary from the kind
            (`"shared memory"`, `"changed later"`, `"action changed"`, `"global
            generator"`, `"space generator"`) to a line that tells.
    """

    verb: Literal["reset", "step"]
    episode: int
    step: int
    action: Any = None
    result: Any = None
    error: Exception | None = None
    mishaps: dict[str, str] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """Where in the rollout it was, as a violation tells it."""
        if self.verb == "reset":
            return f"reset of episode {self.episode}"
        return f"step {self.step} of episode {self.episode}"

    @property
    def ended(self) -> bool:
        """Whether it was the last one of its episode."""
        if self.verb == "reset":
            return False
        return self.is_complete and any(np.any(flag) for flag in self.result[2:4])

    @property
    def is_complete(self) -> bool:
        """Whether it returned as many things as its verb has to."""
        count = 2 if self.verb == "reset" else 5
        return isinstance(self.result, tuple) and len(self.result) == count


class Rollout:
    """A number of calls of one environment in a row.

    Args:
        env: The environment.
        seed: Seed of the first reset, and of the actions. None resets without one.
        policy: Function of observation and info that returns an action; None draws
            from a copy of the action space.
        watch: Whether to look for mishaps, which takes most of the time.
    """

    def __init__(
        self,
        env: gym.Env[Any, Any],
        *,
        seed: int | None,
        policy: Policy | None = None,
        watch: bool = False,
    ) -> None:
        self.env = env
        self.calls: list[Call] = []
        self._seed = seed
        self._watch = watch
        self._policy = policy
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
            at_most: Number of steps after which to give up.

        Returns:
            The rollout itself.
        """
        taken = ended = 0
        call = self.reset(seed=self._seed)
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
        episode = self.calls[-1].episode + 1 if self.calls else 0
        call = Call("reset", episode, 0)
        return self._carry_out(call, lambda: self.env.reset(**arguments))

    def step(self, action: Any) -> Call:
        """Step once."""
        last = self.calls[-1]
        call = Call("step", last.episode, last.step + 1, action=copy.deepcopy(action))
        self._carry_out(call, lambda: self.env.step(action))
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
        generators = _Generators(self.env) if self._watch else None
        returned = None
        try:
            returned = verb()
        except Exception as error:
            call.error = error
        if generators is not None:
            call.mishaps.update(generators.changes())
            if self._last is not None:
                self._compare_with_last(call, returned)
            self._last = (call, returned)
        call.result = _snapshot(returned)
        self.calls.append(call)
        return call

    def _compare_with_last(self, call: Call, returned: Any) -> None:
        assert self._last is not None
        last, held = self._last
        # The observation and info only: Python shares small numbers and the flags.
        old, new = _named_parts(held), _named_parts(returned)
        changed = differences(_named_parts(last.result), old, "")
        if changed:
            text = changed[0].replace("['observ']", "observ", 1)
            text = text.replace("['info']", "info", 1)
            call.mishaps["changed later"] = f"what {last.where} returned: {text}"
        if shared := shared_parts(old, new):
            call.mishaps["shared memory"] = f"{shared} of {last.where}"


def compare(
    expected: Rollout, got: Rollout, *, same_types: bool = True
) -> Iterator[str]:
    """Tell where two rollouts of the same actions first differ.

    Args:
        expected: One rollout.
        got: Another one, which may be shorter.
        same_types: Whether rewards and flags have to be of the same Python type.

    Yields:
        A line for every part of the first call that differs.
    """
    for left, right in zip(expected.calls, got.calls, strict=False):
        if left.error is not None or right.error is not None:
            told, found = _tell(left), _tell(right)
            if told != found:
                yield f"{left.where}: expected {told}, got {found}"
            return
        names = _RESET_NAMES if left.verb == "reset" else _STEP_NAMES
        if not (left.is_complete and right.is_complete):
            lines = differences(left.result, right.result, "result")
        else:
            lines = [
                line
                for name, old, new in zip(names, left.result, right.result, strict=True)
                for line in differences(
                    *((old, new) if same_types else (_plain(old), _plain(new))), name
                )
            ]
        yield from (f"{left.where}: {line}" for line in lines)
        if lines:
            return


def _tell(call: Call) -> str:
    return "no exception" if call.error is None else tell_exception(call.error)


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _named_parts(returned: Any) -> dict[str, Any]:
    if not isinstance(returned, tuple) or len(returned) < 2:
        return {}
    return {"observ": returned[0], "info": returned[-1]}


def _snapshot(value: Any) -> Any:
    try:
        return copy.deepcopy(value)
    except Exception:  # What can't be copied is kept itself.
        return value


class _Generators:
    """The random generators that an environment has to leave alone."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        self._env = env
        self._before = self._states()

    def changes(self) -> dict[str, str]:
        after = self._states()
        return {
            kind: f"the state of {name} changed"
            for (kind, name), state in self._before.items()
            if state != after[kind, name]
        }

    def _states(self) -> dict[tuple[str, str], Any]:
        state: Any = np.random.get_state()
        states: dict[tuple[str, str], Any] = {
            ("global generator", "numpy.random"): (state[1].tobytes(), *state[2:]),
            ("global generator", "random"): random.getstate(),
        }
        space = self._env.action_space
        generator = getattr(space, "_np_random", None)
        drawn = None if generator is None else repr(generator.bit_generator.state)
        states["space generator", "action_space"] = drawn
        return states
