import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rltools import manifest
from rltools.errors import CheckpointError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "one").write_bytes(b"1" * 10)
    (tmp_path / "sub" / "two").write_bytes(b"")
    return tmp_path


def test_verify_returns_what_was_sealed(folder):
    manifest.seal(folder, step=3, metadata={"score": 0.1})
    assert manifest.verify(folder) == {"step": 3, "metadata": {"score": 0.1}}


@given(
    st.dictionaries(
        st.text() | st.integers() | st.booleans(),
        st.floats(allow_nan=False) | st.text() | st.none() | st.lists(st.integers()),
    )
)
def test_round_trip(tmp_path_factory, values):
    """Law: verify gives what JSON makes of the sealed values."""
    folder = tmp_path_factory.mktemp("folder")
    manifest.seal(folder, values=values)
    assert manifest.verify(folder) == {"values": json.loads(json.dumps(values))}


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (lambda folder: (folder / "one").unlink(), "one can't be read"),
        (lambda folder: (folder / "sub" / "two").unlink(), "sub/two can't be read"),
        (lambda folder: (folder / "one").write_bytes(b"1" * 9), "has 9 bytes, not 10"),
        (lambda folder: (folder / "sub" / "two").write_bytes(b"2"), "1 bytes, not 0"),
        (lambda folder: (folder / manifest.NAME).unlink(), "manifest.json can't be re"),
        (lambda folder: (folder / manifest.NAME).write_text(""), "damaged or of anot"),
        (lambda folder: (folder / manifest.NAME).write_text("[]"), "damaged or of an"),
        (lambda folder: (folder / manifest.NAME).write_text("{}"), "damaged or of an"),
        (lambda folder: (folder / manifest.NAME).write_bytes(b"\xff"), "damaged or"),
    ],
)
@pytest.mark.parametrize("checksums", [True, False])
def test_damage_is_named(folder, damage, problem, checksums):
    manifest.seal(folder)
    damage(folder)
    with pytest.raises(CheckpointError, match=problem):
        manifest.verify(folder, checksums=checksums)


def test_a_changed_byte_is_found_by_checksums_only(folder):
    manifest.seal(folder)
    (folder / "one").write_bytes(b"1" * 9 + b"2")
    manifest.verify(folder, checksums=False)
    with pytest.raises(CheckpointError, match="one has changed"):
        manifest.verify(folder)


def test_a_later_format_is_of_another_kind(folder, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(manifest, "_FORMAT", 2)
        manifest.seal(folder)
    with pytest.raises(CheckpointError, match="of another kind"):
        manifest.verify(folder)


def test_added_files_are_no_defect(folder):
    manifest.seal(folder, step=1)
    (folder / "notes.txt").write_text("keep this one")
    assert manifest.verify(folder) == {"step": 1}


def test_everything_reaches_the_disk_before_the_manifest_does(folder, monkeypatch):
    order = []
    monkeypatch.setattr(manifest, "sync", lambda path: order.append(path))
    manifest.seal(folder)
    names = [path.relative_to(folder).as_posix() for path in order]
    assert sorted(names[:-2]) == ["one", "sub", "sub/two"]
    assert names[-2:] == ["manifest.json", "."]
