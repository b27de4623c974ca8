"""Begin every episode in a random situation."""

import copy
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.utils import RecordConstructorArgs

from rltools.arguments import check_integer

# Separates the random stream from that of the environment, which has the same seed.
_STREAM = 1


class RandomStart(gym.Wrapper, RecordConstructorArgs):
    """Take a random number of random actions at every reset.

    The number is drawn evenly from 0 to `max_steps`. Observation and info of the reset
    are those of the last step, and the rewards are dropped. The environment counts the
    steps: a time limit inside of this wrapper leaves that many fewer.

    If the episode ends on the way, after n steps, the environment is reset again with
    the same options and the number is drawn anew from 0 to n - 1. So the reset always
    comes to an end, in a state from which the episode can go on.

    Numbers and actions come from a stream of the wrapper itself that `reset(seed=...)`
    restarts; the generator of the public action space is left alone.

    Args:
        env: The environment to wrap.
        max_steps: The largest number of random steps, at least 1.

    Raises:
        InvalidArgumentError: `max_steps` is not an integer of at least 1.
    """

    def __init__(self, env: gym.Env, max_steps: int) -> None:
        self._max_steps = check_integer("max_steps", max_steps, at_least=1)
        RecordConstructorArgs.__init__(self, max_steps=self._max_steps)
        gym.Wrapper.__init__(self, env)
        self._actions = copy.deepcopy(env.action_space)
        self._start_stream(np.random.default_rng())

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode and take the random steps.

        Args:
            seed: Seeds the environment and the random steps; None continues both.
            options: Passed on to the environment.

        Returns:
            Tuple of the observation that the episode starts from and its info.
        """
        observ, info = self.env.reset(seed=seed, options=options)
        if seed is not None:
            self._start_stream(np.random.default_rng([seed, _STREAM]))
        steps = self._draw(self._max_steps)
        step = 0
        while step < steps:
            step += 1
            observ, _, terminated, truncated, info = self.env.step(
                self._actions.sample()
            )
            if terminated or truncated:
                observ, info = self.env.reset(options=options)
                steps = self._draw(step - 1)
                step = 0
        return observ, info

    def _start_stream(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._actions.seed(int(generator.integers(2**31)))

    def _draw(self, limit: int) -> int:
        return int(self._generator.integers(limit, endpoint=True))
