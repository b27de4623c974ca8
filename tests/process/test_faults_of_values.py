"""What crosses between processes arrives as it was, or is refused by name.

Every test here runs for environments of this process and of others.
"""

import sys

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from rltools.batch_env import BatchEnv
from rltools.checks import differences
from rltools.errors import InvalidObservationError, ResetNeededError

cloudpickle.register_pickle_by_value(sys.modules[__name__])
pytestmark = pytest.mark.timeout(60)


# 27. Observations that are not of their space.


class Returns(gym.Env):
    """Observes what is wrong in the verb that is `due`, else what its space has."""

    action_space = spaces.Discrete(2)

    def __init__(self, space, wrong):
        self.observation_space = space
        self.wrong = list(wrong)
        self.due = None

    def reset(self, *, seed=None, options=None):
        return self._observe("reset"), {}

    def step(self, action):
        return self._observe("step"), 0.0, False, False, {}

    def _observe(self, verb):
        if verb == self.due:
            self.due = None
            return self.wrong.pop(0)
        return self.observation_space.sample()


BOX = spaces.Box(-1, 1, (2,), np.float32)
IMAGE = spaces.Box(0, 255, (2,), np.uint8)
THREE = spaces.Discrete(3)
PAIR = spaces.Dict(a=BOX, b=spaces.Tuple([IMAGE, THREE]))


def pair(a=BOX, b=IMAGE, c=1):
    def fill(part):
        return np.zeros(2, part.dtype) if isinstance(part, spaces.Box) else part

    return {"a": fill(a), "b": (fill(b), c)}


WRONG = {
    "shape": (BOX, np.zeros(3, np.float32), r"expected shape \(2,\), got \(3,\)"),
    "broadcast": (BOX, np.zeros(1, np.float32), r"expected shape \(2,\), got \(1,\)"),
    "scalar": (BOX, np.float32(0), r"expected shape \(2,\), got \(\)"),
    "list": (BOX, [0.0, 0.0], r"expected an array of shape \(2,\).*, got \[0.0, 0.0\]"),
    "none": (BOX, None, r"expected an array of shape \(2,\).*, got None"),
    "wider": (BOX, np.zeros(2), "expected dtype float32, got float64"),
    "nan": (IMAGE, np.full(2, np.nan), "expected dtype uint8, got float64"),
    "300": (IMAGE, np.full(2, 300), "expected dtype uint8, got int64"),
    "text": (BOX, np.array(["0", "1"]), "expected dtype float32, got <U1"),
    "discrete": (THREE, 3, "expected an integer from 0 to 2, got 3"),
    "nan for discrete": (
        *(THREE, np.nan),
        "expected an integer from 0 to 2, got nan",
    ),
    "binary": (spaces.MultiBinary(2), np.full(2, 2, np.int8), "expected.*1.*, got 2"),
    "choice": (spaces.MultiDiscrete([2, 3]), np.array([1, 3]), "expected.*2.*, got 3"),
    "string": (spaces.Text(2, charset="ab"), "abc", r"expected .*Text.*, got 'abc'"),
    "missing key": (PAIR, {"a": pair()["a"]}, r"expected.*'a', 'b'.*got.*'a'"),
    "extra key": (PAIR, {**pair(), "c": 1}, r"expected.*'a', 'b'.*got.*'c'"),
    "other keys": (PAIR, {"b": 1, "c": 2}, r"expected.*'a', 'b'.*got.*'c'"),
    "no dict": (PAIR, (1, 2), r"expected a dict.*, got.*tuple"),
    "nested": (PAIR, pair(a=np.zeros(3, np.float32)), r"\['a'\]: expected.*, got"),
    "deeply nested": (PAIR, pair(b=np.zeros(2)), r"\['b'\]\[0\]: expected.*, got"),
    "in a tuple": (PAIR, pair(c=7), r"\['b'\]\[1\]: expected.*, got 7"),
    "too short": (
        *(PAIR, {**pair(), "b": (pair()["b"][0],)}),
        r"\['b'\]: expected.* 2 items, got 1",
    ),
}


def step(batch):
    return batch.step(np.zeros(len(batch), np.int64))


SPACES = list({id(case[0]): case[0] for case in WRONG.values()}.values())


@pytest.mark.parametrize("verb", ["reset", "step"])
def test_fault_27_wrong_observations_are_told_with_path_and_expectation(
    make_batch, verb
):
    # Both verbs take the same way, and each start of a batch takes time.
    for space in {"step": SPACES, "reset": [PAIR]}[verb]:
        wrong = [case[1:] for case in WRONG.values() if case[0] is space]
        values = [value for value, _ in wrong]
        batch = make_batch(
            lambda space=space: Returns(space, []),
            lambda space=space, values=values: Returns(space, values),
        )
        for _, message in wrong:
            batch.reset()
            batch.set_attr("due", [None, verb])
            pattern = rf"envs\[1\] observation.*{message}"
            with pytest.raises(InvalidObservationError, match=pattern):
                batch.reset() if verb == "reset" else step(batch)
            # Only the one that broke its word must be reset.
            with pytest.raises(ResetNeededError, match=r"\[1\]"):
                step(batch)
            batch.reset(indices=[1])
            step(batch)
        assert batch.get_attr("wrong") == ([], [])
        batch.close()


def assert_same(first, second):
    assert not differences(second, first, "value")


# 28. Environments here and there give the same arrays.

NUMBERS = "int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64"
EVERYTHING = spaces.Dict(
    boxes=spaces.Dict({d: spaces.Box(0, 9, (2, 3), d) for d in NUMBERS.split()}),
    scalars=spaces.Dict({d: spaces.Box(0, 9, (), d) for d in NUMBERS.split()}),
    empty=spaces.Box(0, 1, (0, 2), np.float32),
    unbounded=spaces.Box(-np.inf, np.inf, (3,), np.float64),
    flags=spaces.Box(0, 1, (3,), np.bool_),
    discrete=spaces.Discrete(5, start=-2),
    binary=spaces.MultiBinary([2, 2]),
    choices=spaces.MultiDiscrete([[2, 3], [4, 5]]),
    tuple=spaces.Tuple([spaces.Discrete(3), spaces.Tuple([BOX, IMAGE])]),
    text=spaces.Text(8, min_length=0),
    sequence=spaces.Sequence(BOX),
    stacked=spaces.Sequence(BOX, stack=True),
    graph=spaces.Graph(BOX, spaces.Discrete(3)),
    one_of=spaces.OneOf([spaces.Discrete(3), BOX]),
)


class Echo(gym.Env):
    """Observes its last action."""

    def __init__(self, space):
        self.observation_space = self.action_space = space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.action_space.seed(seed)
        return self.action_space.sample(), {}

    def step(self, action):
        return action, self.np_random.random(), False, False, {"last": repr(action)}


@pytest.mark.parametrize(
    "space",
    [
        spaces.Tuple([EVERYTHING, *EVERYTHING.values()]),
        *(spaces.Discrete(9), spaces.Box(0, 1, (), np.float64), spaces.Text(5)),
    ],
    ids=["all kinds", "Discrete", "scalar Box", "Text"],
)
def test_fault_28_every_space_kind_and_dtype_arrives_as_it_is_here(make_batch, space):
    here = BatchEnv([Echo(space) for _ in range(2)])
    there = make_batch(*[lambda: Echo(space)] * 2)
    assert there.observation_space == here.observation_space
    assert there.single_action_space == space
    assert_same(there.reset(seed=3), here.reset(seed=3))
    here.action_space.seed(5)
    for _ in range(3):
        action = here.action_space.sample()
        results = there.step(action)
        assert_same(results, here.step(action))
        assert_same(results[0], action)
    part = there.reset(indices=[1], seed=8), here.reset(indices=[1], seed=8)
    assert_same(*part)
