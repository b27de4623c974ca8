"""What `to_sb3` says before Stable-Baselines3 is needed."""

import subprocess
import sys

import gymnasium as gym
import pytest

import rltools
from rltools.errors import InvalidArgumentError
from rltools.wrappers import to_sb3

WITHOUT = """
import sys
sys.modules["stable_baselines3"] = None
import gymnasium as gym
import rltools

batch = rltools.BatchEnv([gym.make("CartPole-v1")])
try:
    rltools.wrappers.to_sb3(batch)
except rltools.errors.MissingExtraError as error:
    print(error)
"""


def test_missing_extra_is_named():
    child = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60
    )
    [line] = child.stdout.splitlines()
    assert line.startswith("This needs 'stable_baselines3', which is not installed.")
    assert line.endswith('pip install "rltools[sb3]".')


@pytest.mark.parametrize("env", [None, gym.make("CartPole-v1"), [], "CartPole-v1"])
def test_needs_a_batch(env):
    with pytest.raises(InvalidArgumentError, match=r"expected batch .*BatchEnv, got"):
        to_sb3(env)


def test_refuses_resets_that_look_like_steps():
    batch = rltools.BatchEnv([gym.make("CartPole-v1")], autoreset="next_step")
    with pytest.raises(InvalidArgumentError, match=r"autoreset.*got 'next_step'"):
        to_sb3(batch)
