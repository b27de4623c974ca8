import threading

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import rltools
from rltools import errors
from rltools.mocks import MockAlgorithm, MockEnvironment


class GraphAlgorithm:
    """Acts in the graph; counts traces in Python and calls in variables."""

    def __init__(self):
        self.traces = 0
        self.calls = {
            name: tf.Variable(0)
            for name in ("begin_episode", "end_episode", "perform", "summary")
        }
        self.rewards = tf.Variable(0.0)

    def begin_episode(self, indices):
        self.calls["begin_episode"].assign_add(tf.size(indices))

    def perform(self, indices, observ):
        self.traces += 1
        self.calls["perform"].assign_add(1)
        if self.calls["perform"] < 0:  # AutoGraph makes a conditional of this.
            observ = -observ
        return observ[:, :2] + tf.cast(indices, tf.float32)[:, None]

    def experience(
        self, indices, observ, action, reward, terminated, truncated, next_observ
    ):
        self.rewards.assign_add(tf.reduce_sum(reward))

    def end_episode(self, indices):
        self.calls["end_episode"].assign_add(tf.size(indices))

    def summary(self):
        self.calls["summary"].assign_add(1)
        return {"rewards": self.rewards.read_value(), "none": tf.zeros([0, 3])}

    def count(self, name):
        return int(self.calls[name])


def mock_batch(count=3, **kwargs):
    return rltools.BatchEnv(
        [MockEnvironment((2,), (1,), 1, 4, seed=seed) for seed in range(count)]
    )


def mocks(count=3):
    env = rltools.InGraphBatchEnv(mock_batch(count))
    mock = MockAlgorithm(env.batch, seed=0)
    return env, mock, rltools.InGraphAlgorithm(mock, env)


def timeline(mock):
    return [(call.verb, call.indices.tolist()) for call in mock.calls]


def test_timeline_of_the_verbs(make_counting):
    # Step:    0  1  2  3  4
    # Env 0:   b  e  b  e  b     (episodes of two steps)
    # Env 1:   b     e  b        (episodes of three steps)
    env = make_counting(2)
    mock = MockAlgorithm(env.batch, seed=0)
    rltools.simulate(env, rltools.InGraphAlgorithm(mock, env), steps=5)
    everyone = [("perform", [0, 1]), ("experience", [0, 1])]
    assert timeline(mock) == [
        ("begin_episode", [0, 1]),
        *everyone,
        *everyone,
        ("end_episode", [0]),
        ("begin_episode", [0]),
        *everyone,
        ("end_episode", [1]),
        ("begin_episode", [1]),
        *everyone,
        ("end_episode", [0]),
        ("begin_episode", [0]),
        *everyone,
    ]


def test_experiences_are_of_one_environment_and_episode(make_counting):
    env = make_counting(3)
    mock = MockAlgorithm(env.batch, seed=0)
    algo = rltools.InGraphAlgorithm(mock, env)
    for steps in (None, 4, 7):
        rltools.simulate(env, algo, steps=steps)
    performs = [call for call in mock.calls if call.verb == "perform"]
    experiences = [call for call in mock.calls if call.verb == "experience"]
    assert len(performs) == len(experiences) == 12
    for number, (perform, call) in enumerate(zip(performs, experiences, strict=True)):
        index, episode, step = call.observ.T
        np.testing.assert_array_equal(index, [0, 1, 2])
        np.testing.assert_array_equal(perform.observ, call.observ)
        np.testing.assert_array_equal(perform.action, call.action)
        np.testing.assert_array_equal(
            call.next_observ, np.stack([index, episode, step + 1], 1)
        )
        np.testing.assert_array_equal(
            call.reward, 100 * index + 10 * episode + step + 1
        )
        done = step + 1 == index + 2
        np.testing.assert_array_equal(call.terminated, done & (index % 2 == 0))
        np.testing.assert_array_equal(call.truncated, done & (index % 2 == 1))
        for index in range(3):
            np.testing.assert_array_equal(
                env.batch[index].actions[number], call.action[index]
            )


@given(st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=6))
@settings(max_examples=20, deadline=None)
def test_scores_and_lengths_equal_a_model(calls):
    """Model: running sums per environment, restarted when an episode begins."""
    env, mock, algo = MOCKS
    score, length = np.zeros(3, np.float32), np.zeros(3, int)
    done, scores, lengths = np.ones(3, np.bool_), [], []
    rltools.simulate(env, algo, log=True, reset=True)  # Forget the example before.
    first = True
    for steps, log in calls:
        start = len(mock.calls)
        results = rltools.simulate(env, algo, log=log, reset=first, steps=steps)
        first = False
        found = zip(*[result.numpy() for result in results[:2]], strict=True)
        for call in mock.calls[start:]:
            if call.verb == "begin_episode":
                score[call.indices], length[call.indices] = 0, 0
            elif call.verb == "experience":
                score, length = score + call.reward, length + 1
                done = call.terminated | call.truncated
                scores += score[done].tolist()
                lengths += length[done].tolist()
                found_done, found_score = next(found)
                np.testing.assert_array_equal(found_done, done)
                np.testing.assert_array_equal(found_score, score)
        assert next(found, None) is None
        if log:
            check_means(results[2], scores, lengths)
            scores, lengths = [], []
        else:
            check_means(results[2], [], [])


def check_means(summary, scores, lengths):
    for name, values in (("mean_score", scores), ("mean_length", lengths)):
        if values:
            assert summary[name].shape == ()
            np.testing.assert_allclose(summary[name], np.mean(values), 1e-5, 1e-6)
        else:
            assert summary[name].shape == (0,)


MOCKS = mocks()


def test_many_steps_equal_many_calls():
    """Homomorphism: `steps=k` does what k calls without it do."""
    one, all_at_once = mocks(), mocks()
    single = [rltools.simulate(one[0], one[2]) for _ in range(9)]
    done, score, summary = rltools.simulate(
        all_at_once[0], all_at_once[2], steps=9, log=True
    )
    assert done.shape == score.shape == (9, 3)
    assert single[0][0].shape == single[0][1].shape == (3,)
    np.testing.assert_array_equal(done, [each[0] for each in single])
    np.testing.assert_array_equal(score, [each[1] for each in single])
    assert timeline(one[1]) == timeline(all_at_once[1])
    *_, later = rltools.simulate(one[0], one[2], log=True)
    *_, later_too = rltools.simulate(all_at_once[0], all_at_once[2], log=True)
    assert set(later) == set(later_too) == {"mean_score", "mean_length"}
    assert summary["mean_length"].shape == ()


def test_reset_begins_all_environments_at_the_first_step_only(make_counting):
    env = make_counting(3)
    mock = MockAlgorithm(env.batch, seed=0)
    algo = rltools.InGraphAlgorithm(mock, env)
    rltools.simulate(env, algo)
    mock.calls.clear()
    _, score, _ = rltools.simulate(env, algo, reset=True, steps=2)
    assert timeline(mock)[0] == ("begin_episode", [0, 1, 2])
    assert [verb for verb, _ in timeline(mock)].count("begin_episode") == 1
    assert env.observ.numpy().tolist() == [[0, 1, 2], [1, 1, 2], [2, 1, 2]]
    assert score.numpy().tolist() == [[11, 111, 211], [23, 223, 423]]


def test_what_was_reset_by_hand_is_not_reset_again(make_counting):
    env = make_counting(2)
    mock = MockAlgorithm(env.batch, seed=0)
    algo = rltools.InGraphAlgorithm(mock, env)
    env.reset(seed=7)
    rltools.simulate(env, algo, reset=True)
    assert [env.batch[index].seeds for index in range(2)] == [[7], [8]]
    env.reset([1], seed=3)
    mock.calls.clear()
    _, score, _ = rltools.simulate(env, algo)
    assert timeline(mock)[0] == ("begin_episode", [1])
    assert [env.batch[index].seeds for index in range(2)] == [[7], [8, 4]]
    assert score.numpy().tolist() == [1 + 2, 111]


def test_an_algorithm_begins_all_episodes_when_it_takes_over(make_counting):
    env = make_counting(2)
    first, second = (MockAlgorithm(env.batch, seed=seed) for seed in range(2))
    algos = [rltools.InGraphAlgorithm(mock, env) for mock in (first, second)]
    for number in (0, 1, 1, 0):
        _, score, _ = rltools.simulate(env, algos[number])
    begin = ("begin_episode", [0, 1])
    once = [("perform", [0, 1]), ("experience", [0, 1])]
    assert timeline(first) == [begin, *once, begin, *once]
    assert timeline(second) == [begin, *once, *once, ("end_episode", [0])]
    assert score.numpy().tolist() == [21, 121]
    *_, summary = rltools.simulate(env, algos[0], steps=4, log=True)
    # Its own two episodes of two and one of three steps, not those of the other.
    assert float(summary["mean_length"]) == pytest.approx(7 / 3)


def test_traces_once_for_all_values_of_its_arguments(make_counting):
    env, algo = make_counting(2), GraphAlgorithm()
    for steps in (None, 2, 3, None, 2, tf.constant(4)):
        for log in (False, True, tf.constant(True)):
            for reset in (True, False, tf.constant(False)):
                rltools.simulate(env, algo, log=log, reset=reset, steps=steps)
    assert algo.traces == 1
    other = GraphAlgorithm()
    rltools.simulate(env, other)
    rltools.simulate(env, algo)
    rltools.simulate(env, other)
    assert (algo.traces, other.traces) == (1, 1)


def test_verbs_are_called_only_when_there_is_something_to_do(make_counting):
    env, algo = make_counting(2), GraphAlgorithm()
    rltools.simulate(env, algo)
    assert (algo.count("begin_episode"), algo.count("end_episode")) == (2, 0)
    rltools.simulate(env, algo, steps=4)
    assert (algo.count("begin_episode"), algo.count("end_episode")) == (4 + 1, 3)
    assert algo.count("perform") == 5


def test_summary_is_computed_once_and_only_to_log(make_counting):
    env, algo = make_counting(2), GraphAlgorithm()
    *_, summary = rltools.simulate(env, algo, steps=3)
    assert algo.count("summary") == 0
    shapes = {name: value.shape.as_list() for name, value in summary.items()}
    assert shapes == {name: [0] for name in ("rewards", "none", *MEANS)}
    *_, summary = rltools.simulate(env, algo, steps=2, log=True)
    assert algo.count("summary") == 1
    # Rewards 1 + 2 and 101 + 102 + 103 and 11 + 12; still running, 111 + 112 and 21.
    finished, running = 3 + 306 + 23, 223 + 21
    assert summary["rewards"] == finished + running
    assert summary["none"].shape == (0, 3)
    assert float(summary["mean_score"]) == pytest.approx(finished / 3)
    assert float(summary["mean_length"]) == pytest.approx((2 + 3 + 2) / 3)


MEANS = ("mean_score", "mean_length")


def test_runs_inside_of_another_function(make_counting):
    env, algo = make_counting(2), GraphAlgorithm()
    traces = []

    @tf.function
    def run(log, reset):
        traces.append(None)
        done, score, summary = rltools.simulate(
            env, algo, log=log, reset=reset, steps=3
        )
        assert done.shape == score.shape == (3, 2)
        last_done, last_score, _ = rltools.simulate(env, algo)
        assert last_done.shape == last_score.shape == (2,)
        return done, score, summary, last_score

    for mean_length in (2.5, 7 / 3):  # The last step ends an episode of two steps.
        done, score, summary, last_score = run(tf.constant(True), tf.constant(True))
        assert done.numpy().tolist() == [[False, False], [True, False], [False, True]]
        assert score.numpy()[0, 1] % 100 in (1, 21)
        assert last_score.numpy()[0] % 10 == 3
        assert float(summary["mean_length"]) == pytest.approx(mean_length)
    assert (algo.traces, len(traces)) == (1, 1)
    rltools.simulate(env, algo)
    assert algo.traces == 1


def test_number_of_steps_may_be_a_tensor_of_the_graph(make_counting):
    env, algo = make_counting(2), GraphAlgorithm()

    @tf.function
    def run(steps):
        return rltools.simulate(env, algo, steps=steps)[0]

    assert run(tf.constant(3)).shape == (3, 2)
    assert run(tf.constant(5)).shape == (5, 2)


class WorkerLikeError(errors.RemoteError):
    """Has arguments that TensorFlow could not pass on."""


def raise_remote(results):
    raise WorkerLikeError(
        "worker 1 failed\nRemote traceback: simulator.py, line 7",
        original_type="OSError",
        remote_traceback="simulator.py, line 7",
        worker=1,
        command="step",
    )


def test_errors_of_environments_come_out_as_they_were(counting_env, broken_env):
    def make():
        batch = rltools.BatchEnv([counting_env(0), broken_env(1, 2, raise_remote)])
        return rltools.InGraphBatchEnv(batch), GraphAlgorithm()

    env, algo = make()
    with pytest.raises(WorkerLikeError, match=r"simulator\.py, line 7") as caught:
        rltools.simulate(env, algo, steps=4)
    assert (caught.value.worker, caught.value.command) == (1, "step")
    env, algo = make()
    with pytest.raises(tf.errors.OpError) as caught:
        tf.function(lambda: rltools.simulate(env, algo, steps=4))()
    for text in ("WorkerLikeError", "worker 1 failed", "simulator.py, line 7"):
        assert text in str(caught.value)


@pytest.mark.parametrize("at", [1, 2])
def test_goes_on_after_an_error(counting_env, broken_env, at):
    batch = rltools.BatchEnv([counting_env(0), broken_env(1, at, raise_remote)])
    env = rltools.InGraphBatchEnv(batch)
    mock = MockAlgorithm(batch, seed=0)
    algo = rltools.InGraphAlgorithm(mock, env)
    with pytest.raises(WorkerLikeError):
        rltools.simulate(env, algo, steps=4)
    done, score, _ = rltools.simulate(env, algo, reset=True, steps=2)
    assert done.numpy().tolist() == [[False, False], [True, False]]
    assert score.numpy().tolist() == [[11, 111], [23, 223]]


def test_errors_of_algorithms_come_out_as_they_were():
    env, mock, algo = mocks()
    mock.experience = lambda *args: [].pop()
    with pytest.raises(IndexError, match="pop from empty list"):
        rltools.simulate(env, algo)


def test_nan_in_the_graph_is_named(broken_env, counting_env):
    def spoil(results):
        return np.full(3, np.nan, np.float32), *results[1:]

    env = rltools.InGraphBatchEnv(
        rltools.BatchEnv([counting_env(0), broken_env(1, 1, spoil)])
    )
    with pytest.raises(errors.InvalidObservationError, match=r"nan"):
        rltools.simulate(env, GraphAlgorithm())


def test_runs_in_other_threads(make_counting):
    env, algo = make_counting(2), GraphAlgorithm()
    found = []
    for _ in range(2):
        thread = threading.Thread(
            target=lambda: found.append(rltools.simulate(env, algo)[1].numpy())
        )
        thread.start()
        thread.join()
    assert np.array(found).tolist() == [[1, 101], [3, 203]]


class Reader(GraphAlgorithm):
    def perform(self, indices, observ):
        return tf.constant(np.asarray(observ)[:, :2])


class Guesser(GraphAlgorithm):
    def perform(self, indices, observ):
        return np.zeros((2, 2), np.float32)


class Doubler(GraphAlgorithm):
    def perform(self, indices, observ):
        return tf.cast(observ[:, :2], tf.float64)


class Usurper(GraphAlgorithm):
    def summary(self):
        return {"mean_score": tf.constant(1.0)}


class Teller(GraphAlgorithm):
    def summary(self):
        return tf.constant(1.0)


@pytest.mark.parametrize(
    ("algo", "error", "message"),
    [
        (Reader, errors.InvalidArgumentError, "Reader.perform.*InGraphAlgorithm"),
        (Guesser, errors.InvalidArgumentError, "return tensors, got ndarray"),
        (Doubler, errors.InvalidActionError, "float32, got .* float64"),
        (Usurper, errors.InvalidArgumentError, "without .*mean_score"),
        (Teller, errors.InvalidResultError, "Teller.summary to return a dictionary"),
        (object, errors.InvalidArgumentError, "object lacks begin_episode, perform"),
    ],
)
def test_refuses_algorithms_that_do_not_fit(make_counting, algo, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        rltools.simulate(make_counting(2), algo())


def test_plain_python_algorithms_need_their_adapter():
    env, mock, _ = mocks()
    with pytest.raises(errors.InvalidArgumentError, match="InGraphAlgorithm"):
        rltools.simulate(env, mock)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"log": 1}, "expected log to be a boolean"),
        ({"reset": [True]}, "expected reset to be a boolean"),
        ({"steps": 0}, "steps to be an integer of at least 1, got 0"),
        ({"steps": 1.0}, "steps to be an integer"),
        ({"steps": tf.constant(1.0)}, "steps to be an integer or a scalar int32"),
    ],
)
def test_refuses_arguments_of_other_kinds(make_counting, kwargs, message):
    with pytest.raises(errors.InvalidArgumentError, match=message):
        rltools.simulate(make_counting(1), GraphAlgorithm(), **kwargs)


def test_refuses_environments_that_are_no_batch(counting_env):
    for env in (rltools.InGraphEnv(counting_env(0)), counting_env(0)):
        with pytest.raises(errors.InvalidArgumentError, match="InGraphBatchEnv, got"):
            rltools.simulate(env, GraphAlgorithm())
