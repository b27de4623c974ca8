import functools

import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf

import rltools
from examples.ppo.ppo import PPO
from examples.ppo.runs.environments import define_batch_env, make_env
from examples.ppo.runs.episodes import Episode, play, spread
from examples.ppo.runs.simulation import DeterministicPolicy, Evaluation
from rltools.mocks import CountingEnvironment, ScriptedEnvironment, Transition
from rltools.mocks import Episode as Script


class Policy:
    """Does nothing in particular, and remembers what it was told."""

    def __init__(self):
        self.calls = []

    def begin_episode(self, indices):
        self.calls.append(("begin", *np.asarray(indices)))

    def perform(self, indices, observ):
        return tf.zeros([*indices.shape, 1])

    def experience(self, indices, observ, action, reward, terminated, truncated, after):
        self.calls.append(("step", *np.asarray(indices)))

    def end_episode(self, indices):
        self.calls.append(("end", *np.asarray(indices)))


class Spectator:
    def __init__(self):
        self.seen = []

    def acted(self, indices, observ, action):
        self.seen.append(("acted", *indices, observ.copy(), action.copy()))

    def stepped(self, indices, observ, reward, ended):
        self.seen.append(("stepped", *indices, observ.copy(), reward.copy(), ended))


def scripted(*lengths, terminated=True):
    """Episodes of these lengths in turn; rewards and observations count the steps."""

    def observ(step):
        return np.array([step], np.float32)

    def transition(step, length):
        flags = {"terminated" if terminated else "truncated": step == length}
        return Transition(observ(step), float(step), **flags)

    return ScriptedEnvironment(
        [
            Script(observ(0), [transition(step + 1, length) for step in range(length)])
            for length in lengths
        ],
        observation_space=gym.spaces.Box(0, 9, (1,), np.float32),
        action_space=gym.spaces.Box(-1, 1, (1,), np.float32),
        repeat=True,
        seed_chooses=True,
    )


def test_every_environment_finishes_its_number_of_episodes():
    batch = rltools.BatchEnv([scripted(1, 2), scripted(3, terminated=False)])
    policy = Policy()
    assert play(batch, policy, [2, 1], seed=0) == [
        Episode(0, 1.0, 1, True),
        Episode(0, 3.0, 2, True),
        Episode(1, 6.0, 3, False),
    ]
    # Step:     0 1 2 3
    # First:    b e b e
    # Second:   b     e
    assert policy.calls == [
        *(("begin", 0, 1), ("step", 0, 1), ("end", 0), ("begin", 0)),
        *(("step", 0, 1), ("step", 0, 1), ("end", 0, 1)),
    ]


def test_an_environment_that_has_finished_does_not_count_any_more():
    batch = rltools.BatchEnv([scripted(1), scripted(3)])
    episodes = play(batch, Policy(), [1, 2], seed=0)
    assert [episode.env for episode in episodes] == [0, 1, 1]
    assert [episode.score for episode in episodes] == [1, 6, 6]


def test_an_environment_without_episodes_does_not_count():
    batch = rltools.BatchEnv([scripted(1), scripted(2)])
    assert play(batch, Policy(), [0, 1], seed=0) == [Episode(1, 3.0, 2, True)]


def test_the_spectator_sees_every_step_that_counts_before_and_after_it():
    batch = rltools.BatchEnv([scripted(1), scripted(2)])
    spectator = Spectator()
    play(batch, Policy(), [1, 1], seed=0, spectator=spectator)
    first, after_first, second, after_second = spectator.seen
    assert first[:3] == ("acted", 0, 1)
    np.testing.assert_array_equal(first[3], [[0], [0]])
    np.testing.assert_array_equal(first[4], [[0], [0]])
    assert after_first[:3] == ("stepped", 0, 1)
    np.testing.assert_array_equal(after_first[3], [[1], [1]])
    np.testing.assert_array_equal(after_first[4], [1, 1])
    assert after_first[5] == {0: Episode(0, 1.0, 1, True)}
    assert second[:2] == ("acted", 1)
    np.testing.assert_array_equal(second[2], [[0], [1]])
    assert after_second[:2] == ("stepped", 1)
    assert after_second[4] == {1: Episode(1, 3.0, 2, True)}


def test_seeds_count_up_from_the_first():
    batch = rltools.BatchEnv([scripted(1, 2, 3, 4) for _ in range(3)])
    episodes = play(batch, Policy(), [1, 1, 1], seed=1)
    assert [episode.length for episode in episodes] == [2, 3, 4]


class Nested(gym.ObservationWrapper):
    """Observations in a dictionary."""

    def __init__(self, env):
        super().__init__(env)
        self.observation_space = gym.spaces.Dict(count=env.observation_space)

    def observation(self, observation):
        return {"count": observation}


class Counter(Policy):
    """Acts by the step that it observes."""

    def perform(self, indices, observ):
        return observ["count"][:, 2]


class Checker:
    """Every environment counts its own steps, from observation to observation."""

    def __init__(self, num_envs):
        self.expected = [[index, 0, 0] for index in range(num_envs)]

    def acted(self, indices, observ, action):
        for index in indices:
            assert observ["count"][index].tolist() == self.expected[index]
            assert action[index] == self.expected[index][2]

    def stepped(self, indices, observ, reward, ended):
        for index in indices:
            self.expected[index][2] += 1
            _, episode, step = self.expected[index]
            assert observ["count"][index].tolist() == self.expected[index]
            assert reward[index] == 10000 * index + 100 * episode + step
            duration = CountingEnvironment.duration(index, episode, seed=3 + index)
            assert (index in ended) == (step == duration)
            if index in ended:
                self.expected[index] = [index, episode + 1, 0]


def test_nothing_is_mixed_up():
    batch = rltools.BatchEnv([Nested(CountingEnvironment(i)) for i in range(3)])
    checker = Checker(3)
    play(batch, Counter(), [4, 9, 2], seed=3, spectator=checker)
    assert checker.expected == [[0, 4, 0], [1, 9, 0], [2, 2, 0]]


@pytest.mark.parametrize(
    ("env", "network"),
    [
        ("Pendulum-v1", "feed_forward"),
        ("Pendulum-v1", "recurrent"),
        ("CartPole-v1", "feed_forward"),
    ],
)
def test_scores_are_those_of_the_evaluation_in_training(make_config, env, network):
    # With an output factor that makes the state of a recurrent network matter.
    config = make_config(
        env=env, network=network, max_length=12, seed=5, init_output_factor=1.0
    )
    constructor = functools.partial(make_env, config)
    batch = define_batch_env(constructor, config.eval_agents, False)
    algo = PPO(batch.single_observation_space, batch.single_action_space, config)
    evaluation = Evaluation(batch, algo, config)
    done, score, _ = evaluation(log=False, report=False, reset=True)
    batch = define_batch_env(constructor, config.eval_agents, False)
    policy = DeterministicPolicy(algo, config.eval_agents)
    counts = [config.episodes_per_agent] * config.eval_agents
    episodes = play(batch, policy, counts, seed=config.seed)
    np.testing.assert_allclose(
        [episode.score for episode in episodes], score[done], rtol=1e-5
    )


def test_spread():
    assert spread(5, 2) == [3, 2]
    assert spread(4, 2) == [2, 2]
    assert spread(1, 3) == [1, 0, 0]
