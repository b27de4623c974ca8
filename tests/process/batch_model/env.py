"""Environments whose observations tell all that a mix-up could change.

The model of a batch steps a `Twin` of each: the same environment without its harm.
"""

import os
import signal
import sys

import cloudpickle
import gymnasium as gym
import numpy as np

cloudpickle.register_pickle_by_value(sys.modules[__name__])

GO, INFORM, TERMINATE, TRUNCATE, RAISE, WAIT, DIE = range(7)


class CountingEnv(gym.Env):
    """Observes (number, process, episode in its life, step, random number, action).

    The random number is drawn by every reset, and -1 before the first seed. What the
    environment waits for is one byte from the gate, a named pipe. A reset does what its
    option "harm" has for the environment's number.
    """

    observation_space = gym.spaces.Box(-np.inf, np.inf, (6,), np.float64)
    action_space = gym.spaces.Discrete(7)

    def __init__(self, number, gate=None):
        self.number = number
        self.gate = gate
        self.process = os.getpid()
        self.episode = self.steps = 0
        self.last_action = self.drawn = -1
        self._is_seeded = False
        self._buffer = np.zeros(6)  # Used again and again.

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._is_seeded |= seed is not None
        self.episode += 1
        self.steps = 0
        self.last_action = -1
        self.drawn = self.np_random.integers(2**30) if self._is_seeded else -1
        self.harm((options or {}).get("harm", {}).get(self.number, GO))
        # With and without an info, which take different ways.
        return self._observe(), {"episode": self.episode} if self.number % 2 else {}

    def step(self, action):
        if not self.episode:
            raise ValueError("has not been reset in this life")
        self.harm(action)
        self.steps += 1
        self.last_action = int(action)
        reward = self.number + self.steps / 128
        info = {"steps": self.steps} if action == INFORM else {}
        ends = action == TERMINATE, action == TRUNCATE
        return self._observe(), reward, *ends, info

    def harm(self, action):
        """Do what an action does beside taking a step; returns the state."""
        if action == RAISE:
            raise ValueError("as it was told to")
        if action == WAIT:
            self._wait()
        if action == DIE:
            os.kill(os.getpid(), signal.SIGKILL)
        return self.state()

    def state(self):
        """What is observed, as a list."""
        return [
            *(self.number, self.process, self.episode, self.steps),
            *(int(self.drawn), self.last_action),
        ]

    def _observe(self):
        self._buffer[:] = self.state()
        return self._buffer

    def _wait(self):
        with open(self.gate, "rb", buffering=0) as gate:
            gate.read(1)


class Twin(CountingEnv):
    """Counts as its original does, in this process and without waiting."""

    def __init__(self, number, process):
        super().__init__(number)
        self.process = process

    def _observe(self):
        return np.array(self.state(), np.float64)

    def harm(self, action):
        assert action != DIE, "The model knows what comes of that."
        return self.state() if action == WAIT else super().harm(action)
