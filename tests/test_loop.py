import itertools
import logging
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rltools
from rltools import manifest
from rltools.checkpoints import CheckpointStore
from rltools.errors import CheckpointError, InvalidArgumentError, InvalidResultError
from rltools.loop import Loop


@pytest.fixture(autouse=True, scope="module")
def no_sync():
    """Thousands of tiny checkpoints need not reach the disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest, "sync", lambda path: None)
        yield


def _score(value, done=True):
    """An operation that always returns the same."""
    return lambda log, report, reset: (done, value)


def _count(done=lambda step: True, size=None):
    """An operation with scores 0, 1, 2, ... that are done where the function says."""
    numbers = itertools.count()

    def op(log, report, reset):
        scores = np.array([next(numbers) for _ in range(size or 1)], np.float32)
        dones = np.array([bool(done(score)) for score in scores])
        return (dones, scores) if size else (dones[0], scores[0])

    return op


class _Record:
    """An operation that remembers the step and flags of its calls."""

    def __init__(self, loop, size=1):
        self.loop, self.size, self.calls = loop, size, []

    def __call__(self, log, report, reset):
        self.calls.append((self.loop.step, log, report, reset))
        return np.ones(self.size, bool), np.zeros(self.size)

    def steps(self, flag):
        column = {"log": 1, "report": 2, "reset": 3}[flag]
        return [call[0] for call in self.calls if call[column]]


# Timelines


def test_one_phase_reports_at_its_interval():
    # Step:   0 1 2 3 4 5 6 7 8
    # Report:     x     x     x
    loop = Loop()
    loop.add_phase("phase", _score(0.0), steps=1, report_every=3)
    steps = [loop.step for _ in loop.run(max_step=9)]
    assert steps == [3, 6, 9]


def test_phases_take_turns():
    # Step:  0 1 2 3 4 5 6 7 8 9 ...
    # Score: 1 2 2 2 3 3 1 2 2 2 ...
    loop = Loop()
    loop.add_phase("one", _score(1.0), steps=1, report_every=1)
    loop.add_phase("two", _score(2.0), steps=3, report_every=1)
    loop.add_phase("three", _score(3.0), steps=2, report_every=1)
    scores = list(loop.run(max_step=15))
    assert scores == [1, 2, 2, 2, 3, 3, 1, 2, 2, 2, 3, 3, 1, 2, 2]


def test_intervals_count_the_steps_of_their_phase_only():
    # Step:   0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16
    # Score:  1 2 2 1 2 2 1 2 2 1 2  2  1  2  2  1  2
    # Report:       1       2   1             2  1
    loop = Loop()
    loop.add_phase("one", _score(1.0), steps=1, report_every=2)
    loop.add_phase("two", _score(2.0), steps=2, report_every=5)
    reports = [(loop.step - 1, score) for score in loop.run(max_step=17)]
    assert [score for _, score in reports] == [1, 2, 1, 2, 1]
    assert [step for step, _ in reports] == [3, 7, 9, 14, 15]


def test_only_finished_scores_since_the_last_report_are_averaged():
    # Step:   0 1 2 3 4 5 6 7 8
    # Score:  0 1 2 3 4 5 6 7 8
    # Done:     x   x   x   x
    # Report:     1     4     7
    loop = Loop()
    loop.add_phase("phase", _count(lambda n: n % 2), steps=1, report_every=3)
    assert list(loop.run(max_step=9)) == [1, 4, 7]


def test_scores_of_one_phase_are_averaged_across_its_epochs():
    # Step:   0 1 2 3 4 5 6 7
    # Score:  0 1 9 9 2 3 9 9
    # Report:           *
    loop = Loop()
    loop.add_phase("count", _count(), steps=2, report_every=4)
    loop.add_phase("nine", _score(9.0), steps=2)
    assert list(loop.run(max_step=8)) == [1.5]


def test_a_batch_of_scores_is_as_many_steps():
    # Step:   0 1 2   3 4 5
    # Score:  0 1 2   3 4 5
    # Done:     x x     x x
    # Report:     *       *
    loop = Loop()
    loop.add_phase("phase", _count(lambda n: n % 3, size=3), steps=3, report_every=3)
    steps = []
    scores = []
    for score in loop.run(max_step=6):
        steps.append(loop.step)
        scores.append(score)
    assert steps == [3, 6]
    assert scores == [1.5, 4.5]


@pytest.mark.parametrize("container", [tuple, list])
def test_a_batch_of_any_shape_is_flattened(container):
    def op(log, report, reset):
        done = np.array([[True, False], [False, True]])
        return container([done, np.array([[1, 2], [3, 5]])])

    loop = Loop()
    loop.add_phase("phase", op, steps=4, report_every=8)
    assert list(loop.run(max_step=8)) == [3.0]
    assert loop.step == 8


def test_a_batch_may_reach_into_the_next_phase():
    # Step:   0 1 2 3 4 5 6 7 8 9 ...
    # Phase:  a a a b b b a a a b
    # Call:   a   a   b   a   a   b
    # Reset:  x       x   x       x
    loop = Loop()
    first, second = _Record(loop, size=2), _Record(loop, size=2)
    loop.add_phase("a", first, steps=3)
    loop.add_phase("b", second, steps=3)
    list(loop.run(max_step=12))
    assert [call[0] for call in first.calls] == [0, 2, 6, 8]
    assert [call[0] for call in second.calls] == [4, 10]
    assert first.steps("reset") == [0, 6]
    assert second.steps("reset") == [4, 10]


def test_a_report_without_a_finished_episode_is_nan():
    # Step:   0 1 2 3
    # Done:       x
    # Report:   *   *
    loop = Loop()
    loop.add_phase("phase", _count(lambda n: n == 2), steps=1, report_every=2)
    first, second = loop.run(max_step=4)
    assert math.isnan(first)
    assert second == 2


def test_small_scores_are_not_lost_among_large_ones():
    def op(log, report, reset):
        return np.ones(3, bool), np.array([2**24, 1, 1], np.float32)

    loop = Loop()
    loop.add_phase("phase", op, steps=3, report_every=3)
    assert list(loop.run(max_step=3)) == [(2**24 + 2) / 3]


def test_the_timeline_of_the_class_docstring():
    loop = Loop()
    a, b = _Record(loop), _Record(loop)
    loop.add_phase("a", a, steps=2, report_every=4)
    loop.add_phase("b", b, steps=1, report_every=1)
    list(loop.run(max_step=9))
    assert a.steps("report") == [4]
    assert b.steps("report") == [2, 5, 8]
    assert a.steps("reset") == [0, 3, 6]
    assert b.steps("reset") == [2, 5, 8]


# Flags and sizes


def test_nothing_is_due_without_an_interval():
    loop = Loop()
    op = _Record(loop)
    loop.add_phase("phase", op, steps=2)
    assert list(loop.run(max_step=6)) == []
    assert op.steps("log") == op.steps("report") == []


def test_nothing_is_logged_without_a_logdir():
    loop = Loop()
    op = _Record(loop)
    loop.add_phase("phase", op, steps=1, log_every=1)
    list(loop.run(max_step=3))
    assert op.steps("log") == []


def test_a_given_batch_size_tells_the_first_call_that_a_report_is_due():
    # Step:     0 . . 3 . .
    # Report:   *     *
    for batch_size, told in [(None, [3]), (3, [0, 3])]:
        loop = Loop()
        op = _Record(loop, size=3)
        loop.add_phase("phase", op, steps=3, report_every=3, batch_size=batch_size)
        assert list(loop.run(max_step=6)) == [0, 0]
        assert op.steps("report") == told


def test_an_operation_is_fed():
    fed = []

    def op(**arguments):
        fed.append(arguments)
        return True, 0.0

    feed = {"rate": 0.1}
    loop = Loop()
    loop.add_phase("phase", op, steps=2, report_every=2, feed=feed)
    feed["rate"] = 0.2
    list(loop.run(max_step=2))
    assert fed == [
        {"log": False, "report": False, "reset": True, "rate": 0.1},
        {"log": False, "report": True, "reset": False, "rate": 0.1},
    ]
    assert all(type(fed[0][flag]) is bool for flag in ("log", "report", "reset"))


def test_the_last_call_may_go_beyond_max_step():
    loop = Loop()
    loop.add_phase("phase", _Record(loop, size=4), steps=4)
    list(loop.run(max_step=6))
    assert loop.step == 8
    assert list(loop.run(max_step=8)) == []
    assert loop.step == 8


def test_a_loop_without_max_step_never_ends():
    loop = Loop()
    loop.add_phase("phase", _score(1.0), steps=1, report_every=1)
    assert list(itertools.islice(loop.run(), 100)) == [1.0] * 100


def test_a_second_run_goes_on_in_the_phase_without_a_reset():
    loop = Loop()
    op = _Record(loop)
    loop.add_phase("phase", op, steps=4, report_every=4)
    assert list(loop.run(max_step=2)) == []
    assert list(loop.run(max_step=4)) == [0]
    assert op.steps("reset") == [0]


def test_phases_are_logged_and_nothing_is_printed(caplog, capsys):
    caplog.set_level(logging.INFO, "rltools.loop")
    loop = Loop()
    loop.add_phase("train", _score(1.0), steps=2)
    loop.add_phase("eval", _score(1.0), steps=1)
    list(loop.run(max_step=4))
    assert [record.getMessage() for record in caplog.records] == [
        "Phase train (step 0, epoch 0).",
        "Phase eval (step 2, epoch 0).",
        "Phase train (step 3, epoch 1).",
    ]
    assert capsys.readouterr() == ("", "")


# The schedule as a model: every step of it is listed one by one.


@st.composite
def _phases(draw):
    interval = st.none() | st.integers(1, 7)
    phase = st.fixed_dictionaries(
        {
            "steps": st.integers(1, 5),
            "report_every": interval,
            "checkpoint_every": interval,
            "sizes": st.lists(st.integers(1, 3), min_size=1, max_size=2),
        }
    )
    return draw(st.lists(phase, min_size=1, max_size=3))


class _World:
    """Operations with state that is saved and restored, and a record of their calls."""

    def __init__(self, phases, directory, crash_at=None):
        self.number = 0
        self.calls = []
        self.saved = []
        self.loop = Loop(store=CheckpointStore(directory))
        for index, phase in enumerate(phases):
            options = {key: phase[key] for key in phase if key != "sizes"}
            op = self._make_op(index, phase["sizes"], crash_at)
            self.loop.add_phase(f"phase{index}", op, **options)

    def _make_op(self, index, sizes, crash_at):
        def op(log, report, reset):
            if self.number == crash_at:
                raise KeyboardInterrupt
            size = sizes[self.number % len(sizes)]
            done, score = _result(self.number, size)
            self.calls.append((self.loop.step, index, report, reset))
            self.number += 1
            return done, score

        return op

    def write(self, prefix):
        self.saved.append(self.loop.step)
        Path(prefix).write_text(str(self.number))

    def read(self, prefix):
        self.number = int(Path(prefix).read_text())


def _result(number, size):
    scores = 10.0 * number + np.arange(size)
    return (scores % 3 > 0), scores


def _model(phases, max_step):
    """Calls, reports and checkpoints of a run, in the plainest way."""
    table = [
        (index, epoch, epoch * phase["steps"] + step)
        for epoch in range(max_step + 1)
        for index, phase in enumerate(phases)
        for step in range(phase["steps"])
    ]
    calls, reports, saved = [], [], []
    step, number, entered = 0, 0, None
    pending = [[] for _ in phases]
    expected = [1 for _ in phases]
    while step < max_step:
        index, epoch, phase_step = table[step]
        phase = phases[index]

        def is_due(name, size, phase=phase, phase_step=phase_step):
            covered = range(phase_step, phase_step + size)
            every = phase[name]
            return bool(every) and any((each + 1) % every == 0 for each in covered)

        reset = (index, epoch) != entered
        entered = (index, epoch)
        calls.append((step, index, is_due("report_every", expected[index]), reset))
        size = expected[index] = phase["sizes"][number % len(phase["sizes"])]
        done, score = _result(number, size)
        pending[index].extend(score[done])
        step += size
        number += 1
        if is_due("checkpoint_every", size):
            saved.append(step)
        if is_due("report_every", size):
            mean = sum(pending[index]) / len(pending[index]) if pending[index] else None
            reports.append((step, mean))
            pending[index] = []
    if saved[-1:] != [step]:
        saved.append(step)
    return calls, reports, saved


def _run(world, max_step):
    return [
        (world.loop.step, None if math.isnan(score) else pytest.approx(score))
        for score in world.loop.run(world, max_step)
    ]


@settings(deadline=None)
@given(phases=_phases(), max_step=st.integers(0, 40))
def test_equals_the_model(tmp_path_factory, phases, max_step):
    """Law: calls, flags, reports and checkpoints are those of the listed schedule."""
    world = _World(phases, tmp_path_factory.mktemp("store"))
    reports = _run(world, max_step)
    calls, expected, saved = _model(phases, max_step)
    assert world.calls == calls
    assert expected == reports
    assert world.saved == saved


@settings(deadline=None)
@given(phases=_phases(), stop=st.integers(0, 25), more=st.integers(0, 15))
def test_resuming_equals_not_stopping(tmp_path_factory, phases, stop, more):
    """Law: stopped after any step and resumed by another process, nothing changes."""
    directory = tmp_path_factory.mktemp("store")
    first = _World(phases, directory)
    reports = _run(first, stop)
    second = _World(phases, directory)
    end = max(stop + more, first.loop.step)
    reports += _run(second, end)
    calls, expected, _ = _model(phases, end)
    assert expected == reports
    restart = len(first.calls)
    if restart < len(calls):  # The environments of the new process have to start.
        calls[restart] = (*calls[restart][:3], True)
    assert first.calls + second.calls == calls
    assert first.loop.step <= second.loop.step


@settings(deadline=None)
@given(phases=_phases(), crash_at=st.integers(0, 20))
def test_a_crash_costs_what_came_after_the_last_checkpoint(
    tmp_path_factory, phases, crash_at
):
    """Law: interrupted at any call, a run goes on from its last checkpoint."""
    directory = tmp_path_factory.mktemp("store")
    first = _World(phases, directory, crash_at)
    with pytest.raises(KeyboardInterrupt):
        _run(first, max_step=1000)
    start = first.saved[-1] if first.saved else 0
    second = _World(phases, directory)
    reports = _run(second, first.loop.step + 10)
    calls, expected, _ = _model(phases, first.loop.step + 10)
    assert [report for report in expected if report[0] > start] == reports
    calls = [call for call in calls if call[0] >= start]
    calls[0] = (*calls[0][:3], True)
    assert second.calls == calls


# Checkpoints


def test_a_checkpoint_is_saved_before_the_report(tmp_path):
    world = _World(
        [{"steps": 2, "report_every": 2, "checkpoint_every": 2, "sizes": [1]}], tmp_path
    )
    reports = world.loop.run(world)
    next(reports)
    assert world.saved == [2]
    reports.close()
    assert world.saved == [2]


def test_the_end_is_saved_once(tmp_path):
    world = _World(
        [{"steps": 1, "report_every": None, "checkpoint_every": 2, "sizes": [1]}],
        tmp_path,
    )
    list(world.loop.run(world, max_step=4))
    assert world.saved == [2, 4]
    list(world.loop.run(world, max_step=5))
    assert world.saved == [2, 4, 5]
    list(world.loop.run(world, max_step=5))
    assert world.saved == [2, 4, 5]


def test_a_run_that_was_over_is_not_saved_again(tmp_path):
    phases = [{"steps": 1, "report_every": 1, "checkpoint_every": None, "sizes": [1]}]
    for saved in ([3], []):
        world = _World(phases, tmp_path)
        list(world.loop.run(world, max_step=3))
        assert world.saved == saved


def test_the_environments_start_anew_after_every_restore(tmp_path):
    # Step:   0 1 2 3 4 5 6 7
    # Run:    1     2
    # Reset:  x     x x
    loop = Loop(store=CheckpointStore(tmp_path))
    op = _Record(loop)
    loop.add_phase("phase", op, steps=4)
    world = _World([], tmp_path / "other")
    list(loop.run(world, max_step=3))
    list(loop.run(world, max_step=8))
    assert op.steps("reset") == [0, 3, 4]


def test_the_newest_valid_checkpoint_is_restored(tmp_path):
    phases = [{"steps": 1, "report_every": 1, "checkpoint_every": 2, "sizes": [1]}]
    world = _World(phases, tmp_path)
    list(world.loop.run(world, max_step=4))
    (tmp_path / "checkpoint-4" / "checkpoint").write_text("9")
    world = _World(phases, tmp_path)
    steps = [loop_step for loop_step, _ in _run(world, 5)]
    assert steps == [3, 4, 5]


def test_a_new_phase_joins_a_restored_run(tmp_path):
    phase = {"steps": 2, "report_every": 4, "checkpoint_every": None, "sizes": [1]}
    first = _World([phase], tmp_path)
    list(first.loop.run(first, max_step=2))
    second = _World([phase, phase], tmp_path)
    list(second.loop.run(second, max_step=4))
    assert [call[:2] for call in second.calls] == [(2, 1), (3, 1)]


def test_a_resumed_run_may_have_another_batch_size(tmp_path):
    for max_step, size in [(4, 2), (10, 3)]:
        world = _World([], tmp_path)
        op = _Record(world.loop, size)
        world.loop.add_phase("phase", op, steps=6, batch_size=size)
        list(world.loop.run(world, max_step))
    assert [call[0] for call in op.calls] == [4, 7]


def test_a_failing_save_is_told(tmp_path):
    class Full:
        def write(self, prefix):
            raise OSError("No space left on device")

        def read(self, prefix):
            raise NotImplementedError

    loop = Loop(store=CheckpointStore(tmp_path))
    loop.add_phase("phase", _score(1.0), steps=1)
    with pytest.raises(CheckpointError, match="No space left"):
        list(loop.run(Full(), max_step=1))


def test_a_checkpoint_needs_a_place():
    loop = Loop()
    loop.add_phase("phase", _score(1.0), steps=1)
    with pytest.raises(InvalidArgumentError, match="logdir or store"):
        loop.run(object())


# Errors


def test_errors_come_before_the_first_step():
    with pytest.raises(InvalidArgumentError, match="add_phase was not called"):
        Loop().run()
    loop = Loop()
    loop.add_phase("phase", _score(1.0), steps=1)
    for max_step in (-1, 1.5):
        with pytest.raises(InvalidArgumentError, match="max_step"):
            loop.run(max_step=max_step)


@pytest.mark.parametrize("name", ["taken", "checkpoints", "", "../up", "a/b", ".", 3])
def test_bad_names(name):
    loop = Loop()
    loop.add_phase("taken", _score(1.0), steps=1)
    with pytest.raises(InvalidArgumentError, match="name") as caught:
        loop.add_phase(name, _score(1.0), steps=1)
    assert repr(name) in str(caught.value)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"steps": 0}, "steps .* at least 1, got 0"),
        ({"steps": 1.0}, "steps .* got 1.0"),
        ({"report_every": 0}, "report_every .* at least 1, got 0"),
        ({"log_every": -1}, "log_every .* got -1"),
        ({"checkpoint_every": True}, "checkpoint_every .* got True"),
        ({"batch_size": 0}, "batch_size .* got 0"),
        ({"feed": {"reset": True}}, "feed .* got 'reset'"),
        ({"feed": {1: 2}}, "feed .* got 1"),
        ({"op": 3}, "op to be callable, got 3"),
    ],
)
def test_bad_options(options, problem):
    with pytest.raises(InvalidArgumentError, match=problem):
        Loop().add_phase("phase", **{"op": _score(1.0), "steps": 1, **options})


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (None, r"\(done, score\) or \(done, score, summary\), got None"),
        ((True,), r"\(done, score\)"),
        ((True, 1.0, {}, 4), r"\(done, score\)"),
        ((1.0, 1.0), "done to be boolean"),
        ((True, "1"), "score to be of real numbers"),
        ((True, True), "score to be of real numbers"),
        ((True, 1j), "score to be of real numbers"),
        ((True, np.zeros(3)), r"equal shape, got \(\) and \(3,\)"),
        ((np.ones((3, 1), bool), np.zeros(3)), r"equal shape, got \(3, 1\) and \(3,\)"),
        ((np.ones(0, bool), np.zeros(0)), "score to have at least 1 elements"),
        ((True, 1.0, 3), "summary to be a dict, got 3"),
    ],
)
def test_bad_results(result, problem):
    loop = Loop()
    loop.add_phase("eval", lambda **flags: result, steps=1)
    with pytest.raises(InvalidResultError, match=f"op of phase 'eval': .*{problem}"):
        list(loop.run(max_step=1))
    assert loop.step == 0


def test_another_batch_size_than_promised():
    loop = Loop()
    loop.add_phase("eval", _Record(loop, size=3), steps=1, batch_size=2)
    with pytest.raises(InvalidResultError, match="score to have 2 elements"):
        list(loop.run(max_step=1))


# Without TensorFlow

_BLOCKED = """
import sys
sys.modules["tensorflow"] = None
import numpy as np
import rltools
loop = rltools.Loop(store=rltools.CheckpointStore(sys.argv[1]))
class State:
    def write(self, prefix): open(prefix, "w").close()
    def read(self, prefix): open(prefix).close()
loop.add_phase("phase", lambda **_: (True, 2.0, {"a": 1.0}), steps=1, report_every=1)
print(list(loop.run(State(), max_step=3)))
try:
    rltools.Loop("logs")
except rltools.errors.MissingExtraError as error:
    print(error)
"""


def test_works_without_tensorflow(tmp_path):
    child = subprocess.run(
        [sys.executable, "-c", _BLOCKED, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.returncode == 0, child.stderr
    scores, message = child.stdout.splitlines()
    assert scores == "[2.0, 2.0, 2.0]"
    assert 'pip install "rltools[tensorflow]"' in message
    assert (tmp_path / "checkpoint-3").is_dir()


def test_is_exported():
    assert rltools.Loop is Loop
