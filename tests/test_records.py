"""The framing is that of TFRecord, and what is torn or damaged is told apart."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools import records

PAYLOADS = st.lists(st.binary(max_size=60), max_size=4)


def _write(folder, payloads):
    path = folder / "file"
    path.write_bytes(b"".join(map(records.frame, payloads)))
    return path


def _ends(payloads):
    """Where records begin and the last one ends."""
    ends = [0]
    for payload in payloads:
        ends.append(ends[-1] + 8 + 4 + len(payload) + 4)
    return ends


@given(payloads=PAYLOADS)
def test_tensorflow_writes_the_same_bytes(tmp_path_factory, payloads):
    """Law: our records are those of TensorFlow's writer, which is the oracle."""
    tf = pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("records")
    with tf.io.TFRecordWriter(str(folder / "oracle")) as writer:
        for payload in payloads:
            writer.write(payload)
    expected = (folder / "oracle").read_bytes()
    assert _write(folder, payloads).read_bytes() == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\0" * 32, 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (bytes(range(32)), 0x46DD794E),
    ],
)
def test_checksums_of_the_standard(data, expected):
    assert records.checksum(data) == expected  # RFC 3720, appendix B.4.


@given(payloads=PAYLOADS, data=st.data())
def test_a_torn_tail_is_not_whole(tmp_path_factory, payloads, data):
    """Law: of a file cut anywhere, the records before the cut are whole."""
    path = _write(tmp_path_factory.mktemp("records"), payloads)
    ends = _ends(payloads)
    cut = data.draw(st.integers(0, ends[-1]))
    path.write_bytes(path.read_bytes()[:cut])
    assert records.whole_size(path) == max(end for end in ends if end <= cut)


@given(payloads=PAYLOADS.filter(bool), data=st.data())
def test_a_flipped_bit_ends_what_is_whole(tmp_path_factory, payloads, data):
    """Law: records are whole up to the one with the flipped bit."""
    path = _write(tmp_path_factory.mktemp("records"), payloads)
    ends = _ends(payloads)
    place = data.draw(st.integers(0, ends[-1] - 1))
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content)
    assert records.whole_size(path) == max(end for end in ends if end <= place)


def test_an_absurd_length_reads_no_further(tmp_path):
    path = _write(tmp_path, [b"first"])
    end = path.stat().st_size
    length = struct.pack("<Q", 2**62)
    head = records.frame(length)[-4:]  # The masked checksum of these eight bytes.
    path.write_bytes(path.read_bytes() + length + head + b"rest")
    assert records.whole_size(path) == end
