"""Every check of batches is failed by a batch that is wrong in just that way."""

import functools
import multiprocessing
import threading
import time

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

from rltools.checks import check_batch_env
from rltools.checks.batch_environment import CHECKS
from rltools.errors import InvalidArgumentError
from rltools.mocks import MockEnvironment, broken

pytestmark = pytest.mark.timeout(60)
NAMES = [f"V{number}" for number in range(1, 15)]
MODES = list(AutoresetMode)


def make():
    return MockEnvironment((3,), (2,), 2, 9)


def names(results):
    return {result.name for result in results}


def sound(autoreset):
    return type("Sound", (broken.SoundBatch,), {"mode": autoreset})


def test_all_checks_are_there():
    assert [each.name for each in CHECKS] == NAMES


def test_every_check_has_a_double_that_fails_it():
    assert set().union(*(batch.trips for batch in broken.BATCHES)) == set(NAMES)


@pytest.mark.parametrize("batch", broken.BATCHES)
def test_broken_batch_fails_its_checks_and_no_other(batch):
    report = check_batch_env(batch, make, steps=40)
    assert names(report.failed) == batch.trips, str(report)


@pytest.mark.parametrize("mode", MODES)
def test_sound_batch_passes_everything(mode):
    report = check_batch_env(sound(mode), make)
    skipped = set() if mode is AutoresetMode.DISABLED else {"V4"}
    assert not report.failed, str(report)
    assert names(report.skipped) == skipped, str(report)


OF_MANY_SIZES = {
    "text": gym.spaces.Text(5),
    "sequence": gym.spaces.Sequence(gym.spaces.Box(-1, 1, (2,))),
    "graph": gym.spaces.Graph(gym.spaces.Box(-1, 1, (2,)), gym.spaces.Discrete(3)),
    "one_of": gym.spaces.OneOf([gym.spaces.Discrete(3), gym.spaces.Box(-1, 1, (2,))]),
}


@pytest.mark.parametrize("name", [*OF_MANY_SIZES, "nest"])
def test_observations_of_many_sizes_are_fine(name):
    nest = gym.spaces.Dict(all=gym.spaces.Dict(OF_MANY_SIZES), one=gym.spaces.Box(0, 1))
    space = OF_MANY_SIZES.get(name, nest)
    env = functools.partial(
        MockEnvironment, observation_space=space, action_shape=(2,), min_duration=2
    )
    report = check_batch_env(sound(AutoresetMode.SAME_STEP), env, steps=10, spaces={})
    assert not report.failed, str(report)


@pytest.mark.parametrize("name", OF_MANY_SIZES)
def test_there_is_one_of_them_for_each_environment(name):
    class Loses(broken.SoundBatch):
        def reset(self, **arguments):
            observ, info = super().reset(**arguments)
            return observ[:2], info

    env = functools.partial(
        MockEnvironment, observation_space=OF_MANY_SIZES[name], action_shape=(2,)
    )
    report = check_batch_env(Loses, env, steps=10, spaces={})
    assert "reset: observ: expected a tuple of 3 items" in report["V2"].reason


# What is legitimately different can be said.


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("ReusesArrays", {"copies": False}),
        ("TakesAnyActions", {"checks_actions": False}),
        ("CastsInfos", {"mixed_infos": False}),
        ("KeepsItsModeSecret", {"autoreset": AutoresetMode.NEXT_STEP}),
    ],
)
def test_declared_differences_are_no_failures(name, options):
    [batch] = [batch for batch in broken.BATCHES if batch.__name__ == name]
    report = check_batch_env(batch, make, steps=20, **options)
    assert not report.failed, str(report)
    assert {"V1", "V3", "V5"} <= names(report.passed)


class ScattersSeeds(broken.SoundBatch):
    def read_seeds(self, seed):
        if isinstance(seed, int):
            return [7 * seed + 5 * index for index in range(self.num_envs)]
        return super().read_seeds(seed)


class TakesNoSeedLists(broken.SoundBatch):
    def read_seeds(self, seed):
        if isinstance(seed, list):
            raise TypeError
        return super().read_seeds(seed)


class SingleRewards(broken.SoundBatch):
    def step_wait(self):
        observs, rewards, *rest = super().step_wait()
        return observs, rewards.astype(np.float32), *rest


@pytest.mark.parametrize(
    ("batch", "options", "failed"),
    [
        (ScattersSeeds, {}, {"V6"}),
        (ScattersSeeds, {"consecutive_seeds": False}, set()),
        (TakesNoSeedLists, {}, {"V6"}),
        (TakesNoSeedLists, {"seed_lists": False}, set()),
        (SingleRewards, {}, {"V2"}),
        (SingleRewards, {"reward_dtype": np.float32}, set()),
        (SingleRewards, {"exclude": ["V2"]}, {"V1"}),
    ],
)
def test_declared_seeds_and_rewards(batch, options, failed):
    report = check_batch_env(batch, make, steps=20, **options)
    assert names(report.failed) - {"V13"} == failed, str(report)


def test_nobody_knows_the_seeds():
    report = check_batch_env(
        ScattersSeeds, make, consecutive_seeds=False, seed_lists=False
    )
    assert not report.failed
    assert "nobody knows the seed" in report["V1"].reason


def test_same_seeds_are_not_distinct():
    [batch] = [each for each in broken.BATCHES if each.__name__ == "OneSeedForAll"]
    report = check_batch_env(batch, make, consecutive_seeds=False, steps=20)
    assert names(report.failed) == {"V6"}


class SwapsRewards(broken.SoundBatch):
    def step(self, actions):
        observ, rewards, *rest = super().step(actions)
        return observ, rewards[::-1].copy(), *rest


class SwapsFlags(broken.SoundBatch):
    def step(self, actions):
        observ, rewards, terminated, truncated, infos = super().step(actions)
        return observ, rewards, truncated, terminated, infos


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (broken.SoundBatch, {"V6"}),
        (SwapsFlags, {"V1", "V6"}),
        (SwapsRewards, {"V1", "V3", "V6"}),
    ],
)
@pytest.mark.parametrize("seeds", ["OneSeedForAll", "SeedsAutoresets"])
def test_wrong_seeds_hide_nothing_else(seeds, wrong, expected):
    [base] = [batch for batch in broken.BATCHES if batch.__name__ == seeds]
    both = base if wrong is broken.SoundBatch else type("Both", (wrong, base), {})
    report = check_batch_env(both, make, steps=20, spaces={})
    assert names(report.failed) == expected, str(report)


class TurnsSeedsAround(SwapsFlags):
    def reset(self, *, seed=None, options=None):
        seed = seed[::-1] if isinstance(seed, list) else seed
        return super().reset(seed=seed, options=options)


def test_wrong_seeds_are_told_once():
    report = check_batch_env(TurnsSeedsAround, make, steps=20, spaces={})
    assert names(report.failed) == {"V1", "V6"}, str(report)
    assert all(line.startswith("puppets") for line in report["V1"].violations)
    expected = "The caller's environments were not compared while V6 fails."
    assert expected in report["V1"].reason
    assert "differ within episodes already, see V1" in report["V13"].reason


# Vector wrappers, and batches of Gymnasium's own.

CART_POLE = functools.partial(gym.make, "CartPole-v1")
STATISTICS = gym.wrappers.vector.RecordEpisodeStatistics


@pytest.mark.parametrize("declared", [[], ["episode"]])
def test_infos_of_vector_wrappers_are_declared(declared):
    def make_batch(env_fns):
        return STATISTICS(sound(AutoresetMode.NEXT_STEP)(env_fns))

    exclude = ["V10"]  # The wrapper's closing is another matter.
    options = {"steps": 40, "spaces": {}, "exclude": exclude, "extra_infos": declared}
    report = check_batch_env(make_batch, CART_POLE, **options)
    assert names(report.failed) == (set() if declared else {"V13"}), str(report)
    if not declared:
        told = report["V13"].reason
        assert "info['episode']: expected nothing, got {" in told
        assert told.endswith("adds it by itself, say extra_infos=['episode']")


def test_wrappers_that_change_spaces_are_hinted_at():
    wrapper = gym.wrappers.vector.NormalizeObservation
    report = check_batch_env(
        lambda: STATISTICS(wrapper(SyncVectorEnv([CART_POLE] * 2))), CART_POLE, steps=5
    )
    assert names(report.failed) == {"V2"}
    hint = "wrapped by RecordEpisodeStatistics, NormalizeObservation: what is meant to"
    assert hint in report["V2"].reason


def test_batches_of_gymnasium_that_are_no_stack_of_environments():
    def make_batch():
        mode = gym.VectorizeMode.VECTOR_ENTRY_POINT
        return gym.make_vec("CartPole-v1", num_envs=2, vectorization_mode=mode)

    report = check_batch_env(make_batch, CART_POLE, steps=20)
    assert report["V2"].reason.endswith("; reward_dtype=... allows another one")
    options = {"reward_dtype": np.float32, "steps": 20}
    report = check_batch_env(make_batch, CART_POLE, **options)
    assert "reset(seed=[0, 1]): raised Error: Seed must" in report["V1"].reason
    assert "takes no lists of seeds, say seed_lists=False" in report["V1"].reason
    options |= {"seed_lists": False, "consecutive_seeds": False}
    report = check_batch_env(make_batch, CART_POLE, **options)
    assert not report.failed, str(report)
    assert "nobody knows the seed of each environment" in report["V13"].reason


class NeedsOptions(MockEnvironment):
    def reset(self, *, seed=None, options=None):
        level = options["level"]
        observ, info = super().reset(seed=seed)
        return observ, {**info, "level": level}


@pytest.mark.parametrize("mode", MODES)
def test_options_of_every_reset(mode):
    def make_env():
        return NeedsOptions((3,), (2,), min_duration=2, max_duration=4, seed=0)

    options = {"steps": 20, "spaces": {}, "options": {"level": 3}}
    report = check_batch_env(sound(mode), make_env, **options)
    assert not report.failed, str(report)
    with pytest.raises(InvalidArgumentError, match="options: expected a dict"):
        check_batch_env(sound(mode), make_env, options="level")


# A batch without constructors.


def test_without_constructors_what_needs_other_environments_is_skipped():
    report = check_batch_env(lambda: sound(MODES[0])([make] * 4), make)
    assert not report.failed, str(report)
    assert names(report.passed) == {"V1", "V2", "V9", "V13"}
    assert all("make_batch takes no constructors" in r.reason for r in report.skipped)
    assert "other spaces were not tried" in report["V1"].reason


@pytest.mark.parametrize("name", ["LosesInfos", "ColumnOfRewards", "ReusesArrays"])
def test_without_constructors_much_is_found(name):
    [batch] = [batch for batch in broken.BATCHES if batch.__name__ == name]

    class Tells(gym.Wrapper):
        def __init__(self):
            super().__init__(make())

        def step(self, action):
            *results, info = super().step(action)
            return *results, {**info, "told": True}

    report = check_batch_env(lambda: batch([Tells] * 3), Tells)
    assert names(report.failed) == batch.trips, str(report)


def test_infos_of_resets_are_compared():
    class Tells(gym.Wrapper):
        def reset(self, **options):
            observ, _ = super().reset(**options)
            return observ, {"told": True}

    class LosesResetInfos(broken.SoundBatch):
        def reset(self, **options):
            observ, _ = super().reset(**options)
            return observ, {}

    report = check_batch_env(
        lambda: LosesResetInfos([lambda: Tells(make())] * 2), lambda: Tells(make())
    )
    assert "info['told']: expected entries" in report["V1"].reason


def test_where_no_episode_ends_that_is_said():
    def endless():
        return MockEnvironment((3,), (2,), 1000, 1000)

    report = check_batch_env(sound(MODES[0]), endless, steps=10)
    assert "no episode ended within 10 steps" in report["V13"].reason
    report = check_batch_env(lambda: sound(MODES[0])([endless] * 2), endless, steps=10)
    assert report["V13"].outcome == "skipped"


@pytest.mark.parametrize("trip", ["V3", "V8", "V13"])
def test_ends_are_checked_also_where_own_episodes_have_none(trip):
    def endless():
        return MockEnvironment((3,), (2,), 1000, 1000)

    for batch in broken.BATCHES:
        if batch.trips == {trip}:
            report = check_batch_env(batch, endless, steps=2, spaces={})
            assert names(report.failed) == {trip}, str(report)


# Nothing hangs and nothing is left.


class HangsInStep(broken.SoundBatch):
    def step_wait(self):
        if self.ended.any():
            threading.Event().wait()
        return super().step_wait()


def test_a_batch_that_hangs_is_reported():
    report = check_batch_env(HangsInStep, make, steps=5, timeout=0.1)
    assert "step did not come back within 0.1 seconds" in report["V3"].reason


@pytest.mark.parametrize("fails", [False, True])
def test_everything_made_is_closed(fails):
    made, closed = [], []

    class Counts(broken.SoundBatch):
        def __init__(self, env_fns):
            super().__init__(env_fns)  # Which may raise: then nothing was made.
            made.append(self)

        def step_wait(self):
            if fails:
                raise RuntimeError("It always fails.")
            return super().step_wait()

        def close_extras(self, **kwargs):
            closed.append(self)
            super().close_extras(**kwargs)

    assert bool(check_batch_env(Counts, make, steps=5).failed) is fails
    assert len(made) > 5
    assert {*map(id, made)} == {*map(id, closed)}


def test_a_batch_that_can_not_be_made():
    def make_batch(env_fns):
        raise OSError("No room.")

    expected = r"make_batch: .* a list of 3 constructors, .* OSError: No room\. \(/"
    with pytest.raises(InvalidArgumentError, match=expected):
        check_batch_env(make_batch, make)
    with pytest.raises(InvalidArgumentError, match=r"for no arguments, .*ValueError"):
        check_batch_env(lambda: int("x"), make)


def test_a_batch_whose_making_takes_too_long():
    with pytest.raises(InvalidArgumentError, match=r"RequestTimeoutError: making the"):
        check_batch_env(lambda env_fns: time.sleep(60), make, timeout=0.01)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((None, make), {}, "make_batch"),
        ((broken.SoundBatch, 3), {}, "make_env"),
        ((broken.SoundBatch, lambda name: make()), {}, r"make_env: .* needs \(name\)"),
        ((broken.SoundBatch, make), {"num_envs": 1}, "num_envs"),
        ((broken.SoundBatch, make), {"steps": 0}, "steps"),
        ((broken.SoundBatch, make), {"seed": -1}, "seed"),
        ((broken.SoundBatch, make), {"timeout": 0}, "timeout"),
        ((broken.SoundBatch, make), {"timeout": "1"}, "timeout"),
        ((broken.SoundBatch, make), {"autoreset": "next_step"}, "autoreset"),
        ((broken.SoundBatch, make), {"spaces": []}, "spaces"),
    ],
)
def test_arguments_that_make_no_sense(arguments, options, message):
    with pytest.raises(InvalidArgumentError, match=message):
        check_batch_env(*arguments, **options)


def test_a_function_of_two_lists_is_none():
    with pytest.raises(InvalidArgumentError, match="make_batch: expected a function"):
        check_batch_env(lambda one, two: None, make)


def test_something_else_than_a_batch():
    expected = "expected it to return a gymnasium.vector.VectorEnv"
    with pytest.raises(InvalidArgumentError, match=expected):
        check_batch_env(lambda env_fns: env_fns, make)


# What others ship; docs/check_batches.md tells the same.

IN_SYNC = {"V1", "V5", "V7", "V10"}
IN_ASYNC = {"V1", "V5", "V11"}
IN_DISABLED = {"V4"}


@pytest.mark.parametrize("mode", MODES)
def test_sync_vector_env(mode):
    report = check_batch_env(
        functools.partial(SyncVectorEnv, autoreset_mode=mode),
        functools.partial(gym.make, "CartPole-v1"),
    )
    disabled = IN_DISABLED if mode is AutoresetMode.DISABLED else set()
    assert names(report.failed) == IN_SYNC | disabled, str(report)


@pytest.mark.filterwarnings("ignore")  # Gymnasium tells all errors of workers there.
@pytest.mark.parametrize(
    "mode",
    [
        AutoresetMode.DISABLED,
        AutoresetMode.SAME_STEP,
        pytest.param(AutoresetMode.NEXT_STEP, marks=pytest.mark.slow),
    ],
)
def test_async_vector_env_leaves_no_process(mode):
    before = set(multiprocessing.active_children())
    report = check_batch_env(
        functools.partial(AsyncVectorEnv, autoreset_mode=mode),
        functools.partial(gym.make, "CartPole-v1"),
        timeout=2,
    )
    disabled = {"V3", *IN_DISABLED} if mode is AutoresetMode.DISABLED else set()
    assert names(report.failed) == IN_ASYNC | disabled, str(report)
    assert "It refuses to be made with spaces of many sizes['seq" in report["V1"].note
    assert not set(multiprocessing.active_children()) - before
