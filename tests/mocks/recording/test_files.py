"""A file that is not what was written is refused, and never read as something else."""

import contextlib
import io
import json
import os
import pickle
import zipfile
from hashlib import sha256

import gymnasium as gym
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from rltools.errors import RecordingError
from rltools.mocks import MockEnvironment, Recorder, Replay
from rltools.mocks.recording.archive import (
    pack_archive,
    unpack_archive,
    write_archive,
)
from rltools.mocks.recording.recording import MAX_BYTES, load, parse
from rltools.mocks.recording.structure import MAX_DEPTH


@pytest.fixture(scope="module")
def small(tmp_path_factory, scripted):
    """Path of a small recording that has values of many types."""
    path = tmp_path_factory.mktemp("small") / "small.npz"
    space = gym.spaces.Dict(a=gym.spaces.Text(5), b=gym.spaces.Discrete(3))
    observ = {"a": "abc", "b": np.int64(1)}
    info = {
        "array": np.arange(3),
        "list": [1, 2.0, None, 10**30],
        "when": np.array("a"),
    }
    steps = [(observ, 1.0, False, flag, info) for flag in (False, True)]
    with Recorder(scripted(space, space, [(observ, {})], steps), path) as env:
        env.reset(seed=3, options={"a": True})
        env.step(observ)
        env.step(observ)
    return path


def read_all(content):
    recording = parse(content)
    for episode in recording.episodes:
        recording.reset_result(episode)
        for step in range(episode.steps):
            recording.action(episode, step)
            recording.step_result(episode, step)


def test_every_truncation_is_refused(small):
    content = small.read_bytes()
    read_all(content)
    for size in range(len(content)):
        with pytest.raises(RecordingError, match=r"^it is (empty|damaged|not a rec)"):
            parse(content[:size])
    with pytest.raises(RecordingError, match="its end is missing"):
        parse(content + b"\0")


@pytest.mark.parametrize("flip", [0x01, 0x80, 0xFF])
def test_every_flipped_byte_is_refused(small, flip):
    content = small.read_bytes()
    for index in range(len(content)):
        changed = bytearray(content)
        changed[index] ^= flip
        with pytest.raises(RecordingError, match=r"^it is (damaged|not a recording)"):
            parse(bytes(changed))


def test_damaged_files_are_named(small, tmp_path):
    path = tmp_path / "damaged.npz"
    content = small.read_bytes()
    for damaged in (content[:-1], content[:500], content[1:], content[:-1] + b"g"):
        path.write_bytes(damaged)
        for read in (load, Replay):
            with pytest.raises(RecordingError, match=rf"recording {path}: it is "):
                read(path)


def seal(content):
    """A checksum that fits, as whoever forges a file would make it."""
    return content[:-64] + sha256(content[:-64]).hexdigest().encode()


def test_every_flipped_byte_under_a_forged_checksum(small):
    content = small.read_bytes()
    outcomes = []
    for index in range(0, len(content) - 64, 19):  # All of them take half a minute.
        changed = bytearray(content)
        changed[index] ^= 0x41
        try:
            read_all(seal(bytes(changed)))
        except RecordingError:
            outcomes.append(False)
        else:
            outcomes.append(True)  # Such as in a date, or a file's permissions.
    assert not all(outcomes)


ARRAYS = npst.arrays(
    st.one_of(npst.integer_dtypes(), npst.unsigned_integer_dtypes(), st.just(np.bool_)),
    npst.array_shapes(min_dims=0, max_dims=2, min_side=0),
)


@given(st.data())
def test_forged_arrays(small, data):
    header, arrays = unpack_archive(small.read_bytes(), MAX_BYTES)
    name = data.draw(st.sampled_from([*sorted(arrays), "more", "info.more"]))
    change = data.draw(st.sampled_from(["replace", "edit", "drop", "longer"]))
    if change == "replace" or name not in arrays:
        arrays[name] = data.draw(ARRAYS)
    elif change == "drop":
        del arrays[name]
    elif change == "longer":
        arrays[name] = np.concatenate([arrays[name], arrays[name][:1]])
    elif len(arrays[name]):
        arrays[name] = arrays[name].copy()
        index = data.draw(st.integers(0, len(arrays[name]) - 1))
        arrays[name][index] = data.draw(npst.from_dtype(arrays[name].dtype))
    check_refused_or_readable(header, arrays)


def check_refused_or_readable(header, arrays):
    content = pack_archive(header, arrays)
    with contextlib.suppress(RecordingError):
        read_all(content)


JSON = st.recursive(
    st.one_of(
        *[st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3)],
        st.sampled_from(
            ["array", "list", "dict", "tuple", "int", "bytes", "<f4", "M8"]
        ),
        st.sampled_from([2**40, 2**48, -1]),
    ),
    lambda parts: st.lists(parts, max_size=3),
)


@given(st.data())
def test_forged_headers(small, data):
    text, arrays = unpack_archive(small.read_bytes(), MAX_BYTES)
    header = json.loads(text)

    def places(value):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in items:
            yield value, key
            if isinstance(part, dict | list):
                yield from places(part)

    container, key = data.draw(st.sampled_from(list(places(header))))
    container[key] = data.draw(JSON)
    check_refused_or_readable(json.dumps(header).encode(), arrays)


def forge(path, change):
    """Change the header of a file, and seal it."""
    text, arrays = unpack_archive(path.read_bytes(), MAX_BYTES)
    header = json.loads(text)
    change(header)
    forged = path.parent / "forged.npz"
    write_archive(forged, json.dumps(header).encode(), arrays)
    return forged


@pytest.mark.parametrize("version", [0, 2, 10**9])
def test_another_version(small, version):
    path = forge(small, lambda header: header.update(version=version, structures=None))
    message = rf"forged\.npz: it has version {version}, and this .* reads version 1\.$"
    with pytest.raises(RecordingError, match=message):
        load(path)


def test_calls_and_rows_that_do_not_fit(tmp_path):
    path = tmp_path / "recording.npz"
    with Recorder(MockEnvironment((1,), (1,), seed=0), path) as env:
        env.reset()
    header, arrays = unpack_archive(path.read_bytes(), MAX_BYTES)
    for name, reason in {
        "info.rows": "'info' has 2 rows, expected 1",
        "options.rows": "'options' has 2 rows, expected 1",
        "environment.rows": "its table 'environment': stream ",
    }.items():
        longer = np.concatenate([arrays[name], arrays[name]])
        with pytest.raises(RecordingError, match=reason):
            parse(pack_archive(header, {**arrays, name: longer}))
    for calls in ([1], [2], [0, 2]):
        changed = {**arrays, "calls": np.array(calls, np.uint8)}
        with pytest.raises(RecordingError, match="its calls are not resets and steps"):
            parse(pack_archive(header, changed))
    with pytest.raises(RecordingError, match="it has not the arrays of a recording"):
        parse(pack_archive(header, {**arrays, "more": np.zeros(1)}))


def test_another_format(small):
    path = forge(small, lambda header: header.update(format="a song"))
    with pytest.raises(RecordingError, match="it is not a recording but 'a song'"):
        load(path)


@pytest.mark.parametrize(
    "structure",
    [
        ["list", [[10**9, "none"]]],
        ["list", [[-1, "none"]]],
        ["list", [[True, "none"]]],
        ["list", [1, "none"]],
        ["tuple", [[10**5, ["list", [[10**5, ["list", []]]]]]]],
        ["array", "|O", [1]],
        ["array", "<f4,<i4", [1]],
        ["array", "<M8[nonsense]", [1]],
        ["array", "<f4", [-1]],
        ["array", "<f4", [True]],
        ["scalar", "<U0"],
        ["dict", [[["list", []], "none"]]],
        ["dict", [[["str", 1], "none"]]],
        ["graph", "none"],
        "object",
        {"list": 1},
        None,
    ],
    ids=str,
)
def test_structures_that_cannot_be(small, structure):
    path = forge(
        small, lambda header: header["structures"].update(info=[structure] * 2)
    )
    reason = r"(is not (the|a|an) (structure|run|item|key) |more than 1,000,000 items)"
    with pytest.raises(RecordingError, match=rf"its table 'info': .*{reason}"):
        load(path)


def test_structures_without_end(small):
    structure = "none"
    for _ in range(MAX_DEPTH + 2):
        structure = ["list", [[1, structure]]]
    path = forge(small, lambda header: header["structures"].update(info=[structure]))
    with pytest.raises(RecordingError, match=f"more than {MAX_DEPTH} levels"):
        load(path)
    _, arrays = unpack_archive(small.read_bytes(), MAX_BYTES)
    write_archive(path, b"[" * 100_000 + b"]" * 100_000, arrays)
    with pytest.raises(RecordingError, match="its header can't be read"):
        load(path)


def test_a_file_that_unpacks_to_far_more(tmp_path):
    path = tmp_path / "bomb.npz"
    write_archive(path, b"{}", {"a": np.zeros(2**22, np.uint8)})
    assert path.stat().st_size < 10_000
    with pytest.raises(RecordingError, match=r"it takes 4,\d{3},\d{3} bytes of memory"):
        load(path, max_bytes=2**22)
    with pytest.raises(RecordingError, match="more than max_bytes=100"):
        Replay(path, max_bytes=100)


def test_a_large_file_is_not_even_read(tmp_path):
    path = tmp_path / "large.npz"
    path.write_bytes(b"a" * 1001)
    with pytest.raises(RecordingError, match="it takes 1,001 bytes of memory"):
        load(path, max_bytes=1000)
    with pytest.raises(RecordingError, match="it is not a recording"):
        load(path, max_bytes=1001)


def test_a_file_that_unpacks_to_more_than_it_says(tmp_path):
    path = tmp_path / "bomb.npz"
    write_archive(path, b"{}", {"a": np.zeros(2**22, np.uint8)})
    size = (2**22 + 128).to_bytes(4, "little")
    content = path.read_bytes()
    assert content.count(size) == 2
    path.write_bytes(seal(content.replace(size, (200).to_bytes(4, "little"))))
    with pytest.raises(RecordingError, match="it is no archive of arrays"):
        load(path, max_bytes=2**20)


def test_an_array_that_claims_to_be_larger_than_it_is(tmp_path):
    path = tmp_path / "large.npz"
    write_archive(path, b"{}", {"a": np.zeros(10, np.uint8)})
    header, _ = unpack_archive(path.read_bytes(), MAX_BYTES)
    member = io.BytesIO()
    np.save(member, np.zeros(10, np.uint8))
    claim = member.getvalue().replace(b"(10,), }      ", b"(10000000000,),}")[:138]
    repacked = io.BytesIO()
    with zipfile.ZipFile(repacked, "w") as archive:
        archive.writestr("recording.json", header)
        archive.writestr("a.npy", claim)
        archive.comment = b"sha256:" + b"0" * 64
    path.write_bytes(seal(repacked.getvalue()))
    with pytest.raises(RecordingError, match="it is no archive of arrays"):
        load(path)


class ExecutedError(Exception):
    pass


def explode():
    raise ExecutedError


class Bomb:
    def __reduce__(self):
        return explode, ()


def test_nothing_is_executed(tmp_path):
    path = tmp_path / "pickle.npz"
    path.write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(RecordingError, match="it is not a recording"):
        load(path)
    member = io.BytesIO()
    np.save(member, np.array([Bomb()]), allow_pickle=True)
    repacked = io.BytesIO()
    with zipfile.ZipFile(repacked, "w") as archive:
        archive.writestr("recording.json", b"{}")
        archive.writestr("a.npy", member.getvalue())
        archive.comment = b"sha256:" + b"0" * 64
    path.write_bytes(seal(repacked.getvalue()))
    with pytest.raises(RecordingError, match=r"an array of shape \(1,\) and object"):
        load(path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"hello", "it is not a recording"),
        (b"\x93NUMPY", "it is not a recording"),
        (None, r"it can't be read \(No such file or directory\)"),
    ],
)
def test_foreign_files(tmp_path, content, reason):
    path = tmp_path / "foreign.npz"
    if content is not None:
        path.write_bytes(content)
    for read in (load, Replay):
        with pytest.raises(RecordingError, match=rf"recording {path}: {reason}\.$"):
            read(path)


def test_foreign_archives_and_folders(tmp_path):
    path = tmp_path / "foreign.npz"
    np.savez(path, a=np.zeros(3))
    with pytest.raises(RecordingError, match="it is not a recording"):
        load(path)
    with pytest.raises(RecordingError, match=r"it can't be read \(Is a directory\)"):
        load(tmp_path)


def test_large_recordings_can_be_allowed(tmp_path):
    path = tmp_path / "recording.npz"
    with Recorder(MockEnvironment((100,), (1,)), path) as env:
        env.reset()
    with pytest.raises(RecordingError, match="max_bytes"):
        load(path, max_bytes=1000)
    assert len(load(path, max_bytes=100_000).episodes) == 1


def test_only_files_are_replaced(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    os.mkfifo(tmp_path / "pipe")
    for path in (folder, tmp_path / "pipe"):
        with pytest.raises(OSError, match="something other than a file"):
            write_archive(path, b"{}", {})
    assert folder.is_dir()
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_stays_one(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    for _ in range(2):
        write_archive(tmp_path / "link", b"{}", {})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == pack_archive(b"{}", {})
