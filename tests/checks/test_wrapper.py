"""What check_wrapper finds, and what it leaves alone."""

import copy

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces
from gymnasium import wrappers as theirs

from rltools.checks import check_wrapper
from rltools.checks.wrappers.spy import Spy, SpyLog
from rltools.errors import InvalidArgumentError, InvalidOptionError
from rltools.mocks import MockEnvironment
from rltools.mocks.broken import (
    ENVIRONMENTS,
    WRAPPERS,
    wrapper_attributes,
    wrapper_determinism,
    wrapper_ends,
    wrapper_lives,
    wrapper_resets,
    wrapper_values,
)

VECTOR = spaces.Box(-2.0, 3.0, (3,))
IMAGE = spaces.Box(0, 255, (8, 8, 3), dtype=np.uint8)
NEST = spaces.Dict({"image": IMAGE, "vector": VECTOR})
PAIR = spaces.Tuple((VECTOR, spaces.Discrete(3)))
ARM = spaces.Box(-1.0, 2.0, (2,))


class Rendered(MockEnvironment):
    """A mock with a picture."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 1000}
    render_mode = "rgb_array"

    def render(self):
        return np.full((4, 4, 3), 9, np.uint8)


def mock(observation_space=VECTOR, action_space=ARM, kind=MockEnvironment):
    return lambda: kind(
        observation_space=observation_space,
        action_space=action_space,
        min_duration=3,
        max_duration=9,
    )


def check(wrap, make=None, **options):
    return check_wrapper(wrap, make, **{"steps": 20, **options})


def failed(report):
    return {result.name for result in report.failed}


def skipped(report):
    return {result.name for result in report.skipped}


# Gymnasium's wrappers, each on something it is made for.
SOUND = {
    "TimeLimit": (lambda env: theirs.TimeLimit(env, 7), None),
    "Autoreset": (theirs.Autoreset, None),
    "OrderEnforcing": (theirs.OrderEnforcing, None),
    "DelayObservation-0": (lambda env: theirs.DelayObservation(env, 0), None),
    "DelayObservation-2": (lambda env: theirs.DelayObservation(env, 2), mock(NEST)),
    "TimeAwareObservation": (
        lambda env: theirs.TimeAwareObservation(theirs.TimeLimit(env, 20)),
        None,
    ),
    "TimeAwareObservation-spec": (
        theirs.TimeAwareObservation,
        lambda: gym.make("CartPole-v1"),
    ),
    "FrameStackObservation": (lambda env: theirs.FrameStackObservation(env, 3), None),
    "FrameStackObservation-zero": (
        lambda env: theirs.FrameStackObservation(env, 3, padding_type="zero"),
        mock(NEST),
    ),
    "MaxAndSkipObservation-2": (lambda env: theirs.MaxAndSkipObservation(env, 2), None),
    "FlattenObservation": (theirs.FlattenObservation, mock(NEST)),
    "FilterObservation": (lambda env: theirs.FilterObservation(env, ["vector"]), None),
    "FilterObservation-tuple": (
        lambda env: theirs.FilterObservation(env, [1]),
        mock(PAIR),
    ),
    "GrayscaleObservation": (theirs.GrayscaleObservation, None),
    "ReshapeObservation": (
        lambda env: theirs.ReshapeObservation(env, (3, 1)),
        None,
    ),
    "RescaleObservation": (lambda env: theirs.RescaleObservation(env, 0, 1), None),
    "DtypeObservation": (lambda env: theirs.DtypeObservation(env, np.float64), None),
    "DtypeObservation-discrete": (
        lambda env: theirs.DtypeObservation(env, np.float32),
        mock(spaces.Discrete(4)),
    ),
    "DiscretizeObservation": (
        lambda env: theirs.DiscretizeObservation(env, 4),
        None,
    ),
    "AddRenderObservation": (
        lambda env: theirs.AddRenderObservation(env, render_only=False),
        mock(kind=Rendered),
    ),
    "TransformObservation": (
        lambda env: theirs.TransformObservation(
            env, lambda observ: observ / 2, env.observation_space
        ),
        None,
    ),
    "DiscretizeAction": (lambda env: theirs.DiscretizeAction(env, 4), None),
    "ClipAction": (theirs.ClipAction, None),
    "RescaleAction": (
        lambda env: theirs.RescaleAction(env, -1, 1),
        mock(action_space=spaces.Box(-2.0, 2.0, (2,))),
    ),
    "TransformAction": (
        lambda env: theirs.TransformAction(env, lambda a: a / 2, env.action_space),
        None,
    ),
    "StickyAction": (
        lambda env: theirs.StickyAction(env, 0.5, (1, 3)),
        mock(action_space=spaces.Discrete(4)),
    ),
    "RepeatAction": (lambda env: theirs.RepeatAction(env, 3), None),
    "ClipReward": (lambda env: theirs.ClipReward(env, -0.5, 0.5), None),
    "TransformReward": (lambda env: theirs.TransformReward(env, lambda r: 2 * r), None),
    "RenderCollection": (theirs.RenderCollection, mock(kind=Rendered)),
    "two": (
        lambda env: theirs.ClipReward(theirs.FrameStackObservation(env, 2), -1, 1),
        None,
    ),
    "none": (lambda env: env, None),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SOUND)
def test_sound_wrappers_pass(name):
    """Law: a wrapper that does what it should fails nothing, without any option."""
    report = check(*SOUND[name])
    assert len(report.passed) == 6, str(report)


def test_wrappers_that_remember_or_tell_the_time_pass_with_an_option():
    report = check(theirs.NormalizeObservation, remembers_episodes=True)
    assert len(report.passed) == 6, str(report)
    report = check(theirs.NormalizeReward, remembers_episodes=True)
    assert len(report.passed) == 6, str(report)
    report = check(theirs.RecordEpisodeStatistics, varying_infos=["episode"])
    assert len(report.passed) == 6, str(report)


def test_wrapper_that_shows_a_window_passes(monkeypatch, tmp_path):
    pytest.importorskip("pygame")
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    report = check(theirs.HumanRendering, mock(kind=Rendered))
    assert len(report.passed) == 6, str(report)


@pytest.mark.filterwarnings("ignore")
def test_wrapper_that_advises_passes():
    report = check(theirs.PassiveEnvChecker)
    assert len(report.passed) == 6, str(report)


def test_wrapper_that_resizes_images_passes():
    pytest.importorskip("cv2")
    report = check(lambda env: theirs.ResizeObservation(env, (4, 4)))
    assert len(report.passed) == 6, str(report)


# Mistakes of Gymnasium's wrappers, as docs/check_wrappers.md tells them.
MISTAKEN = {
    "MaxAndSkipObservation": (theirs.MaxAndSkipObservation, None, "W4"),
    "RescaleAction": (
        lambda env: theirs.RescaleAction(env, -1, 1),
        mock(action_space=spaces.Box(np.float32(-1.2), np.float32(0.6), (1,))),
        "W1",
    ),
    "RescaleAction-integers": (
        lambda env: theirs.RescaleAction(env, -1, 1),
        mock(action_space=spaces.Box(0, 10, (2,), np.int32)),
        "W1",
    ),
    "RescaleObservation": (
        lambda env: theirs.RescaleObservation(env, -0.1, 0.7),
        mock(spaces.Box(-1.0, 1.0, (3,))),
        "W1",
    ),
    "StickyAction": (lambda env: theirs.StickyAction(env, 0.5), None, "W5"),
    "AddWhiteNoise": (
        lambda env: theirs.AddWhiteNoise(env, 0.5),
        mock(kind=Rendered),
        "W5",
    ),
    "ObstructView": (
        lambda env: theirs.ObstructView(env, 0.5, 2),
        mock(kind=Rendered),
        "W5",
    ),
    "NormalizeObservation": (theirs.NormalizeObservation, None, "W5"),
    "RecordEpisodeStatistics": (theirs.RecordEpisodeStatistics, None, "W5"),
}


@pytest.mark.skipif(gym.__version__ != "1.4.0", reason="they may have been mended")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MISTAKEN)
def test_mistakes_of_others_are_found(name):
    wrap, make, law = MISTAKEN[name]
    assert failed(check(wrap, make)) == {law}


@pytest.mark.parametrize("wrapper", WRAPPERS, ids=lambda wrapper: wrapper.__name__)
def test_broken_wrapper_trips_its_checks_only(wrapper):
    """Law: one mistake is told once, and what it hides is skipped."""
    assert wrapper.__doc__
    assert wrapper.trips
    report = check(wrapper)
    assert failed(report) == wrapper.trips, str(report)
    for result in report.skipped:
        assert result.reason.startswith("means nothing while"), str(report)


def test_every_check_has_a_broken_wrapper():
    trips = [wrapper.trips for wrapper in WRAPPERS]
    assert frozenset().union(*trips) == {f"W{number}" for number in range(1, 7)}


@pytest.mark.parametrize(
    ("wrapper", "law", "text"),
    [
        (
            wrapper_values.ScalesSpaceOnly,
            "W1",
            "reset of episode 0: observ[0]: expected a value from 0.0 to 1.0, got ",
        ),
        (
            wrapper_values.WidensActionsOnly,
            "W1",
            "step 1 of episode 0: action passed on to the environment[0]: expected a "
            "value from -1.0 to 2.0, got ",
        ),
        (
            wrapper_values.RoundsAtTheBounds,
            "W1",
            "with observations and actions at their bounds, step 2 of episode 0: "
            "action passed on to the environment: expected dtype float32, got float64",
        ),
        (
            wrapper_values.ChangesInnerSpace,
            "W1",
            "observation_space of the environment inside: expected it to stay "
            "Box(-2.0, 3.0, (3,), float32), got Box(-inf, inf, (3,), float32)",
        ),
        (
            wrapper_resets.DropsSeedZero,
            "W2",
            "reset(seed=0): expected seed=0 at the environment inside, got seed=None",
        ),
        (
            wrapper_resets.RepeatsSeed,
            "W2",
            "reset of episode 1: expected no seed at the environment inside, got 0 "
            "again, which gives the same episode again",
        ),
        (
            wrapper_resets.DropsOptions,
            "W2",
            "reset(options={'option_of_check_wrapper': [1, 2]}): expected "
            "options['option_of_check_wrapper']=[1, 2] at the environment inside, got "
            "options=None",
        ),
        (
            wrapper_attributes.KeepsAttributes,
            "W3",
            "set_wrapper_attr: expected to set that of the innermost environment, did "
            "not",
        ),
        (
            wrapper_ends.LeavesTruncatedAlone,
            "W4",
            "step 1 of episode 0, truncated inside: observ[0]: expected ",
        ),
        (
            wrapper_ends.SkipsTheEnd,
            "W4",
            "step 1 of episode 0, terminated inside after 2 of 3 steps: expected an "
            "observation that depends on the last one inside, got one that does not",
        ),
        (
            wrapper_determinism.RemembersTime,
            "W5",
            "the second time, same seed and actions: step 1 of episode 0: "
            "info['time']: expected 1 (int), got ",
        ),
        (
            wrapper_determinism.ClipsInPlace,
            "W5",
            "step 1 of episode 0: action changed: action[0]: expected ",
        ),
        (
            wrapper_lives.ClosesOnce,
            "W6",
            "the second close after a step: raised AttributeError: ",
        ),
    ],
)
def test_violation_tells_where_and_what(wrapper, law, text):
    violations = check(wrapper)[law].violations
    assert any(line.startswith(text) for line in violations), violations


def test_exception_that_a_wrong_action_causes_is_not_told_again():
    violations = check(wrapper_values.WidensActionsOnly)["W1"].violations
    assert len(violations) == 1, violations


def test_shared_memory_is_told_once():
    [line] = check(wrapper_determinism.ReusesArray)["W5"].violations
    assert line.startswith("step 1 of episode 0: shared memory: observ is the same")


def test_exceptions_and_results_of_another_form_are_told():
    class Raising(gym.Wrapper):
        def step(self, action):
            raise ValueError("no")

    class Four(gym.Wrapper):
        def step(self, action):
            return self.env.step(action)[:4]

    class Lone(gym.Wrapper):
        def reset(self, **arguments):
            return self.env.reset(**arguments)[0]

    [line] = check(Raising)["W1"].violations
    assert line.startswith("step 1 of episode 0: raised ValueError: no (")
    assert check(Four)["W1"].violations == (
        "step 1 of episode 0: expected a tuple of five values, got a tuple of 4",
    )
    assert check(Lone)["W1"].violations == (
        "reset of episode 0: expected a tuple of two values, got array of shape (3,) "
        "and dtype float32",
    )


class TestAttributes:
    """Each part of what W3 demands is demanded by itself."""

    def test_way_inside(self):
        lines = check(wrapper_attributes.SkipsLayers)["W3"].violations
        assert lines[0].startswith("env: expected it to lead to <MockEnvironment")

    def test_set_attribute_is_confirmed(self):
        class Silent(gym.Wrapper):
            def set_wrapper_attr(self, name, value, *, force=True):
                is_set = super().set_wrapper_attr(name, value, force=force)
                return None if is_set else False

        lines = check(Silent)["W3"].violations
        assert set(lines) == {
            "set_wrapper_attr: expected True when set, got None (NoneType)"
        }

    def test_attribute_that_nothing_has_is_denied(self):
        class Boasting(gym.Wrapper):
            def set_wrapper_attr(self, name, value, *, force=True):
                super().set_wrapper_attr(name, value, force=force)
                return True

        [line] = check(Boasting)["W3"].violations
        assert line == (
            "set_wrapper_attr: expected force=False to set none that nothing has and "
            "to return False, got True (bool)"
        )

    def test_attribute_that_nothing_has_is_an_attribute_error(self):
        class Misleading(gym.Wrapper):
            def get_wrapper_attr(self, name):
                try:
                    return super().get_wrapper_attr(name)
                except AttributeError as error:
                    raise KeyError(name) from error

        [line] = check(Misleading)["W3"].violations
        assert line.startswith("attributes that nothing has: raised KeyError: ")


class TestSeveralResetsInOne:
    """The seed has to arrive with one of them, the options with the last one."""

    def test_seed_first_and_options_always(self):
        class Warm(gym.Wrapper):
            def reset(self, *, seed=None, options=None):
                self.env.reset(seed=seed, options=options)
                return self.env.reset(options=options)

        assert len(check(Warm).passed) == 6

    def test_seed_with_both(self):
        class Careful(gym.Wrapper):
            def reset(self, *, seed=None, options=None):
                self.env.reset(seed=seed, options=options)
                return self.env.reset(seed=seed, options=options)

        assert len(check(Careful).passed) == 6

    def test_options_first_only(self):
        class Forgetful(gym.Wrapper):
            def reset(self, *, seed=None, options=None):
                self.env.reset(options=options)
                return self.env.reset(seed=seed)

        report = check(Forgetful)
        assert failed(report) == {"W2"}
        assert all("options" in line for line in report["W2"].violations)

    def test_none_at_all(self):
        class Frozen(gym.Wrapper):
            def reset(self, **arguments):
                return np.zeros(3, np.float32), {}

            def step(self, action):
                return np.zeros(3, np.float32), 0.0, False, False, {}

        report = check(Frozen)
        assert failed(report) == {"W2"}
        assert report["W2"].violations[0] == (
            "reset(seed=0): expected a reset of the environment inside, got none"
        )

    def test_the_next_episode_begins_by_itself_with_the_seed_of_the_last(self):
        class Restarting(gym.Wrapper):
            def reset(self, *, seed=None, options=None):
                self.seed, self.ended = seed, False
                return self.env.reset(seed=seed, options=options)

            def step(self, action):
                if self.ended:
                    observ, info = self.env.reset(seed=self.seed)
                    self.ended = False
                    return observ, 0.0, False, False, info
                result = self.env.step(action)
                self.ended = result[2] or result[3]
                return result

        report = check(Restarting)
        assert failed(report) == {"W2"}
        assert "which gives the same episode again" in report["W2"].reason


def test_all_that_was_made_is_closed():
    made = []

    class Closing(MockEnvironment):
        closed = False

        def close(self):
            self.closed = True
            super().close()

    def make():
        made.append(mock(kind=Closing)())
        return made[-1]

    check(wrapper_lives.StaysOpen, make)
    assert len(made) > 5
    assert all(env.closed for env in made)


class TestEnvironmentsAtFault:
    """What an environment does wrong by itself is not the wrapper's mistake."""

    def test_observations_outside_of_the_space(self):
        class Outside(MockEnvironment):
            def step(self, action):
                observ, *rest = super().step(action)
                return (observ + np.float32(9), *rest)

        report = check(theirs.OrderEnforcing, mock(kind=Outside))
        assert not report.failed
        assert "the environment itself is at fault" in report["W1"].reason
        assert skipped(report) == {"W1"}
        # A mistake of its own would not be seen behind that.
        assert not check(wrapper_values.ScalesValuesOnly, mock(kind=Outside)).failed

    def test_chance_that_no_seed_restarts(self):
        class Unseeded(MockEnvironment):
            def step(self, action):
                observ, _, *rest = super().step(action)
                return (observ, float(np.random.default_rng().random()), *rest)

        report = check(theirs.OrderEnforcing, mock(kind=Unseeded))
        assert not report.failed
        assert "The environment itself is at fault" in report["W5"].reason

    def test_one_array_for_all_observations(self):
        class Reusing(MockEnvironment):
            def step(self, action):
                observ, *rest = super().step(action)
                self.array[...] = observ
                return (self.array, *rest)

            array = np.zeros(3, np.float32)

        report = check(theirs.OrderEnforcing, mock(kind=Reusing))
        assert not report.failed
        assert "shared memory" in report["W5"].reason
        # What the wrapper does beside that is its own.
        report = check(wrapper_determinism.ClipsInPlace, mock(kind=Reusing))
        assert failed(report) == {"W5"}
        assert "action changed" in report["W5"].reason
        # Who copies mends it.
        wrap = lambda env: theirs.FrameStackObservation(env, 1)  # noqa: E731
        report = check(wrap, mock(kind=Reusing))
        assert not report["W5"].reason

    def test_state_that_callers_can_write_to(self):
        class Open(MockEnvironment):
            def step(self, action):
                observ, _, *rest = super().step(action)
                reward = float(self.last.sum())
                self.last = observ
                return (observ, reward, *rest)

            def reset(self, **arguments):
                self.last, info = super().reset(**arguments)
                return self.last, info

        report = check(theirs.OrderEnforcing, mock(kind=Open))
        assert not report.failed
        assert "once the caller wrote" in report["W5"].reason


class HalvesInPlace(gym.Wrapper):
    def reset(self, **arguments):
        observ, info = self.env.reset(**arguments)
        observ *= 0.5
        return observ, info

    def step(self, action):
        observ, *rest = self.env.step(action)
        observ *= 0.5
        return observ, *rest


class HalvesACopy(gym.Wrapper):
    def reset(self, **arguments):
        observ, info = self.env.reset(**arguments)
        return observ * 0.5, info

    def step(self, action):
        observ, *rest = self.env.step(action)
        return observ * 0.5, *rest


class TestWritingInPlace:
    @pytest.mark.parametrize("exclude", [[], ["W1"]])
    def test_environment_that_shows_its_state_is_moved(self, exclude):
        [shows] = [env for env in ENVIRONMENTS if env.__name__ == "ShowsItsState"]
        report = check_wrapper(HalvesInPlace, shows, exclude=exclude)
        assert failed(report) == {"W5"}
        [line] = report["W5"].violations
        expected = "reset of episode 0: it writes into the observation that the reset "
        assert line.startswith(expected)
        assert "moves the environment: without it, call 2 gives observ[" in line
        assert not check_wrapper(HalvesACopy, shows, exclude=exclude).failed

    def test_elsewhere_it_is_a_hint(self):
        report = check_wrapper(HalvesInPlace)
        assert not report.failed, str(report)
        told = "that goes on from this array would be moved by it."
        assert report["W5"].reason.endswith(told)
        assert told not in check_wrapper(HalvesACopy)["W5"].reason


class EndsForGood(gym.Wrapper):
    def step(self, action):
        observ, reward, terminated, truncated, info = self.env.step(action)
        return observ, reward, terminated or truncated, False, info


class HidesTruncation(gym.Wrapper):
    def step(self, action):
        observ, reward, terminated, _, info = self.env.step(action)
        return observ, reward, terminated, False, info


@pytest.mark.parametrize(
    ("wrap", "hint"),
    [
        (EndsForGood, "truncated inside: it came out as terminated, so that a learner"),
        (HidesTruncation, "truncated inside: the flag did not come out."),
        (theirs.OrderEnforcing, ""),
    ],
)
def test_truncation_that_becomes_something_else_is_hinted_at(wrap, hint):
    report = check_wrapper(wrap)
    assert not report.failed, str(report)
    assert hint in report["W4"].reason
    assert bool(report["W4"].reason) == bool(hint)


class NeedsOptions(MockEnvironment):
    def reset(self, *, seed=None, options=None):
        options["level"]
        return super().reset(seed=seed)


def test_options_are_for_every_reset():
    def make():
        return NeedsOptions((3,), (2,))

    report = check_wrapper(theirs.OrderEnforcing, make, options={"level": 3})
    assert len(report.passed) == 6, str(report)


class TestWrappersOfTheirOwnKind:
    """What is legitimate needs no option."""

    def test_episodes_of_one_step(self):
        make = lambda: MockEnvironment((2,), (1,), max_duration=1)  # noqa: E731
        assert len(check(theirs.OrderEnforcing, make).passed) == 6
        assert failed(check(wrapper_ends.LeavesLastAlone, make)) == {"W4"}

    def test_episodes_without_end(self):
        make = lambda: gym.make("Pendulum-v1").unwrapped  # noqa: E731
        report = check(theirs.OrderEnforcing, make, steps=5, at_most=20)
        assert len(report.passed) == 6, str(report)
        assert failed(
            check(wrapper_ends.LeavesLastAlone, make, steps=5, at_most=20)
        ) == {"W4"}

    def test_every_step_ends_an_episode(self):
        report = check(lambda env: theirs.TimeLimit(env, 1))
        assert skipped(report) == {"W4"}
        assert not report.failed

    def test_steps_that_show_the_first_of_several(self):
        class First(gym.Wrapper):
            def step(self, action):
                result = self.env.step(action)
                for _ in range(2):
                    if result[2] or result[3]:
                        break
                    _, *rest = self.env.step(action)
                    result = (result[0], *rest)
                return result

        assert len(check(First).passed) == 6

    def test_nothing_is_stepped_on_after_its_end(self):
        late = []

        class Lax(MockEnvironment):
            ended = False

            def reset(self, **arguments):
                self.ended = False
                return super().reset(**arguments)

            def step(self, action):
                late.extend([1] * self.ended)
                result = super().step(action)
                self.ended = result[2]
                return result

        wrap = lambda env: theirs.RepeatAction(env, 2)  # noqa: E731
        check(wrap, mock(kind=Lax), exclude=["W2"])  # W2 tries just that.
        assert not late

    def test_own_chance_that_the_seed_restarts(self):
        class Noisy(gym.Wrapper):
            def reset(self, *, seed=None, options=None):
                if seed is not None:
                    self.generator = np.random.default_rng([seed, 1])
                return self.env.reset(seed=seed, options=options)

            def step(self, action):
                observ, reward, *rest = self.env.step(action)
                return (observ, reward + self.generator.random(), *rest)

        assert len(check(Noisy).passed) == 6

    def test_flag_that_is_kept_back_is_a_hint(self):
        class Immortal(gym.Wrapper):
            def step(self, action):
                observ, reward, _, truncated, info = self.env.step(action)
                return observ, reward, False, truncated, info

        report = check(Immortal, lambda: gym.make("Pendulum-v1"), steps=5, at_most=20)
        assert not report.failed
        assert report["W4"].reason == (
            "step 1 of episode 0, terminated inside: the flag did not come out. "
            "step 10 of episode 0, terminated inside: the flag did not come out."
        )


class TestOptions:
    def test_bounds_can_be_left_out(self):
        assert not check(wrapper_values.RoundsAtTheBounds, at_bounds=False).failed

    def test_side_effects_at_the_bounds_can_be_left_out(self):
        class Lowering(gym.Wrapper):
            def step(self, action):
                if np.all(action == self.action_space.high):
                    action[...] = self.action_space.low
                return self.env.step(action)

        assert failed(check(Lowering)) == {"W5"}
        assert not check(Lowering, at_bounds=False).failed

    def test_excluded_checks_are_skipped(self):
        report = check(wrapper_resets.DropsSeed, exclude=["W2"])
        assert report["W2"].reason == "excluded by the caller"

    def test_options_reach_an_environment_that_knows_them(self):
        seen = []

        class Asking(MockEnvironment):
            def reset(self, *, seed=None, options=None):
                seen.append(options)
                return super().reset(seed=seed)

        check(theirs.OrderEnforcing, mock(kind=Asking), options={"level": 3})
        assert {"level": 3} in seen
        seen.clear()
        check(theirs.OrderEnforcing, mock(kind=Asking))
        assert set(map(str, seen)) == {"None"}

    def test_options_that_are_consumed_in_part_are_missed(self):
        class Taking(gym.Wrapper):
            def reset(self, *, seed=None, options=None):
                options = {k: v for k, v in (options or {}).items() if k != "mine"}
                return self.env.reset(seed=seed, options=options)

        assert not check(Taking).failed
        assert failed(check(Taking, options={"mine": 1})) == {"W2"}

    def test_policy_chooses_the_actions(self):
        seen = []

        def policy(observ, info):
            seen.append(observ)
            return 2

        class Forbidding(MockEnvironment):
            def step(self, action):
                assert action == 2
                return super().step(action)

        make = mock(action_space=spaces.Discrete(3), kind=Forbidding)
        assert len(check(theirs.OrderEnforcing, make, policy=policy).passed) == 6
        assert seen

    def test_seed_is_that_of_the_resets(self):
        seeds = []

        class Seeded(MockEnvironment):
            def reset(self, *, seed=None, options=None):
                seeds.append(seed)
                return super().reset(seed=seed)

        check(theirs.OrderEnforcing, mock(kind=Seeded), seed=17)
        assert 17 in seeds

    def test_as_many_steps_and_episodes_as_asked_for(self):
        report = check(wrapper_values.ScalesValuesOnly, steps=1, episodes=1)
        few = len(report["W1"].violations)
        report = check(wrapper_values.ScalesValuesOnly, steps=50, episodes=1)
        assert len(report["W1"].violations) > few + 30
        report = check(wrapper_values.ScalesValuesOnly, steps=1, episodes=20)
        assert len(report["W1"].violations) > few + 30


class TestMockEnvironments:
    def test_first_one_that_is_not_refused(self):
        def wrap(env):
            wrapped.append(env.observation_space)
            return theirs.GrayscaleObservation(env)

        wrapped = []
        assert len(check(wrap).passed) == 6
        assert wrapped[-1] == IMAGE

    def test_refusals_are_told(self):
        with pytest.raises(InvalidArgumentError, match="RecordVideo") as caught:
            check(lambda env: theirs.RecordVideo(env, "unused"))
        assert str(caught.value).count("\n- ValueError: ") == 5


@pytest.mark.parametrize(
    ("wrap", "make", "options", "match"),
    [
        (3, None, {}, r"wrap: expected a callable, got 3 \(int\)"),
        (theirs.Autoreset, 0, {}, r"make: expected a callable .*, got 0 \(int\)"),
        (theirs.Autoreset, lambda size: 3, {}, r"make: expected .* needs \(size\)"),
        (lambda env: 3, None, {}, r"wrap: expected it to return a gymnasium.Env, got"),
        (theirs.Autoreset, lambda: 3, {}, r"make: expected it to return a gymnas"),
        (theirs.Autoreset, None, {"seed": -1}, "seed to be an integer of at least 0"),
        (theirs.Autoreset, None, {"steps": 0}, "steps to be an integer of at least 1"),
        (theirs.Autoreset, None, {"episodes": 0}, "episodes to be an integer"),
        (theirs.Autoreset, None, {"varying_infos": "time"}, "expected a list of keys"),
        (theirs.Autoreset, None, {"at_most": 0}, "at_most to be an integer of at"),
    ],
)
def test_arguments_that_make_no_sense(wrap, make, options, match):
    with pytest.raises(InvalidArgumentError, match=match):
        check_wrapper(wrap, make, **options)


def test_unknown_check_to_exclude():
    with pytest.raises(InvalidOptionError, match="W1, W2, W3, W4, W5, W6"):
        check_wrapper(theirs.Autoreset, exclude=["W7"])


class TestSpy:
    def test_is_as_good_as_the_environment(self):
        env = theirs.OrderEnforcing(gym.make("CartPole-v1"))
        spy = Spy(env, SpyLog())
        assert spy.spec is env.spec
        assert str(spy) == str(env)
        assert spy.unwrapped is env.unwrapped
        assert spy.has_reset is False
        with pytest.raises(AttributeError, match="nothing"):
            spy.nothing  # noqa: B018

    def test_sets_attributes_of_the_environment(self):
        env = MockEnvironment((2,), (2,))
        spy = Spy(env, SpyLog())
        assert spy.set_wrapper_attr("steps", [1])
        assert env.steps == [1]
        assert not spy.set_wrapper_attr("nothing", 1, force=False)
        spy.own = 1
        assert spy.set_wrapper_attr("own", 2)
        assert spy.own == 2
        assert not hasattr(env, "own")

    def test_notes_copies(self):
        log = SpyLog()
        spy = Spy(MockEnvironment((2,), (2,)), log)
        observ, _ = spy.reset(seed=1)
        action = np.zeros(2, np.float32)
        spy.step(action)
        action.fill(9)
        observ_before = copy.deepcopy(observ)
        observ.fill(9)
        assert [call.verb for call in log.calls] == ["reset", "step"]
        assert log.calls[0].arguments == {"seed": 1, "options": None}
        np.testing.assert_array_equal(log.calls[0].result[0], observ_before)
        np.testing.assert_array_equal(log.calls[1].arguments["action"], 0)
