import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.algorithm.optimizers import Schedule, define_optimizer
from examples.ppo.config import OPTIMIZERS, SCHEDULES


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("constant", [0.5] * 5), ("linear", [0.5, 0.375, 0.25, 0.0, 0.0])],
)
def test_schedules(kind, expected):
    schedule = Schedule(kind, 0.5, 8)
    actual = [float(schedule(tf.constant(step))) for step in (0, 2, 4, 8, 9)]
    assert actual == expected
    assert {kind for kind in SCHEDULES} == {"constant", "linear"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_goes_downhill_by_the_schedule(name):
    """Fast at first, and not at all when the learning rate is zero."""
    variable = tf.Variable([3.0, -2.0])
    optimizer = define_optimizer(name, Schedule("linear", 0.01, 5))
    optimizer.build([variable])
    losses = [float(tf.reduce_sum(variable**2))]
    for _ in range(7):
        # Apart from momentum, which would go on.
        gradient = 2 * variable
        optimizer.apply_gradients([(gradient, variable)])
        losses.append(float(tf.reduce_sum(variable**2)))
    assert losses[1] < losses[0]
    assert losses[4] < losses[1]
    assert int(optimizer.iterations.value) == 7
    if name != "sgd":
        assert losses[6] == losses[5]


def test_first_step_of_adam():
    """Both moments are those of the first gradient: it goes by the learning rate."""
    variable = tf.Variable([3.0, -2.0])
    optimizer = define_optimizer("adam", Schedule("constant", 0.25, 1))
    optimizer.build([variable])
    optimizer.apply_gradients([(tf.constant([5.0, -0.1]), variable)])
    np.testing.assert_allclose(variable, [2.75, -1.75], atol=1e-3)
