"""How belongings are looked up, also where the system tells less than Linux does."""

import os
import select
import sys
import threading
from types import SimpleNamespace

import pytest

from rltools.errors import LeakError
from rltools.leaks import no_leaks, processes, shared_memory, threads
from rltools.leaks.kept import find_helpers, is_kept
from rltools.leaks.processes import list_processes, wait_for_processes
from rltools.leaks.threads import find_threads, wait_for_threads

pytestmark = pytest.mark.timeout(60)
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


@pytest.fixture
def without_proc(monkeypatch, tmp_path):
    """A system that has no list of processes and of memory, such as macOS."""
    nowhere = tmp_path / "nowhere"
    monkeypatch.setattr(processes, "_PROCESSES", nowhere)
    monkeypatch.setattr(shared_memory, "_PROCESSES", nowhere)
    monkeypatch.setattr(shared_memory, "NAMED_BLOCKS", nowhere)
    monkeypatch.setattr("rltools.leaks.descriptors._LISTS", (nowhere, "/dev/fd"))


def test_descriptors_and_threads_are_found_anywhere(without_proc):
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, name="mine")
    ends = []

    def leave():
        ends.extend(os.pipe())
        thread.start()

    with pytest.raises(LeakError) as caught, no_leaks(timeout=0):
        leave()
    stop.set()
    thread.join()
    for each in ends:
        os.close(each)
    assert [each.kind for each in caught.value.left] == ["descriptor"] * 2 + ["thread"]
    assert f"descriptor {ends[0]}: " in str(caught.value)


def test_descriptors_are_told_by_kind_where_their_target_is_unknown(
    without_proc, monkeypatch, tmp_path
):
    def fail(path):
        raise OSError("not a link")

    monkeypatch.setattr(os, "readlink", fail)
    with pytest.raises(LeakError) as caught, no_leaks():
        opened = [*os.pipe(), os.open(tmp_path, os.O_RDONLY)]
    for each in opened:
        os.close(each)
    lines = [str(each) for each in caught.value.left]
    assert sorted(line.split(": ")[1] for line in lines) == ["folder", "pipe", "pipe"]


def test_nothing_is_found_where_there_are_no_lists_at_all(without_proc, monkeypatch):
    monkeypatch.setattr("rltools.leaks.descriptors._LISTS", ())
    with no_leaks():
        ends = os.pipe()
    for each in ends:
        os.close(each)


@linux
def test_processes_are_read_as_they_are(tmp_path, monkeypatch):
    """The name of a program may look like the rest of the line."""
    folder = tmp_path / "12"
    folder.mkdir()
    rest = " ".join(str(number) for number in range(5, 22))
    (folder / "stat").write_text(f"12 (a) S (b) Z 4 {rest} 777 1 2 3")
    (tmp_path / "self").mkdir()
    (tmp_path / "13").mkdir()  # It has ended meanwhile.
    monkeypatch.setattr(processes, "_PROCESSES", tmp_path)
    [process] = list_processes().values()
    assert process == processes.Process(12, 777, 4, "Z", "a) S (b")
    assert process.key == (12, 777)


@linux
def test_this_process_is_listed_with_its_parent():
    own = list_processes()[os.getpid()]
    assert own.parent == os.getppid()
    assert own.state == "R"


def test_parents_in_a_circle_are_nobodys_descendants():
    """The list of processes is not of one moment, in which an id may change hands."""
    circle = {
        pid: processes.Process(pid, 0, parent, "S", "")
        for pid, parent in ((-1, -2), (-2, -1))
    }
    assert not processes._descends(circle[-1], circle)


def test_waiting_for_threads_has_one_limit(monkeypatch):
    now = iter(range(0, 100, 10))
    waits = []

    class Fake(threading.Thread):
        def join(self, timeout=None):
            waits.append(timeout)

    fakes = [Fake() for _ in range(3)]
    monkeypatch.setattr(threads, "time", SimpleNamespace(monotonic=lambda: next(now)))
    monkeypatch.setattr(threads, "living_threads", lambda: fakes)
    wait_for_threads({(None, None)}, 15)
    assert waits == [15, 5, 0]
    wait_for_threads({(1, 2)}, 15)
    assert len(waits) == 3


@linux
def test_waiting_for_processes_has_one_limit(monkeypatch):
    now = iter(range(0, 100, 10))
    waits = []
    poll = SimpleNamespace(register=lambda *_: None, poll=waits.append)
    opened = [os.pidfd_open(os.getpid()) for _ in range(3)]
    left = iter(opened)
    monkeypatch.setattr(os, "pidfd_open", lambda pid: next(left))
    monkeypatch.setattr(processes, "time", SimpleNamespace(monotonic=lambda: next(now)))
    monkeypatch.setattr(select, "poll", lambda: poll)
    wait_for_processes([1, 2, 3], 15)
    assert waits == [15_000, 5_000, 0]
    for descriptor in opened:
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(descriptor)


@linux
def test_processes_that_have_ended_need_no_waiting():
    wait_for_processes([2**22 + 1], float("inf"))


@linux
def test_memory_that_has_gone_was_in_use(tmp_path, monkeypatch):
    """It was listed, and unlinked before it was asked who uses it."""
    monkeypatch.setattr(shared_memory, "NAMED_BLOCKS", tmp_path)
    for name in ("gone", "there"):
        (tmp_path / name).touch()
    blocks = shared_memory.find_named_blocks()
    (tmp_path / "gone").unlink()
    [block] = shared_memory.without_those_of_others(blocks)
    assert str(block) == f"shared memory {tmp_path}/there, 0 bytes"


def test_this_thread_and_those_that_have_ended_are_not_listed():
    texts = {str(each) for each in find_threads()}
    assert not any("MainThread" in text for text in texts)
    ended = threading.Thread(target=int, name="ended")
    ended.start()
    ended.join()
    assert not any("ended" in str(each) for each in find_threads())


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/dev/urandom", True),
        ("/dev/null", False),
        ("/dev/shm/pym-1-abc (deleted)", True),
        ("/dev/shm/psm_abc", False),
        ("/memfd:libffi", True),
        ("/memfd:rltools", False),
        ("/dev/nvidia0", True),
        ("pipe:[123]", False),
    ],
)
def test_what_libraries_keep(target, kept):
    assert is_kept(target) is kept


def test_helpers_are_found_without_importing_anything(monkeypatch):
    tracker = SimpleNamespace(_resource_tracker=SimpleNamespace(_pid=5, _fd=6))
    server = SimpleNamespace(
        _forkserver=SimpleNamespace(_forkserver_pid=7, _forkserver_alive_fd=None)
    )
    monkeypatch.setitem(sys.modules, "multiprocessing.resource_tracker", tracker)
    monkeypatch.setitem(sys.modules, "multiprocessing.forkserver", server)
    zygote = SimpleNamespace(pid=8, fileno=lambda: 9)
    keeper = SimpleNamespace(keeper=SimpleNamespace(zygote=zygote))
    monkeypatch.setitem(sys.modules, "rltools.process.zygote_keeper", keeper)
    helpers = find_helpers()
    assert helpers.pids == {5, 7, 8}
    assert helpers.descriptors == {6, -1, 9}
    keeper.keeper.zygote = None
    assert find_helpers().pids == {5, 7}
    monkeypatch.delitem(sys.modules, "multiprocessing.resource_tracker")
    monkeypatch.delitem(sys.modules, "multiprocessing.forkserver")
    monkeypatch.delitem(sys.modules, "rltools.process.zygote_keeper")
    assert find_helpers().pids == {-1}
    assert "multiprocessing.resource_tracker" not in sys.modules
