"""Shows recorded episodes to an algorithm, in one surrounding or another."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from rltools.checks.algorithms.actions import Batching, explain_shape, to_arrays
from rltools.checks.algorithms.protocols import HasVerbs
from rltools.errors import InvalidActionError


class Transition(NamedTuple):
    """A step as it was recorded, without its action."""

    observ: Any
    reward: float
    terminated: bool
    truncated: bool
    next_observ: Any

    @property
    def ended(self) -> bool:
        """Whether its episode was over."""
        return self.terminated or self.truncated


Episode = Sequence[Transition]


@dataclass(frozen=True)
class Surrounding:
    """Where and beside what an episode is shown.

    Attributes:
        name: What tells it apart, after "the same observations".
        lines: The episodes that each environment shows, one after the other; from the
            first again when they are over. No entry for one that is not shown at all.
        index: The environment whose last episode is looked at.
    """

    name: str
    lines: dict[int, list[Episode]]
    index: int


def record_episodes(
    env: gym.Env[Any, Any], *, count: int, max_steps: int, seed: int
) -> list[Episode]:
    """Record episodes of random actions.

    Args:
        env: The environment.
        count: How many episodes.
        max_steps: After how many steps an episode is given up.
        seed: Seed of the first reset and of the actions.
    """
    space = copy.deepcopy(env.action_space)
    space.seed(seed)
    episodes: list[Episode] = []
    for number in range(count):
        observ, _ = env.reset(seed=None if number else seed)
        episode: list[Transition] = []
        while len(episode) < max_steps and not (episode and episode[-1].ended):
            following, reward, terminated, truncated, _ = env.step(space.sample())
            step = float(reward), bool(terminated), bool(truncated)
            episode.append(copy.deepcopy(Transition(observ, *step, following)))
            observ = following
        episodes.append(episode)
    return episodes


class Replay:
    """Shows episodes to an algorithm and returns its actions.

    Args:
        verbs: The algorithm.
        observation_space: Observation space of one environment.
        action_space: Action space of one environment.
    """

    def __init__(
        self,
        verbs: HasVerbs,
        observation_space: gym.Space[Any],
        action_space: gym.Space[Any],
    ) -> None:
        self._verbs = verbs
        self._observs = Batching(observation_space)
        self._actions = Batching(action_space)

    def show(self, surrounding: Surrounding) -> list[Any]:
        """Show an episode and all that goes on around it.

        Returns:
            The actions in it, one for each step.
        """
        lines, index = surrounding.lines, surrounding.index
        indices = np.array(list(lines), np.int32)
        places = dict.fromkeys(lines, (0, 0))  # Which episode, and which step of it.
        actions = []
        is_over = False
        while not is_over:
            begins = [i for i, (_, step) in places.items() if step == 0]
            if begins:
                self._verbs.begin_episode(np.array(begins, np.int32))
            now = {i: lines[i][part][step] for i, (part, step) in places.items()}
            action = self._step(indices, list(now.values()))[list(lines).index(index)]
            part, step = places[index]
            if part == len(lines[index]) - 1:
                actions.append(action)
                is_over = step == len(lines[index][part]) - 1
            ends = [i for i, transition in now.items() if transition.ended]
            if ends:
                self._verbs.end_episode(np.array(ends, np.int32))
            for i, (part, step) in places.items():
                is_last = step + 1 == len(lines[i][part])
                following = (part + 1) % len(lines[i])
                places[i] = (following, 0) if is_last else (part, step + 1)
        return actions

    def _step(self, indices: np.ndarray, steps: Sequence[Transition]) -> list[Any]:
        observ = [step.observ for step in steps]
        batch = self._verbs.perform(indices.copy(), self._observs.stack(observ))
        batch, space = to_arrays(batch), self._actions.space
        if problem := explain_shape(space, len(steps), batch, "action"):
            raise InvalidActionError(problem)
        actions = self._actions.unstack(batch, len(steps))
        self._verbs.experience(
            indices.copy(),
            self._observs.stack(observ),
            self._actions.stack(actions),
            np.array([step.reward for step in steps], np.float32),
            np.array([step.terminated for step in steps], bool),
            np.array([step.truncated for step in steps], bool),
            self._observs.stack([step.next_observ for step in steps]),
        )
        return copy.deepcopy(actions)
