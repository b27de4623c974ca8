import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

import rltools
from examples.ppo.algorithm.chunks import from_chunks, to_chunks
from examples.ppo.algorithm.learner import METRICS
from examples.ppo.ppo import PPO
from examples.ppo.runs.simulation import DeterministicPolicy
from rltools import nested
from tests.examples.ppo.uncompiled import uncompiled

# To compile an update takes seconds, and many of them on a busy machine.
pytestmark = pytest.mark.timeout(600)

INFINITE = spaces.Box(-np.inf, np.inf, (2,), np.float64)
CHOICE = spaces.Discrete(4, start=1)
ACTION_SPACES = {
    "numbers": INFINITE,
    "choice": CHOICE,
    "choices": spaces.MultiDiscrete([2, 3], dtype=np.int32),
    "bits": spaces.MultiBinary((2, 2)),
    "tuple": spaces.Tuple([CHOICE, INFINITE]),
    "dict": spaces.Dict(b=spaces.Box(-np.inf, np.inf, (), np.float32), a=CHOICE),
}
OBSERVATION_SPACE = spaces.Dict(
    count=spaces.Box(-np.inf, np.inf, (1,), np.float32),
    kind=spaces.Discrete(3, start=-1),
    picture=spaces.Box(0, 255, (4, 4, 1), np.uint8),
)
EVERYWHERE = tf.constant([0, 1])


class Counting(gym.Env):
    """Observations tell the environment, its episode and its step: 1000, 1001, 2000."""

    observation_space = OBSERVATION_SPACE

    def __init__(self, index, action_space, ends):
        self.action_space = action_space
        self.index, self.ends = index, ends
        self.episode = 0

    def reset(self, *, seed=None, options=None):
        self.episode += 1
        self.steps = 0
        return self.observ(), {}

    def step(self, action):
        assert self.action_space.contains(action)
        self.steps += 1
        end = self.ends.get(self.steps, "")
        return self.observ(), float(self.steps), "t" in end, "r" in end, {}

    def observ(self):
        number = 10_000 * self.index + 1000 * self.episode + self.steps
        return {
            "count": np.array([number], np.float32),
            "kind": np.int64(number % 3 - 1),
            "picture": np.full((4, 4, 1), number % 256, np.uint8),
        }


@pytest.fixture
def make(make_config):
    """Builds an algorithm, that learns if told to, and environments that count."""

    def build(kind="numbers", *, learn=False, ends=({2: "t"}, {3: "r"}), **changes):
        options = {"init_output_factor": 1.0, "filters": (2,), "recurrent_units": 3}
        config = make_config(**options | changes)
        space = ACTION_SPACES[kind]
        algo = PPO(OBSERVATION_SPACE, space, config)
        if not learn:
            zeros = dict.fromkeys(METRICS, tf.constant(0.0))
            algo._learn = lambda rollout, permutations: zeros
        return algo, [Counting(i, space, ends[i]) for i in range(2)]

    return build


def in_graph(envs):
    return rltools.InGraphBatchEnv(rltools.BatchEnv(envs))


class Play:
    """Does what `rltools.simulate` does, which takes seconds to trace."""

    def __init__(self, algo, envs):
        self._algo, self._envs = algo, envs
        self.restart()

    def restart(self):
        self._over, self._observ = [True, True], [None, None]

    def steps(self, count):
        algo = self._algo
        for _ in range(count):
            fresh = np.flatnonzero(self._over)
            for index in fresh:
                self._observ[index], _ = self._envs[index].reset()
            if len(fresh):
                algo.begin_episode(tf.constant(fresh, tf.int32))
            observ = batched(self._observ)
            action = algo.perform(EVERYWHERE, observ)
            self._observ, reward, terminated, truncated, _ = zip(
                *(env.step(row(action, i)) for i, env in enumerate(self._envs)),
                strict=True,
            )
            self._observ = list(self._observ)
            algo.experience(
                *(EVERYWHERE, observ, action, tf.constant(reward)),
                *(tf.constant(terminated), tf.constant(truncated)),
                batched(self._observ),
            )
            self._over = np.logical_or(terminated, truncated)


def batched(elements):
    return nested.map(lambda *parts: tf.constant(np.stack(parts)), *elements)


def row(batch, index):
    return nested.map(lambda part: np.asarray(part.numpy()[index]), batch)


def learn(algo, seed=0):
    """Learn without compiling from the rollout that was just made."""
    with uncompiled():
        order = algo.learner.permutations([seed, 0])
        return PPO._learn.__get__(algo, PPO)(algo._memory.data(), order)


def counts(observ):
    """The numbers that observations tell, of flat ones [..., size]."""
    return observ[..., 0].numpy()


def rows(count=2):
    """Observations to act on."""
    return batched([Counting(0, CHOICE, {}).reset()[0]] * count)


def state(algo):
    modules = (algo.network, algo.observ_filter, algo.return_filter)
    return [variable.numpy() for module in modules for variable in module.variables]


@pytest.mark.parametrize("kind", ["numbers", "tuple"])
def test_rollout_goes_on_across_the_ends_of_episodes(make, kind):
    # Env 0 terminates after 2 steps, env 1 is truncated after 3.
    # Step:        0    1    2    3
    # Env 0:    1000 1001 2000 2001
    # Env 1:    1000 1001 1002 2000    (and 10,000)
    algo, envs = make(kind, update_every=8, eval_every=8, batch_size=4)
    env = in_graph(envs)
    rltools.simulate(env, algo, steps=4)
    data = algo._memory.data()
    observ = [[1000, 11000], [1001, 11001], [2000, 11002], [2001, 12000]]
    np.testing.assert_array_equal(counts(data.observ), observ)
    final = [[1001, 11001], [1002, 11002], [2001, 11003], [2002, 12001]]
    np.testing.assert_array_equal(counts(data.next_observ), final)
    terminated = [[False, False], [True, False], [False, False], [True, False]]
    np.testing.assert_array_equal(data.terminated, terminated)
    truncated = [[False, False], [False, False], [False, True], [False, False]]
    np.testing.assert_array_equal(data.truncated, truncated)
    begins = [[True, True], [False, False], [True, False], [False, True]]
    np.testing.assert_array_equal(data.begins, begins)
    np.testing.assert_array_equal(data.reward, [[1, 1], [2, 2], [1, 3], [2, 1]])
    # The last action is still in the environment.
    actions = algo.actions.unflatten(data.action[-1])
    for kept, done in zip(
        nested.flatten(actions), nested.flatten(env.action), strict=True
    ):
        np.testing.assert_allclose(kept, done)


@pytest.mark.parametrize("kind", ACTION_SPACES)
@pytest.mark.parametrize("network", ["feed_forward", "recurrent", "convolutional"])
def test_ratio_is_one_at_the_first_minibatch_of_every_rollout(make, network, kind):
    """Also after the statistics have changed by far, and with ends within chunks."""
    chunk_length = 4 if network == "recurrent" else 1
    algo, envs = make(
        *(kind,),
        network=network,
        chunk_length=chunk_length,
        update_every=16,
        eval_every=16,
        steps=64,
        batch_size=16,
        update_epochs=1,
        loss="kl" if kind in ("dict", "bits") else "clip",
    )
    play = Play(algo, envs)
    for _ in range(2):
        play.steps(8)
        metrics = learn(algo)
        assert float(metrics["ratio_error"]) < 1e-4
        assert float(metrics["kl"]) > 0  # The update has moved the policy.
    assert int(algo.observ_filter.count) == 32


def test_recurrent_states_are_stored_and_begin_with_zeros(make):
    algo, envs = make(
        network="recurrent", update_every=16, eval_every=16, steps=64, batch_size=16
    )
    Play(algo, envs).steps(16)
    data = algo._memory.data()
    for step in range(8):
        for index in range(2):
            if data.begins[step, index]:
                assert not np.any(data.state[step, index])
            elif step > 0:
                before = slice(index, index + 1)
                _, _, expected = algo.act(
                    data.observ[step - 1, before], data.state[step - 1, before]
                )
                np.testing.assert_allclose(
                    data.state[step, index], expected[0], rtol=1e-5, atol=1e-6
                )
                assert np.any(data.state[step, index])
    # The rollout begins within an episode.
    assert not data.begins[0, 1]
    assert np.any(data.state[0, 1])


@pytest.mark.parametrize("network", ["feed_forward", "recurrent"])
def test_an_episode_that_is_given_up_ends_there(make, network):
    # Step:     0    1    2    3     The first is given up after two steps.
    # Env 0: 1000 1001 2000 2001
    algo, envs = make(
        network=network,
        ends=({}, {}),
        update_every=8,
        eval_every=8,
        steps=8,
        batch_size=4,
    )
    play = Play(algo, envs)
    play.steps(2)
    play.restart()
    play.steps(2)
    data = algo._memory.data()
    assert not np.any(data.terminated | data.truncated)
    np.testing.assert_array_equal(counts(data.observ)[:, 0], [1000, 1001, 2000, 2001])
    np.testing.assert_array_equal(
        counts(data.next_observ)[:, 0], [1001, 1002, 2001, 2002]
    )
    np.testing.assert_array_equal(data.begins[:, 0], [True, False, True, False])

    def advantages(rollout):
        chunks = to_chunks(rollout, 1)._replace(
            observ=small(rollout.observ), next_observ=small(rollout.next_observ)
        )
        return from_chunks(algo.learner._estimate(chunks).advantage, 2).numpy()

    def small(observ):
        return to_chunks(algo.observ_filter.transform(observ), 1)

    before = advantages(data)
    rewards = data.reward.numpy()
    rewards[2:] += 100
    after = advantages(data._replace(reward=tf.constant(rewards)))
    np.testing.assert_array_equal(before[:2], after[:2])
    assert np.all(after[2:] - before[2:] > 50)
    # The value of what would have followed counts, as after a truncation.
    _, value, following = algo.act(data.observ[1], data.state[1])
    _, next_value, _ = algo.act(data.next_observ[1], following)
    expected = data.reward[1] + 0.99 * next_value - value
    np.testing.assert_allclose(before[1], expected, rtol=1e-4)


def test_trains_when_the_memory_is_full(make):
    """The real thing: compiled once, called from the graph."""
    algo, envs = make("tuple", learn=True)
    env = in_graph(envs)
    before = state(algo)
    rltools.simulate(env, algo, steps=2)
    for old, now in zip(before, state(algo), strict=True):
        np.testing.assert_array_equal(old, now)
    _, _, summary = rltools.simulate(env, algo, steps=1, log=True)
    assert int(algo.learner.num_updates) == 1
    changed = [
        not np.allclose(old, now) for old, now in zip(before, state(algo), strict=True)
    ]
    assert all(changed[: len(algo.network.variables)])
    assert float(summary["ratio_error"]) < 1e-4
    assert float(summary["kl"]) > 0
    assert float(summary["memory_size"]) == 6
    _, _, summary = rltools.simulate(env, algo, steps=6, log=True)
    assert int(algo.learner.num_updates) == 3
    assert float(summary["ratio_error"]) < 1e-4
    assert algo._learn.experimental_get_tracing_count() == 1


def test_statistics_of_observations_are_those_of_all_rollouts(make):
    algo, envs = make()
    play, seen = Play(algo, envs), []
    for _ in range(3):
        play.steps(3)
        learn(algo)
        seen.append(algo._memory.data().observ.numpy().reshape(6, -1))
    seen = np.concatenate(seen)
    assert int(algo.observ_filter.count) == len(seen) == 18
    np.testing.assert_allclose(algo.observ_filter.mean, seen.mean(0), rtol=1e-4)
    np.testing.assert_allclose(
        algo.observ_filter.stddev, seen.std(0), rtol=1e-4, atol=1e-3
    )


def test_statistics_do_not_change_while_a_rollout_is_made_and_learnt_from(make):
    algo, envs = make()
    play, seen = Play(algo, envs), []
    update = algo.learner.update

    def spy(rollout, permutations):
        seen.append(rollout.observ)
        return update(rollout, permutations)

    algo.learner.update = spy
    for _ in range(2):
        play.steps(3)
        data = algo._memory.data()
        expected = algo.observ_filter.transform(data.observ)
        learn(algo)
        np.testing.assert_array_equal(seen[-1], expected)
        assert not np.allclose(algo.observ_filter.transform(data.observ), expected)


def test_first_rewards_are_scaled_by_their_own_returns(make):
    """Not by a standard deviation of one, which would make the first update wild."""
    algo, _ = make()
    seen = []
    algo.learner.update = lambda rollout, _: seen.append(rollout.reward) or {}
    all_returns, last = [], np.zeros(2)
    for number in range(2):
        rewards = np.array([[10, 20], [30, 10], [50, 90]], np.float64) * (number + 1)
        # The second episode of environment 0 begins in the middle of a rollout.
        begins = [[number == 0] * 2, [False] * 2, [True, False]]
        for reward, fresh in zip(rewards, begins, strict=True):
            algo.begin_episode(tf.constant(np.flatnonzero(fresh), tf.int32))
            action = algo.perform(EVERYWHERE, rows())
            flags = tf.constant([False, False])
            algo.experience(
                *(EVERYWHERE, rows(), action, tf.constant(reward, tf.float32)),
                *(flags, flags, rows()),
            )
            last = reward + 0.99 * np.where(fresh, 0, last)
            all_returns.append(last)
        learn(algo)
        np.testing.assert_allclose(seen[-1], rewards / np.std(all_returns), rtol=1e-5)


@pytest.mark.parametrize("kind", ACTION_SPACES)
def test_actions_are_elements_of_the_space(make, kind):
    algo, _ = make(kind)
    space = ACTION_SPACES[kind]
    actions = algo.perform(EVERYWHERE, rows())
    greedy = DeterministicPolicy(algo, 2).perform(EVERYWHERE, rows())
    for batch in (actions, greedy):
        for index in range(2):
            assert space.contains(row(batch, index)), batch


def test_actions_vary_and_a_seed_decides_them(make):
    first, same, other = (make(seed=seed)[0] for seed in (1, 1, 2))
    actions = [
        algo.perform(EVERYWHERE, rows()).numpy() for algo in (first, same, other)
    ]
    np.testing.assert_array_equal(actions[0], actions[1])
    assert not np.allclose(actions[0], actions[2])
    assert not np.allclose(actions[0], first.perform(EVERYWHERE, rows()))


def test_some_environments_can_act_alone(make):
    """What they leave is theirs: two and one are as good as three steps of both."""
    algo, _ = make(
        network="recurrent", update_every=4, eval_every=4, steps=4, batch_size=2
    )
    algo.begin_episode(EVERYWHERE)
    for indices in ([1], [0], [0], [1]):
        chosen = tf.constant(indices)
        action = algo.perform(chosen, rows(1))
        flag = tf.constant([False])
        algo.experience(
            chosen, rows(1), action, tf.constant([1.0]), flag, flag, rows(1)
        )
    data = algo._memory.data()
    np.testing.assert_array_equal(data.begins, [[True, True], [False, False]])
    np.testing.assert_array_equal(data.state[1, 0], data.state[1, 1])
    assert not np.allclose(data.action[:, 0], data.action[:, 1])
    metrics = learn(algo)
    assert float(metrics["ratio_error"]) < 1e-4


def test_checkpoint_holds_all_that_the_future_depends_on(make, tmp_path):
    """A restored algorithm does the same as the one that was saved."""
    options = {"network": "recurrent", "loss": "kl", "kl_target": 1e-6}
    algo, envs = make("tuple", **options)
    Play(algo, envs).steps(3)
    learn(algo)
    path = algo.checkpoint.write(str(tmp_path / "checkpoint"))
    restored, others = make("tuple", seed=9, **options)
    restored.checkpoint.read(path).assert_consumed()
    assert float(restored.learner.penalty) == 1.5
    for env in (*envs, *others):
        env.episode = 4
    for one, one_envs in [(algo, envs), (restored, others)]:
        Play(one, one_envs).steps(3)
        learn(one)
    for expected, actual in zip(state(algo), state(restored), strict=True):
        np.testing.assert_array_equal(actual, expected)


def test_normalisation_can_be_left_out(make):
    algo, _ = make(normalize_observations=False, normalize_rewards=False)
    for statistics in (algo.observ_filter, algo.return_filter):
        shape = statistics.mean.shape
        statistics.update(
            tf.reshape(tf.range(1.0, 3.0), [2] + [1] * len(shape)) * tf.ones(shape)
        )
        value = tf.fill(shape, 50_000.0)
        np.testing.assert_array_equal(statistics.transform(value), value)


def test_summary_has_scalars_only_unless_asked_for_more(make):
    algo, envs = make()
    _, _, summary = rltools.simulate(in_graph(envs), algo, steps=3, log=True)
    means = {"mean_score", "mean_length"}
    assert set(summary) == {*METRICS, "memory_size", *means}


@pytest.mark.parametrize("kind", ["choice", "tuple"])
def test_summary_can_describe_distributions_and_weights(make, kind):
    algo, envs = make(kind, weight_summaries=True)
    Play(algo, envs).steps(3)
    mode = algo.network.distribution(
        algo.act(algo._memory.data().observ, tf.zeros([3, 2, 0]))[0]
    ).mode()
    log_std = algo.network.log_std.numpy()
    learn(algo)
    data = algo._memory.data()
    algo._memory.clear()
    summary = algo.summary()
    np.testing.assert_array_equal(summary["action"], data.action)
    np.testing.assert_array_equal(summary["logprob"], data.logprob)
    np.testing.assert_allclose(summary["mode"], mode, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(summary["stddev"], np.exp(log_std))
    assert summary["observ_filter/mean"].shape == [1 + 3 + 16]
    np.testing.assert_array_equal(
        summary["observ_filter/stddev"], algo.observ_filter.stddev
    )
    np.testing.assert_array_equal(
        summary["return_filter/stddev"], algo.return_filter.stddev
    )
    for name, variable in algo.network.weights.items():
        np.testing.assert_array_equal(summary[f"weights/{name}"], variable)
        gradient = summary[f"gradients/{name}"]
        assert gradient.shape == variable.shape
        assert not gradient.shape.num_elements() or np.any(gradient)
    assert "weights/policy/layers/weight0" in summary
    # Whether there is something to write or not.
    env = in_graph(envs)
    for log in (False, True):
        _, _, logged = rltools.simulate(env, algo, steps=1, log=log)
        assert set(logged) == {*summary, "mean_score", "mean_length"}
