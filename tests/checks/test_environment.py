import functools
import time

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec
from hypothesis import given, settings
from hypothesis import strategies as st

from rltools.checks import check_env
from rltools.checks.environment import CHECKS
from rltools.errors import (
    CheckFailedError,
    InvalidArgumentError,
    InvalidOptionError,
)
from rltools.mocks import MockEnvironment, broken
from rltools.strategies import spaces

pytestmark = pytest.mark.timeout(60)
NAMES = [
    *[f"S{number}" for number in range(1, 8)],
    *[f"R{number}" for number in range(1, 10)],
    *[f"T{number}" for number in range(1, 13)],
    *["D1", "D2", "D3", "L1", "L2", "L3", "L4", "L5"],
]
# Shared by a whole catalogue: where a process would show nothing there is none.
QUICK = {"processes": False, "steps": 60}


def names(results):
    return {result.name for result in results}


def test_all_checks_are_there():
    assert [each.name for each in CHECKS] == NAMES


def test_every_check_has_a_double_that_fails_it():
    assert set().union(*(env.trips for env in broken.ENVIRONMENTS)) == set(NAMES)


@pytest.mark.parametrize("env", broken.ENVIRONMENTS)
def test_broken_environment_fails_its_checks_and_no_other(env):
    processes = env.__name__ == "DependsOnProcess"
    report = check_env(env, **{**QUICK, "processes": processes})
    assert names(report.failed) == env.trips, str(report)


def test_sound_environment_passes_everything():
    report = check_env(broken.SoundEnvironment)
    assert names(report.passed) == set(NAMES), str(report)


class OneStep(broken.SoundEnvironment):
    """Legitimate, but hard on checkers: every episode is truncated at once."""

    def step(self, action):
        observ, reward, _, _, info = super().step(action)
        self.running = False
        return observ, np.float32(reward), np.False_, np.True_, info


def test_episodes_of_one_step_confuse_nothing():
    report = check_env(OneStep, **QUICK)
    assert not report.failed, str(report)
    assert names(report.skipped) == {"R7"}
    assert report["R7"].reason == "every episode is over after one step"


@given(spaces(), st.data())
@settings(max_examples=25)
def test_any_spaces_are_fine(observation_space, data):
    action_space = data.draw(spaces())
    make = functools.partial(
        MockEnvironment,
        observation_space=observation_space,
        action_space=action_space,
        seed=data.draw(st.integers(0, 99)),
    )
    # Small spaces have the same elements for every seed.
    report = check_env(make, processes=False, steps=20, exclude=["S7", "D3"])
    assert not report.failed, str(report)


# What is legitimately different.


class Noisy(broken.SoundEnvironment):
    def direction(self, action):
        return np.random.default_rng().normal()


def test_not_reproducible():
    assert names(check_env(Noisy, **QUICK).failed) == {"D1"}
    report = check_env(Noisy, reproducible=False, **QUICK)
    assert not report.failed, str(report)
    assert names(report.skipped) == {"R4", "R6", "R7", "D1", "D2", "D3", "L4"}


class Unsteady(broken.SoundEnvironment):
    """One of all its episodes, in whichever instance, has other rewards."""

    resets = wrong = 0

    def reset(self, *, seed=None, options=None):
        type(self).resets += 1
        self.is_wrong = self.resets == self.wrong
        return super().reset(seed=seed, options=options)

    def step(self, action):
        observ, reward, *ends = super().step(action)
        return observ, reward + self.is_wrong / 2, *ends


def test_no_caller_is_blamed_for_an_unsteady_environment(monkeypatch):
    """Whichever episode it is, those that look at what a caller does pass."""
    told = []
    check_env(Unsteady, **QUICK)
    for number in range(1, Unsteady.resets + 1):
        monkeypatch.setattr(Unsteady, "resets", 0)
        monkeypatch.setattr(Unsteady, "wrong", number)
        report = check_env(Unsteady, **QUICK)
        assert names(report.failed).isdisjoint({"R9", "T8", "T9"}), str(report)
        told += [line for each in report.failed for line in each.violations]
    assert [line for line in told if line.startswith("not every time: step 1 of")]


class OneHot(gym.Env):
    """Observes rows of a table that all instances share, never one twice in a row."""

    observation_space = gym.spaces.Box(0, 1, (5,))
    action_space = gym.spaces.Discrete(2)
    table = np.eye(5, dtype=np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self.table[self.np_random.integers(3)], {}

    def step(self, action):
        self.steps += 1
        return self.table[3 + self.steps % 2], 0.0, False, self.steps == 9, {}


def test_damage_that_lasts_is_no_chance(monkeypatch):
    """Who wrote to the table has broken it for good."""
    monkeypatch.setattr(OneHot, "table", OneHot.table.copy())
    report = check_env(OneHot, **QUICK)
    assert "T8" in names(report.failed), str(report)
    assert "after the caller has written" in report["T8"].reason


class Declared(Noisy):
    spec = EnvSpec("Noisy-v0", nondeterministic=True)


def test_spec_may_say_so():
    assert not check_env(Declared, **QUICK).failed
    assert names(check_env(Declared, reproducible=True, **QUICK).failed) == {"D1"}


class Certain(broken.SoundEnvironment):
    def reset(self, *, seed=None, options=None):
        return super().reset(seed=0, options=options)


def test_seed_that_does_not_matter():
    report = check_env(Certain, **QUICK)
    assert names(report.failed) == {"D3"}
    assert "say seed_matters=False" in report["D3"].reason
    assert not check_env(Certain, seed_matters=False, **QUICK).failed


class StaysAfterEnd(broken.SoundEnvironment):
    def step(self, action):
        if self.steps and not self.running:
            return self.observe(), 0.0, True, False, self.inform()
        return super().step(action)


@pytest.mark.parametrize("env", [broken.SoundEnvironment, StaysAfterEnd])
@pytest.mark.parametrize("raises", [None, True, False])
def test_step_after_the_end(env, raises):
    report = check_env(env, raises_after_end=raises, **QUICK)
    is_as_declared = raises in (None, env is broken.SoundEnvironment)
    assert names(report.failed) == (set() if is_as_declared else {"T7"})


def test_ends_both_ways():
    [env] = [env for env in broken.ENVIRONMENTS if env.trips == {"T12"}]
    assert not check_env(env, ends_both_ways=True, **QUICK).failed


class Sudden(broken.SoundEnvironment):
    spec = EnvSpec("Sudden-v0", max_episode_steps=12)

    def step(self, action):
        observ, reward, terminated, truncated, info = super().step(action)
        return observ, reward, terminated or truncated, truncated, info


def test_both_flags_at_the_time_limit_are_fine():
    assert not check_env(Sudden, **QUICK).failed


def test_infos_with_other_keys():
    doubles = [env for env in broken.ENVIRONMENTS if env.trips == {"T5"}]
    reports = {
        env.__name__: check_env(env, info_keys_vary=True, **QUICK) for env in doubles
    }
    failed = [name for name, report in reports.items() if report.failed]
    assert failed == ["ListAsInfo"]


class Timed(broken.SoundEnvironment):
    def inform(self):
        return {**super().inform(), "seconds": time.perf_counter()}


def test_infos_that_vary():
    assert names(check_env(Timed, **QUICK).failed) == {"R4"}
    report = check_env(Timed, varying_infos=["seconds"], **QUICK)
    assert not report.failed, str(report)


class FixedGoal(broken.SoundEnvironment):
    goal = np.ones(3)
    goal.flags.writeable = False

    def inform(self):
        return {"goal": self.goal}


def test_what_nobody_can_write_to_may_be_shared():
    assert not check_env(FixedGoal, **QUICK).failed


class LastSeedAgain(broken.SoundEnvironment):
    last = None

    def reset(self, *, seed=None, options=None):
        self.last = self.last if seed is None else seed
        return super().reset(seed=self.last, options=options)


def test_resets_that_repeat_the_seed_are_hinted_at():
    report = check_env(LastSeedAgain, **QUICK)
    assert "the episode of the last seed again" in report["D3"].reason
    assert "again" not in check_env(broken.SoundEnvironment, **QUICK)["D3"].reason


class Exits(broken.SoundEnvironment):
    def step(self, action):
        if self.steps == 3:
            raise SystemExit("the simulator has quit")
        return super().step(action)


def test_an_environment_that_exits_ends_no_report():
    report = check_env(Exits, **QUICK)
    assert names(report.failed) == {"T1"}
    assert "raised SystemExit: the simulator has quit" in report["T1"].reason


class Huge(broken.SoundEnvironment):
    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        self.observation_space = gym.spaces.Box(0, 255, (4096, 4096), np.uint8)

    def observe(self):
        return np.full((4096, 4096), self.steps, np.uint8)


def test_what_is_too_large_for_memory_is_played_for_fewer_steps():
    only = ("S1", "S2", "S3", "S4", "S6", "R1", "T1", "T3")
    exclude = [name for name in NAMES if name not in only]
    report = check_env(Huge, processes=False, exclude=[*exclude, "T3"])
    assert not report.failed
    assert report["T1"].outcome == "passed"


def test_what_cannot_be_pickled():
    [env] = [env for env in broken.ENVIRONMENTS if env.__name__ == "HoldsLock"]
    report = check_env(env, picklable=False, **QUICK)
    assert not report.failed
    assert report["L2"].outcome == "skipped"


class BeginsAnew(broken.SoundEnvironment, gym.utils.EzPickle):
    def __init__(self, render_mode=None):
        broken.SoundEnvironment.__init__(self, render_mode)
        gym.utils.EzPickle.__init__(self, render_mode)


class RefusesToGoOn(broken.SoundEnvironment):
    def __getstate__(self):
        return {**self.__dict__, "running": False}


class RunsUncopied(broken.SoundEnvironment):
    def __getstate__(self):
        if self.running:
            raise TypeError("not while it runs")
        return self.__dict__


@pytest.mark.parametrize(
    ("env", "hint"),
    [
        (broken.SoundEnvironment, ""),
        (BeginsAnew, "the copy begins anew, as its EzPickle says"),
        (RefusesToGoOn, "the copy refuses to go on: ResetNeededError: Cannot step"),
        (RunsUncopied, "raised TypeError: not while it runs"),
    ],
)
def test_copies_on_their_way_may_refuse(env, hint):
    report = check_env(env, **QUICK)
    assert not report.failed, str(report)
    reason = report["L2"].reason
    for way in ("pickle", "deepcopy"):
        assert (f"{way} in the middle of an episode: {hint}" in reason) == bool(hint)


def test_max_steps():
    assert not check_env(broken.SoundEnvironment, max_steps=12, **QUICK).failed
    report = check_env(broken.SoundEnvironment, max_steps=11, **QUICK)
    assert names(report.failed) == {"T11"}


class Endless(broken.SoundEnvironment):
    def step(self, action):
        self.steps = 0
        self.position *= 0.5
        return super().step(action)


def test_episodes_that_never_end_are_no_failure():
    report = check_env(Endless, episodes=0, **QUICK)
    assert not report.failed, str(report)
    # A step after an end, and what follows an end, could not be seen.
    assert names(report.skipped) == {"R6", "T7", "T11", "T12"}
    assert "no episode ended within 60 steps" in report["T11"].reason


def test_episodes_that_were_not_seen_to_end_are_told():
    report = check_env(broken.SoundEnvironment, steps=30, episodes=0, processes=False)
    assert report["D1"].reason == ""
    report = check_env(Endless, steps=30, episodes=1, processes=False)
    assert report["D1"].reason == "Only 0 of 1 episodes came to their end."


def test_policy_chooses_the_actions():
    seen = []

    def policy(observ, info):
        seen.append((observ, info))
        return 1

    report = check_env(broken.SoundEnvironment, policy=policy, **QUICK)
    assert not report.failed
    assert len(seen) > 60
    observ, info = seen[0]
    np.testing.assert_array_equal(observ, info["position"].astype(np.float32))


def test_steps_and_episodes():
    calls = []

    class Spy(broken.SoundEnvironment):
        def step(self, action):
            calls.append(action)
            return super().step(action)

    everything_but_the_rollout = [name for name in NAMES if name not in ("S1", "R1")]
    exclude = [n for n in everything_but_the_rollout if n not in ("S2", "S3")]
    check_env(Spy, steps=3, episodes=5, processes=False, exclude=exclude)
    assert 5 * 3 < len(calls) <= 5 * 12
    calls.clear()
    check_env(Spy, steps=3, episodes=0, processes=False, exclude=exclude)
    assert len(calls) == 3


def test_exclude():
    [env] = [env for env in broken.ENVIRONMENTS if env.trips == {"T12"}]
    report = check_env(env, exclude=["T12"], **QUICK)
    assert not report.failed
    assert report["T12"].reason == "excluded by the caller"
    with pytest.raises(InvalidOptionError, match="exclude"):
        check_env(env, exclude=["T13"])


class NeverRender(broken.SoundEnvironment):
    def render(self):
        raise AssertionError("It was to be left alone.")


def test_without_l3_nothing_is_rendered():
    report = check_env(NeverRender, exclude=["L3"], **QUICK)
    assert not report.failed
    assert names(report.skipped) == {"L3", "L4", "L5"}
    assert names(check_env(NeverRender, **QUICK).failed) == {"L3"}


class NeedsOptions(broken.SoundEnvironment):
    """A level has to be named at every reset; a harder one is noisier."""

    def reset(self, *, seed=None, options=None):
        self.level = options["level"]
        return super().reset(seed=seed)

    def inform(self):
        return {"level": self.level}


def test_options():
    report = check_env(NeedsOptions, **QUICK)
    assert names(report.failed) == {"R1"}
    first, *others = report["R1"].violations
    assert first.endswith("; if a reset needs options, say options={...}")
    assert not any("say options" in line for line in others)
    options = {"level": 3}
    report = check_env(NeedsOptions, options=options, **QUICK)
    assert names(report.passed) == set(NAMES), str(report)
    assert options == {"level": 3}


class RefusesUnknownOptions(NeedsOptions):
    def reset(self, *, seed=None, options=None):
        if set(options or {"level": 0}) - {"level"}:
            raise ValueError(f"unknown options {options}")
        return super().reset(seed=seed, options=options or {"level": 0})


def test_unknown_options_may_be_refused():
    report = check_env(RefusesUnknownOptions, **QUICK)
    assert not report.failed, str(report)
    assert names(report.skipped) == {"R9"}
    assert "say options={...}" in report["R9"].reason
    report = check_env(RefusesUnknownOptions, options={"level": 1}, **QUICK)
    assert names(report.passed) == set(NAMES)


class KeepsLevel(NeedsOptions):
    def reset(self, *, seed=None, options=None):
        self.options = options
        return super().reset(seed=seed, options=options)

    def direction(self, action):
        return super().direction(action) * self.options["level"]["speed"][0]

    def inform(self):
        return {}


def test_options_that_are_kept():
    options = {"level": {"speed": np.ones(2)}}
    report = check_env(KeepsLevel, options=options, **QUICK)
    assert names(report.failed) == {"R9"}
    expected = "after the caller has emptied the options it had passed, step 1 of"
    assert report["R9"].reason.startswith(expected)


class TakesLevelOut(NeedsOptions):
    def reset(self, *, seed=None, options=None):
        return super().reset(seed=seed, options={"level": options.pop("level")})


def test_options_that_are_taken_out_are_given_again():
    options = {"level": 3}
    report = check_env(TakesLevelOut, options=options, **QUICK)
    assert names(report.failed) == {"R9"}, str(report)
    assert options == {"level": 3}


class KeepsSpeed(NeedsOptions):
    def reset(self, *, seed=None, options=None):
        self.speed = options["speed"]
        return super().reset(seed=seed, options={"level": 0})

    def direction(self, action):
        return super().direction(action) * self.speed[0] / 2


def test_arrays_of_options_that_are_kept():
    report = check_env(KeepsSpeed, options={"speed": np.ones(2)}, **QUICK)
    assert names(report.failed) == {"R9"}
    assert "observ[0]: expected" in report["R9"].reason


@pytest.mark.parametrize("options", ["level", 3, [("level", 3)]])
def test_options_are_a_dict(options):
    with pytest.raises(InvalidArgumentError, match="options: expected a dict"):
        check_env(NeedsOptions, options=options)


# What a report says.


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "CrossedBounds",
            "observation_space[1]: expected low <= high, got low=3.0 and",
        ),
        ("FourValues", "got a tuple of 4; four are those of the older gym"),
        ("RaisesLate", "ZeroDivisionError: the simulator divided by zero (/"),
        (
            "NotANumberLate",
            "step 4 of episode 0: observ[1]: expected a value from -2.0",
        ),
        ("OneBuffer", "observ[0]: expected"),
        ("ChangesTheAction", "action[0]: expected"),
        ("UsesGlobalNumPy", "the state of numpy.random changed"),
        ("SamplesItsActionSpace", "the state of action_space changed"),
        ("GoesOn", "step 8 of episode 0: expected the end by then (max_steps=8)"),
        ("UnseededNoise", "step 2 of episode 0: observ[0]: expected"),
        ("SharedState", "another instance, "),
        ("CopyIsItself", "deepcopy: the original after its copy has played, "),
        ("ForgetsItsNoise", "pickle: the copy, step 1 of episode 0: observ[0]"),
        ("CopyDrawsAnew", "pickle in the middle of an episode: the copy, step "),
        ("DrawsToRender", "rendered as 'rgb_array' after every call, step 1 of"),
        ("SlowerWhereSeen", "made for 'rgb_array' and not rendered, step 1 of"),
        ("OneFrame", "rgb_array: frame[0, 0, 0]: expected "),
        ("ChangesOptions", "options to stay as they are: options['option_of_check_env"),
        ("CountOutlivesReset", "after 3 steps and a reset, step 1 of episode 0: info"),
        ("ResetWithoutInfo", "expected a tuple of observation and info, got array of"),
        ("FloatFrames", "dtype uint8, got array of shape (8, 8, 3) and dtype float64"),
    ],
)
def test_violations_say_where_what_and_how(name, words):
    [env] = [env for env in broken.ENVIRONMENTS if env.__name__ == name]
    report = check_env(env, **QUICK)
    assert words in report.failed[0].reason


class GraphObservation(broken.SoundEnvironment):
    def __init__(self, render_mode=None, edge_space=None):
        super().__init__(render_mode)
        self.observation_space = gym.spaces.Graph(self.observation_space, edge_space)

    def observe(self):
        return gym.spaces.GraphInstance(super().observe()[None], None, None)


class CrossedEdges(GraphObservation):
    def __init__(self):
        super().__init__(edge_space=gym.spaces.Box(-1, 1, (2,)))
        self.observation_space.edge_space.low[0] = 2


def test_graphs_need_no_edges():
    assert not check_env(GraphObservation, **QUICK).failed


def test_edges_of_graphs_are_looked_at():
    report = check_env(CrossedEdges, **QUICK)
    assert names(report.failed) == {"S2"}
    assert report["S2"].reason.startswith("observation_space.edge_space[0]: expected")


def test_every_violation_is_kept():
    [env] = [env for env in broken.ENVIRONMENTS if env.__name__ == "NumbersAsFlags"]
    report = check_env(env, **QUICK)
    assert len(report["T4"].violations) >= 2 * 60
    with pytest.raises(CheckFailedError, match="more of the kind"):
        report.raise_on_failure()


class Wide(broken.SoundEnvironment):
    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        self.action_space = gym.spaces.Box(-5, 5, (1,), np.float32)

    def direction(self, action):
        return float(action[0]) / 50


def test_bounds_other_than_one_are_a_hint():
    report = check_env(Wide, **QUICK)
    assert not report.failed
    assert "wrappers.RangeNormalize" in report["S7"].reason


class LaterResetsWithoutInfo(broken.SoundEnvironment):
    ended = False

    def reset(self, **arguments):
        result = super().reset(**arguments)
        return result[0] if self.ended else result

    def step(self, action):
        result = super().step(action)
        self.ended = not self.running
        return result


def test_every_reset_is_looked_at():
    report = check_env(LaterResetsWithoutInfo, **QUICK)
    assert names(report.failed) == {"R1"}
    assert report["R1"].reason.startswith("reset of episode 1: expected a tuple")


class SecondResetReturnsNone(broken.SoundEnvironment):
    def reset(self, **arguments):
        if self.running and not self.steps:
            return None
        return super().reset(**arguments)


def test_a_second_reset_that_returns_nothing_is_told_once():
    report = check_env(SecondResetReturnsNone, **QUICK)
    assert names(report.failed) == {"R5"}
    [line] = report["R5"].violations
    assert line.endswith(
        "expected a tuple of observation and info, got None (NoneType)"
    )


def test_own_mode_has_to_be_declared():
    make = functools.partial(broken.SoundEnvironment, "rgb")
    report = check_env(lambda: make(), **QUICK)
    expected = "render_mode: expected one of those declared, ['rgb_array', 'ansi'], got"
    assert expected in report["L3"].reason


def test_what_was_left_out_is_told():
    report = check_env(broken.SoundEnvironment, **QUICK)
    assert report["D2"].reason == "Not in another process: processes=False."


class Lists(broken.SoundEnvironment):
    metadata = {"render_modes": ["rgb_array_list"]}

    def render(self):
        return [super().render()] * 2


class ArrayForList(broken.SoundEnvironment):
    metadata = {"render_modes": ["rgb_array_list"]}


class ListOfTexts(broken.SoundEnvironment):
    metadata = {"render_modes": ["rgb_array_list"]}

    def render(self):
        return [super().render(), "end"]


class ListsThatGrow(broken.SoundEnvironment):
    metadata = {"render_modes": ["rgb_array_list"]}

    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        self.frames = []

    def render(self):
        self.frames.append(super().render())
        return self.frames


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        (Lists, ""),
        (ListsThatGrow, ""),  # As Gymnasium's RenderCollection without popping.
        (ArrayForList, "rgb_array_list: expected a list of frames, got array of shape"),
        (ListOfTexts, "rgb_array_list: expected an array of shape [height, width, 3]"),
    ],
)
def test_modes_of_lists(env, expected):
    report = check_env(env, **QUICK)
    assert report["L3"].reason.startswith(expected)
    assert names(report.failed) == ({"L3"} if expected else set())


class NeedsLibrary(broken.SoundEnvironment):
    def render(self):
        raise gym.error.DependencyNotInstalled("There is no library.")


class NeedsLibraryAtOnce(broken.SoundEnvironment):
    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        if render_mode is not None:
            raise gym.error.DependencyNotInstalled("There is no library.")


@pytest.mark.parametrize("env", [NeedsLibrary, NeedsLibraryAtOnce])
@pytest.mark.parametrize("processes", [True, False])
def test_a_missing_library_is_no_failure(env, processes):
    report = check_env(env, steps=20, processes=processes)
    assert not report.failed, str(report)
    assert report["L3"].outcome == "skipped"
    assert "ansi was not rendered: There is no library." in report["L3"].reason
    for name in ("L4", "L5"):
        assert report[name].reason == "nothing was rendered: There is no library."


class NeedsLibraryForText(broken.SoundEnvironment):
    def render(self):
        if self.render_mode == "ansi":
            raise gym.error.DependencyNotInstalled("There is no library.")
        return super().render()


def test_what_can_be_rendered_counts():
    report = check_env(NeedsLibraryForText, **QUICK)
    assert report["L3"].outcome == "passed"
    assert report["L3"].reason == "ansi was not rendered: There is no library."


class NumbersAsKeys(broken.SoundEnvironment):
    def inform(self):
        return {1: 2.0}


def test_keys_of_infos_are_texts():
    report = check_env(NumbersAsKeys, info_keys_vary=True, **QUICK)
    assert names(report.failed) == {"T5"}
    expected = "step 1 of episode 0: info: expected str as keys, got 1 (int)"
    assert report["T5"].violations[0] == expected
    assert len(report["T5"].violations) == len(set(report["T5"].violations))


def test_no_mode_to_render():
    report = check_env(lambda: broken.SoundEnvironment(), **QUICK)
    assert names(report.skipped) == {"L3", "L4", "L5"}
    for result in report.skipped:
        assert "make takes no render_mode" in result.reason


def test_constructor_that_cannot_cross_to_another_process():
    class Local(broken.SoundEnvironment):
        def __reduce__(self):
            raise TypeError("never")

    import threading

    lock = threading.Lock()
    report = check_env(lambda: lock and Local(), steps=20, picklable=False)
    assert not report.failed
    assert "Not in another process" in report["D2"].reason


# Mistakes of the caller.


@pytest.mark.parametrize("make", [gym.make("CartPole-v1"), "CartPole-v1", None])
def test_make_has_to_be_a_callable(make):
    with pytest.raises(InvalidArgumentError, match=r"make: expected a callable"):
        check_env(make)


def test_make_has_to_make_an_environment():
    with pytest.raises(InvalidArgumentError, match=r"expected it to return a gymnas"):
        check_env(lambda: 3)


@pytest.mark.parametrize(
    "options", [{"seed": -1}, {"steps": 0}, {"episodes": -1}, {"max_steps": 0}]
)
def test_numbers_have_to_make_sense(options):
    with pytest.raises(InvalidArgumentError, match=next(iter(options))):
        check_env(broken.SoundEnvironment, **options)


def test_every_environment_is_closed():
    opened, closed = [], []

    class Counted(broken.SoundEnvironment):
        def __init__(self, render_mode=None):
            super().__init__(render_mode)
            opened.append(self)

        def close(self):
            closed.append(self)

    check_env(Counted, **QUICK)
    assert {id(env) for env in opened} <= {id(env) for env in closed}
    copies = {id(env) for env in closed} - {id(env) for env in opened}
    assert len(copies) == 2  # The deep copies; a local class can't be pickled.
