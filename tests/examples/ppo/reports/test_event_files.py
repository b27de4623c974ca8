import logging
import subprocess
import sys

import numpy as np
import pytest

from examples.ppo.reports.event_files import read_scalars
from rltools.summaries import SummaryWriter

FOUR = bytes(4)


@pytest.fixture
def folder(tmp_path):
    """Has one event file with the steps 0 to 4, of which a is the square."""
    writer = SummaryWriter(tmp_path)
    for step in range(5):
        writer.write(step, {"a": step**2, "b": np.arange(3.0)})
    writer.close()
    return tmp_path


def steps(folder):
    return [scalar.step for scalar in read_scalars(folder)]


def change(folder, edit):
    [path] = folder.glob("events*")
    data = bytearray(path.read_bytes())
    path.write_bytes(edit(data))


def test_reads_scalars_and_leaves_out_histograms(folder):
    scalars = read_scalars(folder)
    assert [scalar[1:] for scalar in scalars] == [
        (step, "a", step**2) for step in range(5)
    ]
    times = [scalar.time for scalar in scalars]
    assert times == sorted(times)
    assert times[0] > 1e9


@pytest.mark.parametrize("value", [0.0, -1.5, np.inf, 1e-30, 2.0**100])
def test_values_survive(tmp_path, value):
    writer = SummaryWriter(tmp_path)
    writer.write(2**40, {"x": value})
    writer.close()
    [scalar] = read_scalars(tmp_path)
    assert scalar.value == np.float32(value)
    assert scalar.step == 2**40


def test_reads_what_other_programs_write(tmp_path):
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.summary.writer.event_file_writer import EventFileWriter
    from tensorboard.util.tensor_util import make_tensor_proto

    number = TensorProto(dtype=1, float_val=[4.0])
    values = [
        Summary.Value(tag="old", simple_value=3.0),
        Summary.Value(tag="number", tensor=number),
        Summary.Value(tag="text", tensor=TensorProto(dtype=7, string_val=[b"x"])),
        Summary.Value(tag="integer", tensor=TensorProto(dtype=3, tensor_content=FOUR)),
        Summary.Value(tag="odd", tensor=TensorProto(dtype=1, tensor_content=FOUR * 2)),
        Summary.Value(tag="list", tensor=make_tensor_proto([4.0])),
    ]
    writer = EventFileWriter(str(tmp_path))
    writer.add_event(Event(step=1, wall_time=5.0, summary=Summary(value=values)))
    writer.close()
    assert read_scalars(tmp_path) == [(5.0, 1, "old", 3.0), (5.0, 1, "number", 4.0)]


def test_every_torn_tail_leaves_what_precedes_it(tmp_path, caplog):
    writer = SummaryWriter(tmp_path)
    for step in range(3):
        writer.write(step, {"a": 1.0})
    writer.close()
    [path] = tmp_path.glob("events*")
    data = path.read_bytes()
    counts = []
    for size in range(len(data) + 1):
        path.write_bytes(data[:size])
        counts.append(len(read_scalars(tmp_path)))
    assert counts[-1] == 3
    assert counts == sorted(counts)
    assert set(counts) == set(range(4))
    # It is what a process leaves that is killed, and nothing to worry about.
    assert not caplog.records


def test_zeros_at_the_end_are_warned_about(folder, caplog):
    change(folder, lambda data: data + bytes(100))
    assert steps(folder) == [0, 1, 2, 3, 4]
    assert "damaged from byte" in caplog.text


@pytest.mark.parametrize("padding", [0, 100])
def test_a_last_record_of_which_bytes_are_missing_does_not_count(
    tmp_path, caplog, padding
):
    writer = SummaryWriter(tmp_path)
    for step in range(2):
        writer.write(step, {"a": 1.0})
    writer.close()
    change(tmp_path, lambda data: data[:-20] + bytes(20 + padding))
    assert steps(tmp_path) == [0]
    assert "last record" in caplog.text


def test_a_damaged_length_ends_the_file_and_is_warned_about(folder, caplog):
    def flip(data):
        data[0] ^= 1
        return data

    with caplog.at_level(logging.WARNING):
        change(folder, flip)
        assert steps(folder) == []
    assert "damaged from byte 0" in caplog.text


def test_files_are_read_in_the_order_of_their_making(folder):
    writer = SummaryWriter(folder)
    writer.write(3, {"a": -1.0})
    writer.close()
    for path in folder.glob("events*"):
        # The newer one sorts first by its name.
        new = "1" if len(path.read_bytes()) < 400 else "9"
        path.rename(path.with_name(f"events.out.tfevents.{new}"))
    assert steps(folder) == [0, 1, 2, 3, 4, 3]
    assert read_scalars(folder)[-1].value == -1


def test_no_files_are_no_scalars(tmp_path):
    assert read_scalars(tmp_path) == []
    assert read_scalars(tmp_path / "missing") == []


def test_imports_no_tensorflow(folder):
    code = (
        "import sys; from examples.ppo.reports.event_files import read_scalars; "
        f"assert read_scalars({str(folder)!r}); "
        "print(sorted({'tensorflow', 'gymnasium'} & set(sys.modules)))"
    )
    output = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )
    assert output.stdout == "[]\n", output.stderr
