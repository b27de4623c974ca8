"""Algorithms of another library are checked through an adapter of a few lines."""

import pytest
import torch
from stable_baselines3 import PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from rltools import checks
from rltools.checks.algorithm import CHECKS

GAMMA = 0.7


class CheckedPPO:
    def __init__(self, envs):
        vec_env = DummyVecEnv([lambda env=env: env for env in envs])
        self.model = PPO(
            *("MlpPolicy", vec_env),
            gamma=GAMMA,
            n_steps=16,
            n_epochs=8,
            learning_rate=1e-2,
            policy_kwargs={"net_arch": [16]},
            seed=0,
            device="cpu",
        )

    def train(self, steps):
        self.model.learn(steps)

    def act(self, observ):
        return self.model.predict(observ, deterministic=True)[0]

    def value(self, observ):
        with torch.no_grad():
            return self.model.policy.predict_values(torch.as_tensor(observ[None]))

    def weights(self):
        return self.model.policy.state_dict()


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.timeout(300)
def test_stable_baselines_ppo_passes():
    report = checks.check_algorithm(
        CheckedPPO, num_envs=4, gamma=GAMMA, probe_steps=2048
    )
    report.raise_on_failure()
    assert not report.skipped, report


@pytest.mark.timeout(300)
def test_a_time_limit_that_is_hidden_from_it_is_found():
    """Without what Stable-Baselines3 needs to bootstrap after a truncation."""

    class HidesTruncation(CheckedPPO):
        def __init__(self, envs):
            super().__init__(envs)
            collect = self.model.collect_rollouts

            def collect_blindly(env, *arguments, **options):
                step_wait = env.step_wait

                def forgetful():
                    *result, infos = step_wait()
                    for info in infos:
                        info.pop("TimeLimit.truncated", None)
                    return *result, infos

                env.step_wait = forgetful
                try:
                    return collect(env, *arguments, **options)
                finally:
                    env.step_wait = step_wait

            self.model.collect_rollouts = collect_blindly

    others = {check.name for check in CHECKS} - {"A5-truncation"}
    report = checks.check_algorithm(
        HidesTruncation, num_envs=4, gamma=GAMMA, probe_steps=1024, exclude=others
    )
    assert [result.name for result in report.failed] == ["A5-truncation"], report
