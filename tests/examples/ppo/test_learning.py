"""PPO solves small tasks, each of which needs another part of it."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

import rltools
from examples.ppo.ppo import PPO
from examples.ppo.runs.simulation import Evaluation, Training

# To compile an update takes seconds, and many of them on a busy machine.
pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]


class Riddle(gym.Env):
    """Asks one of two questions, and rewards the answer at the end of the episode."""

    length = 1
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.answer = int(self.np_random.integers(2))
        self.steps = 0
        return self.observ(), {}

    def step(self, action):
        self.steps += 1
        done = self.steps == self.length
        return self.observ(), self.reward(action) if done else 0.0, done, False, {}

    def reward(self, action):
        return float(action == self.answer)


class Memory(Riddle):
    """What is seen in the first step must be answered in the third."""

    length = 3
    observation_space = spaces.Box(-1, 1, (1,), np.float32)

    def observ(self):
        sign = (-1, 1)[self.answer] if self.steps == 0 else 0
        return np.array([sign], np.float32)


class Picture(Riddle):
    """A picture of noise is brighter on one side."""

    observation_space = spaces.Box(0, 255, (8, 8, 3), np.uint8)

    def observ(self):
        picture = self.np_random.integers(0, 128, (8, 8, 3), np.uint8)
        picture[:, 4 * self.answer : 4 * self.answer + 4] += 100
        return picture


class Mixed(Riddle):
    """A choice and a number at once, both of which depend on what is seen."""

    observation_space = spaces.Tuple([spaces.Discrete(2, start=3), spaces.Discrete(1)])
    action_space = spaces.Dict(
        number=spaces.Box(-np.inf, np.inf, (1,), np.float32),
        choice=spaces.Discrete(2, start=7),
    )

    def observ(self):
        return np.int64(3 + self.answer), np.int64(0)

    def reward(self, action):
        right = action["choice"] - 7 == self.answer
        distance = abs(float(action["number"][0]) - (0.5, -0.5)[self.answer])
        return float(right) - min(distance, 1.0)


@pytest.fixture
def train(make_config):
    """Trains in a number of updates, and returns the score of the best actions."""

    def run(kind, updates, **changes):
        options = {
            "env": "none",
            "num_agents": 8,
            "update_every": 8 * 48,
            "batch_size": 96,
            "update_epochs": 4,
            "eval_every": 8 * 48,
            "steps": 8 * 48 * updates,
            "eval_agents": 4,
            "eval_episodes": 40,
            "policy_layers": (16,),
            "value_layers": (16,),
            "discount": 0.9,
            "normalize_rewards": False,
        }
        config = make_config(**options | changes)
        batch = rltools.BatchEnv([kind() for _ in range(8)])
        algo = PPO(batch.single_observation_space, batch.single_action_space, config)
        training = Training(batch, algo, config)
        for update in range(updates):
            training(log=False, report=False, reset=update == 0)
        evaluated = rltools.BatchEnv([kind() for _ in range(4)])
        return Evaluation(evaluated, algo, config).mean_score()

    return run


def test_recurrent_networks_remember(train):
    score = train(Memory, 12, network="recurrent", chunk_length=6, recurrent_units=16)
    assert score == 1


def test_other_networks_can_not_know_what_they_do_not_see(train):
    assert 0.2 < train(Memory, 12) < 0.8


def test_convolutional_networks_see(train):
    score = train(
        *(Picture, 4),
        network="convolutional",
        filters=(8,),
        normalize_observations=False,
    )
    assert score == 1


def test_mixed_actions(train):
    assert train(Mixed, 12, loss="kl") > 0.85
