import math

import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from rltools.errors import InvalidArgumentError
from rltools.in_graph import count_weights

SHAPES = st.lists(st.integers(0, 3), max_size=3)
NAMES = st.sampled_from(["policy/kernel", "policy/bias", "policy_old/kernel", "value"])


def variable(name, shape=(2,), **kwargs):
    return tf.Variable(tf.zeros(shape), name=name, **kwargs)


class Model(tf.Module):
    def __init__(self):
        super().__init__()
        self.dense = tf.keras.Sequential([tf.keras.layers.Dense(3, name="dense")])
        self.dense.build((None, 2))
        self.parts = {"list": [variable("inner/scale")], "number": 3, "none": None}
        self.again = self.parts
        self.step = tf.Variable(0, trainable=False)
        self.itself = self


@given(st.lists(st.tuples(NAMES, SHAPES, st.booleans()), max_size=6))
@settings(max_examples=40, deadline=None)
def test_is_additive_over_trainable_variables(parts):
    """Homomorphism: the count of a list is the sum of the counts of its items."""
    variables = [variable(name, shape, trainable=yes) for name, shape, yes in parts]
    expected = sum(math.prod(shape) for _, shape, yes in parts if yes)
    assert count_weights(variables) == expected
    assert sum(map(count_weights, variables)) == expected
    assert count_weights(variables + variables) == expected


def test_scope_is_a_prefix_of_whole_components():
    variables = [
        variable("policy/kernel", (2, 3)),
        variable("policy/deep/bias", (5,)),
        variable("policy_old/kernel", (7,)),
        variable("other/policy/kernel", (11,)),
        variable("policy", (13,)),
    ]
    for scope in ("policy", "policy/"):
        assert count_weights(variables, scope=scope) == 6 + 5 + 13
    assert count_weights(variables, scope="policy/deep") == 5
    assert count_weights(variables, scope="missing") == 0
    assert count_weights(variables, scope="") == 42


def test_exclude_is_searched_in_the_name():
    variables = [variable("a/kernel", (2,)), variable("a/bias", (3,))]
    assert count_weights(variables, exclude="bias") == 2
    assert count_weights(variables, exclude="^bias") == 5
    assert count_weights(variables, exclude="kernel$|bias$") == 0
    assert count_weights(variables, scope="a", exclude=r"/k\w+l$") == 3


def test_modules_and_what_they_hold():
    assert count_weights(Model()) == 2 * 3 + 3 + 2
    assert count_weights({"a": Model(), "b": (variable("x"),)}) == 13
    assert count_weights(tf.Module()) == 0
    assert count_weights([]) == 0


def test_keras_models():
    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(3, name="first"), tf.keras.layers.Dense(1, name="last")],
        name="net",
    )
    model.build((None, 2))
    assert count_weights(model) == 9 + 4
    assert count_weights(model, scope="net/last") == 4
    assert count_weights(model, scope="net", exclude="bias") == 6 + 3
    model.layers[0].trainable = False
    assert count_weights(model) == 4


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, r"expected source to be .* got 3 \(int\)"),
        ([tf.Variable(1.0), {"a": None}], r"source\[1\]\['a'\].*None \(NoneType\)"),
        (tf.keras.layers.Dense(3, name="lazy"), "built, got 'lazy' at source"),
        (
            tf.Variable([1.0], shape=tf.TensorShape([None]), name="open"),
            r"'open' of shape \(None,\)",
        ),
    ],
)
def test_refuses_what_can_not_be_counted(source, message):
    with pytest.raises(InvalidArgumentError, match=message):
        count_weights(source)


def test_refuses_what_is_no_regular_expression():
    with pytest.raises(InvalidArgumentError, match=r"got '\(': missing \)"):
        count_weights([], exclude="(")
