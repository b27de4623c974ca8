import errno
import logging
import os
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rltools import event_files, records
from rltools.errors import SummaryError
from rltools.event_files import EventFile, cut_back, measure

VERSION = records.frame(b"version")


@pytest.fixture
def file(tmp_path):
    file = EventFile(tmp_path / "train", b"version")
    yield file
    file.close()


def _only(folder):
    [path] = folder.iterdir()
    return path


def test_the_first_record_makes_the_file(file, tmp_path):
    file.sync()
    assert not (tmp_path / "train").exists()
    file.append(b"a")
    file.append(b"bc")
    expected = VERSION + records.frame(b"a") + records.frame(b"bc")
    assert _only(tmp_path / "train").read_bytes() == expected


@pytest.mark.parametrize("now", [100, 10**10])
def test_a_later_file_has_a_later_name(tmp_path, monkeypatch, now):
    """Whatever the clock says."""
    for name in ("events.out.tfevents.0000000500.host.1.0.v2", "events.out.txt"):
        (tmp_path / name).touch()
    monkeypatch.setattr(time, "time", lambda: now)
    for _ in range(3):
        file = EventFile(tmp_path, b"version")
        file.append(b"a")
        file.close()
    stamps = [int(path.name.split(".")[3]) for path in event_files._list(tmp_path)]
    assert stamps == [500, *(max(501, now) + number for number in range(3))]


def test_a_closed_file_is_not_gone_on_with(file, tmp_path):
    file.append(b"a")
    file.close()
    file.append(b"b")
    first, second = sorted((tmp_path / "train").iterdir())
    assert first.read_bytes() == VERSION + records.frame(b"a")
    assert second.read_bytes() == VERSION + records.frame(b"b")


@pytest.mark.parametrize("already", [0, 1, 2])
@pytest.mark.parametrize("fits", [0, 1, 5, 20])
def test_a_full_disk_leaves_whole_records(file, tmp_path, monkeypatch, already, fits):
    for _ in range(already):
        file.append(b"before")
    write, room = os.write, fits

    def write_what_fits(descriptor, data):
        nonlocal room
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = write(descriptor, data[:room])
        room -= written
        return written

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", write_what_fits)
        with pytest.raises(SummaryError, match=r"train/events.*: No space left on d"):
            file.append(b"the one that does not fit")
    path = _only(tmp_path / "train")
    before = [b"version", *[b"before"] * already] if already else []
    assert path.read_bytes() == b"".join(map(records.frame, before))
    file.append(b"after")
    expected = [b"version", *[b"before"] * already, b"after"]
    assert path.read_bytes() == b"".join(map(records.frame, expected))


def test_a_write_in_parts_is_gone_on_with(file, tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(os, "write", lambda place, data: write(place, data[:3]))
    file.append(b"payload")
    expected = VERSION + records.frame(b"payload")
    assert _only(tmp_path / "train").read_bytes() == expected


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "train").touch()
    with pytest.raises(SummaryError, match=f"{tmp_path / 'train'}: File exists"):
        EventFile(tmp_path / "train", b"version").append(b"a")


@pytest.fixture
def synced(monkeypatch):
    """Paths of what was synced, in order."""
    fsync, paths = os.fsync, []

    def record(descriptor):
        paths.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    return paths


def test_sync_reaches_the_file_and_all_names(file, tmp_path, synced):
    file.append(b"a")
    assert synced == [str(tmp_path)]
    file.sync()
    folder = tmp_path / "train"
    assert synced[1:] == [str(_only(folder)), str(folder)]


def test_a_failing_sync_is_told(file, monkeypatch):
    file.append(b"a")

    def fail(descriptor):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SummaryError, match=r"train/events.*Input/output error"):
        file.sync()


# Cutting back

FOLDERS = ("a", "b")
APPENDS = st.lists(st.tuples(st.sampled_from(FOLDERS), st.booleans()), max_size=6)


def _content(root):
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def _append(root, appends):
    """Append to the file of a folder, or to a new one."""
    files = {folder: EventFile(root / folder, b"version") for folder in FOLDERS}
    for number, (folder, is_new) in enumerate(appends):
        if is_new:
            files[folder].close()
        files[folder].append(b"x" * number)
    for file in files.values():
        file.close()


@given(before=APPENDS, after=APPENDS, torn=st.integers(0, 30))
@example(before=[("a", False)], after=[], torn=1)
def test_cutting_back_undoes_what_was_appended(tmp_path_factory, before, after, torn):
    """Law: files are what they were when their sizes were measured, torn or not."""
    root = tmp_path_factory.mktemp("root")
    _append(root, before)
    expected, sizes = _content(root), measure(root, FOLDERS)
    assert sizes == {name: len(content) for name, content in expected.items()}
    _append(root, after)
    for name, content in _content(root).items():
        if name not in expected:
            (root / name).write_bytes(content[: max(0, len(content) - torn)])
        else:
            with (root / name).open("ab") as file:
                file.write(b"y" * torn)
    for _ in range(2):  # Killed on the way, the next process does so once more.
        cut_back(root, FOLDERS, sizes)
        assert _content(root) == expected


def test_other_files_and_folders_are_left_alone(tmp_path, caplog):
    others = ["a/notes.txt", "a/checkpoint", "c/events.out.tfevents.1.host", "x/y"]
    for name in others:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    cut_back(tmp_path, FOLDERS, {"c/events.out.tfevents.1.host": 1})
    assert sorted(_content(tmp_path)) == sorted(others)
    assert (tmp_path / "c/events.out.tfevents.1.host").read_text() == "text"
    assert not caplog.records


def test_what_was_cut_reaches_the_disk(tmp_path, synced):
    _append(tmp_path, [("a", False), ("b", False)])
    sizes = measure(tmp_path, FOLDERS)
    [path] = (tmp_path / "a").iterdir()
    with path.open("ab") as file:
        file.write(b"more")
    synced.clear()
    cut_back(tmp_path, FOLDERS, sizes)
    assert synced == [str(path), str(tmp_path / "a"), str(tmp_path / "b")]


def test_a_file_that_lost_its_end_is_named_and_keeps_whole_records(tmp_path, caplog):
    _append(tmp_path, [("a", False)] * 3)
    sizes = measure(tmp_path, FOLDERS)
    [(name, content)] = _content(tmp_path).items()
    (tmp_path / name).write_bytes(content[:-1])
    with caplog.at_level(logging.WARNING):
        cut_back(tmp_path, FOLDERS, sizes)
    [record] = caplog.records
    assert f"{tmp_path / name} has lost 1 of {len(content)} bytes" in record.message
    whole = [b"version", b"", b"x"]
    assert _content(tmp_path)[name] == b"".join(map(records.frame, whole))


def test_a_file_that_is_missing_is_named(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        cut_back(tmp_path, FOLDERS, {"a/events.out.tfevents.1.host": 7})
    assert f"{tmp_path}/a/events.out.tfevents.1.host is missing" in caplog.text


def test_files_that_cannot_be_changed_are_an_error(tmp_path, monkeypatch):
    _append(tmp_path, [("a", False)])

    def fail(path):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(path))

    monkeypatch.setattr("pathlib.Path.unlink", fail)
    with pytest.raises(SummaryError, match=r"Operation not permitted.*tfevents"):
        cut_back(tmp_path, FOLDERS, {})
