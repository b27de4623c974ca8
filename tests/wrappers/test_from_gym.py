"""The real package, as its users find it: gym 0.26.2 with NumPy 2."""

import sys

import gym as old_gym
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env, data_equivalence

from rltools.errors import InvalidArgumentError, MissingExtraError
from rltools.wrappers import FromGym, RangeNormalize

IDS = [
    *("CartPole-v1", "Pendulum-v1", "MountainCar-v0", "MountainCarContinuous-v0"),
    *("FrozenLake-v1", "Taxi-v3", "Blackjack-v1", "CliffWalking-v0"),
]
OPTIONS = [{}, {"disable_env_checker": True}]
ignore_advice = pytest.mark.filterwarnings("ignore::UserWarning")


@ignore_advice
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", IDS)
def test_passes_the_checker_of_gymnasium(name, options):
    check_env(FromGym(old_gym.make(name, **options)), skip_render_check=True)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", IDS)
def test_plays_the_same_episodes(name, options):
    """Law: same seed and actions, same results as the environment by itself."""
    env = FromGym(old_gym.make(name, **options))
    plain = old_gym.make(name, disable_env_checker=True)
    for seed in range(2):
        results, expected = [env.reset(seed=seed)], [plain.reset(seed=seed)]
        env.action_space.seed(seed)
        while len(results) < 2 or not (results[-1][2] or results[-1][3]):
            if len(results) > 210:
                break
            action = env.action_space.sample()
            results.append(env.step(action))
            expected.append(plain.step(action))
            assert results[-1][0] in env.observation_space
        assert data_equivalence(results, expected, exact=True)


def test_acrobot_up_to_its_own_use_of_what_numpy_has_removed():
    env = FromGym(old_gym.make("Acrobot-v1"))
    assert env.action_space == gym.spaces.Discrete(3)
    assert env.reset(seed=0)[0] in env.observation_space
    # Its integrator, not the checker, is what fails: the wrapper can't mend that.
    with pytest.raises(AttributeError, match=r"float_"):
        env.step(0)


def test_time_limit_truncates(play):
    _, *steps = play(FromGym(old_gym.make("Pendulum-v1")))
    assert len(steps) == 200
    assert steps[-1][2:4] == (False, True)


def test_checker_is_taken_out_wherever_it_is():
    checker = old_gym.wrappers.env_checker.PassiveEnvChecker
    bare = old_gym.make("CartPole-v1").unwrapped
    for stack in (
        old_gym.make("CartPole-v1"),
        checker(checker(bare)),
        old_gym.wrappers.TimeLimit(checker(checker(checker(bare))), 9),
    ):
        env = FromGym(stack)
        assert "PassiveEnvChecker" not in str(env.gym_env)
        env.reset(seed=0)
        env.step(0)


def test_metadata_and_spec():
    env = FromGym(old_gym.make("CartPole-v1", max_episode_steps=7))
    assert env.metadata == {"render_modes": ["human", "rgb_array"], "render_fps": 50}
    assert env.render_mode is None
    assert isinstance(env.spec, gym.envs.registration.EnvSpec)
    assert env.spec.id == "CartPole-v1"
    assert env.spec.reward_threshold == 475.0
    assert env.spec.max_episode_steps == 7
    assert env.spec.nondeterministic is False


def test_spec_makes_the_same_environment():
    env = FromGym("FrozenLake-v1", map_name="8x8", is_slippery=False)
    twin = gym.make(env.spec)
    assert isinstance(twin.unwrapped, FromGym)
    assert twin.observation_space == gym.spaces.Discrete(64)
    assert twin.unwrapped.get_wrapper_attr("desc").shape == (8, 8)
    assert twin.spec.kwargs["is_slippery"] is False


def test_no_spec_where_it_would_lose_a_wrapper():
    env = old_gym.wrappers.TransformReward(
        old_gym.make("CartPole-v1", disable_env_checker=True), lambda reward: -reward
    )
    wrapped = FromGym(env)
    assert wrapped.spec is None
    wrapped.reset()
    assert wrapped.step(0)[1] == -1.0


def test_random_generator_is_that_of_the_environment():
    env = FromGym(old_gym.make("CartPole-v1"))
    env.reset()
    assert env.np_random_seed == -1
    assert env.np_random is env.gym_env.unwrapped.np_random
    env.reset(seed=4)
    env.reset()
    assert env.np_random_seed == 4
    assert env.np_random is env.gym_env.unwrapped.np_random


def test_public_attributes():
    env = FromGym(old_gym.make("CartPole-v1"))
    bare = env.gym_env.unwrapped
    assert env.has_wrapper_attr("gravity")
    assert env.has_wrapper_attr("gym_env")
    assert env.get_wrapper_attr("gravity") == 9.8
    assert env.set_wrapper_attr("gravity", 3.0) is True
    assert bare.gravity == 3.0
    assert "gravity" not in vars(env)
    assert "gravity" not in vars(env.gym_env)
    assert env.get_wrapper_attr("has_reset") is False
    assert env.get_wrapper_attr("action_space") is env.action_space


def test_attributes_through_a_wrapper_around():
    env = RangeNormalize(FromGym(old_gym.make("Pendulum-v1")))
    assert env.get_wrapper_attr("max_torque") == 2.0
    env.set_wrapper_attr("max_torque", 1.0)
    assert env.unwrapped.gym_env.unwrapped.max_torque == 1.0


def test_unknown_and_private_attributes():
    env = FromGym(old_gym.make("CartPole-v1"))
    for name in ("nothing", "_elapsed_steps"):
        assert not env.has_wrapper_attr(name)
        with pytest.raises(AttributeError, match=name):
            env.get_wrapper_attr(name)
        assert env.set_wrapper_attr(name, 1, force=False) is False
    assert env.set_wrapper_attr("nothing", 1) is True
    assert env.get_wrapper_attr("nothing") == 1


def test_bounds_at_the_largest_float_count_as_unbounded():
    env = RangeNormalize(FromGym(old_gym.make("CartPole-v1")))
    assert env.observation_space.high[[0, 2]].tolist() == [1, 1]
    assert (env.observation_space.high[[1, 3]] > 1e38).all()


def test_environment_by_api_compatibility():
    class Old(old_gym.Env):
        observation_space = action_space = old_gym.spaces.Discrete(9)

        def seed(self, seed=None):
            self.start = seed

        def reset(self):
            return self.start

        def step(self, action):
            return action, 1.0, True, {"TimeLimit.truncated": True}

    env = FromGym(old_gym.wrappers.compatibility.EnvCompatibility(Old()))
    assert env.reset(seed=5) == (5, {})
    assert env.step(2)[:4] == (2, 1.0, False, True)


def test_graphs_are_converted_both_ways():
    class Graphs(old_gym.Env):
        observation_space = action_space = old_gym.spaces.Dict(
            graph=old_gym.spaces.Graph(old_gym.spaces.Discrete(3), None)
        )

        def reset(self, *, seed=None, options=None):
            return self.observation_space.sample(), {}

        def step(self, action):
            assert action in self.action_space
            return action, 0.0, False, False, {}

    env = FromGym(Graphs())
    assert env.reset()[0] in env.observation_space
    action = env.action_space.sample()
    observ = env.step(action)[0]
    assert observ in env.observation_space
    assert observ["graph"].nodes.tolist() == action["graph"].nodes.tolist()


def test_missing_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "gym", None)
    with pytest.raises(MissingExtraError, match=r"rltools\[gym\]"):
        FromGym("CartPole-v1")


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (3, r"something without \['action_space'.*: 3 \(int\)"),
        (type(old_gym.make("CartPole-v1").unwrapped), "a class"),
        (gym.make("CartPole-v1"), "needs no conversion"),
        (np.zeros(2), "without"),
    ],
)
def test_not_an_environment(env, message):
    with pytest.raises(InvalidArgumentError, match=message):
        FromGym(env)


def test_options_of_make_need_an_id():
    env = old_gym.make("FrozenLake-v1")
    with pytest.raises(InvalidArgumentError, match=r"\['map_name'\] only where env is"):
        FromGym(env, map_name="8x8")


def test_environment_that_renders_for_humans_by_itself():
    class Screen(old_gym.Env):
        observation_space = action_space = old_gym.spaces.Discrete(2)
        render_mode = "human"

        def reset(self, *, seed=None, options=None):
            return 0, {}

        def render(self):
            raise AssertionError("nobody asked for it")

    assert FromGym(Screen()).reset() == (0, {})


def test_render_mode_is_fixed_when_the_environment_is_made():
    env = old_gym.make("FrozenLake-v1", render_mode="ansi")
    with pytest.raises(InvalidArgumentError, match="render_mode to be 'ansi'"):
        FromGym(env, render_mode="rgb_array")
    wrapped = FromGym(env, render_mode="ansi")
    assert wrapped.render_mode == "ansi"
    wrapped.reset()
    assert "FFF" in wrapped.render()
    assert FromGym("FrozenLake-v1", render_mode="ansi").render_mode == "ansi"
