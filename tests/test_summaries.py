import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from rltools.errors import InvalidResultError
from rltools.summaries import SummaryWriter


@pytest.fixture
def writer(tmp_path):
    writer = SummaryWriter(tmp_path)
    yield writer
    writer.close()


def _load(directory):
    events = EventAccumulator(str(directory), size_guidance={"tensors": 0})
    events.Reload()
    tags = events.Tags()["tensors"]
    return {
        tag: [(e.step, tf.make_ndarray(e.tensor_proto)) for e in events.Tensors(tag)]
        for tag in tags
    }


def _kind(directory, tag):
    events = EventAccumulator(str(directory))
    events.Reload()
    return events.SummaryMetadata(tag).plugin_data.plugin_name


@pytest.mark.parametrize(
    "value",
    [2, 2.5, np.float64(2.5), np.array(2.5, np.float16), tf.constant(2.5), np.uint8(2)],
    ids=repr,
)
def test_values_without_dimensions_become_scalars(writer, tmp_path, value):
    writer.write(7, {"score": value})
    assert _load(tmp_path) == {"score": [(7, float(value))]}
    assert _kind(tmp_path, "score") == "scalars"


def test_booleans_become_numbers(writer, tmp_path):
    writer.write(1, {"flag": np.bool_(True)})
    assert _load(tmp_path) == {"flag": [(1, 1.0)]}


def test_arrays_become_histograms(writer, tmp_path):
    writer.write(3, {"weights": np.arange(6).reshape(2, 3)})
    ((step, buckets),) = _load(tmp_path)["weights"]
    assert step == 3
    assert _kind(tmp_path, "weights") == "histograms"
    assert buckets[:, 2].sum() == 6
    assert (buckets[0, 0], buckets[-1, 1]) == (0, 5)


def test_one_element_makes_a_histogram_too(writer, tmp_path):
    writer.write(0, {"bias": np.ones(1)})
    assert _kind(tmp_path, "bias") == "histograms"


def test_arrays_without_elements_are_left_out(writer, tmp_path):
    writer.write(3, {"empty": np.zeros((0, 3)), "score": 1.0})
    assert set(_load(tmp_path)) == {"score"}


def test_a_summary_of_nothing_makes_no_file(writer, tmp_path):
    writer.write(3, {"empty": np.zeros((0, 3))})
    writer.write(4, {})
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_can_be_seen_at_once(writer, tmp_path):
    for step in (0, 5, 10):
        writer.write(step, {"score": step})
        assert [entry[0] for entry in _load(tmp_path)["score"]][-1] == step


@pytest.mark.parametrize("value", ["text", None, object(), 1j])
def test_a_bad_value_is_named_and_nothing_is_written(writer, tmp_path, value):
    with pytest.raises(InvalidResultError, match=r"summary\['bad'\]: expected numbers"):
        writer.write(1, {"good": 1.0, "bad": value})
    assert _load(tmp_path) == {}
