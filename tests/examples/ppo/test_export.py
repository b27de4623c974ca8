import json
import os
import subprocess
import sys

import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

from examples.ppo import export
from examples.ppo.exports.exported_policy import ExportedPolicy
from examples.ppo.exports.onnx_file import write_onnx
from examples.ppo.ppo import PPO
from examples.ppo.runs.environments import bare_env, make_env
from examples.ppo.runs.simulation import DeterministicPolicy
from examples.ppo.runs.trained_run import find_trained_run
from rltools import nested
from rltools.mocks import MockEnvironment

pytestmark = pytest.mark.timeout(300)  # A run is trained first.

# Run without this project, once with TensorFlow and once with an ONNX runtime only.
USE = """
import importlib.abc, sys
import numpy as np

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name.split(".")[0] in {without}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
observations = np.load({path!r})["observations"]
if "tensorflow" in {without}:
    import onnxruntime
    session = onnxruntime.InferenceSession({out!r} + "/policy.onnx")
    [actions] = session.run(["action"], dict(observation=observations))
else:
    import tensorflow as tf
    policy = tf.saved_model.load({out!r} + "/saved_model")
    actions = policy.act(observation=observations)["action"].numpy()
    served = policy.signatures["serving_default"](observation=tf.constant(observations))
    np.testing.assert_array_equal(served["action"], actions)
assert not set(sys.modules) & {without}
np.savez({path!r}, actions=actions)
"""


class Spy(gym.Wrapper):
    """Remembers what the environment itself gets and returns."""

    def __init__(self, env):
        super().__init__(env)
        self.observations, self.actions = [], []

    def reset(self, **options):
        observ, info = super().reset(**options)
        self.observations.append(observ)
        return observ, info

    def step(self, action):
        self.actions.append(action)
        result = super().step(action)
        self.observations.append(result[0])
        return result


def spied(config, make=None):
    """An environment as the program wraps it, and the spy inside."""
    env = make_env(config)
    limited = env
    while limited.env is not bare_env(env):
        limited = limited.env
    limited.env = Spy(make() if make else limited.env)
    return env, limited.env


def play(env, algo, steps):
    policy = DeterministicPolicy(algo, 1)
    observ, _ = env.reset(seed=3)
    policy.begin_episode(tf.constant([0]))
    for _ in range(steps):
        batch = nested.map(lambda value: np.asarray(value)[None], observ)
        action = policy.perform(tf.constant([0]), batch)
        observ, *_ = env.step(nested.map(lambda value: value.numpy()[0], action))


@pytest.fixture(scope="module")
def exported(trained_run, tmp_path_factory):
    outdir = tmp_path_factory.mktemp("export") / "out"
    logdir = f"--logdir={trained_run.parent}"
    assert export.run([logdir, f"--outdir={outdir}"]) == 0
    return outdir


@pytest.fixture(scope="module")
def trajectory(trained_run):
    """Observations of the environment itself and the actions that it got for them."""
    run = find_trained_run(trained_run.parent, None, None)
    env, spy = spied(run.config)
    algo = PPO(env.observation_space, env.action_space, run.config)
    run.restore(algo)
    # Statistics of observations and bounds of actions that differ from the usual ones.
    assert run.config.normalize_observations
    assert bare_env(env).action_space.high != 1
    play(env, algo, run.config.max_length)
    actions = np.array(spy.actions)
    assert np.ptp(actions) > 0
    return np.array(spy.observations[:-1]), actions


@pytest.mark.parametrize("runtime", ["tensorflow", "onnxruntime"])
def test_another_program_gets_the_same_actions(exported, trajectory, tmp_path, runtime):
    observations, actions = trajectory
    without = {"rltools", "examples", "gymnasium"}
    if runtime == "onnxruntime":
        pytest.importorskip("tf2onnx")
        pytest.importorskip("onnxruntime")
        without.add("tensorflow")
    path = tmp_path / "data.npz"
    np.savez(path, observations=observations)
    code = USE.format(without=without, path=str(path), out=str(exported))
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    np.testing.assert_allclose(np.load(path)["actions"], actions, rtol=1e-5, atol=1e-6)


def test_what_is_written_about_it(exported, trained_run):
    description = json.loads((exported / "policy.json").read_text())
    assert description == {
        "env": "Pendulum-v1",
        "run": trained_run.name,
        "checkpoint": 192,
        "training_steps": 128,
        "inputs": {"observation": {"dtype": "float32", "shape": [None, 3]}},
        "outputs": {"action": {"dtype": "float32", "shape": [None, 1]}},
    }


def test_nothing_of_training_is_in_it(exported, trained_run):
    reader = tf.train.load_checkpoint(str(exported / "saved_model/variables/variables"))
    sizes = [np.prod(s) for s in reader.get_variable_to_shape_map().values()]
    # Two hidden layers of 64, a standard deviation, and statistics of observations.
    policy = 3 * 64 + 64 + 64 * 64 + 64 + 64 + 1 + 1
    assert policy < sum(sizes) < policy + 20


def test_without_a_converter_there_is_no_onnx_file(
    trained_run, tmp_path, capsys, monkeypatch
):
    find = export.importlib.util.find_spec
    monkeypatch.setattr(
        export.importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "tf2onnx" else find(name, *rest),
    )
    logdir = f"--logdir={trained_run.parent}"
    assert export.run([logdir, f"--outdir={tmp_path / 'out'}"]) == 0
    output = capsys.readouterr().out
    assert 'No policy.onnx, which needs tf2onnx: pip install "rltools[onnx]".' in output
    assert (
        f"tf.saved_model.load('{tmp_path}/out/saved_model').act(observation=...)"
        in (output)
    )
    assert not (tmp_path / "out" / "policy.onnx").exists()


def test_errors_are_one_line(trained_run, tmp_path, capsys):
    (tmp_path / "mine").touch()
    assert export.run([f"--logdir={trained_run.parent}", f"--outdir={tmp_path}"]) == 2
    assert "holds other files, such as 'mine'" in capsys.readouterr().err


BOX = spaces.Box(-1, 1, (2,), np.float32)
WIDE = spaces.Box(
    np.array([-3, 0, -np.inf]), np.array([5, 0.5, np.inf]), dtype=np.float64
)
PARTS = spaces.Dict(
    {"z": spaces.Box(-5, 3, (2, 1), np.float32), "a b": spaces.Discrete(3, start=2)}
)
NESTED = spaces.Tuple([PARTS, spaces.MultiBinary(2), spaces.MultiDiscrete([2, 3])])


@pytest.mark.parametrize("network", ["feed_forward", "recurrent"])
@pytest.mark.parametrize("normalize_ranges", [True, False])
@pytest.mark.parametrize(
    ("observation_space", "action_space"),
    [
        (BOX, WIDE),
        (WIDE, BOX),
        (BOX, spaces.Box(-3, 9, (2, 2), np.int32)),
        (spaces.Discrete(3), spaces.Discrete(4, start=-2)),
        (NESTED, NESTED),
        (BOX, spaces.Dict({"a": WIDE, "b": spaces.Box(0, 9, (1,), np.float64)})),
    ],
    ids=str,
)
def test_actions_are_those_that_the_environment_gets(
    make_config, monkeypatch, observation_space, action_space, normalize_ranges, network
):
    def make():
        return MockEnvironment(
            observation_space=observation_space,
            action_space=action_space,
            min_duration=9,
            max_duration=9,
        )

    monkeypatch.setattr(
        "examples.ppo.runs.environments.gym.make", lambda *_, **__: make()
    )
    config = make_config(
        network=network,
        max_length=9,
        normalize_ranges=normalize_ranges,
        init_output_factor=9.0,  # So that actions are clipped.
        **({"recurrent_units": 3, "chunk_length": 3} if network == "recurrent" else {}),
    )
    env, spy = spied(config)
    algo = PPO(env.observation_space, env.action_space, config)
    size = algo.observations.size
    algo.observ_filter.update(tf.random.stateless_normal([5, size], [1, 2]) * 3 + 1)
    play(env, algo, 8)
    policy = ExportedPolicy(
        algo, observation_space, action_space, normalize_ranges=normalize_ranges
    )
    names = [name for name in policy.inputs if name != "state"]
    state = {}
    if network == "recurrent":
        state["state"] = np.zeros([1, policy.inputs["state"].shape[-1]], np.float32)
    for observ, expected in zip(spy.observations, spy.actions, strict=False):
        leaves = [np.asarray(leaf)[None] for leaf in nested.flatten(observ)]
        outputs = policy.act(**dict(zip(names, leaves, strict=True)), **state)
        assert list(outputs) == list(policy.outputs)
        if network == "recurrent":
            state["state"] = outputs["next_state"]
        for name, leaf in zip(outputs, nested.flatten(expected), strict=False):
            np.testing.assert_allclose(outputs[name][0], leaf, rtol=1e-5, atol=1e-5)
            assert outputs[name].dtype == policy.outputs[name].dtype


@pytest.mark.parametrize(
    ("network", "observation_space", "action_space"),
    [
        ("recurrent", BOX, WIDE),
        ("convolutional", spaces.Box(0, 255, (36, 36, 3), np.uint8), NESTED),
        ("feed_forward", NESTED, spaces.Discrete(4, start=-2)),
    ],
    ids=["recurrent", "convolutional", "nested"],
)
def test_the_onnx_file_does_the_same(
    make_config, tmp_path, network, observation_space, action_space
):
    pytest.importorskip("tf2onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    algo = PPO(observation_space, action_space, make_config(network=network))
    policy = ExportedPolicy(
        algo, observation_space, action_space, normalize_ranges=True
    )
    write_onnx(policy, tmp_path / "policy.onnx")
    session = onnxruntime.InferenceSession(str(tmp_path / "policy.onnx"))
    assert [value.name for value in session.get_inputs()] == list(policy.inputs)
    assert [value.name for value in session.get_outputs()] == list(policy.outputs)
    rng = np.random.default_rng(1)
    inputs = {
        name: rng.integers(2, 4, size=[5, *spec.shape[1:]]).astype(
            spec.dtype.as_numpy_dtype
        )
        for name, spec in policy.inputs.items()
    }
    expected = policy.act(**inputs)
    for name, value in zip(policy.outputs, session.run(None, inputs), strict=True):
        assert value.dtype == expected[name].dtype.as_numpy_dtype
        np.testing.assert_allclose(value, expected[name], rtol=1e-4, atol=1e-5)


def test_names_of_parts(make_config):
    config = make_config()
    algo = PPO(NESTED, NESTED, config)
    policy = ExportedPolicy(algo, NESTED, NESTED, normalize_ranges=True)
    assert list(policy.inputs) == [
        "observation_0_a_b",
        "observation_0_z",
        "observation_1",
        "observation_2",
    ]
    assert next(iter(policy.outputs)) == "action_0_a_b"


def test_names_that_would_be_the_same(make_config):
    parts = spaces.Dict({"a b": BOX, "a_b": WIDE})
    algo = PPO(parts, BOX, make_config())
    policy = ExportedPolicy(algo, parts, BOX, normalize_ranges=True)
    sizes = {name: spec.shape[1] for name, spec in policy.inputs.items()}
    assert sizes == {"observation_a_b": 2, "observation_a_b_": 3}
