"""What a loop does with a log directory and TensorFlow's checkpoints."""

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rltools.checkpoints import CheckpointStore
from rltools.errors import CheckpointError, InvalidArgumentError
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
        if end == "raise" and loop.step == 1:
            raise RuntimeError("broken")
        return True, 1.0

    loop = Loop(tmp_path)
    loop.add_phase("train", op, steps=1, report_every=1)
    loop.add_phase("eval", op, steps=1, report_every=1)
    run = loop.run(max_step=2)
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
