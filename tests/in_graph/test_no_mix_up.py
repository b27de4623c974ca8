"""Inside the graph, nothing is taken for that of another environment or step."""

import contextlib
from functools import partial

import numpy as np
import pytest
import tensorflow as tf

import rltools
from rltools.checks import differences
from rltools.mocks import CountingEnvironment, MockAlgorithm

COUNT = 5
pytestmark = pytest.mark.timeout(60)


@pytest.fixture(params=[0, 2], ids=["in process", "two workers"])
def counted(request):
    """Tuple of counting environments in the graph, and the infos of all their steps."""
    makes = [partial(CountingEnvironment, index) for index in range(COUNT)]
    batch = rltools.BatchEnv.launch(makes, workers=request.param)
    step, infos = batch.step, []

    def noted(action):
        results = step(action)
        infos.append(results[-1])
        return results

    batch.step = noted
    with contextlib.closing(batch):
        yield rltools.InGraphBatchEnv(batch), infos


def assert_expected(place, results, info=None, **arguments):
    """Compare what came of a step of one environment with what must come of it."""
    observ, reward, *flags = results
    results = observ, float(reward), *map(bool, flags)
    *outcome, told = CountingEnvironment.expected(*place, **arguments)
    assert not differences(tuple(outcome), results, f"results of {place}")
    if info is not None:
        assert not differences(told, info, f"info of {place}")


def info_of(infos, index):
    names = ("env", "episode", "step", "seed", "action")
    return {name: int(infos[name][index]) for name in names}


def test_steps_and_partial_resets_in_one_loop_of_the_graph(counted):
    """Oracle: `expected`, for ends, resets in mid-episode, and seeds."""
    env, infos = counted
    everyone = tf.range(COUNT, dtype=tf.int64)

    def results():
        return env.observ, env.reward, env.terminated, env.truncated

    @tf.function
    def run(steps):
        each = [value.dtype for value in results()]
        dtypes = [tf.bool, *each, *each, tf.int64]
        columns = [tf.TensorArray(dtype, steps) for dtype in dtypes]
        for step in tf.range(steps, dtype=tf.int64):
            begins = env.done | (everyone == step % 11)
            # The last one first, because an order that is ignored must show.
            indices = tf.where(begins)[::-1, 0]
            if step % 4 == 3:
                env.reset(indices, seed=step)
            else:
                env.reset(indices)
            before = results()
            env.simulate(10 * step + everyone)
            row = (begins, *before, *results(), env.action)
            at = tf.cast(step, tf.int32)
            columns = [
                column.write(at, value)
                for column, value in zip(columns, row, strict=True)
            ]
        return [column.stack() for column in columns]

    rows = zip(*(column.numpy() for column in run(tf.constant(40))), strict=True)
    episodes, times, seeds = [-1] * COUNT, [0] * COUNT, [None] * COUNT
    for step, (begins, *values, action) in enumerate(rows):
        assert action.tolist() == [10 * step + index for index in range(COUNT)]
        for index in range(COUNT):
            if begins[index]:
                episodes[index] += 1
                times[index] = 0
                if step % 4 == 3:
                    seeds[index] = step + index
                    episodes[index] = 0
            row = [column[index] for column in values]
            place = index, episodes[index], times[index]
            if times[index]:
                # The reset of others has left what the last step gave.
                assert_expected(place, row[:4], seed=seeds[index])
            else:
                first, _ = CountingEnvironment.expected(*place, seed=seeds[index])
                assert not differences(first, row[0], f"observ of {place}")
                assert row[1:4] == [0, False, False]
            times[index] += 1
            assert_expected(
                (index, episodes[index], times[index]),
                row[4:],
                info_of(infos[step], index),
                action=10 * step + index,
                seed=seeds[index],
            )
    assert len(infos) == 40
    assert max(episodes) > 3


def test_experiences_of_simulate(counted):
    """Oracle: `expected`, whatever the number of steps of each call."""
    env, infos = counted
    mock = MockAlgorithm(env.batch, seed=0)
    algo = rltools.InGraphAlgorithm(mock, env)
    for steps in (None, 4, 15):
        rltools.simulate(env, algo, steps=steps)
    performs = [call for call in mock.calls if call.verb == "perform"]
    experiences = [call for call in mock.calls if call.verb == "experience"]
    places = [(index, 0, 0) for index in range(COUNT)]
    for perform, call, info in zip(performs, experiences, infos, strict=True):
        np.testing.assert_array_equal(call.observ, places)
        np.testing.assert_array_equal(perform.observ, places)
        np.testing.assert_array_equal(perform.action, call.action)
        for index, (_, episode, step) in enumerate(places):
            outcome = call.next_observ, call.reward, call.terminated, call.truncated
            assert_expected(
                (index, episode, step + 1),
                [column[index] for column in outcome],
                info_of(info, index),
                action=int(call.action[index]),
            )
            ends = bool(call.terminated[index] or call.truncated[index])
            places[index] = (index, episode + ends, 0 if ends else step + 1)
    assert len(infos) == 20
