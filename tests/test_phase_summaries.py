from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rltools.phase_summaries import PhaseSummaries


def _steps(folder):
    events = EventAccumulator(str(folder))
    events.Reload()
    return [event.step for event in events.Tensors("score")]


def test_a_restore_removes_what_came_later_and_the_rest_is_gone_on_with(tmp_path):
    """In the same object, whose files are open."""
    summaries = PhaseSummaries(tmp_path)
    phases = ["train", "eval"]
    assert summaries.save(phases) == {}
    summaries.write("train", 1, {"score": 1.0})
    saved = summaries.save(phases)
    summaries.write("train", 2, {"score": 2.0})
    summaries.write("eval", 2, {"score": 2.0})
    summaries.restore(phases, saved)
    assert summaries.save(phases) == saved
    assert not list((tmp_path / "eval").iterdir())
    for phase in phases:
        summaries.write(phase, 3, {"score": 3.0})
    summaries.close()
    assert _steps(tmp_path / "train") == [1, 3]
    assert _steps(tmp_path / "eval") == [3]
