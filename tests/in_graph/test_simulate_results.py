import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rltools
from rltools.mocks import MockAlgorithm, MockEnvironment


def make_mocks(count=3):
    batch = rltools.BatchEnv(
        [MockEnvironment((2,), (1,), 1, 4, seed=seed) for seed in range(count)]
    )
    env = rltools.InGraphBatchEnv(batch)
    mock = MockAlgorithm(env.batch, seed=0)
    return env, mock, rltools.InGraphAlgorithm(mock, env)


def verbs(mock):
    return [(call.verb, call.indices.tolist()) for call in mock.calls]


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


MOCKS = make_mocks()


def test_many_steps_equal_many_calls():
    """Homomorphism: `steps=k` does what k calls without it do."""
    one, all_at_once = make_mocks(), make_mocks()
    single = [rltools.simulate(one[0], one[2]) for _ in range(9)]
    done, score, summary = rltools.simulate(
        all_at_once[0], all_at_once[2], steps=9, log=True
    )
    assert done.shape == score.shape == (9, 3)
    assert single[0][0].shape == single[0][1].shape == (3,)
    np.testing.assert_array_equal(done, [each[0] for each in single])
    np.testing.assert_array_equal(score, [each[1] for each in single])
    assert verbs(one[1]) == verbs(all_at_once[1])
    *_, later = rltools.simulate(one[0], one[2], log=True)
    *_, later_too = rltools.simulate(all_at_once[0], all_at_once[2], log=True)
    assert set(later) == set(later_too) == {"mean_score", "mean_length"}
    assert summary["mean_length"].shape == ()


def test_summary_is_computed_once_and_only_to_log(make_counting, graph_algorithm):
    env, algo = make_counting(2), graph_algorithm()
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
