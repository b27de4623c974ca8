from functools import partial

import numpy as np
import pytest
import tensorflow as tf

import rltools
from rltools import errors, wrappers
from rltools.mocks import Faulty, MockAlgorithm, MockEnvironment, faults, faulty


def test_failures_of_workers_show_the_worker_and_its_traceback():
    fault = faults.Raise(at="step", error=OSError)
    works = partial(MockEnvironment, (2,), (2,))

    def make():
        envs = map(wrappers.ExternalProcess, (works, faulty(works, fault)))
        env = rltools.InGraphBatchEnv(rltools.BatchEnv(list(envs)))
        return env, rltools.InGraphAlgorithm(MockAlgorithm(env.batch), env)

    env, algo = make()
    with pytest.raises(errors.RemoteError) as caught:
        rltools.simulate(env, algo, steps=4)
    env.batch.close()
    assert (caught.value.worker, caught.value.command) == (1, "step")
    assert caught.value.original_type.endswith("OSError")
    assert "raise self.error(str(firing))" in caught.value.remote_traceback

    env, algo = make()
    with pytest.raises(tf.errors.OpError) as raised:
        tf.function(lambda: rltools.simulate(env, algo, steps=4))()
    env.batch.close()
    for text in ("RemoteError: Worker 1", "raise self.error(str(firing))"):
        assert text in str(raised.value)


@pytest.mark.parametrize("at", [1, 2])
def test_goes_on_after_an_error(make_counting, counting_env, at):
    fault = faults.Raise(episode=0, at_step=at, error=OSError)
    env = make_counting([counting_env(0), Faulty(counting_env(1), fault)])
    mock = MockAlgorithm(env.batch, seed=0)
    algo = rltools.InGraphAlgorithm(mock, env)
    with pytest.raises(OSError, match=f"episode 0, at step {at}"):
        rltools.simulate(env, algo, steps=4)
    done, score, _ = rltools.simulate(env, algo, reset=True, steps=2)
    assert done.numpy().tolist() == [[False, False], [True, False]]
    assert score.numpy().tolist() == [[11, 111], [23, 223]]


def test_all_episodes_begin_anew_after_an_error(make_counting, counting_env):
    """Unasked: what became of the steps before it, the variables don't know."""
    fault = faults.Raise(episode=0, at_step=2, error=OSError)
    env = make_counting([counting_env(0), Faulty(counting_env(1), fault)])
    mock = MockAlgorithm(env.batch, seed=0)
    algo = rltools.InGraphAlgorithm(mock, env)
    rltools.simulate(env, algo)
    observ, score = env.observ, env.episodes.score
    with pytest.raises(OSError, match="episode 0, at step 2"):
        rltools.simulate(env, algo)
    np.testing.assert_array_equal(env.observ, observ)
    np.testing.assert_array_equal(env.episodes.score, score)
    begun = [call for call in mock.calls if call.verb == "begin_episode"]
    _, score, _ = rltools.simulate(env, algo)
    assert score.numpy().tolist() == [11, 111]
    after = [call for call in mock.calls if call.verb == "begin_episode"]
    assert [call.indices.tolist() for call in after[len(begun) :]] == [[0, 1]]


def test_errors_of_algorithms_come_out_as_they_were(make_counting):
    env = make_counting(2)
    mock = MockAlgorithm(env.batch, seed=0)
    mock.experience = lambda *args: [].pop()
    algo = rltools.InGraphAlgorithm(mock, env)
    with pytest.raises(IndexError, match="pop from empty list"):
        rltools.simulate(env, algo)


def test_nan_in_the_graph_is_named(make_counting, counting_env, graph_algorithm):
    fault = faults.NotANumber(at_step=1)
    env = make_counting([counting_env(0), Faulty(counting_env(1), fault)])
    with pytest.raises(errors.InvalidObservationError, match=r"nan"):
        rltools.simulate(env, graph_algorithm())


def read(indices, observ):
    return tf.constant(np.array(observ)[:, :2])


def guess(indices, observ):
    return np.zeros((2, 2), np.float32)


def double(indices, observ):
    return tf.cast(observ[:, :2], tf.float64)


@pytest.mark.parametrize(
    ("verb", "function", "error", "message"),
    [
        ("perform", read, errors.InvalidArgumentError, "perform to work.*InGraphAlgo"),
        ("perform", guess, errors.InvalidArgumentError, "return tensors, got ndarray"),
        ("perform", double, errors.InvalidActionError, "float32, got .* float64"),
        ("perform", None, errors.InvalidArgumentError, "Algorithm lacks perform"),
        (
            "summary",
            lambda: {"mean_score": tf.constant(1.0)},
            errors.InvalidArgumentError,
            "without .*mean_score",
        ),
        (
            "summary",
            lambda: tf.constant(1.0),
            errors.InvalidResultError,
            "Algorithm.summary to return a dictionary",
        ),
    ],
)
def test_refuses_algorithms_that_do_not_fit(
    make_counting, graph_algorithm, verb, function, error, message
):
    algo = graph_algorithm()
    setattr(algo, verb, function)
    with pytest.raises(error, match=f"(?s){message}"):
        rltools.simulate(make_counting(2), algo)


def test_plain_python_algorithms_need_their_adapter(make_counting):
    env = make_counting(2)
    mock = MockAlgorithm(env.batch, seed=0)
    with pytest.raises(errors.InvalidArgumentError, match="InGraphAlgorithm"):
        rltools.simulate(env, mock)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"log": 1}, "expected log to be a boolean"),
        ({"log": None}, "expected log to be a boolean"),
        ({"reset": [True]}, "expected reset to be a boolean"),
        ({"steps": 0}, "steps to be an integer of at least 1, got 0"),
        ({"steps": 1.0}, "steps to be an integer"),
        ({"steps": tf.constant(1.0)}, "steps to be an integer or a scalar int32"),
    ],
)
def test_refuses_arguments_of_other_kinds(
    make_counting, graph_algorithm, kwargs, message
):
    with pytest.raises(errors.InvalidArgumentError, match=message):
        rltools.simulate(make_counting(1), graph_algorithm(), **kwargs)


def test_refuses_environments_that_are_no_batch(counting_env, graph_algorithm):
    for env in (rltools.InGraphEnv(counting_env(0)), counting_env(0)):
        with pytest.raises(errors.InvalidArgumentError, match="InGraphBatchEnv, got"):
            rltools.simulate(env, graph_algorithm())


def test_class_in_the_place_of_an_algorithm_and_wrong_arguments(make_counting):
    class OldStyle:
        def begin_episode(self, indices):
            pass

        def perform(self, indices, observ):
            pass

        def experience(self, indices, observ, action, reward, done):
            pass

        def end_episode(self, indices):
            pass

    env = make_counting(1)
    with pytest.raises(errors.InvalidArgumentError, match="the class OldStyle"):
        rltools.simulate(env, OldStyle)
    with pytest.raises(
        errors.InvalidArgumentError, match=r"OldStyle.experience to take 7"
    ):
        rltools.simulate(env, OldStyle())
