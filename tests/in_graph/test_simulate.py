import pytest

import rltools
from rltools.mocks import MockAlgorithm


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
