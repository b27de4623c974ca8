"""Stable-Baselines3's own vector environments through the checks of batches."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

from rltools.batching.infos import stack_infos
from rltools.checks import check_batch_env

_OWN = {"terminal_observation", "TimeLimit.truncated"}


class FromVecEnv(gym.vector.VectorEnv):
    """What a `VecEnv` says, in the words of a `gymnasium.vector.VectorEnv`."""

    def __init__(self, vec_env):
        self.vec_env = vec_env
        self.num_envs = vec_env.num_envs
        self.single_observation_space = vec_env.observation_space
        self.single_action_space = vec_env.action_space
        self.observation_space = batch_space(vec_env.observation_space, self.num_envs)
        self.action_space = batch_space(vec_env.action_space, self.num_envs)
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}

    def reset(self, *, seed=None, options=None):
        if seed is not None:
            self.vec_env.seed(seed)
        if options:
            self.vec_env.set_options(options)
        observ = self.vec_env.reset()
        infos = dict(enumerate(self.vec_env.reset_infos))
        return observ, stack_infos(infos, self.num_envs)

    def step_async(self, actions):
        self.vec_env.step_async(actions)

    def step_wait(self):
        observ, rewards, dones, infos = self.vec_env.step_wait()
        truncated = np.array([info["TimeLimit.truncated"] for info in infos])
        stacked = {}
        for index, info in enumerate(infos):
            rest = {key: value for key, value in info.items() if key not in _OWN}
            stacked[index] = rest
            if dones[index]:
                final = {"final_obs": info["terminal_observation"], "final_info": rest}
                stacked[index] = self.vec_env.reset_infos[index] | final
        stacked = stack_infos(stacked, self.num_envs)
        return observ, rewards, dones & ~truncated, truncated, stacked

    def step(self, actions):
        self.step_async(actions)
        return self.step_wait()

    def get_attr(self, name):
        return self.vec_env.get_attr(name)

    def set_attr(self, name, values):
        if not isinstance(values, list):
            self.vec_env.set_attr(name, values)
            return
        if len(values) != self.num_envs:
            raise ValueError(f"expected {self.num_envs} values, got {len(values)}")
        for index, value in enumerate(values):
            self.vec_env.set_attr(name, value, index)

    def call(self, name, *args, **kwargs):
        if not callable(self.get_attr(name)[0]):
            return self.get_attr(name)
        return self.vec_env.env_method(name, *args, **kwargs)

    def close_extras(self, **kwargs):
        self.vec_env.close()


def make():
    return gym.make("CartPole-v1")


# Those of `DummyVecEnv`; it takes no Dict of actions, and none knows other kinds.
SPACES = {
    "a float16 Box": spaces.Box(-4.0, 4.0, (3,), np.float16),
    "a uint8 Box": spaces.Box(0, 255, (2, 2, 3), np.uint8),
    "a Discrete from -2": spaces.Discrete(5, start=-2),
    "a MultiDiscrete": spaces.MultiDiscrete([2, 3]),
    "a MultiBinary": spaces.MultiBinary(3),
}


def in_processes(constructors):
    # Faster than a server that imports torch for each, which is the default.
    return FromVecEnv(SubprocVecEnv(constructors, start_method="fork"))


@pytest.mark.timeout(120)
@pytest.mark.filterwarnings("ignore")  # Of processes that fork beside threads.
@pytest.mark.parametrize(
    ("make_batch", "dtype", "failed"),
    [
        (
            lambda constructors: FromVecEnv(DummyVecEnv(constructors)),
            np.float32,
            {"V1", "V5", "V10", "V12", "V14"},
        ),
        (in_processes, np.float64, {"V1", "V5", "V10", "V11", "V12", "V14"}),
    ],
    ids=["dummy", "subprocesses"],
)
def test_findings_are_those_that_the_document_tells(make_batch, dtype, failed):
    report = check_batch_env(
        make_batch,
        make,
        seed_lists=False,
        reward_dtype=dtype,
        spaces=SPACES,
        timeout=2,
    )
    assert {result.name for result in report.failed} == failed, str(report)
    # Nothing but that a step which terminates and truncates is no truncation for it.
    assert len(report["V1"].violations) == 1, str(report)
