"""Which faults fire: by their numbers alone, known beforehand, to be repeated."""

from dataclasses import replace

import numpy as np
import pytest

from rltools.errors import InvalidArgumentError
from rltools.mocks import Faulty, MockEnvironment, faults
from rltools.mocks.faults import expected_schedule, from_schedule

ACTION = np.zeros(1, np.float32)


def play(env, episodes=3):
    """Plays whole episodes; whatever an exception ends is over."""
    for _ in range(episodes):
        try:
            env.reset()
            done = False
            while not done:
                *_, terminated, truncated, _ = env.step(ACTION)
                done = terminated or truncated
        except faults.Raise().error:
            continue
    return env.schedule


def make(*plan, duration=4, **options):
    mock = MockEnvironment((2,), (1,), duration, duration)
    return Faulty(mock, *plan, **options)


def places(schedule):
    return [(each.place, each.episode, each.step) for each in schedule]


def test_timeline_of_two_faults():
    nan, error = faults.NotANumber(at_step=2), faults.Raise(at_step=3, episode=1)
    end = faults.OutOfBounds(at="end")
    fired = play(make(end, error, nan))
    # Episode: 0             1             2
    # Step:    0 1 2 3 4     0 1 2 3       0 1 2 3 4
    # NaN:         x             x             x
    # Raise:                       x
    # End:             x                           x
    assert [(each.fault, each.episode, each.step) for each in fired] == [
        (nan, 0, 2),
        (end, 0, 4),
        (nan, 1, 2),
        (error, 1, 3),
        (nan, 2, 2),
        (end, 2, 4),
    ]
    assert expected_schedule([end, error, nan], [4, 4, 4]) != fired  # Another seed.
    assert places(expected_schedule([end, error, nan], [4, 4, 4])) == places(fired)


def test_disruptions_come_before_corruptions_and_ends_last():
    plan = (
        faults.NotANumber(at="end"),
        faults.OutOfBounds(at_step=1),
        faults.Slow(at="end", seconds=1e-6),
        faults.Slow(at_step=1, seconds=1e-6),
    )
    fired = [each.fault for each in play(make(*plan, duration=1), 1)]
    assert fired == [plan[3], plan[1], plan[0], plan[2]]
    assert [each.fault for each in expected_schedule(plan, [1])] == fired


def test_what_raises_keeps_later_ones_from_firing():
    first, second = faults.Raise(at="reset", episode=0), faults.Raise(episode=0)
    nan = faults.NotANumber(episode=0)
    env = make(nan, first, second)
    assert [each.fault for each in play(env, 2)] == [first]
    assert [each.fault for each in expected_schedule([nan, first, second], [4, 4])] == [
        first
    ]


def test_an_exception_at_the_end_is_the_end():
    plan = [faults.Raise(at="end", episode=0), faults.Slow(at="end", seconds=1e-6)]
    fired = play(make(*plan), 2)
    assert places(fired) == [("end", 0, 4), ("end", 1, 4)]
    assert places(expected_schedule(plan, [4, 4])) == places(fired)


@pytest.mark.parametrize(
    "plan",
    [
        [faults.Exit(at_step=2, episode=1)],
        [faults.Signal(at_step=2, episode=1)],
        [faults.Hang(at_step=2, episode=1)],
    ],
)
def test_what_ends_the_process_is_the_last_to_be_expected(plan):
    later = [faults.NotANumber(at_step=1), faults.NotANumber(at_step=2)]
    expected = expected_schedule([*later, *plan], [3, 3, 3])
    assert places(expected) == [
        ("step", 0, 1),
        ("step", 0, 2),
        ("step", 1, 1),
        ("step", 1, 2),
    ]
    assert expected[-1].fault == plan[0]


@pytest.mark.parametrize("fault", [faults.Exit, faults.Raise])
def test_nothing_is_expected_after_a_constructor_that_failed(fault):
    plan = [fault(at="constructor"), faults.NotANumber()]
    assert places(expected_schedule(plan, [3])) == [("constructor", None, None)]


def test_probability_is_that_of_firing():
    plan = [faults.Slow(at_step=1, probability=0.3)]
    fired = len(expected_schedule(plan, [1] * 2000, seed=3))
    assert 540 < fired < 660
    assert not expected_schedule([faults.Slow(probability=0.0)], [9] * 9)
    certain = expected_schedule([faults.Slow(probability=1.0)], [9] * 9)
    assert len(certain) == 90


def test_draws_differ_by_seed_env_fault_episode_and_step():
    plan = [faults.Slow(probability=0.5), faults.Slow(probability=0.5)]
    same, other = (
        expected_schedule(plan, [50] * 4, seed=1, env_index=2) for _ in range(2)
    )
    assert same == other
    assert same != expected_schedule(plan, [50] * 4, seed=2, env_index=2)
    assert same != expected_schedule(plan, [50] * 4, seed=1, env_index=3)
    assert same != expected_schedule(plan, [50] * 4, seed=2, env_index=1)
    assert len({each.choice for each in same}) == len(same)
    of_episodes = [
        [each.step for each in same if each.episode == episode] for episode in range(4)
    ]
    assert len({tuple(steps) for steps in of_episodes}) == 4


def test_a_draw_depends_on_nothing_that_was_drawn_before():
    """Law: what fires in an episode is the same however many faults fired before."""
    plan = [faults.Slow(probability=0.5, seconds=1e-6)]
    long, short = (expected_schedule(plan, [length, 6], seed=8) for length in (30, 1))
    of_second = [each for each in long if each.episode == 1]
    assert of_second == [each for each in short if each.episode == 1]
    assert 0 < len(of_second) < 7


def test_expected_is_what_happens():
    plan = [
        faults.NotANumber(probability=0.3),
        faults.Raise(probability=0.1),
        faults.OutOfBounds(at="end", probability=0.5),
    ]
    for seed in range(5):
        fired = play(make(*plan, seed=seed, env_index=seed + 1), 6)
        assert fired == expected_schedule(plan, [4] * 6, seed=seed, env_index=seed + 1)
        assert fired


def test_without_a_seed_that_of_the_reset_counts():
    plan = [faults.NotANumber(probability=0.4)]
    env = make(*plan)
    env.reset(seed=np.int64(11))
    for _ in range(4):
        env.step(ACTION)
    assert env.schedule == expected_schedule(plan, [4], seed=11)
    before = len(env.schedule)
    env.reset(seed=12)
    for _ in range(4):
        env.step(ACTION)
    later = expected_schedule(plan, [4], seed=12)
    assert env.schedule[before:] == [replace(each, episode=1) for each in later] != []


def test_a_seed_that_comes_again_brings_the_same_faults_again():
    env = make(faults.NotANumber(probability=0.4))
    histories = []
    for seed in (3, None, 3, None):
        before = len(env.schedule)
        env.reset(seed=seed)
        for _ in range(4):
            env.step(ACTION)
        fired = env.schedule[before:]
        histories.append([(each.step, each.choice) for each in fired])
    assert histories[:2] == histories[2:]
    assert histories[0] != histories[1]


def test_with_a_seed_that_of_the_reset_does_not_count():
    plan = [faults.NotANumber(probability=0.4)]
    env = make(*plan, seed=5)
    env.reset(seed=11)
    for _ in range(4):
        env.step(ACTION)
    assert env.schedule == expected_schedule(plan, [4], seed=5)


def test_without_any_seed_instances_differ():
    plan = [faults.NotANumber(at="reset")]
    first, second = (play(make(*plan), 1) for _ in range(2))
    assert first[0].choice != second[0].choice


def test_a_schedule_can_be_repeated():
    plan = [
        faults.NotANumber(probability=0.2),
        faults.Raise(probability=0.1),
        faults.OutOfBounds(at="end", probability=0.5),
        faults.OutOfBounds(at="reset", probability=0.5),
    ]
    for seed in range(5):
        original = make(*plan, seed=seed)
        again = make(*from_schedule(play(original, 6)), seed=seed + 100)
        assert places(play(again, 6)) == places(original.schedule) != []
        assert [type(each.fault) for each in again.schedule] == [
            type(each.fault) for each in original.schedule
        ]
        thrice = from_schedule(again.schedule)
        assert thrice == from_schedule(original.schedule)


def test_a_repeated_corruption_hits_the_same_number():
    observs = []
    plan = [faults.NotANumber(at="reset")]
    for seed in (1, 2, 3):
        env = Faulty(MockEnvironment((50,), (1,), seed=0), *plan, seed=seed)
        observs.append(env.reset()[0])
        plan = from_schedule(env.schedule)
    assert np.isnan(observs[0]).sum() == 1
    np.testing.assert_array_equal(np.isnan(observs[0]), np.isnan(observs[1]))
    np.testing.assert_array_equal(observs[1], observs[2])


def test_once_is_once_in_all_lives_and_environments(tmp_path):
    mark = tmp_path / "mark"
    plan = [faults.NotANumber(at_step=2, once=mark)]
    envs = [make(*plan) for _ in range(2)]
    for env in envs:
        play(env)
    assert [places(env.schedule) for env in envs] == [[("step", 0, 2)], []]
    assert mark.exists()
    mark.unlink()
    play(envs[1], 1)
    assert places(envs[1].schedule) == [("step", 3, 2)]


def test_once_leaves_no_mark_where_it_is_only_expected(tmp_path):
    mark = tmp_path / "mark"
    plan = [faults.NotANumber(at_step=2, once=mark), faults.Slow(at_step=2, once=mark)]
    assert places(expected_schedule(plan, [3, 3])) == [("step", 0, 2)]
    assert not mark.exists()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"faults": [3]}, r"faults\[0\] to be a fault .*, got 3"),
        ({"faults": [faults.Raise]}, r"faults\[0\]"),
        ({"seed": -1}, "seed"),
        ({"env_index": -1}, "env_index"),
        ({"durations": [2, 0]}, r"durations\[1\] .* at least 1, got 0"),
    ],
)
def test_bad_arguments(options, problem):
    arguments = {"faults": [], "durations": [1], **options}
    with pytest.raises(InvalidArgumentError, match=problem):
        expected_schedule(**arguments)
    if "durations" not in options:
        options = dict(options)
        with pytest.raises(InvalidArgumentError, match=problem):
            make(*options.pop("faults", []), **options)
