import copy
import pickle
import re

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st

import rltools
from rltools import strategies
from rltools.errors import (
    ClosedError,
    RecordingError,
    RemoteError,
    ReplayError,
    ResetNeededError,
)
from rltools.mocks import Recorder, Replay
from rltools.wrappers import ExternalProcess

LEAVES = st.one_of(
    *[st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)],
    strategies.spaces(max_depth=0, kinds="array_like").flatmap(strategies.elements),
    st.floats(width=16).map(np.float16),
)
INFOS = st.dictionaries(
    st.text(max_size=3),
    strategies.nests(LEAVES, containers=[list, tuple, dict], max_leaves=4),
    max_size=3,
)
FLAGS = st.sampled_from([False, True, np.False_, np.True_])
REWARDS = st.one_of(
    *[st.floats(), st.integers(-5, 5), st.booleans()],
    *[
        st.floats(width=width).map(np.dtype(f"f{width // 8}").type)
        for width in (16, 32)
    ],
)


@settings(max_examples=30)  # Each of them is large, and waits for the disk.
@given(strategies.spaces(), strategies.spaces(), st.data())
def test_replay_is_what_was_recorded(
    scripted, identical, tmp_path_factory, observation_space, action_space, data
):
    """Law: record, then replay, is the identity."""
    observations = strategies.elements(observation_space)
    resets = st.tuples(observations, INFOS)
    steps = st.tuples(observations, REWARDS, FLAGS, FLAGS, INFOS)
    results = data.draw(st.lists(st.one_of(resets, steps), max_size=6))
    results.insert(0, data.draw(resets))
    seeds = st.one_of(st.none(), st.integers(0, 3))
    inputs = []
    for result in results:
        options = data.draw(st.none() | INFOS) if len(result) == 2 else None
        action = data.draw(strategies.elements(action_space))
        inputs.append((data.draw(seeds), options, action))
    env = scripted(
        observation_space,
        action_space,
        [result for result in results if len(result) == 2],
        [result for result in results if len(result) == 5],
    )
    path = tmp_path_factory.getbasetemp() / "recording.npz"
    with Recorder(env, path) as recorder:
        play_inputs(recorder, results, inputs)
    replay = Replay(path)
    assert replay.observation_space == observation_space
    assert replay.action_space == action_space
    assert identical(play_inputs(replay, results, inputs), results)


def play_inputs(env, results, inputs):
    return [
        env.reset(seed=seed, options=options) if len(result) == 2 else env.step(action)
        for result, (seed, options, action) in zip(results, inputs, strict=True)
    ]


@pytest.mark.parametrize(
    "name",
    [
        *["CartPole-v1", "Pendulum-v1", "MountainCarContinuous-v0", "FrozenLake-v1"],
        *["Taxi-v4", "CliffWalking-v1", "Acrobot-v1", "Blackjack-v1"],
    ],
)
def test_real_environments(name, tmp_path, play, identical):
    if name not in gym.registry:
        pytest.skip(f"this Gymnasium has no {name}")
    path = tmp_path / "recording.npz"
    with Recorder(gym.make(name), path) as env:
        expected = play(env, [5, None, 6], steps=50)
        spaces = env.observation_space, env.action_space
        spec, metadata = env.env.spec, env.metadata
    replay = Replay(path)
    assert identical(play(replay, [5, None, 6], steps=50), expected)
    assert (replay.observation_space, replay.action_space) == spaces
    assert (replay.metadata, replay.spec.id) == (metadata, name)
    assert replay.spec.max_episode_steps == spec.max_episode_steps
    assert replay.unwrapped is replay


def test_mujoco(tmp_path, monkeypatch, play, identical):
    pytest.importorskip("mujoco")
    monkeypatch.chdir(tmp_path)  # It writes a log into the current folder.
    path = tmp_path / "recording.npz"
    with Recorder(gym.make("HalfCheetah-v5"), path) as env:
        expected = play(env, [5, None], steps=20)
    assert identical(play(Replay(path), [5, None], steps=20), expected)


@pytest.mark.parametrize(
    ("space", "element"),
    [
        (spaces.Box(-1, 1, (2,), np.float16), np.array([-0.0, 1], np.float16)),
        (spaces.Discrete(3, start=-1, dtype=np.int8), np.int8(-1)),
        (spaces.MultiDiscrete([2, 3]), np.array([1, 2])),
        (spaces.MultiBinary([2, 2]), np.eye(2, dtype=np.int8)),
        (spaces.Text(3), "abc"),
        (spaces.Tuple([spaces.Discrete(2)]), (1,)),
        (spaces.Dict(b=spaces.Discrete(2), a=spaces.Text(2)), {"b": 1, "a": "x"}),
        (spaces.Sequence(spaces.Text(2)), ("a", "bc")),
        (spaces.Sequence(spaces.Discrete(3), stack=True), np.array([0, 2])),
        (
            spaces.Graph(spaces.Discrete(3), spaces.Box(0, 1, (2,))),
            spaces.GraphInstance(
                np.array([0, 1]), np.zeros((1, 2), np.float32), np.array([[0, 1]])
            ),
        ),
        (spaces.OneOf([spaces.Discrete(2), spaces.Text(2)]), (np.int64(1), "ab")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_kind_of_space(scripted, identical, tmp_path, space, element):
    path = tmp_path / "recording.npz"
    steps = [(element, 0.0, False, False, {})]
    with Recorder(scripted(space, space, [(element, {})], steps), path) as env:
        env.reset()
        env.step(element)
    replay = Replay(path)
    assert replay.observation_space == replay.action_space == space
    assert identical(replay.reset(), (element, {}))
    assert identical(replay.step(element), steps[0])


def test_values_are_fresh_copies(cart_pole, play):
    first, second = Replay(cart_pole), Replay(cart_pole)
    observ, info = first.reset(seed=0)
    observ[:] = 7
    info["mine"] = 1
    assert first.reset(seed=0)[1] == {}
    assert not np.array_equal(first.reset(seed=0)[0], observ)
    assert second.reset(seed=0)[0].flags.writeable
    first.action_space.seed(3)
    assert second.action_space._np_random is None


def test_seeds_may_come_in_any_order(cart_pole, play, identical):
    recorded = play(gym.make("CartPole-v1"), [0])
    replay = Replay(cart_pole)
    with pytest.raises(ReplayError, match=r"- seed: expected 0 \(int\), got None"):
        replay.reset()
    for _ in range(3):
        assert identical(play(replay, [0]), recorded)
    one = [Replay(cart_pole).reset(seed=1), replay.reset(seed=1)]
    assert identical(*one)
    assert replay.np_random_seed == 1


def test_unseeded_resets_keep_their_place(cart_pole, play, identical):
    replay = Replay(cart_pole)
    recorded = play(replay, [0, None])
    assert identical(play(replay, [0, None]), recorded)
    replay.reset(seed=1)
    with pytest.raises(ReplayError, match=f"{cart_pole} has no more than 3 episodes"):
        replay.reset()
    replay.reset(seed=0)
    replay.step(1)
    with pytest.raises(ReplayError, match=r"without a seed after step 1 of episode 0"):
        replay.reset()
    assert identical(play(replay, [0, None]), recorded)  # It can still be used.


def test_a_seed_that_was_not_recorded(cart_pole):
    replay = Replay(cart_pole)
    with pytest.raises(ReplayError) as caught:
        replay.reset(seed=5)
    assert caught.value.differences == ("seed: expected 0 (int), got 5 (int)",)
    with pytest.raises(ReplayError, match="episode 2 differs:\n- options: expected"):
        replay.reset(seed=1, options={})  # Not the next one, whose seed is another.
    replay.reset(seed=1)
    with pytest.raises(ReplayError) as caught:
        replay.reset(seed=0, options={"low": np.zeros(2)})
    assert str(caught.value) == (
        f"{cart_pole} has no episode that began with this reset; episode 0 differs:\n"
        "- options: expected None (NoneType), got {'low': array([0., 0.])} (dict)"
    )


def test_options_choose_among_episodes(tmp_path):
    class Leveled(gym.Env):
        observation_space = action_space = spaces.Discrete(10)

        def reset(self, *, seed=None, options=None):
            return options["level"], {}

    path = tmp_path / "recording.npz"
    with Recorder(Leveled(), path) as env:
        for level in (1, 2):
            env.reset(seed=0, options={"level": level})
    replay = Replay(path)
    for level in (2, 1, 1, 2):
        options = {"level": np.int64(level)}
        assert replay.reset(seed=0, options=options) == (level, {})
    with pytest.raises(ReplayError, match=r"options\['level'\]: expected 1 .*, got 3"):
        replay.reset(seed=0, options={"level": 3})


class Turning(gym.Env):
    """Observations tell all actions since the reset."""

    observation_space = spaces.Box(0, 9, (8,), np.int64)
    action_space = spaces.Discrete(10)

    def reset(self, *, seed=None, options=None):
        self.state = np.full(8, 0 if seed is None else seed)
        self.steps = 0
        return self.state.copy(), {}

    def step(self, action):
        self.state[self.steps] = action
        self.steps += 1
        return self.state.copy(), 0.0, self.steps == 5, False, {}


@pytest.fixture
def turning(tmp_path):
    """Path of a recording of four episodes with the same seed."""
    path = tmp_path / "turning.npz"
    with Recorder(Turning(), path) as env:
        for actions in ([1, 2, 3, 4, 5], [1, 2, 7], [], [1, 2, 7, 8]):
            env.reset(seed=0)
            for action in actions:
                env.step(action)
    return path


@pytest.mark.parametrize(
    "actions", [[1, 2, 3, 4, 5], [1, 2, 7], [1, 2, 7, 8], [1, 2, 3, 4], []], ids=str
)
def test_episodes_of_a_seed_are_told_apart_by_their_actions(turning, actions):
    replay = Replay(turning)
    for _ in range(5):  # Wherever the one before has ended.
        env = Turning()
        assert np.array_equal(replay.reset(seed=0)[0], env.reset(seed=0)[0])
        for action in actions:
            result, expected = replay.step(action), env.step(action)
            assert np.array_equal(result[0], expected[0])
            assert result[1:] == expected[1:]


def test_actions_that_no_episode_has(turning):
    replay = Replay(turning)
    replay.reset(seed=0)
    replay.step(1)
    with pytest.raises(ReplayError) as caught:
        replay.step(9)
    assert str(caught.value) == (
        f"The action of step 2 of episode 0 differs from {turning}:\n"
        "- action: expected 2 (int), got 9 (int)"
    )
    replay.step(2)  # As if nothing had been.
    with pytest.raises(ReplayError, match="got 8"):
        replay.step(8)
    replay.step(7)
    replay.step(8)
    with pytest.raises(ReplayError, match="has no more than 4 steps of episode 3"):
        replay.step(1)
    for action in (1, 2, 3, 4, 5):
        if action == 1:
            replay.reset(seed=0)
        replay.step(action)
    with pytest.raises(ResetNeededError, match=r"the end of episode 0 \(5 steps\)"):
        replay.step(1)


def test_other_pasts_are_no_branch(tmp_path):
    """An episode whose actions fit, but whose observations were others."""
    path = tmp_path / "recording.npz"
    with Recorder(Turning(), path) as env:
        env.reset(seed=0)
        env.step(1)
        env.step(2)
        env.reset(seed=0)
        env.unwrapped.state[7] = 9
        env.step(1)
        env.step(3)
    replay = Replay(path)
    replay.reset(seed=0)
    replay.step(1)
    with pytest.raises(ReplayError, match=r"expected 2 .* got 3"):
        replay.step(3)
    replay.reset(seed=0)  # The second one is next.
    replay.step(1)
    replay.step(3)


class Plain(gym.Env):
    """Always returns the same, but for what the reset is told."""

    observation_space = action_space = spaces.Discrete(10)

    def reset(self, *, seed=None, options=None):
        return options or 0, {}

    def step(self, action):
        return 0, 0.0, False, action == 9, {}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"seed": 0}, {"seed": 1}),
        ({"seed": 0, "options": {}}, {"seed": 0}),
        ({"seed": None}, {"seed": None}),
    ],
    ids=["seeds", "options", "unseeded"],
)
def test_episodes_of_other_resets_are_no_branches(tmp_path, first, second):
    """Their observations are the same, but what the environment hides may not be."""
    path = tmp_path / "recording.npz"
    with Recorder(Plain(), path) as env:
        for arguments, action in ((first, 1), (second, 2)):
            env.reset(**arguments)
            env.step(action)
    replay = Replay(path)
    replay.reset(**first)
    with pytest.raises(ReplayError, match=r"expected 1 \(int\), got 2 \(int\)"):
        replay.step(2)
    replay.step(1)
    replay.reset(**second)
    replay.step(2)


def test_an_environment_whose_seed_means_nothing(scripted, tmp_path):
    path = tmp_path / "recording.npz"
    space, steps = spaces.Discrete(3), [(0, 0.0, False, False, {})] * 2
    env = scripted(space, space, [(0, {}), (1, {})], steps)
    with Recorder(env, path) as recorder:
        for action in (1, 2):
            recorder.reset(seed=0)
            recorder.step(action)
    replay = Replay(path)
    assert replay.reset(seed=0) == (0, {})
    with pytest.raises(ReplayError):  # The other one began with another observation.
        replay.step(2)
    assert replay.reset(seed=0) == (1, {})
    replay.step(2)


def test_an_episode_may_end_by_truncation(tmp_path):
    path = tmp_path / "recording.npz"
    with Recorder(Plain(), path) as env:
        env.reset()
        env.step(9)
    replay = Replay(path)
    replay.reset()
    replay.step(9)
    with pytest.raises(ResetNeededError, match=r"the end of episode 0 \(1 steps\)"):
        replay.step(0)


def test_differences_are_shown_leaf_by_leaf(scripted, tmp_path):
    path = tmp_path / "recording.npz"
    space = spaces.Dict(
        arm=spaces.Tuple([spaces.Box(-1, 1, (2, 2)), spaces.Discrete(3)]),
        eye=spaces.Box(0, 1, (2,)),
    )
    zeros = np.zeros((2, 2), np.float32)
    action = {"arm": (zeros, np.int64(1)), "eye": np.zeros(2, np.float32)}
    steps = [(0, 0.0, False, False, {})]
    env = scripted(spaces.Discrete(2), space, [(0, {})], steps)
    with Recorder(env, path) as recorder:
        recorder.reset()
        recorder.step(action)
    replay = Replay(path)
    replay.reset()
    other = {"arm": (zeros.copy(), 2), "eye": np.zeros(2)}
    other["arm"][0][1, 0] = 0.5
    with pytest.raises(ReplayError) as caught:
        replay.step(other)
    assert caught.value.differences == (
        "action['arm'][0][1, 0]: expected 0.0, got 0.5",
        "action['arm'][1]: expected 1 (int), got 2 (int)",
        "action['eye']: expected array of shape (2,) and dtype float32, got array of "
        "shape (2,) and dtype float64",
    )
    for line in caught.value.differences:
        assert f"\n- {line}" in str(caught.value)
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.differences == caught.value.differences
    replay.step(action)


def test_many_differences_are_cut_short(scripted, tmp_path):
    path = tmp_path / "recording.npz"
    steps = [(0, 0.0, False, False, {})]
    env = scripted(spaces.Discrete(2), spaces.Discrete(2), [(0, {})], steps)
    with Recorder(env, path) as recorder:
        recorder.reset()
        recorder.step(list(range(15)))
    replay = Replay(path)
    replay.reset()
    with pytest.raises(ReplayError, match=r"action\[9\].*\n- and 5 more$") as caught:
        replay.step([-1] * 15)
    assert len(caught.value.differences) == 15


@pytest.mark.parametrize(
    ("recorded", "given", "same"),
    [
        *[(1, np.int64(1), True), (np.int8(1), 1, True), (1, np.array(1), True)],
        *[(1, True, False), (1, 1.0, False), (0.5, np.float32(0.5), True)],
        *[(0.1, np.float32(0.1), False), (np.nan, np.float64("nan"), True)],
        *[(np.zeros(1), np.zeros(1, np.float32), False), ([1], (1,), False)],
        *[((1, "a"), (np.int64(1), "a"), True), (None, 0, False)],
        (np.array([1.0, np.nan]), np.array([1.0, np.nan]), True),
        (np.zeros(2), np.zeros((2, 1)), False),
        ({"a": 1}, {"a": np.array(1)}, True),
    ],
)
def test_which_actions_are_the_same(scripted, tmp_path, recorded, given, same):
    path = tmp_path / "recording.npz"
    steps = [(0, 0.0, False, False, {})]
    env = scripted(spaces.Discrete(2), spaces.Discrete(2), [(0, {})], steps)
    with Recorder(env, path) as recorder:
        recorder.reset()
        recorder.step(recorded)
    replay = Replay(path)
    replay.reset()
    if same:
        replay.step(given)
    else:
        with pytest.raises(ReplayError):
            replay.step(given)


def test_not_strict_plays_the_tape(cart_pole, identical):
    expected = Replay(cart_pole)
    replay = Replay(cart_pole, strict=False)
    assert identical(replay.reset(), expected.reset(seed=0))
    replay.step("whatever")
    second = replay.reset(seed=8, options={"a": 1})
    assert not identical(second, expected.reset(seed=0))
    ended = False
    while not ended:
        _, _, terminated, truncated, _ = replay.step(None)
        ended = terminated or truncated
    with pytest.raises(ResetNeededError, match="the end of episode 1"):
        replay.step(None)
    assert identical(replay.reset(seed=0), expected.reset(seed=1))
    with pytest.raises(ReplayError, match="no more than 3 episodes"):
        replay.reset()


def test_calls_out_of_place(cart_pole):
    replay = Replay(cart_pole)
    with pytest.raises(ResetNeededError, match="before the first reset"):
        replay.step(0)
    with pytest.raises(ReplayError, match="Frames are not recorded"):
        replay.render()
    replay.close()
    replay.close()
    for call in (replay.reset, lambda: replay.step(0)):
        with pytest.raises(ClosedError, match="a closed replay"):
            call()


def test_a_seed_of_numpy_is_a_seed(tmp_path):
    path = tmp_path / "recording.npz"
    with Recorder(Turning(), path) as env:
        env.reset(seed=np.int64(3))
    replay = Replay(path)
    replay.reset(seed=3)
    assert replay.np_random_seed == 3


def test_a_seed_that_gymnasium_would_refuse(tmp_path):
    path = tmp_path / "recording.npz"
    with Recorder(Turning(), path) as env:
        env.reset(seed=-1)
    assert Replay(path).reset(seed=-1)[0][0] == -1


def test_copies_and_pickles_go_on_from_where_they_are(cart_pole, identical, play):
    actions = [result for result in play(Replay(cart_pole), [0])][:5]
    replay = Replay(cart_pole)
    generator = np.random.default_rng(3)
    replay.reset(seed=0)
    replay.step(int(generator.integers(2)))
    action = int(generator.integers(2))
    copies = [copy.deepcopy(replay), pickle.loads(pickle.dumps(replay))]
    for each in (*copies, replay):
        assert identical(each.step(action), actions[2])


@pytest.mark.timeout(60)
def test_in_another_process(cart_pole, play, identical):
    expected = play(Replay(cart_pole), [0, None, 1])
    env = ExternalProcess(lambda: Replay(cart_pole), timeout=30)
    try:
        assert identical(play(env, [0, None, 1]), expected)
        env.reset(seed=0)
        with pytest.raises(
            RemoteError, match=r"expected [01] \(int\), got 5"
        ) as caught:
            env.step(5)
        assert isinstance(caught.value.__cause__, ReplayError)
        assert env.spec.id == "CartPole-v1"
    finally:
        env.close()


@pytest.mark.timeout(60)
def test_recorders_inside_and_outside_of_a_process(tmp_path, play, identical):
    paths = [tmp_path / name for name in ("inside.npz", "outside.npz", "plain.npz")]

    def make(path=None):
        env = gym.make("Pendulum-v1")
        return env if path is None else Recorder(env, path)

    with Recorder(make(), paths[2]) as env:
        expected = play(env, [0, None], steps=3)
    inside = ExternalProcess(lambda: make(paths[0]), timeout=30)
    with Recorder(ExternalProcess(make, timeout=30), paths[1]) as outside:
        for env in (inside, outside):
            assert identical(play(env, [0, None], steps=3), expected)
    inside.close()
    for path in paths:
        assert identical(play(Replay(path), [0, None], steps=3), expected)
        assert Replay(path).spec.id == "Pendulum-v1"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("workers", [0, 2])
def test_in_a_batch(tmp_path, workers):
    path = tmp_path / "recording.npz"
    actions = np.random.default_rng(0).uniform(-1, 1, (5, 3, 1)).astype(np.float32)
    with Recorder(gym.make("Pendulum-v1"), path) as env:
        expected = []
        for index in range(3):
            results = [env.reset(seed=7 + index)]
            results += [env.step(action[index]) for action in actions]
            expected.append([result[0] for result in results])
    options = {"num_envs": 3, "workers": workers}
    batch = rltools.BatchEnv.launch(lambda: Replay(path), **options)
    try:
        observations = [batch.reset(seed=[7, 8, 9])[0]]
        observations += [batch.step(action)[0] for action in actions]
    finally:
        batch.close()
    assert np.array_equal(np.stack(observations, 1), expected)


def test_a_missing_file(tmp_path):
    path = tmp_path / "missing.npz"
    with pytest.raises(RecordingError, match=re.escape(f"{path}: it can't be read")):
        Replay(path)
