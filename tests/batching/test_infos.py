"""Infos stack as Gymnasium stacks them, where it does so without loss."""

import gymnasium as gym
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rltools.batching.infos import stack_infos

COUNT = 3
VALUES = {
    "lives": st.integers(0, 9),
    "speed": st.floats(allow_nan=False),
    "safe": st.booleans(),
    "name": st.text(max_size=3),
    "place": st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(np.array),
    "deep": st.fixed_dictionaries({}, optional={"depth": st.integers(0, 9)}),
}


@given(
    st.dictionaries(
        st.integers(0, COUNT - 1), st.fixed_dictionaries({}, optional=VALUES)
    )
)
def test_equals_gymnasium(infos):
    """Equals the oracle `VectorEnv._add_info` where the values are of one type."""
    vector_env = gym.vector.VectorEnv()
    vector_env.num_envs = COUNT
    oracle = {}
    for index, info in infos.items():
        oracle = vector_env._add_info(oracle, info, index)
    _assert_same(stack_infos(infos, COUNT), oracle)


@given(st.lists(st.fixed_dictionaries(VALUES), min_size=COUNT, max_size=COUNT))
def test_equals_gymnasium_where_all_have_all(infos):
    vector_env = gym.vector.VectorEnv()
    vector_env.num_envs = COUNT
    oracle = {}
    for index, info in enumerate(infos):
        oracle = vector_env._add_info(oracle, info, index)
    # In any order of the environments, but with a row for each.
    backwards = dict(reversed(list(enumerate(infos))))
    _assert_same(stack_infos(backwards, COUNT), oracle)


def test_final_observations_of_all_stay_whole():
    stacked = stack_infos({0: {"final_obs": 1.0}, 1: {"final_obs": 2.0}}, 2)
    assert stacked["final_obs"].tolist() == [1.0, 2.0]
    assert stacked["final_obs"].dtype == object


def _assert_same(first, second):
    assert first.keys() == second.keys()
    for key, value in first.items():
        if isinstance(value, dict):
            _assert_same(value, second[key])
        else:
            np.testing.assert_array_equal(value, second[key], strict=True)


def test_values_of_different_types_are_not_cast():
    """Gymnasium casts to the type of the first value: 0.7 would become 0."""
    infos = {0: {"speed": 1, "at": np.zeros(2)}, 1: {"speed": 0.7, "at": np.zeros(3)}}
    stacked = stack_infos(infos, 2)
    assert stacked["speed"].tolist() == [1, 0.7]
    assert [type(speed) for speed in stacked["speed"]] == [int, float]
    assert [place.shape for place in stacked["at"]] == [(2,), (3,)]


def test_no_environments():
    assert stack_infos({}, 0) == {}


def test_integers_of_any_size():
    assert stack_infos({1: {"id": 2**80}}, 2)["id"][1] == 2**80


def test_final_observations_stay_whole():
    stacked = stack_infos({0: {"final_obs": np.ones(2)}}, 2)
    assert stacked["final_obs"].dtype == object
    assert stacked["final_obs"][0].tolist() == [1, 1]
    assert stacked["final_obs"][1] is None
