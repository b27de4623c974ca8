import copy
import pickle

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence

from rltools.errors import (
    ClosedError,
    InvalidActionError,
    InvalidArgumentError,
    InvalidSpaceError,
    ResetNeededError,
    ScriptEndedError,
    ScriptMismatchError,
)
from rltools.mocks import Episode, ScriptedEnvironment, Transition

BOX = gym.spaces.Box(-9, 9, (2,), np.float32)
SPACES = {"observation_space": BOX, "action_space": gym.spaces.Discrete(3)}


def observe(number):
    return np.full(2, number, np.float32)


def make(*episodes, **options):
    return ScriptedEnvironment(episodes, **{**SPACES, **options})


TWO = (
    Episode(
        observe(0),
        [
            Transition(observe(1), 0.5, info={"a": [1]}),
            Transition(observe(2), 1, terminated=True),
        ],
        info={"first": True},
    ),
    Episode(observe(3), [Transition(observe(4), truncated=np.True_)]),
)


def test_plays_what_it_was_given_in_order():
    env = make(*TWO)
    played = [env.reset(seed=3), env.step(0), env.step(1), env.reset(), env.step(2)]
    expected = [
        (observe(0), {"first": True}),
        (observe(1), 0.5, False, False, {"a": [1]}),
        (observe(2), 1, True, False, {}),
        (observe(3), {}),
        (observe(4), 0.0, False, np.True_, {}),
    ]
    assert data_equivalence(played, expected, exact=True)


def test_the_script_ends():
    env = make(*TWO)
    over = []
    for episode in TWO:
        env.reset()
        over.append(env.is_over)
        for _ in episode.transitions:
            env.step(0)
            over.append(env.is_over)
    assert over == [False, False, False, False, True]
    with pytest.raises(ScriptEndedError, match="all 2 episodes"):
        env.reset()


def test_the_script_repeats_on_request():
    env = make(*TWO, repeat=True)
    for _ in range(3):
        for episode in TWO:
            assert env.reset()[0].tolist() == episode.observ.tolist()
            for step in episode.transitions:
                assert env.step(0)[0].tolist() == step.observ.tolist()
                assert not env.is_over


def test_an_episode_without_an_end_runs_out_of_steps():
    env = make(Episode(observe(0), [Transition(observe(1))]), repeat=True)
    for _ in range(2):
        env.reset()
        env.step(0)
        with pytest.raises(ScriptEndedError, match=r"episode 0 .* has no step 2"):
            env.step(0)


def test_a_reset_in_the_middle_begins_the_next_episode():
    env = make(*TWO)
    env.reset()
    assert env.reset()[0].tolist() == [3, 3]
    env.step(0)
    assert env.is_over


def test_is_strict():
    env = make(*TWO)
    with pytest.raises(ResetNeededError):
        env.step(0)
    assert not env.is_over
    env.reset()
    with pytest.raises(InvalidActionError):
        env.step(3)
    env.step(0)
    env.step(0)
    with pytest.raises(ResetNeededError, match=r"episode 0 \(2 steps\)"):
        env.step(0)
    with pytest.raises(InvalidArgumentError, match="seed"):
        env.reset(seed=-1)
    env.close()
    with pytest.raises(ClosedError):
        env.reset()


def test_values_are_copies_in_and_out():
    observ, info = observe(1), {"a": [1]}
    env = make(Episode(observ, [Transition(observ, info=info)], info), repeat=True)
    observ[...] = 5
    info["a"].append(2)
    for _ in range(2):
        for value, *_, told in (env.reset(), env.step(0)):
            assert value.tolist() == [1, 1]
            assert told == {"a": [1]}
            value[...] = 7
            told["a"].append(3)


NESTED = gym.spaces.Dict(arm=gym.spaces.Tuple([gym.spaces.Discrete(3), BOX]))


@pytest.mark.parametrize(
    ("space", "expected", "given", "problem"),
    [
        (
            gym.spaces.Discrete(3),
            1,
            2,
            "Step 1 of episode 0 .*: action: expected 1, got 2",
        ),
        (BOX, observe(1), np.float32([1, 2]), r"action\[1\]: expected 1.0, got 2.0"),
        (
            NESTED,
            {"arm": (1, observe(1))},
            {"arm": (1, observe(2))},
            r"action\['arm'\]\[1\]\[0\]: expected 1.0, got 2.0 \(and 1 more",
        ),
        (gym.spaces.Text(3), "ab", "ac", "action: expected 'ab' .*, got 'ac'"),
        (
            gym.spaces.Sequence(gym.spaces.Discrete(3)),
            (1, 2),
            (1,),
            "action: expected 2 items, got 1",
        ),
    ],
)
def test_a_differing_action_is_shown_and_can_be_made_good(
    space, expected, given, problem
):
    script = Episode(observe(0), [Transition(observe(1), action=expected)])
    env = make(script, action_space=space)
    env.reset()
    with pytest.raises(ScriptMismatchError, match=problem):
        env.step(given)
    assert env.step(copy.deepcopy(expected))[0].tolist() == [1, 1]


def test_an_expected_action_of_zero_is_one():
    env = make(Episode(observe(0), [Transition(observe(1), action=0)]))
    env.reset()
    with pytest.raises(ScriptMismatchError):
        env.step(1)


def test_pickled_copies_go_on_alike():
    env = make(*TWO)
    env.reset()
    env.step(0)
    twin = pickle.loads(pickle.dumps(env))
    assert data_equivalence(env.step(0), twin.step(0), exact=True)
    assert data_equivalence(env.reset(), twin.reset(), exact=True)


def step(**changes):
    return Episode(observe(0), [Transition(**{"observ": observe(1), **changes})])


@pytest.mark.parametrize(
    ("episode", "problem"),
    [
        (Episode(np.zeros(2)), r"episodes\[0\].observ: expected dtype float32"),
        (Episode(observe(0), info=None), r"episodes\[0\].info: expected a dict"),
        (
            step(observ=observe(10)),
            r"episodes\[0\].transitions\[0\].observ\[0\]: .* 10",
        ),
        (step(reward=np.nan), r"transitions\[0\].reward: expected a finite number"),
        (step(reward="1"), "reward: expected a finite number, got '1'"),
        (step(reward=True), "reward"),
        (step(reward=np.zeros(1)), "reward"),
        (step(terminated=1), "terminated: expected a boolean, got 1"),
        (step(truncated=None), "truncated: expected a boolean, got None"),
        (step(info=[]), r"transitions\[0\].info: expected a dict"),
    ],
)
def test_scripts_that_break_the_contract_need_to_be_allowed(episode, problem):
    with pytest.raises(InvalidArgumentError, match=problem):
        make(episode)
    make(episode, allow_invalid=True)


@pytest.mark.parametrize("allow_invalid", [False, True])
def test_expected_actions_must_be_possible(allow_invalid):
    problem = r"transitions\[0\].action: expected an integer from 0 to 2, got 5"
    with pytest.raises(InvalidArgumentError, match=problem):
        make(step(action=5), allow_invalid=allow_invalid)


@pytest.mark.parametrize(
    ("space", "expected", "given"),
    [
        (gym.spaces.Discrete(3), 1, np.int32(1)),
        (gym.spaces.Discrete(3), np.array(1), 1),
        (gym.spaces.MultiBinary(2), np.int8([0, 1]), np.int64([0, 1])),
        (BOX, observe(1), np.float16([1, 1])),
        (NESTED, {"arm": (np.int64(1), observe(1))}, {"arm": (1, observe(1))}),
    ],
)
def test_the_type_of_a_number_makes_no_difference(space, expected, given):
    script = Episode(observe(0), [Transition(observe(1), action=expected)])
    env = make(script, action_space=space)
    env.reset()
    env.step(given)
    assert env.is_over


def test_nothing_follows_an_end_unless_it_is_allowed():
    end = Transition(observe(1), terminated=True)
    script = Episode(observe(0), [end, Transition(observe(2))])
    with pytest.raises(
        InvalidArgumentError, match=r"transitions\[0\]: expected the la"
    ):
        make(script)
    env = make(script, allow_invalid=True)
    env.reset()
    env.step(0)
    with pytest.raises(ResetNeededError):
        env.step(0)


def test_invalid_values_are_played_as_they_are():
    script = Episode(None, [Transition("x", "y", 0, "z", info={"a": 1})])
    env = make(script, allow_invalid=True)
    assert env.reset() == (None, {})
    assert env.step(0) == ("x", "y", 0, "z", {"a": 1})


@pytest.mark.parametrize(
    ("episodes", "problem"),
    [
        ([], "non-empty sequence"),
        (None, "non-empty sequence, got None"),
        (TWO[0], "non-empty sequence"),
        ([(observe(0), [])], r"episodes\[0\]: expected a mocks.Episode"),
        ([Episode(observe(0), [(observe(1), 0.0)])], "expected a mocks.Transition"),
    ],
)
@pytest.mark.parametrize("allow_invalid", [False, True])
def test_what_is_no_script(episodes, problem, allow_invalid):
    with pytest.raises(InvalidArgumentError, match=problem):
        ScriptedEnvironment(episodes, allow_invalid=allow_invalid, **SPACES)


@pytest.mark.parametrize("name", ["observation_space", "action_space"])
def test_spaces_must_be_spaces(name):
    with pytest.raises(InvalidSpaceError, match=f"{name} .* got 3"):
        make(*TWO, **{name: 3})


def test_seeds_are_ignored_unless_they_choose():
    episodes = [
        Episode(number, [Transition(0, terminated=True)]) for number in range(3)
    ]
    space = gym.spaces.Discrete(3)
    spaces = {"observation_space": space, "action_space": space}
    env = ScriptedEnvironment(episodes, **spaces)
    assert [env.reset(seed=2)[0] for _ in range(3)] == [0, 1, 2]
    env = ScriptedEnvironment(episodes, seed_chooses=True, **spaces)
    assert env.reset(seed=7)[0] == 1
    assert env.reset()[0] == 2
    with pytest.raises(ScriptEndedError):
        env.reset()
    assert env.reset(seed=0)[0] == 0
    env.step(0)
    assert not env.is_over
    env.reset(seed=5)
    env.step(0)
    assert env.is_over
