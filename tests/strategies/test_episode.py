"""transitions and episodes: of their spaces, ending where they may, shrinking."""

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

from rltools.errors import InvalidOptionError, InvalidSpaceError
from rltools.mocks import Episode, ScriptedEnvironment, Transition
from rltools.space_checks import explain_mismatch
from rltools.strategies import episodes, spaces, transitions

SPACE = gym.spaces.Discrete(5)
ENOUGH = settings(max_examples=2000, database=None)
FLAGS = {
    "terminated": (True, False),
    "truncated": (False, True),
    "both": (True, True),
}


def draw_many(strategy, count=200):
    drawn = []

    @settings(max_examples=count, derandomize=True, database=None)
    @given(strategy)
    def draw(value):
        drawn.append(value)

    draw()
    return drawn


def last(episode):
    return episode.transitions[-1]


def flags(step):
    return step.terminated, step.truncated


@given(st.data(), st.sets(st.sampled_from(sorted(FLAGS))))
def test_transitions_are_of_their_spaces(data, ends):
    """Law: observation and action are elements, and an end is one of those allowed."""
    observation_space, action_space = data.draw(spaces()), data.draw(spaces())
    step = data.draw(transitions(observation_space, action_space, ends=ends))
    assert isinstance(step, Transition)
    assert explain_mismatch(observation_space, step.observ, "observ") is None
    assert explain_mismatch(action_space, step.action, "action") is None
    assert flags(step) in [(False, False), *(FLAGS[end] for end in ends)]
    assert isinstance(step.reward, float)
    assert step.info == {}


def test_every_end_is_drawn():
    drawn = draw_many(transitions(SPACE, ends=FLAGS))
    assert {flags(step) for step in drawn} == {(False, False), *FLAGS.values()}
    drawn = draw_many(episodes(SPACE, ends=FLAGS))
    assert {flags(each.transitions[-1]) for each in drawn} == {*FLAGS.values()}


def test_an_end_of_both_kinds_is_drawn_on_request_only():
    drawn = draw_many(st.one_of(transitions(SPACE), episodes(SPACE).map(last)))
    assert {flags(step) for step in drawn} == {
        *((False, False), (True, False), (False, True)),
    }


@given(transitions(SPACE))
def test_without_an_action_space_any_action_fits(step):
    assert step.action is None


@given(
    transitions(
        SPACE,
        rewards=st.sampled_from([7, 8]),
        infos=st.fixed_dictionaries({"time": st.integers(1, 3)}),
    )
)
def test_rewards_and_infos_are_those_asked_for(step):
    assert step.reward in (7, 8)
    assert step.info["time"] in (1, 2, 3)


@given(st.lists(transitions(SPACE), max_size=5), st.randoms(use_true_random=False))
def test_default_rewards_have_exact_sums(steps, random):
    """Law: the sum is the same in any order, in single precision, too."""
    rewards = [step.reward for step in steps]
    shuffled = random.sample(rewards, len(rewards))
    assert sum(rewards) == sum(shuffled)
    assert sum(rewards) == np.sum(np.array(shuffled, np.float32))


@given(
    st.data(),
    st.integers(1, 3),
    st.integers(0, 3),
    st.sets(st.sampled_from(sorted(FLAGS)), min_size=1),
)
def test_episodes_end_at_their_last_step_only(data, least, more, ends):
    drawn = data.draw(
        episodes(SPACE, min_steps=least, max_steps=least + more, ends=ends)
    )
    assert isinstance(drawn, Episode)
    assert least <= len(drawn.transitions) <= least + more
    assert not any(step.done for step in drawn.transitions[:-1])
    assert flags(drawn.transitions[-1]) in [FLAGS[end] for end in ends]


@given(st.data())
def test_episodes_are_scripts(data):
    """Law: an environment takes them, and returns them as they are."""
    observation_space = data.draw(spaces(kinds="array_like"))
    drawn = data.draw(episodes(observation_space, SPACE, complete=False))
    env = ScriptedEnvironment(
        [drawn], observation_space=observation_space, action_space=SPACE
    )
    env.reset()
    for step in drawn.transitions:
        assert env.step(step.action)[1:] == (step.reward, *flags(step), step.info)
    assert env.is_over


@pytest.mark.parametrize("ends", [[], ["truncated"]])
def test_incomplete_episodes_may_stop_anywhere(ends):
    strategy = episodes(SPACE, min_steps=0, max_steps=3, complete=False, ends=ends)
    drawn = draw_many(strategy)
    for steps in (each.transitions for each in drawn):
        assert not any(step.done for step in steps[:-1])
    lengths = {len(each.transitions) for each in drawn}
    assert lengths == {0, 1, 2, 3}
    finals = {flags(last(each)) for each in drawn if each.transitions}
    assert finals == {(False, False), *(FLAGS[end] for end in ends)}


@given(
    episodes(
        SPACE,
        infos=st.just({"mine": 1}),
        rewards=st.just(2.0),
        min_steps=2,
        max_steps=2,
    )
)
def test_infos_and_rewards_of_episodes_are_those_asked_for(drawn):
    assert drawn.info == {"mine": 1}
    assert [step.info for step in drawn.transitions] == [{"mine": 1}] * 2
    assert [step.reward for step in drawn.transitions] == [2.0] * 2


def described(step):
    action = None if step.action is None else step.action.tolist()
    return step.observ.tolist(), step.reward, *flags(step), step.info, action


def test_transitions_shrink_to_nothing_special():
    box = gym.spaces.Box(-1, 1, (2,), np.float32)
    found = find(transitions(SPACE, box), lambda step: True)
    assert described(found) == (0, 0.0, False, False, {}, [0.0, 0.0])
    found = find(transitions(SPACE, box), lambda step: step.observ > 2 and step.done)
    assert described(found) == (3, 0.0, True, False, {}, [0.0, 0.0])


def test_episodes_shrink_to_few_steps():
    found = find(episodes(SPACE), lambda drawn: True)
    assert found.observ == 0
    assert [described(s) for s in found.transitions] == [
        (0, 0.0, True, False, {}, None)
    ]


def test_episodes_shrink_to_the_steps_that_matter():
    """A planted bug: somebody adds up wrongly what is more than ten."""
    found = find(
        episodes(SPACE),
        lambda drawn: (
            sum(step.reward for step in drawn.transitions) > 10
            and any(step.observ == 4 for step in drawn.transitions)
            and drawn.transitions[-1].truncated
        ),
        settings=ENOUGH,
    )
    assert [described(s) for s in found.transitions] == [
        (4, 10.125, False, True, {}, None)
    ]


class Custom(gym.spaces.Space):
    pass


@pytest.mark.parametrize("make", [transitions, episodes])
@pytest.mark.parametrize("space", [3, None, gym.spaces.Discrete, st.integers()])
def test_other_things_than_spaces_are_named(make, space):
    with pytest.raises(InvalidSpaceError, match=r"but got observation_space=.*\(type="):
        make(space)
    if space is not None:
        with pytest.raises(InvalidSpaceError, match=r"but got action_space=.* \(type="):
            make(SPACE, space)


@pytest.mark.parametrize("make", [transitions, episodes])
def test_spaces_of_unknown_kinds_are_an_error(make):
    with pytest.raises(InvalidSpaceError, match="type=Custom"):
        make(Custom())
    with pytest.raises(InvalidSpaceError, match="type=Custom"):
        make(SPACE, Custom())


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("rewards", 1.0),
        ("rewards", None),
        ("infos", {}),
        ("ends", "terminated"),
        ("ends", ["ended"]),
        ("ends", None),
        ("ends", 3),
        ("min_steps", 0),
        ("min_steps", 1.0),
        ("max_steps", 0),
        ("max_steps", "5"),
    ],
)
def test_invalid_options_are_named(option, value):
    makes = [episodes] if "steps" in option else [episodes, transitions]
    for make in makes:
        with pytest.raises(InvalidOptionError, match=f"but got {option}=") as caught:
            make(SPACE, **{option: value})
        assert f"(type={type(value).__name__})" in str(caught.value)


def test_options_must_fit_each_other():
    with pytest.raises(InvalidOptionError, match="at least 4 but got max_steps=3"):
        episodes(SPACE, min_steps=4, max_steps=3)
    with pytest.raises(
        InvalidOptionError, match="at least one way to end but got ends"
    ):
        episodes(SPACE, ends=[])
    with pytest.raises(InvalidOptionError, match="at least 1 but got max_steps=0"):
        episodes(SPACE, min_steps=0, max_steps=0, complete=False)
    with pytest.raises(InvalidOptionError, match="at least 0 but got min_steps=-1"):
        episodes(SPACE, min_steps=-1, complete=False)


@pytest.mark.parametrize("make", [transitions, episodes])
def test_options_are_keyword_only(make):
    with pytest.raises(TypeError):
        make(SPACE, SPACE, st.just(1.0))


@given(episodes(gym.spaces.Box(-1, 1, (2,), np.float32), min_steps=3))
def test_no_two_observations_share_memory(drawn):
    observations = [drawn.observ, *(step.observ for step in drawn.transitions)]
    for index, first in enumerate(observations):
        assert not any(np.shares_memory(first, x) for x in observations[:index])
