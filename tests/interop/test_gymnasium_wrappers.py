"""Gymnasium's vector wrappers do with a batch what they do with its SyncVectorEnv."""

from functools import partial

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.utils.env_checker import data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import vector as wrappers

COUNT = 3
MODES = {
    "disabled": AutoresetMode.DISABLED,
    "next_step": AutoresetMode.NEXT_STEP,
    "same_step": AutoresetMode.SAME_STEP,
}
UNIT = gym.spaces.Box(-1.0, 1.0, (2,), np.float32)


def halve(values):
    return np.asarray(values / 2, values.dtype)


# Not after resets by mask: Gymnasium's SyncVectorEnv takes the mask out of the caller's
# options, so that this wrapper takes them for resets of all.
STATISTICS = {
    "RecordEpisodeStatistics": ("vector-discrete", wrappers.RecordEpisodeStatistics),
    "DictInfoToList-statistics": (
        "dict-multidiscrete",
        lambda env: wrappers.DictInfoToList(wrappers.RecordEpisodeStatistics(env)),
    ),
}
ANY_MODE = {
    "NormalizeReward": ("vector-discrete", wrappers.NormalizeReward),
    "ClipReward": ("vector-discrete", partial(wrappers.ClipReward, max_reward=0.5)),
    "TransformReward": ("image-box", partial(wrappers.TransformReward, func=halve)),
    "ClipAction": ("image-box", wrappers.ClipAction),
    "RescaleAction": (
        "image-box",
        partial(wrappers.RescaleAction, min_action=-1.0, max_action=1.0),
    ),
    "TransformAction": (
        "image-box",
        partial(wrappers.TransformAction, func=halve),
    ),
    "VectorizeTransformAction": (
        "image-box",
        partial(
            wrappers.VectorizeTransformAction,
            wrapper=gym.wrappers.RescaleAction,
            min_action=0.0,
            max_action=1.0,
        ),
    ),
    "DictInfoToList": ("vector-discrete", wrappers.DictInfoToList),
}
# Gymnasium refuses to wrap observations that are reset in the same step.
NOT_SAME_STEP = {
    "TransformObservation": (
        "vector-discrete",
        partial(wrappers.TransformObservation, func=halve),
    ),
    "VectorizeTransformObservation": (
        "image-box",
        partial(
            wrappers.VectorizeTransformObservation,
            wrapper=gym.wrappers.GrayscaleObservation,
        ),
    ),
    "FilterObservation": (
        "dict-multidiscrete",
        partial(wrappers.FilterObservation, filter_keys=["kind", "image"]),
    ),
    "FlattenObservation": ("dict-multidiscrete", wrappers.FlattenObservation),
    "GrayscaleObservation": ("image-box", wrappers.GrayscaleObservation),
    "ReshapeObservation": (
        "image-box",
        partial(wrappers.ReshapeObservation, shape=(36, 40, 3)),
    ),
    "RescaleObservation": (
        "vector-discrete",
        partial(wrappers.RescaleObservation, min_obs=0.0, max_obs=1.0),
    ),
    "DtypeObservation": (
        "vector-discrete",
        partial(wrappers.DtypeObservation, dtype=np.float64),
    ),
}
NEXT_STEP_ONLY = {
    "NormalizeObservation": ("vector-discrete", wrappers.NormalizeObservation),
    "all-of-ppo": (
        "image-box",
        lambda env: wrappers.NormalizeReward(
            wrappers.NormalizeObservation(
                wrappers.FlattenObservation(
                    wrappers.ClipAction(wrappers.RecordEpisodeStatistics(env))
                )
            )
        ),
    ),
}
WRAPPERS = STATISTICS | ANY_MODE | NOT_SAME_STEP | NEXT_STEP_ONLY
CASES = [
    (name, mode)
    for mode, by_mode in {
        "disabled": ANY_MODE | NOT_SAME_STEP,
        "next_step": WRAPPERS,
        "same_step": STATISTICS | ANY_MODE,
    }.items()
    for name in by_mode
]


def play(env, mode, steps=40):
    """All that a wrapped batch returns, for the same seeds and actions."""
    env.action_space.seed(4)
    results = [env.reset(seed=2)]
    for _ in range(steps):
        results.append(env.step(env.action_space.sample()))
        done = results[-1][2] | results[-1][3]
        if mode == "disabled" and done.any():
            results.append(env.reset(options={"reset_mask": done}))
    return results


def without_time(value):
    """The results without the seconds in the statistics of episodes."""
    if isinstance(value, dict):
        return {
            key: without_time(item)
            for key, item in value.items()
            if key not in ("t", "_t")
        }
    if isinstance(value, tuple | list):
        return type(value)(without_time(item) for item in value)
    return value


@pytest.mark.filterwarnings("ignore:.*precision lowered", "ignore:overflow")
@pytest.mark.parametrize(("name", "mode"), CASES)
def test_wrapped_batch_equals_wrapped_vector_env(batch_of, constructors, name, mode):
    kind, wrapper = WRAPPERS[name]
    batch = wrapper(batch_of(kind, COUNT, mode))
    makes = [constructors[kind]] * COUNT
    theirs = wrapper(SyncVectorEnv(makes, autoreset_mode=MODES[mode]))
    for space in (
        "observation_space",
        "action_space",
        "single_observation_space",
        "single_action_space",
    ):
        assert getattr(batch, space) == getattr(theirs, space)
    assert batch.metadata == theirs.metadata
    assert batch.num_envs == theirs.num_envs
    for ours, other in zip(play(batch, mode), play(theirs, mode), strict=True):
        assert data_equivalence(without_time(ours), without_time(other), exact=True)
    theirs.close()


def test_statistics_of_episodes_reset_by_mask(make_batch, eventful):
    env = wrappers.RecordEpisodeStatistics(make_batch([eventful] * COUNT))
    env.reset(seed=2)
    returns, lengths = np.zeros(COUNT), np.zeros(COUNT, int)
    for _ in range(40):
        _, reward, terminated, truncated, info = env.step(np.ones(COUNT, int))
        returns += reward
        lengths += 1
        if (done := terminated | truncated).any():
            np.testing.assert_array_equal(info["_episode"], done)
            np.testing.assert_array_equal(info["episode"]["r"], returns * done)
            np.testing.assert_array_equal(info["episode"]["l"], lengths * done)
            env.reset(options={"reset_mask": done})
            returns[done], lengths[done] = 0, 0
    assert env.episode_count > 2 * COUNT


def test_wrappers_call_through(make_batch, eventful):
    batch = make_batch([eventful] * COUNT)
    wrapped = wrappers.RecordEpisodeStatistics(batch)
    assert wrapped.unwrapped is batch
    wrapped.reset(seed=1)
    assert wrapped.render_mode == "rgb_array"
    assert [image.shape for image in wrapped.render()] == [(4, 4, 3)] * COUNT
    assert wrapped.unwrapped.call("add", 2) == (3,) * COUNT
    wrapped.close()
    assert batch.closed
    assert wrapped.closed
