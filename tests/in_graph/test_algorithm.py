import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

import rltools
from rltools import errors, nested
from rltools.mocks import MockAlgorithm, MockEnvironment

SPACE = spaces.Dict(
    z=spaces.Tuple((spaces.Discrete(3), spaces.Box(-1, 1, (2,)))),
    a=spaces.Box(0, 255, (2, 2), np.uint8),
)


class Scripted:
    """Begins, learns and ends like a mock; acts and sums up as it is told."""

    def __init__(self, action=None, summary=None):
        self.action, self.summaries = action, summary
        self.summary_calls = 0

    def begin_episode(self, indices):
        pass

    def perform(self, indices, observ):
        return self.action

    def experience(self, indices, *results):
        pass

    def end_episode(self, indices):
        pass

    def summary(self):
        self.summary_calls += 1
        return self.summaries


def test_all_verbs_get_arrays_of_the_spaces_in_their_nests():
    batch = rltools.BatchEnv(
        [
            MockEnvironment(
                observation_space=SPACE, action_space=SPACE, max_duration=2, seed=seed
            )
            for seed in range(3)
        ]
    )
    env = rltools.InGraphBatchEnv(batch)
    mock = MockAlgorithm(batch, seed=0)  # Refuses anything but such arrays.
    rltools.simulate(env, rltools.InGraphAlgorithm(mock, env), steps=5)
    verbs = [call.verb for call in mock.calls]
    assert verbs.count("perform") == verbs.count("experience") == 5
    first, second = (call for call in mock.calls[1:3])
    assert first.action["a"].dtype == np.uint8
    np.testing.assert_array_equal(first.action["z"][0], second.action["z"][0])
    assert second.reward.dtype == np.float32
    assert second.indices.dtype == np.int32


def test_verbs_work_for_some_of_the_environments(make_counting):
    env = make_counting(3)
    mock = MockAlgorithm(env.batch, seed=0)
    algo = rltools.InGraphAlgorithm(mock, env)
    observ = np.zeros((2, 3), np.float32)
    algo.begin_episode(tf.constant([2, 0]))
    action = tf.function(algo.perform)(tf.constant([2, 0]), tf.constant(observ))
    np.testing.assert_array_equal(action, mock.calls[-1].action)
    assert mock.calls[-1].indices.tolist() == [2, 0]


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (np.zeros((2, 2)), "action: .*float32, got .*float64"),
        (np.zeros((2, 3), np.float32), r"action: .*\(None, 2\).*\(2, 3\)"),
        (np.zeros((3, 2), np.float32), "action: expected 2 rows, got 3"),
        (np.full((2, 2), np.nan, np.float32), "action of environment 0: .* got nan"),
        ((np.zeros((2, 2), np.float32),), "action: .*got tuple"),
        (None, "action: .* got None"),
    ],
)
def test_refuses_actions_that_do_not_fit(make_counting, action, message):
    env = make_counting(2)
    algo = rltools.InGraphAlgorithm(Scripted(action), env)
    with pytest.raises(errors.InvalidActionError, match=message):
        rltools.simulate(env, algo)
    assert not env.batch[0].actions


ACTION = np.zeros((2, 2), np.float32)
SPEC = {
    "loss": tf.TensorSpec((), tf.float32),
    "actions": tf.TensorSpec((None,), tf.int64),
}


def test_summary_follows_its_spec(make_counting):
    env = make_counting(2)
    plain = Scripted(ACTION, {"loss": 0.5, "actions": np.arange(3)})
    algo = rltools.InGraphAlgorithm(plain, env, summary_spec=SPEC)
    *_, summary = rltools.simulate(env, algo)
    assert plain.summary_calls == 0
    assert {name: value.shape.as_list() for name, value in summary.items()} == {
        name: [0] for name in ("loss", "actions", "mean_score", "mean_length")
    }
    *_, summary = rltools.simulate(env, algo, steps=4, log=True)
    assert plain.summary_calls == 1
    assert (summary["loss"].numpy(), summary["loss"].dtype) == (0.5, tf.float32)
    assert summary["actions"].numpy().tolist() == [0, 1, 2]


def test_without_a_spec_the_summary_is_not_asked_for(make_counting):
    env = make_counting(2)
    plain = Scripted(ACTION, {"loss": 0.5})
    *_, summary = rltools.simulate(env, rltools.InGraphAlgorithm(plain, env), log=True)
    assert plain.summary_calls == 0
    assert set(summary) == {"mean_score", "mean_length"}


@pytest.mark.parametrize(
    ("summary", "message"),
    [
        ({"loss": 0.5}, r"entries \['actions', 'loss'\].*got \['loss'\]"),
        ({"loss": [0.5], "actions": [1]}, r"summary\['loss'\]: expected shape \(\)"),
        ({"loss": 0.5, "actions": [0.5]}, r"summary\['actions'\]: .*dtype int64"),
        (None, "entries .*got None"),
    ],
)
def test_refuses_summaries_that_do_not_follow_their_spec(
    make_counting, summary, message
):
    env = make_counting(2)
    plain = Scripted(ACTION, summary)
    algo = rltools.InGraphAlgorithm(plain, env, summary_spec=SPEC)
    with pytest.raises(errors.InvalidResultError, match=message):
        rltools.simulate(env, algo, log=True)


def test_refuses_environments_that_are_not_in_the_graph(counting_env):
    batch = rltools.BatchEnv([counting_env(0)])
    with pytest.raises(errors.InvalidArgumentError, match="InGraphBatchEnv, got"):
        rltools.InGraphAlgorithm(Scripted(), batch)


class WithAVerbOfItsOwn(rltools.InGraphAlgorithm):
    """One with a verb of its own, so that each is a call of Python."""

    def end_episode(self, indices):
        super().end_episode(indices)


@pytest.mark.parametrize("ends", ["terminated", "truncated"])
@pytest.mark.parametrize("parts", [(7,), (1, 2, 4), (3, 4)])
def test_all_steps_in_one_call_do_what_a_call_for_each_verb_does(ends, parts):
    results = []
    for kind in (rltools.InGraphAlgorithm, WithAVerbOfItsOwn):
        envs = [
            MockEnvironment((3,), (2,), max_duration=3, seed=seed, ends=ends)
            for seed in range(2)
        ]
        env = rltools.InGraphBatchEnv(rltools.BatchEnv(envs))
        mock = MockAlgorithm(env.batch, seed=0)
        algo = kind(mock, env)
        found = [rltools.simulate(env, algo, steps=steps, log=True) for steps in parts]
        env.reset([1])  # By hand: nothing resets it again.
        found.append(rltools.simulate(env, algo, steps=2, log=True))
        found.append(rltools.simulate(env, algo, reset=True))
        found.append([variable.numpy() for variable in env.state])
        results.append((found, [vars(call) for call in mock.calls]))
    for first, second in zip(*map(nested.flatten, results), strict=True):
        np.testing.assert_array_equal(first, second)
