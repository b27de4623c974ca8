import errno
import json
import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rltools import manifest
from rltools.checkpoints import CheckpointStore, Restored
from rltools.errors import CheckpointError, InvalidArgumentError


def _writer(text):
    """A `write` that makes two files, one of them in a folder of its own."""

    def write(prefix):
        Path(prefix + ".index").write_text(text)
        Path(prefix + ".data").mkdir()
        Path(prefix + ".data", "part").write_text(text * 100)

    return write


def _read(store):
    """What is restored, as (step, text) or None."""
    texts = []

    def read(prefix):
        text = Path(prefix + ".index").read_text()
        assert Path(prefix + ".data", "part").read_text() == text * 100
        texts.append(text)

    restored = store.restore(read)
    assert len(texts) == (restored is not None)
    return None if restored is None else (restored.step, texts[0])


def _names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path / "run" / "checkpoints", keep=2)


def test_what_is_saved_is_restored(store):
    folder = store.save(12, _writer("a"), metadata={"sums": [1.5, float("inf")]})
    assert folder == store.directory / "checkpoint-12"
    assert _read(store) == (12, "a")
    restored = store.restore(lambda prefix: None)
    assert restored == Restored(12, {"sums": [1.5, float("inf")]}, folder)


def test_nothing_to_restore(store):
    assert store.restore(lambda prefix: pytest.fail("called")) is None
    store.directory.mkdir(parents=True)
    assert store.restore(lambda prefix: pytest.fail("called")) is None


def test_the_checkpoint_of_a_step_is_restored_and_no_other(store):
    store.save(1, _writer("a"))
    newest = store.save(2, _writer("b"))
    texts = []

    def read(prefix):
        texts.append(Path(prefix + ".index").read_text())

    assert store.restore(read, step=1) == Restored(
        1, {}, newest.with_name("checkpoint-1")
    )
    assert store.restore(read, step=2).step == 2
    (newest / manifest.NAME).unlink()
    assert store.restore(read, step=2) is store.restore(read, step=3) is None
    assert texts == ["a", "b"]


def test_metadata_is_optional(store):
    store.save(0, _writer("a"))
    assert store.restore(lambda prefix: None).metadata == {}


def test_the_highest_steps_are_kept(store):
    for step in (1, 9, 10, 100):
        store.save(step, _writer(str(step)))
    assert _names(store.directory) == ["checkpoint-10", "checkpoint-100"]
    assert _read(store) == (100, "100")


def test_damaged_checkpoints_are_neither_counted_nor_removed(store):
    for step in (1, 2):
        store.save(step, _writer(str(step)))
    (store.directory / "checkpoint-2" / "checkpoint.index").unlink()
    store.save(3, _writer("3"))
    names = ["checkpoint-1", "checkpoint-2", "checkpoint-3"]
    assert _names(store.directory) == names


def test_the_one_just_saved_is_never_removed(tmp_path):
    store = CheckpointStore(tmp_path, keep=1)
    store.save(100, _writer("old run"))
    store.save(5, _writer("new run"))
    assert _names(tmp_path) == ["checkpoint-5"]


@pytest.mark.parametrize("valid", [True, False])
def test_the_same_step_is_replaced(store, valid):
    store.save(1, _writer("a"))
    if not valid:
        (store.directory / "checkpoint-1" / manifest.NAME).unlink()
    store.save(1, _writer("b"))
    assert _read(store) == (1, "b")
    assert _names(store.directory) == ["checkpoint-1"]


def test_foreign_names_are_left_alone(store, caplog):
    store.directory.mkdir(parents=True)
    foreign = ["checkpoint", "checkpoint-09", "checkpoint-x", "checkpoint-1.zip", ".x"]
    for name in foreign:
        (store.directory / name).mkdir()
    (store.directory / "notes").write_text("")
    for step in range(4):
        store.save(step, _writer(str(step)))
    kept = {"checkpoint-2", "checkpoint-3"}
    assert set(_names(store.directory)) == {*foreign, "notes", *kept}
    assert _read(store) == (3, "3")
    assert not caplog.records


def _flip(path, position, bit):
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= 1 << bit
    path.write_bytes(content)


def _truncate(path, position, bit):
    content = path.read_bytes()
    path.write_bytes(content[: position % len(content)])


def _delete(path, position, bit):
    path.unlink()


_FILES = ["manifest.json", "checkpoint.index", "checkpoint.data/part"]


@settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # Cleared below.
)
@given(
    damage=st.sampled_from([_flip, _truncate, _delete]),
    file=st.sampled_from(_FILES),
    position=st.integers(0, 2000),
    bit=st.integers(0, 7),
)
def test_any_damage_falls_back(tmp_path_factory, caplog, damage, file, position, bit):
    """Law: whatever byte of whatever file is lost, the checkpoint before it loads."""
    store = CheckpointStore(tmp_path_factory.mktemp("store"))
    store.save(1, _writer("a"), metadata={"n": 1})
    newest = store.save(2, _writer("b"), metadata={"n": 2})
    damage(newest / file, position, bit)
    caplog.clear()
    assert _read(store) == (1, "a")
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert str(newest) in record.getMessage()
    assert Path(file).name in record.getMessage()


def test_a_checkpoint_under_another_name_is_skipped(store, caplog):
    folder = store.save(1, _writer("a"))
    shutil.copytree(folder, store.directory / "checkpoint-2")
    assert _read(store) == (1, "a")
    assert "checkpoint-2: it is that of step 1" in caplog.text


def test_restoring_changes_nothing(store):
    store.save(1, _writer("a"))
    shutil.copytree(store.directory / "checkpoint-1", store.directory / ".partial-3")
    (store.directory / ".old-0").mkdir()
    before = sorted(store.directory.rglob("*"))
    assert _read(store) == (1, "a")
    assert sorted(store.directory.rglob("*")) == before


def test_a_failing_read_is_told_and_nothing_older_is_loaded(store):
    store.save(1, _writer("a"))
    newest = store.save(2, _writer("b"))
    calls = []

    def read(prefix):
        calls.append(prefix)
        raise KeyError("no such variable")

    with pytest.raises(CheckpointError, match="intact: KeyError: 'no such var") as info:
        store.restore(read)
    assert str(newest) in str(info.value)
    assert len(calls) == 1


@pytest.mark.parametrize("failing", ["write", "sync", "rename"])
def test_a_full_disk_leaves_the_checkpoints_intact(store, monkeypatch, failing):
    store.save(1, _writer("a"))

    def fail(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def write(prefix):
        Path(prefix + ".index").write_text("b")
        if failing == "write":
            fail()

    with monkeypatch.context() as patch:
        if failing == "sync":
            patch.setattr(os, "fsync", fail)
        if failing == "rename":
            patch.setattr(Path, "rename", fail)
        with pytest.raises(CheckpointError, match="No space left on device") as caught:
            store.save(2, write)
    assert str(store.directory) in str(caught.value)
    if failing == "rename":  # All of it was on the disk, and so it is not given up.
        assert store.restore(lambda prefix: None).step == 2
    else:
        assert _names(store.directory) == ["checkpoint-1"]
        assert _read(store) == (1, "a")
    store.save(3, _writer("c"))
    assert _read(store) == (3, "c")


def test_a_failing_write_leaves_nothing_behind(store):
    def write(prefix):
        Path(prefix + ".index").write_text("b")
        raise KeyError("weights")

    with pytest.raises(CheckpointError, match="KeyError: 'weights'"):
        store.save(2, write)
    assert _names(store.directory) == []


def test_names_reach_the_disk_too(store, monkeypatch):
    sync, synced = manifest.sync, []

    def record(path):
        synced.append((path, _names(path) if path.is_dir() else None))
        sync(path)

    monkeypatch.setattr(manifest, "sync", record)
    store.save(1, _writer("a"))
    assert synced[0] == (store.directory.parent, ["checkpoints"])
    assert synced[-1] == (store.directory, ["checkpoint-1"])


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    store = CheckpointStore(tmp_path / "file" / "checkpoints")
    with pytest.raises(CheckpointError, match="file/checkpoints"):
        store.save(1, _writer("a"))
    with pytest.raises(CheckpointError, match="file/checkpoints"):
        store.restore(lambda prefix: None)


def test_leftovers_of_a_crash_are_removed_by_the_next_save(store):
    store.save(1, _writer("a"))
    (store.directory / ".partial-2").mkdir()
    (store.directory / ".partial-2" / "checkpoint.index").write_text("half")
    (store.directory / ".old-0").write_text("")
    store.save(3, _writer("c"))
    assert _names(store.directory) == ["checkpoint-1", "checkpoint-3"]


def test_leftovers_that_are_complete_become_checkpoints(store):
    folder = store.save(2, _writer("b"))
    folder.rename(store.directory / ".partial-2")
    assert _read(store) == (2, "b")
    store.save(3, _writer("c"))
    assert _names(store.directory) == ["checkpoint-2", "checkpoint-3"]


@pytest.mark.parametrize("keep", [0, -1, 1.5, None])
def test_bad_keep(tmp_path, keep):
    with pytest.raises(InvalidArgumentError, match="keep"):
        CheckpointStore(tmp_path, keep=keep)


@pytest.mark.parametrize("step", [-1, 1.5, None])
def test_bad_step(store, step):
    with pytest.raises(InvalidArgumentError, match="step"):
        store.save(step, _writer("a"))
    if step is not None:
        with pytest.raises(InvalidArgumentError, match="step"):
            store.restore(_writer("a"), step=step)


@pytest.mark.parametrize("metadata", [{"a": object()}, {"a": {1}}, [1], {(1, 2): 3}])
def test_bad_metadata(store, metadata):
    with pytest.raises(InvalidArgumentError, match="metadata to be a dict of JSON"):
        store.save(1, _writer("a"), metadata=metadata)
    assert not store.directory.exists()


# Saves in a forked child that is killed before its n-th touch of the directory (an
# audit event of the interpreter), for every n until a child lives to the end.
_CRASHES = """
import json, os, shutil, signal, sys
from pathlib import Path
from rltools.checkpoints import CheckpointStore

root = Path(sys.argv[1])
keep, before, steps = map(json.loads, sys.argv[2:])
EVENTS = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}

def write(text):
    def write(prefix):
        for part in range(2):
            with open(f"{prefix}.{part}", "w") as file:
                file.write(text)
    return write

def read(store):
    texts = []
    restored = store.restore(lambda prefix: texts.extend(
        Path(f"{prefix}.{part}").read_text() for part in range(2)))
    if restored is None:
        return None
    assert texts[0] == texts[1] == restored.metadata["text"], (texts, restored)
    return [restored.step, texts[0]]

def fill(directory):
    store = CheckpointStore(directory, keep=keep)
    for step in before:
        store.save(step, write(f"old {step}"), metadata={"text": f"old {step}"})
    return store

def run(store, crash):
    seen = 0
    def hook(event, args):
        nonlocal seen
        if event in EVENTS and str(store.directory) in str(args[0]):
            seen += 1
            if seen > crash:
                os.kill(os.getpid(), signal.SIGKILL)
    sys.addaudithook(hook)
    for step in steps:
        store.save(step, write(f"new {step}"), metadata={"text": f"new {step}"})

outcomes, crash, status = [], 0, None
while status != 0:
    store = fill(root / str(crash))
    pid = os.fork()
    if not pid:
        run(store, crash)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    assert status in (0, signal.SIGKILL), status
    restored = read(store)
    store.save(99, write("last"), metadata={"text": "last"})
    outcomes.append({
        "restored": restored,
        "after": read(store),
        "names": sorted(path.name for path in store.directory.iterdir()),
    })
    crash += 1
print(json.dumps(outcomes))
"""


@pytest.mark.parametrize(
    ("keep", "before", "steps"),
    [(1, [1], [2]), (1, [1], [1]), (2, [1, 2], [3, 4]), (3, [], [1])],
    ids=["next", "same step", "several", "first"],
)
def test_killed_at_any_moment(tmp_path, keep, before, steps):
    """Law: at any moment the directory holds the last checkpoint saved, or the next."""
    arguments = [tmp_path, keep, json.dumps(before), json.dumps(steps)]
    child = subprocess.run(
        [sys.executable, "-c", _CRASHES, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert child.returncode == 0, child.stderr
    outcomes = json.loads(child.stdout)
    first = [before[-1], f"old {before[-1]}"] if before else None
    states = [first, *([step, f"new {step}"] for step in steps)]
    history = [states.index(outcome["restored"]) for outcome in outcomes]
    assert history == sorted(history)
    assert set(history) == set(range(len(states)))
    assert len(history) > 10 * len(steps)
    for outcome in outcomes:
        assert outcome["after"] == [99, "last"]
        assert len(outcome["names"]) <= keep
        assert all(name.startswith("checkpoint-") for name in outcome["names"])
