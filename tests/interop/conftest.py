"""Environments of all kinds, and batches of them by every way there is."""

import sys
from functools import partial

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete

import rltools
from rltools.wrappers import ExternalProcess

cloudpickle.register_pickle_by_value(sys.modules[__name__])

IMAGE = Box(0, 255, (40, 36, 3), np.uint8)
SPACES = {
    "vector-discrete": (Box(-1, 1, (3,), np.float32), Discrete(4)),
    "image-box": (IMAGE, Box(-2.0, 3.0, (2,), np.float32)),
    "dict-multidiscrete": (
        Dict(image=IMAGE, vector=Box(-1, 1, (3,), np.float32), kind=Discrete(3)),
        MultiDiscrete([2, 3]),
    ),
    "discrete-multibinary": (Discrete(5), MultiBinary(3)),
    "multibinary-box": (MultiBinary((2, 2)), Box(-1, 1, (1,), np.float64)),
}


def pytest_ignore_collect(collection_path, config):
    # What needs torch is collected where it is asked for by name: `make test-interop`.
    if collection_path.name == "with_torch":
        return not any("with_torch" in argument for argument in config.args) or None
    return None


class Eventful(gym.Env):
    """Random observations, episodes that end in all ways, and infos of all kinds."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 12}
    render_mode = "rgb_array"

    def __init__(self, observation_space, action_space):
        self.observation_space = observation_space
        self.action_space = action_space
        self.level = 1
        self.time = None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.time = 0
        self.duration = int(self.np_random.integers(1, 6))
        return self._observe(), {
            "options": str(options or {}),
            "duration": self.duration,
        }

    def step(self, action):
        assert self.action_space.contains(action), action
        assert self.time < self.duration
        self.time += 1
        terminated, truncated = False, False
        if self.time == self.duration:
            ends = [(True, False), (False, True), (True, True)]
            terminated, truncated = ends[self.np_random.integers(3)]
        reward = float(np.sum(action) + self.np_random.normal())
        return self._observe(), reward, terminated, truncated, self._describe(action)

    def render(self):
        return np.full((4, 4, 3), self.time, np.uint8)

    def add(self, number, times=1):
        return self.level + number * times

    def _observe(self):
        self.observation_space.seed(int(self.np_random.integers(2**31)))
        return self.observation_space.sample()

    def _describe(self, action):
        info = {
            "time": self.time,
            "ratio": self.time / self.duration,
            "is_first": self.time == 1,
            "name": f"step {self.time}",
            "position": self.np_random.normal(size=2),
            "nested": {"deep": {"time": self.time}, "list": [1, 2]},
        }
        if self.time == 2:
            info["rare"] = np.float32(0.5)
        return info


@pytest.fixture(scope="session")
def constructors():
    """Constructors of environments, by their kinds of spaces."""
    return {name: partial(Eventful, *spaces) for name, spaces in SPACES.items()}


@pytest.fixture(params=SPACES)
def make_eventful(request, constructors):
    """The constructor, for every kind of space in turn."""
    return constructors[request.param]


@pytest.fixture
def eventful(constructors):
    """The constructor, for what does not depend on spaces."""
    return constructors["vector-discrete"]


def _in_process(makes, **options):
    return rltools.BatchEnv([make() for make in makes], **options)


def _processes(makes, **options):
    return rltools.BatchEnv([ExternalProcess(make) for make in makes], **options)


def _launched(makes, *, workers, **options):
    workers = min(workers, len(makes))
    return rltools.BatchEnv.launch(makes, workers=workers, **options)


_WAYS = {
    "in-process": _in_process,
    "processes": _processes,
    "launched": partial(_launched, workers=2),
    "launched-in-process": partial(_launched, workers=0),
}


@pytest.fixture(params=_WAYS)
def make_batch(request):
    """Make a batch of some constructors, in every way there is; closed in the end."""
    batches = []

    def make(makes, **options):
        batches.append(_WAYS[request.param](makes, **options))
        return batches[-1]

    yield make
    for batch in batches:
        batch.close()


@pytest.fixture(scope="module", params=_WAYS)
def batch_of(request, constructors):
    """A batch of a kind of environments, made once and used again; don't close it."""
    batches = {}

    def get(kind, count, autoreset):
        key = (kind, count, autoreset)
        if key not in batches:
            makes = [constructors[kind]] * count
            batches[key] = _WAYS[request.param](makes, autoreset=autoreset)
        return batches[key]

    yield get
    for batch in batches.values():
        batch.close()
