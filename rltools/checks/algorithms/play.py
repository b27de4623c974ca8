"""Lets an algorithm act in environments by its verbs, and notes what it does wrong."""

import copy
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from rltools.checks.algorithms.actions import Batching, explain_shape, to_arrays
from rltools.checks.algorithms.protocols import HasVerbs
from rltools.checks.check import tell_exception
from rltools.space_checks import explain_mismatch


class Play:
    """Calls the verbs as `rltools.simulate` does, round by round.

    Actions that are wrong are noted and replaced by random ones, so that the play can
    go on. An exception ends it.

    Args:
        verbs: The algorithm.
        envs: The environments to act in.
        seed: Environment i is first reset with the seed plus i; also that of the
            replaced actions, and of which episodes are given up.
        name: What to call the play in problems, such as `"training"`.

    Attributes:
        shape_problems: A line for each batch of actions that is none.
        space_problems: A line for each action that is not of its space.
        failure: What was raised and where; empty if nothing was.
        rounds: The number of rounds so far, in each of which every environment steps.
    """

    def __init__(
        self,
        verbs: HasVerbs,
        envs: Sequence[gym.Env[Any, Any]],
        *,
        seed: int,
        name: str,
    ) -> None:
        self.shape_problems: list[str] = []
        self.space_problems: list[str] = []
        self.failure = ""
        self.rounds = 0
        self._verbs = verbs
        self._envs = envs
        self._name = name
        self._seeds: list[int | None] = [seed + index for index in range(len(envs))]
        self._generator = np.random.default_rng(seed)
        self._observ: list[Any] = [None] * len(envs)  # None where no episode runs.
        self._observs = Batching(envs[0].observation_space)
        self._actions = Batching(copy.deepcopy(envs[0].action_space))
        self._actions.space.seed(seed)

    def play(self, rounds: int, *, given_up: float = 0.0) -> "Play":
        """Step all environments together.

        Args:
            rounds: How many times.
            given_up: With which probability an episode is given up before a step.
        """
        everyone = list(range(len(self._envs)))
        for _ in range(rounds):
            self.play_round([everyone], given_up=given_up)
        return self

    def play_round(
        self, groups: Sequence[Sequence[int]], *, given_up: float = 0.0
    ) -> None:
        """Step every environment once, group after group.

        Args:
            groups: The indices of each group; every index is in one of them.
            given_up: With which probability an episode is given up before the step.
        """
        for group in groups:
            if self.failure:
                return
            for index in group:
                if self._generator.random() < given_up:
                    self._observ[index] = None
            self._step(group)
        self.rounds += 1

    def _step(self, group: Sequence[int]) -> None:
        begins = [index for index in group if self._observ[index] is None]
        for index in begins:
            seed, self._seeds[index] = self._seeds[index], None
            self._observ[index], _ = self._envs[index].reset(seed=seed)
        if begins:
            self._call("begin_episode", begins)
        observ = [self._observ[index] for index in group]
        batch = self._call("perform", group, self._observs.stack(observ))
        actions = self._judge(group, to_arrays(batch))
        if self.failure:
            return
        taken = self._actions.stack(actions)
        results = [
            self._envs[index].step(action)
            for index, action in zip(group, actions, strict=True)
        ]
        following = [result[0] for result in results]
        terminated = np.array([bool(result[2]) for result in results], bool)
        truncated = np.array([bool(result[3]) for result in results], bool)
        self._call(
            "experience",
            group,
            self._observs.stack(observ),
            taken,
            np.array([result[1] for result in results], np.float32),
            terminated,
            truncated,
            self._observs.stack(following),
        )
        ended = terminated | truncated
        for index, observed, is_over in zip(group, following, ended, strict=True):
            self._observ[index] = None if is_over else observed
        if ended.any():
            self._call("end_episode", np.array(group)[ended].tolist())

    def _call(self, verb: str, group: Sequence[int], *arguments: Any) -> Any:
        if self.failure:
            return None
        try:
            return getattr(self._verbs, verb)(np.array(group, np.int32), *arguments)
        except Exception as error:
            told = tell_exception(error)
            self.failure = f"{self._where(verb, group)}: raised {told}"
            return None

    def _judge(self, group: Sequence[int], batch: Any) -> list[Any]:
        """The actions, with random ones in the place of those that are wrong."""
        if self.failure:
            return []
        space, where = self._actions.space, self._where("perform", group)
        if problem := explain_shape(space, len(group), batch, "action"):
            self.shape_problems.append(f"{where}: {problem}")
            return [space.sample() for _ in group]
        actions = self._actions.unstack(batch, len(group))
        for row, action in enumerate(actions):
            if problem := explain_mismatch(space, action, f"action of {group[row]}"):
                self.space_problems.append(f"{where}: {problem}")
                actions[row] = space.sample()
        return actions

    def _where(self, verb: str, group: Sequence[int]) -> str:
        return f"{self._name}, round {self.rounds}, {verb}({list(group)})"
