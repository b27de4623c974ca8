"""A batch equals its environments stepped alone, and Gymnasium's own batches."""

import contextlib
import os
import sys

import cloudpickle
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from hypothesis import given, settings
from hypothesis import strategies as st

from rltools import nested
from rltools.batch_env import BatchEnv
from rltools.checks import differences
from rltools.errors import (
    BatchError,
    ClosedError,
    InvalidActionError,
    InvalidArgumentError,
    InvalidObservationError,
    InvalidResultError,
    InvalidSpaceError,
    PendingCallError,
    RemoteError,
    RequestTimeoutError,
    ResetNeededError,
)
from rltools.mocks import MockEnvironment
from rltools.strategies import elements
from rltools.strategies import spaces as any_space
from rltools.wrappers import ExternalProcess

cloudpickle.register_pickle_by_value(sys.modules[__name__])

MODES = {
    "disabled": AutoresetMode.DISABLED,
    "next_step": AutoresetMode.NEXT_STEP,
    "same_step": AutoresetMode.SAME_STEP,
}


class Counting(gym.Env):
    """Observes (environment, episode, step), so that any mix-up shows."""

    observation_space = gym.spaces.Box(0, 1000, (3,), np.int32)
    action_space = gym.spaces.Discrete(10)

    def __init__(self, number=0, durations=(3,), truncates=False):
        self.number = number
        self.durations = durations
        self.truncates = truncates
        self.episode = -1
        self.actions = []
        self.seeds = []
        self.options = []
        self.buffer = np.zeros(3, np.int32)
        self.closed = 0
        self.result = None
        self.error = None

    def reset(self, *, seed=None, options=None):
        if self.error:
            raise self.error
        self.seeds.append(seed)
        self.options.append(options)
        self.episode += 1
        self.time = 0
        return self._observe(), {"episodes": self.episode}

    def step(self, action):
        if self.error:
            raise self.error
        self.actions.append(action)
        self.time += 1
        if self.result is not None:
            return self.result
        done = self.time >= self.durations[self.episode % len(self.durations)]
        flags = (False, done) if self.truncates else (done, False)
        return self._observe(), 0.5, *flags, {"time": self.time}

    def _observe(self):
        # One buffer for all observations: a batch must not be fooled by it.
        self.buffer[:] = self.number, self.episode, self.time
        return self.buffer

    def close(self):
        self.closed += 1

    def number_plus(self, value, *, times=1):
        return self.number + value * times


def counting(*durations, **options):
    return BatchEnv([Counting(i, [d]) for i, d in enumerate(durations)], **options)


def assert_same(first, second):
    assert not differences(second, first, "result")


# It equals other ways to step the same environments.


@pytest.mark.parametrize("mode", MODES)
@settings(max_examples=25)
@given(data=st.data())
def test_equals_gymnasium_in_every_mode(mode, data):
    """Equals the oracle `SyncVectorEnv`: values, shapes, dtypes and infos."""
    space = data.draw(any_space(kinds="array_like", max_depth=1))
    actions = data.draw(any_space(kinds="array_like", max_depth=1))

    def make():
        return MockEnvironment(
            observation_space=space, action_space=actions, max_duration=3
        )

    batch = BatchEnv([make() for _ in range(3)], autoreset=mode)
    oracle = SyncVectorEnv([make] * 3, autoreset_mode=MODES[mode])
    assert batch.observation_space == oracle.observation_space
    assert batch.action_space == oracle.action_space
    assert batch.metadata["autoreset_mode"] is MODES[mode]
    assert_same(batch.reset(seed=5), oracle.reset(seed=5))
    batch.action_space.seed(3)
    for _ in range(6):
        action = batch.action_space.sample()
        mine, theirs = batch.step(action), oracle.step(action)
        assert_same(mine, theirs)
        done = mine[2] | mine[3]
        if mode == "disabled" and done.any():
            options = {"reset_mask": done}
            assert_same(
                batch.reset(seed=9, options=options),
                oracle.reset(seed=9, options=dict(options)),
            )


@pytest.mark.timeout(120)
@settings(max_examples=5)
@given(st.data())
def test_processes_equal_this_process(data):
    """In-process and process batches return identical arrays for every space kind."""
    space = data.draw(any_space(kinds="array_like"))

    def make():
        return MockEnvironment(observation_space=space, action_shape=(), max_duration=3)

    with contextlib.ExitStack() as stack:
        local, remote, serial = (
            stack.enter_context(contextlib.closing(BatchEnv(envs, **options)))
            for envs, options in (
                ([make() for _ in range(2)], {}),
                ([ExternalProcess(make) for _ in range(2)], {}),
                ([ExternalProcess(make) for _ in range(2)], {"blocking": True}),
            )
        )
        results = [batch.reset(seed=1) for batch in (local, remote, serial)]
        for _ in range(5):
            assert_same(results[0], results[1])
            assert_same(results[0], results[2])
            action = np.zeros(2, np.float32)
            results = [batch.step(action) for batch in (local, remote, serial)]
            if (done := results[0][2]).any():
                indices = np.flatnonzero(done)
                resets = [b.reset(indices=indices) for b in (local, remote, serial)]
                assert_same(resets[0], resets[1])
                assert_same(resets[0], resets[2])


# Autoreset, as tables. Durations are 2 and 3 steps.


def rows(observ):
    """Observations as strings of (episode, step) for each environment."""
    return " ".join(f"{episode}{time}" for _, episode, time in observ)


def play(batch, steps):
    action = np.zeros(len(batch), np.int64)
    return [batch.step(action) for _ in range(steps)]


def test_autoreset_disabled():
    batch = counting(2, 3)
    batch.reset()
    # Step:       1      2
    # Observe: 01 01  02 02
    # Done:           x
    results = play(batch, 2)
    assert [rows(r[0]) for r in results] == ["01 01", "02 02"]
    assert results[1][2].tolist() == [True, False]
    with pytest.raises(ResetNeededError, match=r"\[0\]"):
        play(batch, 1)
    assert [len(env.actions) for env in batch.envs] == [2, 2], "Nothing has moved."
    observ, _ = batch.reset(indices=[0])
    assert observ.tolist() == [[0, 1, 0]]
    assert rows(play(batch, 1)[0][0]) == "11 03"


def test_autoreset_next_step():
    batch = counting(2, 3, autoreset="next_step")
    batch.reset()
    # Step:       1      2      3      4      5
    # Observe: 01 01  02 02  10 03  11 10  12 11
    # Done:           x          x         x
    # Reward:   h  h   h  h   0  h   h  0   h  h      (h is one half)
    results = play(batch, 5)
    assert [rows(r[0]) for r in results] == [
        *("01 01", "02 02", "10 03", "11 10", "12 11")
    ]
    assert [r[2].tolist() for r in results] == [
        *([False, False], [True, False], [False, True], [False, False], [True, False])
    ]
    assert [r[1].tolist() for r in results][2:4] == [[0, 0.5], [0.5, 0]]
    assert [len(env.actions) for env in batch.envs] == [4, 4], "No hidden step."


def test_autoreset_same_step():
    batch = counting(2, 3, autoreset="same_step")
    batch.reset()
    # Step:       1      2      3      4
    # Observe: 01 01  10 02  11 10  20 11
    # Done:           x          x  x
    # Final:          02         03 12
    results = play(batch, 4)
    assert [rows(r[0]) for r in results] == ["01 01", "10 02", "11 10", "20 11"]
    assert "final_obs" not in results[0][4]
    infos = results[1][4]
    assert infos["final_obs"][0].tolist() == [0, 0, 2], "Kept, though the buffer moved."
    assert infos["final_obs"][1] is None
    assert infos["_final_obs"].tolist() == [True, False]
    assert infos["final_info"]["time"].tolist() == [2, 0]
    assert infos["episodes"].tolist() == [1, 0]
    assert results[2][4]["final_obs"][1].tolist() == [1, 0, 3]


def test_truncation_and_termination_stay_apart():
    batch = BatchEnv([Counting(0, [1]), Counting(1, [1], truncates=True)])
    batch.reset()
    _, _, terminated, truncated, _ = play(batch, 1)[0]
    assert terminated.tolist() == [True, False]
    assert truncated.tolist() == [False, True]


@pytest.mark.parametrize("mode", [*MODES.values(), *MODES])
def test_autoreset_by_name_or_enum(mode):
    assert counting(1, autoreset=mode).metadata["autoreset_mode"] in (
        mode,
        MODES.get(mode),
    )


def test_unknown_autoreset_mode():
    with pytest.raises(ValueError, match=r"autoreset: expected one of .* got 'always'"):
        counting(1, autoreset="always")


# Resets of some environments.


@given(st.lists(st.integers(0, 3), unique=True))
def test_reset_of_indices_returns_their_rows_in_order(indices):
    """Rows follow the order of the indices; the other environments are untouched."""
    batch = counting(5, 5, 5, 5)
    batch.reset()
    play(batch, 1)
    observ, infos = batch.reset(indices=indices, seed=10, options={"a": 1})
    assert observ.tolist() == [[index, 1, 0] for index in indices]
    assert observ.dtype == np.int32
    for index, env in enumerate(batch.envs):
        chosen = index in indices
        assert env.episode == chosen
        assert env.seeds[1:] == ([10 + index] if chosen else [])
        assert env.options[1:] == ([{"a": 1}] if chosen else [])
    if indices:
        assert infos["_episodes"].tolist() == [i in indices for i in range(4)]


def test_reset_mask_returns_the_whole_batch():
    batch = counting(5, 5)
    batch.reset()
    play(batch, 1)
    options = {"reset_mask": np.array([False, True]), "a": 1}
    observ, _ = batch.reset(options=options)
    assert rows(observ) == "01 10"
    assert batch[1].options[-1] == {"a": 1}
    assert set(options) == {"reset_mask", "a"}, "The caller's options are not changed."


@pytest.mark.parametrize(
    ("seed", "expected"),
    [(None, [None, None]), (7, [7, 8]), ([3, None], [3, None]), (np.int64(7), [7, 8])],
)
def test_seeds(seed, expected):
    batch = counting(1, 1)
    batch.reset(seed=seed)
    assert [env.seeds[0] for env in batch.envs] == expected


def test_seeds_in_the_order_of_indices():
    batch = counting(1, 1)
    batch.reset(seed=[5, 6], indices=[1, 0])
    assert [env.seeds[0] for env in batch.envs] == [6, 5]


def test_a_worker_refuses_one_environment_twice():
    env = MockEnvironment((1,), (1,))
    with pytest.raises(RemoteError, match="an environment of its own"):
        BatchEnv.launch([lambda: env] * 2, workers=1)


def test_seeds_beside_a_mask_are_those_of_all_environments():
    batch = counting(1, 1)
    batch.reset()
    options = {"reset_mask": np.array([False, True])}
    batch.reset(seed=[5, 6], options=options)
    assert [env.seeds[1:] for env in batch.envs] == [[], [6]]
    with pytest.raises(ValueError, match="seed: expected 2 seeds, got 1"):
        batch.reset(seed=[6], options=options)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"indices": [2]}, ValueError, "indices: expected 0 to 1"),
        ({"indices": [-1]}, ValueError, "indices: expected 0 to 1"),
        ({"indices": [0, 0]}, ValueError, "indices: expected each once"),
        ({"indices": [0.0]}, TypeError, "indices: expected integers"),
        ({"indices": 0}, TypeError, "indices: expected integers"),
        ({"indices": [True]}, TypeError, "indices: expected integers"),
        ({"seed": [1]}, ValueError, "seed: expected 2 seeds, got 1"),
        ({"seed": "12"}, TypeError, "seed: expected an integer"),
        ({"seed": 1.5}, TypeError, "seed: expected an integer"),
        ({"seed": True}, TypeError, "seed: expected an integer"),
        ({"options": {"reset_mask": [True, False]}}, TypeError, "reset_mask"),
        ({"options": {"reset_mask": np.array([1, 0])}}, TypeError, "reset_mask"),
        ({"options": {"reset_mask": np.array([True])}}, ValueError, "reset_mask"),
        ({"options": {"reset_mask": np.zeros(2, bool)}}, ValueError, "at least one"),
        (
            {"options": {"reset_mask": np.ones(2, bool)}, "indices": [0]},
            ValueError,
            "got both",
        ),
    ],
)
def test_bad_reset_arguments_raise_before_anything_moves(arguments, error, message):
    batch = counting(1, 1)
    with pytest.raises(error, match=message):
        batch.reset(**arguments)
    assert all(env.episode == -1 for env in batch.envs)


# Actions.


def test_actions_reach_their_environment():
    batch = counting(9, 9, 9)
    batch.reset()
    batch.step(np.array([1, 2, 3]))
    batch.step([4, 5, 6])
    batch.step(np.array([7, 8, 9], np.int32))
    assert [env.actions for env in batch.envs] == [[1, 4, 7], [2, 5, 8], [3, 6, 9]]


def test_listed_actions_are_the_environments_own():
    class Keeps(MockEnvironment):
        def step(self, action):
            action[:] = -1
            return super().step(action)

    batch = BatchEnv([Keeps((1,), (2,), 5)])
    batch.reset()
    action = np.ones(2, np.float32)
    batch.step([action])
    assert action.tolist() == [1, 1]


def test_actions_are_the_environments_own():
    space = gym.spaces.Dict(a=gym.spaces.Box(-1, 1, (2,), np.float32))
    kept = []

    class Keeps(MockEnvironment):
        def step(self, action):
            kept.append(action)
            return super().step(action)

    batch = BatchEnv([Keeps((1,), None, 5, action_space=space) for _ in range(2)])
    batch.reset()
    actions = {"a": np.ones((2, 2), np.float32)}
    batch.step(actions)
    actions["a"][:] = 0
    assert kept[0]["a"].tolist() == kept[1]["a"].tolist() == [1, 1]


@settings(max_examples=50)
@given(st.data())
def test_any_actions_arrive_as_they_were(data):
    """Splitting a batch of actions is inverse to stacking them, for any space kind."""
    space = data.draw(any_space(kinds="array_like"))
    actions = [data.draw(elements(space)) for _ in range(2)]
    received = []

    class Keeps(MockEnvironment):
        def step(self, action):
            received.append(action)
            return super().step(action)

    batch = BatchEnv([Keeps((1,), None, 5, action_space=space) for _ in range(2)])
    batch.reset()
    from gymnasium.vector.utils import concatenate, create_empty_array

    batch.step(concatenate(space, actions, create_empty_array(space, 2)))
    batch.step(actions)
    for index in range(4):
        nested.map(np.testing.assert_array_equal, received[index], actions[index % 2])


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (np.array([1]), r"actions: expected shape \(2,\), got \(1,\)"),
        (np.array([1, 1, 1]), r"actions: expected shape \(2,\), got \(3,\)"),
        (np.array([[1, 1]]), r"expected shape \(2,\), got \(1, 2\)"),
        (np.array([1.0, 1.0]), r"actions: expected dtype int64, got float64"),
        (np.array([1, 10]), r"actions\[1\]: expected a value from 0 to 9, got 10"),
        (np.array([-1, 1]), r"actions\[0\]: expected a value from 0 to 9, got -1"),
        (1, r"actions: expected an array .* got 1 \(int\)"),
        (None, r"actions: expected an array"),
        ([1], r"actions: expected 2 actions, got 1"),
        ([1, 1, 1], r"actions: expected 2 actions, got 3"),
        ([1, 10], r"actions\[1\]: expected an integer from 0 to 9, got 10"),
        ([1, 2.0], r"actions\[1\]: expected an integer"),
    ],
)
def test_bad_actions_raise_before_anything_moves(actions, message):
    batch = counting(9, 9)
    batch.reset()
    with pytest.raises(InvalidActionError, match=message):
        batch.step(actions)
    assert all(env.actions == [] for env in batch.envs)


# Results.


OBSERVATION = np.zeros(3, np.int32)


@pytest.mark.parametrize(
    ("result", "error", "message"),
    [
        ((OBSERVATION, 0.0, False, {}), InvalidResultError, "got 4 values.*FromGym"),
        (OBSERVATION, InvalidResultError, r"envs\[1\].step\(\): expected"),
        ((OBSERVATION, None, False, False, {}), InvalidResultError, "reward"),
        ((OBSERVATION, np.zeros(1), False, False, {}), InvalidResultError, "reward"),
        ((OBSERVATION, 0.0, 1, False, {}), InvalidResultError, "terminated: expected"),
        ((OBSERVATION, 0.0, False, None, {}), InvalidResultError, "truncated: expect"),
        ((OBSERVATION, 0.0, False, False, None), InvalidResultError, "info: expected"),
        (
            (OBSERVATION.astype(int), 0.0, False, False, {}),
            InvalidObservationError,
            r"envs\[1\] observation: expected dtype int32, got int64",
        ),
    ],
)
def test_bad_results_are_told_and_the_others_kept(result, error, message):
    batch = counting(9, 9, 9)
    batch.reset()
    batch[1].result = result
    with pytest.raises(error, match=message):
        play(batch, 1)
    with pytest.raises(ResetNeededError, match=r"\[1\]"):
        play(batch, 1)
    batch[1].result = None
    batch.reset(indices=[1])
    assert rows(play(batch, 1)[0][0]) == "02 11 02"


def test_error_of_a_space_is_told_and_the_others_kept():
    class Odd(gym.Space):
        def contains(self, x):
            if x == "bad":
                raise TypeError("what is that?")
            return True

    class Says(Counting):
        observation_space = Odd()

        def _observe(self):
            return "bad" if self.number == 0 and self.time == 1 else "good"

    batch = BatchEnv([Says(0, [9]), Says(1, [1])])
    batch.reset()
    with pytest.raises(TypeError, match="what is that"):
        play(batch, 1)
    with pytest.raises(ResetNeededError, match=r"\[0, 1\]"):
        play(batch, 1)


def test_rewards_of_any_number_type():
    batch = counting(9, 9, 9, 9)
    batch.reset()
    for env, reward in zip(
        batch.envs, (1, np.float32(2), np.array(3), True), strict=True
    ):
        env.result = (OBSERVATION, reward, False, np.False_, {})
    rewards = play(batch, 1)[0][1]
    assert rewards.tolist() == [1, 2, 3, 1]
    assert rewards.dtype == np.float64


def test_several_failures_are_told_together():
    batch = counting(9, 9, 9)
    batch.reset()
    batch[0].error = ValueError("first")
    batch[2].error = KeyError("second")
    with pytest.raises(BatchError) as caught:
        play(batch, 1)
    assert set(caught.value.failures) == {0, 2}
    assert caught.value.__cause__ is batch[0].error
    with pytest.raises(BatchError, match="'reset'"):
        batch.reset()


def test_a_kept_batch_never_changes():
    batch = counting(9)
    first, _ = batch.reset()
    results = play(batch, 3)
    assert rows(first) == "00"
    assert [rows(r[0]) for r in results] == ["01", "02", "03"]
    for one, other in zip(results[0][1:4], results[1][1:4], strict=True):
        assert not np.shares_memory(one, other)


def test_without_copy_the_next_call_overwrites():
    batch = counting(9, copy=False)
    batch.reset()
    first, second = (result[0] for result in play(batch, 2))
    assert first is second


# Promises.


def test_promise_of_a_step():
    batch = counting(2, 9)
    reset = batch.reset(blocking=False)
    with pytest.raises(PendingCallError):
        batch.step(np.zeros(2, np.int64))
    assert reset.ready()
    assert rows(reset()[0]) == "00 00"
    promise = batch.step(np.zeros(2, np.int64), blocking=False)
    for use in (batch.reset, batch.render, lambda: batch.call("number_plus", 1)):
        with pytest.raises(PendingCallError):
            use()
    assert rows(promise()[0]) == "01 01"
    assert promise() is promise()
    assert rows(play(batch, 1)[0][0]) == "02 02"


@pytest.mark.timeout(60)
def test_processes_work_while_this_one_does_not_wait(tmp_path):
    class Meets(Counting):
        """Returns from a step only when the other environments are in theirs."""

        def step(self, action):
            import os

            folder = str(tmp_path)
            open(f"{folder}/{self.number}", "w").close()
            while len(os.listdir(folder)) < 3:
                os.sched_yield()
            return super().step(action)

    batch = BatchEnv([ExternalProcess(lambda n=n: Meets(n)) for n in range(3)])
    with contextlib.closing(batch):
        batch.reset()
        promise = batch.step(np.zeros(3, np.int64), blocking=False)
        assert rows(promise.result(30)[0]) == "01 01 01"


@pytest.mark.timeout(60)
def test_promise_that_timed_out_can_be_asked_again():
    import threading

    class Slow(Counting):
        def step(self, action):
            threading.Event().wait(0.5)
            return super().step(action)

    batch = BatchEnv([ExternalProcess(lambda: Slow()), ExternalProcess(Counting)])
    with contextlib.closing(batch):
        batch.reset()
        promise = batch.step(np.zeros(2, np.int64), blocking=False)
        assert not promise.ready()
        with pytest.raises(RequestTimeoutError):
            promise.result(0.1)
        assert rows(promise()[0]) == "01 01"
        assert rows(batch.step(np.zeros(2, np.int64))[0]) == "02 02"


def test_dropped_promise_needs_a_reset():
    batch = counting(9, 9)
    batch.reset()
    batch.step(np.zeros(2, np.int64), blocking=False)
    with pytest.raises(ResetNeededError):
        play(batch, 1)
    batch.reset()
    assert rows(play(batch, 1)[0][0]) == "11 11"


@pytest.mark.timeout(60)
def test_reset_goes_on_from_a_promise_that_timed_out():
    import threading

    class Slow(Counting):
        def step(self, action):
            threading.Event().wait(0.5)
            return super().step(action)

    batch = BatchEnv([ExternalProcess(Slow)])
    with contextlib.closing(batch):
        batch.reset()
        promise = batch.step(np.zeros(1, np.int64), blocking=False)
        with pytest.raises(RequestTimeoutError):
            promise.result(0.1)
        with pytest.raises(PendingCallError):
            batch.step(np.zeros(1, np.int64))
        assert rows(batch.reset()[0]) == "10"
        # The environments, too, go on from what only the batch has given up.
        lost = batch.step(np.zeros(1, np.int64), blocking=False)
        lost.give_up()
        assert rows(batch.reset()[0]) == "20"
        del lost
        with pytest.raises(PendingCallError, match="given up"):
            promise()
        assert rows(batch.step(np.zeros(1, np.int64))[0]) == "21"


@pytest.mark.timeout(60)
def test_promise_that_was_given_up_is_ready_to_say_so(tmp_path):
    """It raises at once, however long its environments still take."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)

    class Waiting(Counting):
        def step(self, action):
            gate.read_bytes()
            return super().step(action)

    batch = BatchEnv([ExternalProcess(Waiting)])
    with contextlib.closing(batch):
        batch.reset()
        promise = batch.step(np.zeros(1, np.int64), blocking=False)
        assert not promise.ready()
        with pytest.raises(RequestTimeoutError):
            promise.result(0)
        other = batch.reset(blocking=False)
        assert promise.ready()
        assert not other.ready()
        with pytest.raises(PendingCallError, match="given up"):
            promise()
        gate.write_bytes(b"x")
        assert rows(other()[0]) == "10"


@pytest.mark.timeout(60)
def test_late_environment_fails_its_call_for_good():
    """Called again, the promise must not write old observations over newer ones."""
    import threading

    class Slow(Counting):
        def step(self, action):
            if action == 1:
                threading.Event().wait(0.6)
            return super().step(action)

    batch = BatchEnv(
        [ExternalProcess(lambda: Slow(0, [9]), timeout=0.3), Counting(1, [9])]
    )
    with contextlib.closing(batch):
        batch.reset()
        promise = batch.step(np.array([1, 0]), blocking=False)
        with pytest.raises(RequestTimeoutError):
            promise()
        batch[0].reset(blocking=False).result(5)
        assert rows(batch.reset(indices=[0])[0]) == "20"
        assert rows(batch.step(np.zeros(2, np.int64))[0]) == "21 02"
        with pytest.raises(RequestTimeoutError):
            promise()
        assert rows(batch.step(np.zeros(2, np.int64))[0]) == "22 03"


def test_interrupted_step_needs_a_reset():
    batch = counting(9, 9)
    batch.reset()
    batch[1].error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        play(batch, 1)
    batch[1].error = None
    with pytest.raises(ResetNeededError, match=r"\[0, 1\]"):
        play(batch, 1)
    batch.reset()
    play(batch, 1)


# Construction, attributes, end.


def test_environments_made_before_one_that_fails_are_closed():
    made = []

    def make():
        for number in range(2):
            made.append(Counting(number))
            yield made[-1]
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        BatchEnv(make())
    assert [env.closed for env in made] == [1, 1]


def test_different_spaces_are_refused_by_name():
    first, second = Counting(), Counting()
    second.action_space = gym.spaces.Discrete(4)
    with pytest.raises(
        InvalidSpaceError, match=r"envs\[1\].action_space: .*10.*got.*4"
    ):
        BatchEnv([first, second])
    assert first.closed == second.closed == 1


def test_constructors_in_the_place_of_environments():
    with pytest.raises(InvalidArgumentError, match=r"envs\[1\].*must be called"):
        BatchEnv([env := Counting(), Counting])
    assert env.closed == 1
    with pytest.raises(InvalidArgumentError, match="expected envs to be environments"):
        BatchEnv(env)


def test_a_failing_close_does_not_hide_the_first_error():
    env = Counting()
    env.close = lambda: 1 / 0
    with pytest.raises(ValueError, match="distinct") as caught:
        BatchEnv([env, env])
    assert "division by zero" in caught.value.__notes__[-1]


def test_no_environment_and_the_same_one_twice():
    with pytest.raises(ValueError, match="at least one"):
        BatchEnv([])
    env = Counting()
    with pytest.raises(ValueError, match="distinct"):
        BatchEnv([env, env])


def test_length_items_attributes_and_calls():
    batch = counting(1, 2)
    assert len(batch) == batch.num_envs == 2
    assert batch[1] is batch.envs[1]
    assert batch.call("number_plus", 10, times=2) == (20, 21)
    assert batch.call("number") == (0, 1) == batch.get_attr("number")
    batch.set_attr("number", [7, 8])
    assert batch.get_attr("number") == (7, 8)
    batch.set_attr("number", 3)
    assert batch.get_attr("number") == (3, 3)
    with pytest.raises(ValueError, match="expected 2, got 1"):
        batch.set_attr("number", [1])


def test_render_asks_every_environment():
    batch = counting(1, 2)
    for env in batch.envs:
        env.render = lambda env=env: env.number
    assert batch.render() == (0, 1)


def test_step_before_reset():
    for mode in MODES:
        with pytest.raises(ResetNeededError, match=r"\[0, 1\]"):
            play(counting(1, 1, autoreset=mode), 1)


def test_close_is_idempotent_and_final():
    batch = counting(1, 1)
    batch.close()
    batch.close()
    assert [env.closed for env in batch.envs] == [1, 1]
    for use in (batch.reset, lambda: play(batch, 1), lambda: batch.get_attr("number")):
        with pytest.raises(ClosedError):
            use()


def test_close_reaches_all_even_if_one_raises():
    batch = counting(1, 1)

    def fail():
        raise RuntimeError("stuck")

    batch[0].close = fail
    with pytest.raises(RuntimeError, match="stuck"):
        batch.close()
    assert batch[1].closed == 1
    batch.close()


def test_vector_wrappers_of_gymnasium_work():
    batch = counting(2, 3, autoreset="next_step")
    wrapped = gym.wrappers.vector.RecordEpisodeStatistics(batch)
    wrapped.reset(seed=1)
    infos = [wrapped.step(np.zeros(2, np.int64))[4] for _ in range(3)]
    assert infos[1]["episode"]["r"][0] == 1.0
    assert infos[2]["episode"]["l"][1] == 3
