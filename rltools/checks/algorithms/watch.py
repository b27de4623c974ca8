"""Watches how an algorithm uses an environment that it steps by itself."""

import copy
from typing import Any

import gymnasium as gym

from rltools.space_checks import explain_mismatch


class Watch(gym.Wrapper[Any, Any, Any, Any]):
    """Notes calls that are out of order and actions that are not of the space.

    Either is put right, so that training can go on: by a reset, or a random action.

    Args:
        env: The environment.
        seed: Seed of the first reset, where the algorithm gives none; also that of
            the replaced actions.
        name: What to call it in problems.

    Attributes:
        order_problems: A line for each step without a running episode.
        space_problems: A line for each action that is not of the space.
        steps: The number of steps so far.
    """

    def __init__(self, env: gym.Env[Any, Any], *, seed: int, name: str) -> None:
        super().__init__(env)
        self.order_problems: list[str] = []
        self.space_problems: list[str] = []
        self.steps = 0
        self._name = name
        self._seed: int | None = seed
        self._running = False
        self._actions = copy.deepcopy(env.action_space)
        self._actions.seed(seed)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode; see `gymnasium.Env.reset`."""
        seed, self._seed = self._seed if seed is None else seed, None
        self._running = True
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Take a step; see `gymnasium.Env.step`."""
        where = f"training, step {self.steps} of {self._name}"
        self.steps += 1
        if not self._running:
            self.order_problems.append(
                f"{where}: expected a reset before it, as no episode runs"
            )
            self.reset()
        if problem := explain_mismatch(self._actions, action, "action"):
            self.space_problems.append(f"{where}: {problem}")
            action = self._actions.sample()
        result = self.env.step(action)
        self._running = not (result[2] or result[3])
        return result
