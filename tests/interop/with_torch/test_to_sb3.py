"""A batch in Stable-Baselines3 is what its own vector environments are."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    SubprocVecEnv,
    VecCheckNan,
    VecEnv,
    VecExtractDictObs,
    VecFrameStack,
    VecMonitor,
    VecNormalize,
    VecTransposeImage,
)

from rltools.errors import (
    CallOrderError,
    ClosedError,
    InvalidActionError,
    PendingCallError,
)
from rltools.wrappers import to_sb3

COUNT = 3


@pytest.fixture(params=["same_step", "disabled"])
def autoreset(request):
    return request.param


@pytest.fixture
def make_pair(make_batch, autoreset):
    """Make a batch and Stable-Baselines3's own, of the same environments."""
    theirs = []

    def make(constructor, kind=DummyVecEnv, **options):
        makes = [constructor] * COUNT
        theirs.append(kind(makes))
        return to_sb3(make_batch(makes, autoreset=autoreset, **options)), theirs[-1]

    yield make
    for env in theirs:
        env.close()


def assert_same(ours, theirs):
    if isinstance(theirs, dict):  # DummyVecEnv has an OrderedDict.
        theirs = dict(theirs)
    assert data_equivalence(ours, theirs, exact=True), (ours, theirs)


def compare(ours, theirs, steps=40):
    """Same seeds and actions: the same results; at least one episode each."""
    assert ours.seed(3) == theirs.seed(3)
    assert_same(ours.reset(), theirs.reset())
    ours.action_space.seed(5)
    ends = np.zeros(COUNT, int)
    for _ in range(steps):
        assert_same([*ours.unwrapped.reset_infos], [*theirs.unwrapped.reset_infos])
        actions = np.stack([ours.action_space.sample() for _ in range(COUNT)])
        mine, other = ours.step(actions), theirs.step(actions)
        assert_same(mine[0], other[0])
        assert mine[1].dtype == np.float32
        assert_same(mine[1], other[1].astype(np.float32))
        assert_same(mine[2], other[2])
        assert_same(without_time(mine[3]), without_time(other[3]))
        ends += ["terminal_observation" in info for info in mine[3]]
    assert all(ends)


def without_time(infos):
    episode = {"t": 0.0}
    return [
        info | {"episode": info["episode"] | episode} if "episode" in info else info
        for info in infos
    ]


def test_equals_dummy_vec_env(make_pair, make_eventful):
    ours, theirs = make_pair(make_eventful)
    assert isinstance(ours, VecEnv)
    assert ours.unwrapped is ours
    assert type(to_sb3(ours.batch)) is type(ours)
    for name in "num_envs", "observation_space", "action_space", "render_mode":
        assert getattr(ours, name) == getattr(theirs, name)
    assert ours.metadata == theirs.metadata
    compare(ours, theirs)


def test_equals_subproc_vec_env(make_pair, eventful):
    compare(*make_pair(eventful, SubprocVecEnv))


@pytest.mark.parametrize("id", ["CartPole-v1", "Pendulum-v1"])
def test_equals_dummy_vec_env_with_monitors_and_limits(make_pair, id):
    make = partial(gym.make, id, max_episode_steps=30)
    compare(*make_pair(lambda: Monitor(make())), steps=100)


WRAPPERS = {
    "VecMonitor": VecMonitor,
    "VecNormalize": VecNormalize,
    "VecFrameStack": partial(VecFrameStack, n_stack=3),
    "VecTransposeImage": VecTransposeImage,
    "VecCheckNan": partial(VecCheckNan, raise_exception=True),
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("VecMonitor", "vector"),
        ("VecNormalize", "vector"),
        ("VecFrameStack", "vector"),
        ("VecFrameStack", "image"),
        ("VecTransposeImage", "image"),
        ("VecCheckNan", "dict"),
    ],
)
def test_their_wrappers(make_pair, constructors, name, kind):
    [constructor] = (each for key, each in constructors.items() if key.startswith(kind))
    ours, theirs = make_pair(constructor)
    compare(WRAPPERS[name](ours), WRAPPERS[name](theirs))


def test_one_entry_of_dict_observations(make_pair, constructors):
    ours, theirs = make_pair(constructors["dict-multidiscrete"])
    compare(VecExtractDictObs(ours, "vector"), VecExtractDictObs(theirs, "vector"))


def test_options_are_for_the_next_reset(make_pair, eventful):
    ours, theirs = make_pair(eventful)
    for options in {"a": 1}, [{"a": 1}, {}, {"b": 2}], [{}, {"a": 1}, {"a": 1}], None:
        for env in ours, theirs:
            env.seed(1)
            env.set_options(options)
        for _ in range(2):
            assert_same(ours.reset(), theirs.reset())
            assert_same(ours.reset_infos, theirs.reset_infos)


def test_seeds_are_drawn_where_none_is_given(make_pair, eventful):
    ours, theirs = make_pair(eventful)
    seeds = []
    for env in ours, theirs:
        np.random.seed(4)
        seeds.append(env.seed())
    assert seeds[0] == seeds[1]
    assert_same(ours.reset(), theirs.reset())


def test_attributes_and_methods(make_pair, eventful):
    ours, _ = make_pair(eventful)
    assert ours.get_attr("level") == [1, 1, 1]
    ours.set_attr("level", [5], indices=1)
    ours.set_attr("level", 7, indices=[2])
    assert ours.get_attr("level") == [1, [5], 7]
    assert ours.get_attr("level", indices=[2, 0]) == [7, 1]
    ours.set_attr("level", 2)
    assert ours.env_method("add", 1) == [3, 3, 3]
    assert ours.env_method("add", 1, indices=0, times=4) == [6]
    assert ours.env_method("add", 1, indices=iter([0, 2])) == [3, 3]
    assert ours.has_attr("level")
    assert not ours.has_attr("nothing")
    ours.set_attr("marked", True, indices=1)
    assert not ours.has_attr("marked")
    with pytest.raises(AttributeError, match="nothing"):
        ours.get_attr("nothing")


def test_attributes_are_set_where_they_are(make_pair):
    ours, _ = make_pair(partial(gym.make, "CartPole-v1"))
    ours.set_attr("gravity", 5.0)
    assert ours.env_method("get_wrapper_attr", "gravity") == [5.0] * COUNT


def test_tells_wrappers(make_pair):
    ours, theirs = make_pair(lambda: Monitor(gym.make("CartPole-v1")))
    plain, _ = make_pair(partial(gym.make, "CartPole-v1"))
    for env in ours, theirs:
        assert env.env_is_wrapped(Monitor) == [True] * COUNT
        assert env.env_is_wrapped(Monitor, indices=[0, 2]) == [True] * 2
        assert env.env_is_wrapped(gym.wrappers.ClipAction, indices=1) == [False]
    assert plain.env_is_wrapped(Monitor) == [False] * COUNT


def test_images(make_pair, eventful):
    ours, theirs = make_pair(eventful)
    ours.reset(), theirs.reset()
    assert_same(ours.get_images(), theirs.get_images())
    assert_same(ours.render(), theirs.render())
    assert ours.render().shape == (8, 8, 3)


def test_no_images_without_render_mode(make_pair):
    ours, _ = make_pair(partial(gym.make, "CartPole-v1"))
    assert ours.render_mode is None
    with pytest.warns(UserWarning, match="rgb_array"):
        assert ours.get_images() == [None] * COUNT


def test_steps_are_under_way_until_waited_for(make_pair, eventful):
    ours, _ = make_pair(eventful)
    with pytest.raises(CallOrderError, match="step_async"):
        ours.step_wait()
    ours.reset()
    ours.step_async(np.zeros(COUNT, int))
    with pytest.raises(PendingCallError):
        ours.step_async(np.zeros(COUNT, int))
    infos = ours.step_wait()[3]
    assert [info["time"] for info in infos] == [1] * COUNT
    with pytest.raises(CallOrderError, match="step_async"):
        ours.step_wait()


def test_reset_gives_up_a_step(make_pair, eventful):
    ours, theirs = make_pair(eventful)
    ours.reset()
    ours.step_async(np.zeros(COUNT, int))
    compare(ours, theirs, steps=20)


def test_close(make_pair, eventful):
    ours, _ = make_pair(eventful)
    ours.reset()
    ours.step_async(np.zeros(COUNT, int))
    ours.close()
    ours.close()
    assert ours.batch.closed
    with pytest.raises(ClosedError):
        ours.reset()


@pytest.mark.parametrize("copy", [True, False])
def test_observations_belong_to_the_caller(make_pair, constructors, copy):
    ours, theirs = make_pair(constructors["dict-multidiscrete"], copy=copy)
    actions = np.zeros((COUNT, 2), int)
    kept = []
    for env in ours, theirs:
        env.seed(1)
        results = [env.reset()]
        for _ in range(15):
            observ, _, dones, infos = env.step(actions)
            results.append(observ)
            results += [infos[i]["terminal_observation"] for i in dones.nonzero()[0]]
        kept.append(results)
    for mine, other in zip(*kept, strict=True):
        assert_same(mine, other)


BOX = gym.spaces.Box(-1.0, np.array([0.3, 0.7], np.float32), (2,), np.float32)


@pytest.mark.parametrize(
    ("space", "actions", "given"),
    [
        (gym.spaces.MultiBinary(2), np.array([[0, 1]], np.float32), [0, 1]),
        (gym.spaces.MultiDiscrete([2, 9]), np.array([[1.0, 8.0]]), [1, 8]),
        (gym.spaces.Discrete(3), [2], 2),
        (BOX, np.array([[0.1, -1.0]], np.float64), [0.1, -1.0]),
        (BOX, [[0.3 + 1e-7, -1 - 1e-7]], [0.3, -1.0]),
    ],
)
def test_actions_are_made_to_fit_without_loss(
    make_batch, eventful, space, actions, given
):
    env = to_sb3(make_batch([lambda: Recorder(eventful(), space)]))
    env.reset()
    env.step(actions)
    [[action]] = env.get_attr("actions")
    np.testing.assert_array_equal(action, np.array(given, space.dtype))
    assert space.contains(action)


@pytest.mark.parametrize(
    ("space", "actions"),
    [
        (gym.spaces.MultiBinary(2), np.array([[0, 0.5]], np.float32)),
        (gym.spaces.MultiBinary(2), np.array([[0, 2]], np.float32)),
        (gym.spaces.MultiDiscrete([2, 9]), np.array([[1, 9]])),
        (gym.spaces.Discrete(3), np.array([1.0])),
        (gym.spaces.Discrete(3), np.array([1, 1])),
        (BOX, np.array([[0.4, 0.0]], np.float32)),
        (BOX, np.array([0.0, 0.0], np.float32)),
        (BOX, np.array([[0.0, np.nan]], np.float32)),
    ],
)
def test_other_actions_are_refused(make_batch, eventful, space, actions):
    env = to_sb3(make_batch([lambda: Recorder(eventful(), space)]))
    env.reset()
    with pytest.raises(InvalidActionError):
        env.step(actions)
    assert env.get_attr("actions") == [[]]


class Recorder(gym.Wrapper):
    """Keeps the actions, of a space of its own."""

    def __init__(self, env, action_space):
        super().__init__(env)
        self.action_space = action_space
        self.actions = []

    def step(self, action):
        self.actions.append(action)
        return self.env.step(np.int64(0))
