"""environments: small, the same again for the same seeds, and valid; they shrink."""

import copy
import pickle
import re

import cloudpickle
import gymnasium as gym
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rltools.checks import check_env, differences
from rltools.errors import InvalidActionError, InvalidOptionError, InvalidSpaceError
from rltools.strategies import environments, spaces

SPACE = gym.spaces.Discrete(3)


def play(env, seeds):
    """What an environment returns in one episode for each seed."""
    env.action_space.seed(0)
    results = []
    for seed in seeds:
        results.append(env.reset(seed=seed))
        while len(results[-1]) == 2 or not (results[-1][2] or results[-1][3]):
            results.append(env.step(env.action_space.sample()))
    return results


@settings(max_examples=30)
@given(environments())
def test_environments_keep_the_contract(env):
    """Law: check_env finds nothing wrong with any of them."""
    report = check_env(
        lambda: copy.deepcopy(env),
        steps=20,
        seed_matters=False,
        processes=False,
        reproducible=True,
        raises_after_end=True,
    )
    report.raise_on_failure()


@given(environments(), st.lists(st.none() | st.integers(0, 5), max_size=6))
def test_copies_do_the_same(env, seeds):
    """Law: two copies agree, by whichever way they were made."""
    copies = [
        copy.deepcopy(env),
        pickle.loads(pickle.dumps(env)),
        cloudpickle.loads(cloudpickle.dumps(lambda: env))(),
    ]
    expected = play(env, seeds)
    for each in copies:
        assert differences(expected, play(each, seeds), "results") == []


@given(environments(max_episodes=4), st.integers(0, 20))
def test_a_seed_chooses_an_episode(env, seed):
    """Law: seed s begins episode s modulo their number, from where they go on."""
    firsts = [copy.deepcopy(env).reset(seed=s)[0] for s in range(12)]
    found, _ = env.reset(seed=seed)
    # Twelve is a multiple of any number of episodes up to four.
    assert differences(firsts[seed % 12], found, "observ") == []
    following, _ = env.reset()
    assert differences(firsts[(seed + 1) % 12], following, "observ") == []


@given(environments(SPACE, SPACE, max_steps=2, max_episodes=1, ends=["truncated"]))
def test_options_are_limits(env):
    assert env.observation_space == env.action_space == SPACE
    results = play(env, [None, None])
    half = len(results) // 2
    assert half <= 3
    assert results[:half] == results[half:]
    assert results[-1][2:4] == (False, True)


@given(
    environments(
        st.just(SPACE),
        spaces(kinds=[gym.spaces.MultiBinary]),
        rewards=st.just(3.0),
        infos=st.just({"mine": 1}),
    )
)
def test_spaces_rewards_and_infos_are_those_asked_for(env):
    assert env.observation_space == SPACE
    assert isinstance(env.action_space, gym.spaces.MultiBinary)
    assert env.reset()[1] == {"mine": 1}
    _, reward, *_, info = env.step(env.action_space.sample())
    assert (reward, info) == (3.0, {"mine": 1})


@given(environments(action_space=SPACE))
def test_actions_must_be_of_their_space(env):
    env.reset()
    with pytest.raises(InvalidActionError):
        env.step(3)


def test_environments_differ():
    """In spaces, numbers of episodes and their lengths; but all actions have bounds."""
    seen = set()

    @settings(max_examples=200, derandomize=True, database=None)
    @given(environments())
    def look(env):
        seen.add(type(env.observation_space))
        seen.add(type(env.action_space))
        if isinstance(env.action_space, gym.spaces.Box):
            assert env.action_space.is_bounded()
        seen.add(f"{len(play(env, [0])) - 1} steps")
        firsts = [play(copy.deepcopy(env), [seed]) for seed in range(3)]
        if differences(firsts[0], firsts[1], "results"):
            seen.add("seeds matter")

    look()
    kinds = {gym.spaces.Discrete, gym.spaces.MultiDiscrete, gym.spaces.MultiBinary}
    kinds |= {gym.spaces.Box, gym.spaces.Dict, gym.spaces.Tuple}
    assert seen == {*kinds, "1 steps", "2 steps", "3 steps", "seeds matter"}


def first_action(env):
    """Not a drawn one: what a test draws itself would be printed, too."""
    env.action_space.seed(0)
    return env.action_space.sample()


def minimal(test):
    """The environment that a failing test was told to be the simplest one."""
    test = settings(
        derandomize=True, database=None, phases=[Phase.generate, Phase.shrink]
    )(test)
    with pytest.raises(AssertionError) as caught:
        given(env=environments())(test)()
    text = " ".join("\n".join(caught.value.__notes__).split())
    found = re.search(r"ScriptedEnvironment\( (\[.*\]), observation_space", text)
    return found[1]


def test_a_wrapper_that_forgets_an_end_is_shown_the_simplest_environment():
    """A planted bug: episodes that are cut short go on."""

    class Forgetful(gym.Wrapper):
        def step(self, action):
            observ, reward, terminated, _, info = self.env.step(action)
            return observ, reward, terminated, False, info

    def test(env):
        wrapped = Forgetful(copy.deepcopy(env))
        env.reset()
        wrapped.reset()
        action = first_action(env)
        assert wrapped.step(action)[2:4] == env.step(action)[2:4]

    assert minimal(test) == (
        "[Episode(observ=np.int64(0), transitions=[Transition(observ=np.int64(0), "
        "reward=0.0, terminated=False, truncated=True, info={}, action=None)], "
        "info={})]"
    )


def test_a_wrapper_that_adds_up_too_much_is_shown_the_smallest_reward():
    """A planted bug: what the last episode was worth is still there in the next."""

    class Adding(gym.Wrapper):
        total = 0.0

        def step(self, action):
            observ, reward, terminated, truncated, info = self.env.step(action)
            self.total += reward
            return observ, self.total, terminated, truncated, info

    def test(env):
        wrapped = Adding(env)
        returns = []
        for _ in range(2):
            wrapped.reset(seed=0)  # The same episode again.
            done = False
            while not done:
                _, total, terminated, truncated, _ = wrapped.step(first_action(env))
                done = terminated or truncated
            returns.append(total)
        assert returns[0] == returns[1]

    assert minimal(test) == (
        "[Episode(observ=np.int64(0), transitions=[Transition(observ=np.int64(0), "
        "reward=0.125, terminated=True, truncated=False, info={}, action=None)], "
        "info={})]"
    )


@pytest.mark.parametrize("option", ["observation_space", "action_space"])
@pytest.mark.parametrize("value", [3, None, gym.spaces.Discrete])
def test_other_things_than_spaces_are_named(option, value):
    with pytest.raises(InvalidSpaceError, match=f"Gymnasium space but got {option}="):
        environments(**{option: value})


class Custom(gym.spaces.Space):
    pass


@pytest.mark.parametrize("option", ["observation_space", "action_space"])
def test_spaces_of_unknown_kinds_are_an_error_at_once(option):
    with pytest.raises(InvalidSpaceError, match="type=Custom"):
        environments(**{option: Custom()})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("max_episodes", 0),
        ("max_steps", 0),
        ("rewards", 1.0),
        ("infos", {}),
        ("ends", []),
        ("ends", "truncated"),
    ],
)
def test_invalid_options_are_named_at_once(option, value):
    with pytest.raises(InvalidOptionError, match=f"but got {option}="):
        environments(**{option: value})


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        environments(SPACE, SPACE, 3)
