import threading

import numpy as np
import pytest
import tensorflow as tf

import rltools


def test_traces_once_for_all_values_of_its_arguments(make_counting, graph_algorithm):
    env, algo = make_counting(2), graph_algorithm()
    for steps in (None, 2, 3, None, 2, tf.constant(4)):
        for log in (False, True, tf.constant(True)):
            for reset in (True, False, tf.constant(False)):
                rltools.simulate(env, algo, log=log, reset=reset, steps=steps)
    assert algo.traces == 1
    other = graph_algorithm()
    rltools.simulate(env, other)
    rltools.simulate(env, algo)
    rltools.simulate(env, other)
    assert (algo.traces, other.traces) == (1, 1)


def test_verbs_are_called_only_when_there_is_something_to_do(
    make_counting, graph_algorithm
):
    env, algo = make_counting(2), graph_algorithm()
    rltools.simulate(env, algo)
    assert (algo.count("begin_episode"), algo.count("end_episode")) == (2, 0)
    rltools.simulate(env, algo, steps=4)
    assert (algo.count("begin_episode"), algo.count("end_episode")) == (4 + 1, 3)
    assert algo.count("perform") == 5


def test_runs_inside_of_another_function(make_counting, graph_algorithm):
    env, algo = make_counting(2), graph_algorithm()
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


def test_number_of_steps_may_be_a_tensor_of_the_graph(make_counting, graph_algorithm):
    env, algo = make_counting(2), graph_algorithm()

    @tf.function
    def run(steps):
        return rltools.simulate(env, algo, steps=steps)[0]

    assert run(tf.constant(3)).shape == (3, 2)
    assert run(tf.constant(5)).shape == (5, 2)


def test_runs_in_other_threads(make_counting, graph_algorithm):
    env, algo = make_counting(2), graph_algorithm()
    found = []
    for _ in range(2):
        thread = threading.Thread(
            target=lambda: found.append(rltools.simulate(env, algo)[1].numpy())
        )
        thread.start()
        thread.join()
    assert np.array(found).tolist() == [[1, 101], [3, 203]]
