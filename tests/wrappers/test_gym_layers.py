import types

import gym as old_gym
import pytest

from rltools.wrappers.gym_layers import layers_of, owner_of, takes, without_checker

Checker = old_gym.wrappers.env_checker.PassiveEnvChecker


def make_bare():
    return old_gym.make("CartPole-v1").unwrapped


def test_layers():
    env = old_gym.make("CartPole-v1")
    names = [type(layer).__name__ for layer in layers_of(env)]
    assert names == ["TimeLimit", "OrderEnforcing", "PassiveEnvChecker", "CartPoleEnv"]
    compatible = old_gym.wrappers.compatibility.EnvCompatibility(make_bare())
    assert len(layers_of(compatible)) == 2


def test_bare_environment_may_have_an_attribute_of_that_name():
    bare = make_bare()
    bare.env = "anything"
    assert layers_of(bare) == [bare]


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_checkers_are_taken_out(depth):
    bare = make_bare()
    env = bare
    for _ in range(depth):
        env = Checker(env)
    assert without_checker(env) is bare
    around = old_gym.wrappers.TimeLimit(old_gym.wrappers.OrderEnforcing(env), 9)
    assert without_checker(around) is around
    names = [type(layer).__name__ for layer in layers_of(around)]
    assert names == ["TimeLimit", "OrderEnforcing", "CartPoleEnv"]


def test_other_classes_of_that_name_stay():
    class PassiveEnvChecker(old_gym.Wrapper):
        """Not the one of gym."""

    env = PassiveEnvChecker(make_bare())
    assert without_checker(env) is env


def test_takes():
    def bare(reset):
        return types.SimpleNamespace(reset=reset)

    def wrapped(reset):
        return old_gym.Wrapper(bare(reset))

    for make in (bare, wrapped):
        assert not takes(make(lambda: None), "reset", "seed")
        assert takes(make(lambda seed=None: None), "reset", "seed")
        assert takes(make(lambda **anything: None), "reset", "seed")
        assert takes(make(lambda seed=None: None), "reset", "seed", by_name=True)
        assert not takes(make(lambda **_: None), "reset", "seed", by_name=True)


def test_outermost_that_does_not_just_pass_on_decides():
    class Translating(old_gym.Wrapper):
        def reset(self, *, seed=None):
            self.seed(seed)
            return self.env.reset()

    class Refusing(old_gym.Wrapper):
        def reset(self):
            return self.env.reset()

    old = types.SimpleNamespace(reset=lambda: None)
    assert takes(old_gym.Wrapper(Translating(old)), "reset", "seed")
    assert not takes(old_gym.Wrapper(Refusing(make_bare())), "reset", "seed")


def test_owner():
    env = old_gym.make("CartPole-v1")
    enforcing, bare = env.env, env.unwrapped
    assert owner_of(env, "gravity") is bare
    assert owner_of(env, "has_reset") is enforcing
    assert owner_of(env, "action_space") is env
    assert owner_of(env, "env") is env
    assert owner_of(env, "nothing") is None
    assert owner_of(env, "_has_reset") is None
    bare.__dict__["fresh"] = 1
    assert owner_of(env, "fresh") is bare
