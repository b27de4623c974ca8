import types

import gym as old_gym

from rltools.wrappers.gym_description import convert_metadata, convert_spec


def test_metadata_names():
    metadata = {"render.modes": ["ansi"], "video.frames_per_second": 9, "other": 1}
    expected = {"render_modes": ["ansi"], "render_fps": 9, "other": 1}
    assert convert_metadata(metadata) == expected
    assert convert_metadata(expected) == expected
    assert convert_metadata({}) == {"render_modes": []}


def test_no_spec():
    assert convert_spec(types.SimpleNamespace()) is None
    assert convert_spec(types.SimpleNamespace(spec=None)) is None


def test_arguments_are_private_before_0_22():
    spec = types.SimpleNamespace(
        id="Walk-v0",
        reward_threshold=7.0,
        nondeterministic=True,
        max_episode_steps=5,
        _kwargs={"sizes": [5]},
    )
    converted = convert_spec(types.SimpleNamespace(spec=spec))
    assert (converted.id, converted.reward_threshold) == ("Walk-v0", 7.0)
    assert converted.nondeterministic is True
    assert converted.max_episode_steps == 5
    assert converted.entry_point == "rltools.wrappers.from_gym:FromGym"
    assert converted.kwargs == {"env": "Walk-v0", "sizes": [5]}
    converted.kwargs["sizes"].append(6)
    assert spec._kwargs == {"sizes": [5]}


def test_only_wrappers_that_make_adds_again():
    env = old_gym.make("CartPole-v1", disable_env_checker=True)
    assert convert_spec(env).id == "CartPole-v1"

    class TimeLimit(old_gym.Wrapper):
        """Another one of the same name."""

    for wrapper in (TimeLimit, old_gym.wrappers.RecordEpisodeStatistics):
        assert convert_spec(wrapper(env)) is None
        assert convert_spec(wrapper(env.unwrapped)) is None
        assert convert_spec(old_gym.wrappers.TimeLimit(wrapper(env), 3)) is None
