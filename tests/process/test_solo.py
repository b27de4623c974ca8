"""The short way to step an environment does what the general way does."""

import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from rltools.hosting.columns import Columns
from rltools.hosting.env_group import EnvGroup
from rltools.hosting.report import Report
from rltools.process.packing import pack_report
from rltools.process.signals import RESET_ONLY, SAME_STEP
from rltools.process.solo import solo_step

ACTION_SPACES = [
    spaces.Discrete(5),
    spaces.MultiDiscrete([3, 4]),
    spaces.MultiBinary(3),
    spaces.Box(-1, 1, (2,)),
]
GOOD = {
    "observ": [np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)],
    "reward": [0.5, 3, np.float64(2), np.float32(1)],
    "terminated": [False, True, np.False_, np.True_],
    "truncated": [False, True, np.False_, np.True_],
    "info": [{}, {"lives": 3}],
}
BAD = {
    "observ": [None, np.ones(3, np.float32), np.ones((2, 3)), np.ones((1, 3))],
    "reward": [None, "1", True, np.array(2.0), np.float16(1), np.ones(1)],
    "terminated": [0, None, 1.0],
    "truncated": [1, "no"],
    "info": [None, [], {"f": len}],
}
# Some, but not all: numbers of narrower types are taken as they are.
values = st.tuples(*(st.sampled_from(GOOD[key] + BAD[key]) for key in GOOD))
results = st.one_of(
    st.tuples(*(st.sampled_from(each) for each in GOOD.values())),
    values,
    st.sampled_from([None, (), (1, 2), ValueError("broken"), SystemExit(2)]),
)


class Scripted(gym.Env):
    observation_space = spaces.Box(-9, 9, (2, 3), np.float32)

    def __init__(self, action_space, result):
        self.action_space = action_space
        self.result = result
        self.actions = []

    def reset(self, *, seed=None, options=None):
        return np.full((2, 3), 7, np.float32), {"new": True}

    def step(self, action):
        self.actions.append(action)
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


def run(env, action, reset, flags, *, solo):
    columns = Columns(env.observation_space, env.action_space, 1)
    columns.actions.put(np.asarray(action)[None])
    columns.resets[:] = reset
    group = EnvGroup([env], columns, caught=BaseException)

    def general(flags):
        resets, same_step = columns.resets.tolist(), bool(flags & SAME_STEP)
        if flags & RESET_ONLY:
            return pack_report(group.reset([0][:reset], [None][:reset], None), [])
        batch = columns.actions.leaves()[0].copy()
        return pack_report(group.step(list(batch), resets, same_step=same_step), [])

    step = solo_step(env, columns, group, general) if solo else general
    body = step(flags)
    report = pickle.loads(body) if body else None
    arrays = columns.observs.leaves()[0], columns.rewards, columns.terminated
    return report, [array.tolist() for array in (*arrays, columns.truncated)]


@given(
    *(st.data(), st.sampled_from(ACTION_SPACES), results, st.booleans()),
    st.sampled_from([0, SAME_STEP, RESET_ONLY]),
)
def test_short_way_equals_general_way(data, space, result, reset, flags):
    """Equals a model: the same rows, the same report, the same action."""
    action = data.draw(st.integers(0, 10**6).map(lambda seed: seeded(space, seed)))
    short, general = Scripted(space, result), Scripted(space, result)
    ours = run(short, action, reset, flags, solo=True)
    model = run(general, action, reset, flags, solo=False)
    assert ours[1] == model[1]
    assert describe(ours[0]) == describe(model[0])
    for mine, theirs in zip(short.actions, general.actions, strict=True):
        assert type(mine) is type(theirs)
        np.testing.assert_array_equal(mine, theirs)


def seeded(space, seed):
    space.seed(seed)
    return space.sample()


def describe(report):
    """A report without the lines of code in its tracebacks."""
    if report is None:
        return None
    infos, failures, violations, objects = report
    texts = [
        {row: (each.type_name, each.message) for row, each in problems.items()}
        for problems in (failures, violations)
    ]
    return repr(infos), *texts, objects


def test_an_action_that_is_kept_does_not_change():
    env = Scripted(spaces.Box(-1, 1, (2,)), tuple(each[0] for each in GOOD.values()))
    columns = Columns(env.observation_space, env.action_space, 1)
    step = solo_step(env, columns, EnvGroup([env], columns), None)
    for value in (0.25, 0.5):
        columns.actions.put(np.full((1, 2), value, np.float32))
        step(0)
    assert [action.tolist() for action in env.actions] == [[0.25] * 2, [0.5] * 2]


@pytest.mark.parametrize("space", [spaces.Text(3), spaces.Dict(a=spaces.Discrete(2))])
def test_other_spaces_go_the_general_way(space):
    env = Scripted(spaces.Discrete(2), None)
    env.observation_space = space
    columns = Columns(space, env.action_space, 1)
    general = Report  # Any function would do.
    assert solo_step(env, columns, EnvGroup([env], columns), general) is general
