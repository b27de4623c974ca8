import signal

import pytest

from examples.ppo import train
from examples.ppo.commands.stopping import Stop
from rltools.errors import (
    BatchError,
    CheckpointError,
    RLToolsError,
    SummaryError,
    WorkerDiedError,
)


def stop_after(error):
    stop = Stop()
    with pytest.raises(KeyboardInterrupt):
        stop.handle(signal.SIGTERM, None)
    return train._is_stop(error, stop)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyboardInterrupt(), True),
        (RuntimeError("of the graph"), True),
        (RLToolsError(), True),
        (WorkerDiedError("died"), True),
        (BatchError("step", {0: ValueError()}), True),
        (CheckpointError("disk full"), False),
        (SummaryError("disk full"), False),
    ],
)
def test_errors_after_a_signal(error, expected):
    assert stop_after(error) == expected


@pytest.mark.parametrize(
    ("error", "expected"), [(KeyboardInterrupt(), True), (RuntimeError(), False)]
)
def test_errors_without_a_signal(error, expected):
    assert train._is_stop(error, Stop()) == expected


def test_a_worker_may_be_reached_by_the_signal_first(monkeypatch):
    waited = []
    monkeypatch.setattr(
        Stop, "comes", lambda stop, seconds: bool(waited.append(seconds))
    )
    assert not train._is_stop(WorkerDiedError("died"), Stop())
    assert not train._is_stop(RuntimeError(), Stop())
    assert waited == [train._SECONDS_BETWEEN_SIGNALS, 0]
