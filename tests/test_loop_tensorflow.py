"""What a loop does with a log directory and TensorFlow's checkpoints."""

import errno
import os
import resource
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rltools.checkpoints import CheckpointStore
from rltools.errors import CheckpointError, InvalidArgumentError, SummaryError
from rltools.loop import Loop
from rltools.summaries import SummaryWriter


def _steps(directory, tag="score"):
    events = EventAccumulator(str(directory))
    events.Reload()
    return [event.step for event in events.Tensors(tag)]


def _op(score=1.0, size=1):
    def op(log, report, reset):
        summary = {"score": score} if log else {}
        return np.ones(size, bool), np.full(size, score), summary

    return op


def test_curves_of_phases_line_up(tmp_path):
    # Step:     0 1 2 3 4 5 6 7 8 9 10 11
    # Phase:    t t t e t t t e t t t  e
    # Logged:   * * * * * * * * * * *  *
    # train at: 0 1 2   3 4 5   6 7 8
    # eval at:        0       3        6
    loop = Loop(tmp_path)
    loop.add_phase("train", _op(), steps=3, log_every=1)
    loop.add_phase("eval", _op(), steps=1, log_every=1)
    list(loop.run(max_step=12))
    assert _steps(tmp_path / "train") == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert _steps(tmp_path / "eval") == [0, 3, 6]


def test_summaries_are_written_at_their_interval(tmp_path):
    # Step:   0 . 2 . 4 . 6 .
    # Log:        *   *   *      (a multiple of 3 is completed: 3, 6, 8 is none)
    loop = Loop(tmp_path)
    loop.add_phase("train", _op(size=2), steps=8, log_every=3, batch_size=2)
    list(loop.run(max_step=8))
    assert _steps(tmp_path / "train") == [2, 4]


def test_an_operation_may_have_nothing_to_write(tmp_path):
    loop = Loop(tmp_path)
    loop.add_phase("train", lambda **flags: (True, 1.0), steps=1, log_every=1)
    loop.add_phase("eval", lambda **flags: (True, 1.0, None), steps=1, log_every=1)
    list(loop.run(max_step=4))
    assert loop.step == 4


@pytest.mark.parametrize("end", ["exhaust", "close", "raise"])
def test_event_files_are_closed_however_the_run_ends(tmp_path, monkeypatch, end):
    closed = []
    monkeypatch.setattr(SummaryWriter, "close", lambda writer: closed.append(writer))

    def op(log, report, reset):
        if end == "raise" and loop.step == 2:
            raise RuntimeError("broken")
        return True, 1.0, {"score": 1.0}

    loop = Loop(tmp_path)
    for name in ("train", "eval"):
        loop.add_phase(name, op, steps=1, log_every=1, report_every=1)
    run = loop.run(max_step=3)
    next(run)
    next(run)
    assert closed == []
    if end == "exhaust":
        list(run)
    elif end == "close":
        run.close()
    else:
        with pytest.raises(RuntimeError, match="broken"):
            next(run)
    assert len(set(closed)) == 2


def test_a_resumed_run_appends_to_its_curves(tmp_path):
    for max_step in (2, 4):
        loop = Loop(tmp_path)
        loop.add_phase("train", _op(), steps=1, log_every=1)
        list(loop.run(tf.train.Checkpoint(), max_step=max_step))
    assert _steps(tmp_path / "train") == [0, 1, 2, 3]


def test_tensorflow_checkpoints_are_saved_and_restored(tmp_path):
    for first, last in [(0, 3), (3, 5)]:
        counter = tf.Variable(0)

        @tf.function
        def op(log, report, reset, counter=counter):
            counter.assign_add(1)
            return tf.constant([True]), tf.cast(counter, tf.float32)[None]

        loop = Loop(tmp_path)
        loop.add_phase("train", op, steps=2, report_every=1, checkpoint_every=2)
        scores = list(loop.run(tf.train.Checkpoint(counter=counter), max_step=last))
        assert scores == list(range(first + 1, last + 1))
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["checkpoint-3", "checkpoint-4", "checkpoint-5"]


def test_a_variable_that_was_not_saved_is_told(tmp_path):
    for variables in ({}, {"other": tf.Variable(1.0)}):
        loop = Loop(tmp_path)
        loop.add_phase("train", _op(), steps=1)
        checkpoint = tf.train.Checkpoint(**variables)
        if variables:
            with pytest.raises(CheckpointError, match=r"intact: .* 1 unmatched"):
                loop.run(checkpoint)
        else:
            list(loop.run(checkpoint, max_step=1))


def test_checkpoints_may_have_another_place(tmp_path):
    loop = Loop(tmp_path / "logs", store=CheckpointStore(tmp_path / "store"))
    loop.add_phase("train", _op(), steps=1)
    list(loop.run(tf.train.Checkpoint(), max_step=1))
    assert (tmp_path / "store" / "checkpoint-1").is_dir()
    assert not (tmp_path / "logs" / "checkpoints").exists()


def test_a_logdir_that_cannot_be_written_is_told_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    loop = Loop(tmp_path / "file" / "logs")
    loop.add_phase("train", _op(), steps=1)
    with pytest.raises(InvalidArgumentError, match=r"logdir .* got '.*file/logs'"):
        loop.run(max_step=1)
    assert loop.step == 0


# Curves of runs that were interrupted


def _curves(root):
    """(phase, tag, step, value) of all summaries in the order of the files."""
    curves = []
    for path in sorted(root.glob("*/events*")):
        for record in tf.data.TFRecordDataset(str(path)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                number = tf.make_ndarray(value.tensor).tolist()
                curves.append((path.parent.name, value.tag, event.step, number))
    return curves


class _Counter:
    """Phases whose summaries follow from a number that is saved and restored."""

    def __init__(self, logdir, crash_at=None):
        self.number, self.crash_at = 0, crash_at
        self.loop = Loop(logdir)
        self.loop.add_phase("train", self._op, steps=5, log_every=1)
        self.loop.add_phase("eval", self._op, steps=2, log_every=2, checkpoint_every=2)

    def _op(self, log, report, reset):
        if self.number == self.crash_at:
            raise KeyboardInterrupt
        self.number += 1
        number = float(self.number)
        return True, number, {"number": number, "histogram": np.full(3, number)}

    def run(self, max_step=30):
        list(self.loop.run(self, max_step))

    def write(self, prefix):
        Path(prefix).write_text(str(self.number))

    def read(self, prefix):
        self.number = int(Path(prefix).read_text())


@pytest.fixture
def no_sync(monkeypatch):
    """Many tiny checkpoints need not reach the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def test_curves_are_those_of_a_run_that_was_never_interrupted(tmp_path, no_sync):
    """Law: interrupted at any calls, curves have neither gaps nor duplicates."""
    _Counter(tmp_path / "expected").run()
    expected = _curves(tmp_path / "expected")
    assert len(expected) == 2 * (22 + 4)
    for crash_at in range(0, 27, 3):
        logdir = tmp_path / str(crash_at)
        for again in (crash_at, crash_at + 3, crash_at + 3):
            with pytest.raises(KeyboardInterrupt):
                _Counter(logdir, again).run()
        for path in logdir.glob("*/events*"):  # A record that was not finished.
            with path.open("ab") as file:
                file.write(b"torn")
        _Counter(logdir).run()
        assert _curves(logdir) == expected


def test_curves_go_back_to_an_older_checkpoint(tmp_path, caplog):
    _Counter(tmp_path / "expected").run()
    _Counter(tmp_path / "run").run(max_step=21)
    newest = tmp_path / "run" / "checkpoints" / "checkpoint-21"
    (newest / "checkpoint").write_text("damaged")
    _Counter(tmp_path / "run").run()
    assert str(newest) in caplog.text
    assert _curves(tmp_path / "run") == _curves(tmp_path / "expected")


def test_summaries_reach_the_disk_before_their_checkpoint(tmp_path, monkeypatch):
    events = []
    sync, write = SummaryWriter.sync, _Counter.write
    monkeypatch.setattr(
        SummaryWriter, "sync", lambda writer: (events.append("sync"), sync(writer))
    )
    monkeypatch.setattr(
        _Counter, "write", lambda *args: (events.append("write"), write(*args))
    )
    _Counter(tmp_path).run(max_step=14)
    assert events == ["sync", "sync", "write"] * 2


def test_a_checkpoint_without_sizes_leaves_summaries_alone(tmp_path):
    """As it was saved by a loop without a logdir, or before there were sizes."""
    _Counter(tmp_path).run(max_step=7)
    before = _curves(tmp_path)
    store = CheckpointStore(tmp_path / "checkpoints")
    store.save(8, lambda prefix: Path(prefix).write_text("8"))
    _Counter(tmp_path).run(max_step=8)
    assert _curves(tmp_path) == before


def test_a_loop_without_checkpoints_removes_nothing(tmp_path):
    for _ in range(2):
        loop = Loop(tmp_path)
        loop.add_phase("train", _op(), steps=1, log_every=1)
        list(loop.run(max_step=2))
    assert [step for *_, step, _ in _curves(tmp_path)] == [0, 1, 0, 1]


def test_the_saved_step_is_that_of_the_last_checkpoint(tmp_path):
    first, second = _Counter(tmp_path), _Counter(tmp_path)
    assert first.loop.saved_step is None
    first.run(max_step=14)
    assert first.loop.saved_step == 14
    second.loop.run(second)
    assert second.loop.saved_step == 14


def test_summaries_that_do_not_fit_on_the_disk_end_the_run(tmp_path, monkeypatch):
    world = _Counter(tmp_path)
    world.run(max_step=7)
    before = _curves(tmp_path)

    def fail(descriptor, data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", fail)
        with pytest.raises(SummaryError, match="No space left on device"):
            _Counter(tmp_path).run()
    assert _curves(tmp_path) == before
    _Counter(tmp_path).run()
    _Counter(tmp_path / "expected").run()
    assert _curves(tmp_path) == _curves(tmp_path / "expected")


def test_a_checkpoint_that_does_not_fit_leaves_the_one_before(tmp_path):
    """As on a full disk, and as the system has it: TensorFlow writes by itself."""

    def run(size, max_step):
        value = tf.Variable(tf.zeros(size))
        loop = Loop(tmp_path)
        loop.add_phase("train", _op(), steps=1, log_every=1, checkpoint_every=1)
        list(loop.run(tf.train.Checkpoint(value=value), max_step=max_step))
        return loop

    run(10_000, 1)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(CheckpointError, match=r"checkpoint 2 in .*File too large"):
            run(10_000, 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    names = [path.name for path in (tmp_path / "checkpoints").iterdir()]
    assert names == ["checkpoint-1"]
    assert run(10_000, 3).step == 3
    assert _steps(tmp_path / "train") == [0, 1, 2]
