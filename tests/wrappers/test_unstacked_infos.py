"""Unstacking undoes stacking, ours and Gymnasium's."""

import gymnasium as gym
import numpy as np
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import VectorEnv
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rltools.batching.infos import stack_infos
from rltools.wrappers.unstacked_infos import unstack_infos

KEYS = st.sampled_from(["a", "b", "long name", "_private"])
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.floats(width=32, allow_nan=False).map(np.float32),
    st.integers(0, 255).map(np.uint8),
    st.text(),
    st.none(),
    st.lists(st.integers()),
    arrays(np.float64, (2, 3), elements=st.floats(0, 1)),
    arrays(np.int8, (2,)),
)
INFOS = st.recursive(
    st.dictionaries(KEYS, VALUES, max_size=3),
    lambda infos: st.dictionaries(KEYS, st.one_of(VALUES, infos), max_size=3),
)


@given(st.lists(INFOS, min_size=1, max_size=4))
def test_round_trip(infos):
    stacked = stack_infos(dict(enumerate(infos)), len(infos))
    assert data_equivalence(unstack_infos(stacked, len(infos)), infos, exact=True)


@given(st.lists(st.sampled_from([{}, {"lives": 3}, {"lives": 2}]), min_size=1))
def test_gymnasiums_stacks(infos):
    batch = VectorEnv()
    batch.num_envs = len(infos)
    stacked = {}
    for index, info in enumerate(infos):
        stacked = batch._add_info(stacked, info, index)
    assert unstack_infos(stacked, len(infos)) == infos


def test_final_observations_are_kept_whole():
    space = gym.spaces.Dict(a=gym.spaces.Discrete(3))
    infos = {1: {"final_obs": space.sample(), "final_info": {"lives": 2}}}
    assert unstack_infos(stack_infos(infos, 3), 3) == [{}, infos[1], {}]
