"""PPO keeps the contract of an algorithm, and solves all probes to their values."""

import gymnasium as gym
import pytest
import tensorflow as tf

import rltools
from examples.ppo.ppo import PPO
from examples.ppo.runs.simulation import DeterministicPolicy
from rltools import checks, wrappers

GAMMA = 0.7
NUM_ENVS = 2
PROBE_STEPS = 1024


class InGraph:
    """The verbs of an algorithm as functions of the graph, which takes less time."""

    def __init__(self, algo):
        for name in ("begin_episode", "perform", "experience", "end_episode"):
            verb = tf.function(
                getattr(algo, name), autograph=False, reduce_retracing=True
            )
            setattr(self, name, verb)


class CheckedPPO:
    """What `check_algorithm` can ask of PPO.

    There is one for all environments with the same spaces, put back to its beginning
    for each of them: to compile the update takes seconds.
    """

    def __init__(self, envs, config, folder):
        self._slots = [gym.Wrapper(env) for env in envs]
        self._env = rltools.InGraphBatchEnv(rltools.BatchEnv(self._slots))
        self._algo = PPO(envs[0].observation_space, envs[0].action_space, config)
        self._evaluation = InGraph(DeterministicPolicy(self._algo, len(envs)))
        self._beginning = tf.train.Checkpoint(self._algo).write(folder / "beginning")
        verbs = InGraph(self._algo)
        self.begin_episode, self.perform = verbs.begin_episode, verbs.perform
        self.experience, self.end_episode = verbs.experience, verbs.end_episode
        self.summary = self._algo.summary

    def start_over(self, envs):
        for slot, env in zip(self._slots, envs, strict=True):
            slot.env = env
        tf.train.Checkpoint(self._algo).read(self._beginning).assert_consumed()
        return self

    def train(self, steps):
        count = steps // len(self._slots)
        rltools.simulate(self._env, self._algo, steps=count, reset=True)

    def evaluation(self):
        return self._evaluation

    @tf.function(autograph=False)
    def value(self, observ):
        algo = self._algo
        state = tf.zeros([1, algo.network.state_size])
        return algo.act(algo.observations(observ[None]), state)[1][0]

    def weights(self):
        algo = self._algo
        optimizer = algo.learner._optimizer.variables
        return [*algo.variables, *optimizer, algo.generator.state]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("network", "continuous"),
    [
        ("feed_forward", False),
        pytest.param("feed_forward", True, marks=pytest.mark.slow),
        pytest.param("recurrent", False, marks=pytest.mark.slow),
    ],
)
def test_ppo_passes(make_config, tmp_path, network, continuous):
    config = make_config(
        num_agents=NUM_ENVS,
        network=network,
        chunk_length=4 if network == "recurrent" else 1,
        recurrent_units=16,
        steps=PROBE_STEPS,
        update_every=32,
        update_epochs=8,
        batch_size=32,
        eval_every=PROBE_STEPS,
        policy_layers=(16,),
        value_layers=(16,),
        learning_rate=2e-2,
        discount=GAMMA,
        init_std=0.2,
        normalize_rewards=False,
    )
    # Asks for the value of a second observation without the first, which the network
    # would remember.
    exclude = ["A5-discount"] if network == "recurrent" else []
    made = []

    def make(envs):
        if not made:
            made.append(CheckedPPO(envs, config, tmp_path))
        return made[0].start_over(envs)

    report = checks.check_algorithm(
        make,
        wrap=wrappers.ClipAction if continuous else None,
        num_envs=NUM_ENVS,
        continuous=continuous,
        steps=64,
        gamma=GAMMA,
        probe_steps=PROBE_STEPS,
        exclude=exclude,
    )
    report.raise_on_failure()
    assert [result.name for result in report.skipped] == exclude, report
