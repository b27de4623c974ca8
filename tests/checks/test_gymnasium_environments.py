"""Sound environments fail nothing: all that Gymnasium registers and that is installed.

Those of long episodes are played for some steps only, and CarRacing, whose every reset
takes a second, not at all; `benchmarks.check_gymnasium` checks all of them to the end.
"""

import functools
import warnings

import gymnasium as gym
import pytest

from rltools.checks import check_env

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.filterwarnings("ignore"),  # Most are of older versions.
]
# Rendering needs a graphics library, or a screen.
OPTIONS = {"processes": False, "exclude": ["L3"]}
LENGTHY = {"steps": 30, "episodes": 0}
DECLARED = {
    "CliffWalking-v1": {"seed_matters": False},
    # True findings: see docs/check_environments.md.
    "MountainCarContinuous-v0": {"exclude": ["L3", "T8"]},
    "BipedalWalker-v3": {"exclude": ["L3", "D1"]},
    "BipedalWalkerHardcore-v3": {"exclude": ["L3", "D1"]},
}
SHORT = [
    *("Acrobot-v1", "Blackjack-v1", "CartPole-v1", "FrozenLake-v1", "LunarLander-v3"),
    *("MountainCar-v0", "Pendulum-v1", "Taxi-v4", "Hopper-v5", "Reacher-v5"),
]


def is_installed(name):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gym.make(name).close()
    except (ImportError, AttributeError, gym.error.Error):
        return False
    return True


@pytest.mark.parametrize("name", sorted(set(gym.registry) - {"CarRacing-v3"}))
def test_passes(name):
    if not is_installed(name):
        pytest.skip("is not installed")
    options = {
        **OPTIONS,
        **({} if name in SHORT else LENGTHY),
        **DECLARED.get(name, {}),
    }
    report = check_env(functools.partial(gym.make, name), **options)
    assert not report.failed, str(report)


@pytest.mark.parametrize("name", ["Ant-v5", "LunarLander-v3"])
def test_development_has_them(name):
    assert is_installed(name)
