"""Probes tell mistakes apart: each is found by the first probe that needs that part."""

import numpy as np
import pytest

from rltools.mocks.probes import (
    PROBES,
    ActionDependent,
    ConstantReward,
    ObservationAndAction,
    ObservationDependent,
    Truncation,
    TwoStepDiscount,
)

GAMMA = 0.5
TOLERANCE = 0.15


class Learner:
    """Tables of values and preferences for actions, with one mistake at most."""

    def __init__(self, mistake=None):
        self.mistake = mistake
        self.values = {}
        self.preferences = {}
        self.generator = np.random.default_rng(0)

    def learn(self, env, steps=1200):
        observ, _ = env.reset(seed=0)
        for _ in range(steps):
            action = self.act(observ)
            following, reward, terminated, truncated, _ = env.step(action)
            self.update(observ, action, reward, following, terminated, truncated)
            observ = following
            if terminated or truncated:
                observ, _ = env.reset()

    def value(self, observ):
        key = 0.0 if self.mistake == "value ignores the observation" else observ.item()
        return self.values.setdefault(key, 0.0), key

    def preference(self, observ):
        key = 0.0 if self.mistake == "policy ignores the observation" else observ.item()
        return self.preferences.setdefault(key, 0.0), key

    def act(self, observ):
        probability = 1 / (1 + np.exp(-self.preference(observ)[0]))
        return int(self.generator.random() < probability)

    def update(self, observ, action, reward, following, terminated, truncated):
        goes_on = not terminated
        if self.mistake == "bootstraps after a termination":
            goes_on = True
        if self.mistake == "takes a truncation for a termination":
            goes_on = not (terminated or truncated)
        discount = 1.0 if self.mistake == "does not discount" else GAMMA
        value, key = self.value(observ)
        advantage = reward + discount * goes_on * self.value(following)[0] - value
        self.values[key] += 0.05 * advantage
        if self.mistake == "turns the advantage around":
            advantage = -advantage
        preference, key = self.preference(observ)
        self.preferences[key] = float(
            np.clip(preference + (action - 0.5) * advantage, -3, 3)
        )


def first_failure(mistake):
    for probe in PROBES:
        env = probe()
        learner = Learner(mistake)
        learner.learn(env)
        for number, value in env.values(GAMMA).items():
            observ = np.array([number], np.float32)
            if abs(learner.value(observ)[0] - value) > TOLERANCE:
                return probe
    return None


@pytest.mark.parametrize(
    ("mistake", "probe"),
    [
        (None, None),
        ("bootstraps after a termination", ConstantReward),
        ("value ignores the observation", ObservationDependent),
        ("does not discount", TwoStepDiscount),
        ("takes a truncation for a termination", Truncation),
        ("turns the advantage around", ActionDependent),
        ("policy ignores the observation", ObservationAndAction),
    ],
)
def test_the_first_probe_that_fails_names_the_mistake(mistake, probe):
    assert first_failure(mistake) is probe


@pytest.mark.parametrize("duration", [1, 2, 5])
def test_a_missing_bootstrap_leads_to_the_value_that_is_foretold(duration):
    learner = Learner("takes a truncation for a termination")
    learner.learn(Truncation(duration=duration))
    expected = 1 / (1 - GAMMA * (1 - 1 / duration))
    assert learner.values[0.0] == pytest.approx(expected, abs=0.05)
