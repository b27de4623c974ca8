"""no_leaks: everything that a block leaves is named, and nothing else."""

import _thread
import mmap
import multiprocessing
import os
import re
import select
import socket
import subprocess
import sys
import textwrap
import threading
import uuid
from contextlib import ExitStack, contextmanager
from multiprocessing import shared_memory
from multiprocessing.connection import wait

import pytest

from rltools.errors import InvalidArgumentError, LeakError
from rltools.leaks import no_leaks
from rltools.mocks import MockEnvironment
from rltools.wrappers import ExternalProcess

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc"),
]
FOREVER = [sys.executable, "-c", "input()"]


@pytest.fixture
def later():
    """Holds what is left in a block, and gives it back after the test."""
    with ExitStack() as stack:
        yield stack


def start(later, command=FOREVER, **options):
    """Start a process that ends with the test; by default when its input does."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, **options)
    later.callback(process.wait)
    later.callback(process.kill)
    later.callback(process.stdin.close)
    return process


def hold(later, descriptor):
    later.callback(os.close, descriptor)
    return descriptor


def make_block(later, *, size=100):
    block = shared_memory.SharedMemory(create=True, size=size)
    later.callback(block.unlink)
    later.callback(block.close)
    return block


def make_memory(size=100):
    descriptor = os.memfd_create("mine")
    os.ftruncate(descriptor, size)
    try:
        return mmap.mmap(descriptor, size)
    finally:
        os.close(descriptor)


def start_thread(later, **options):
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait, **options)
    thread.start()
    later.callback(thread.join)
    later.callback(stop.set)
    return thread


@contextmanager
def leaking(**options):
    """A block that must leave something: what, is in the list once it is over."""
    left = []
    with pytest.raises(LeakError) as caught, no_leaks(**options):
        yield left
    left += caught.value.left
    expected = ["The block left behind:", *(f"- {each}" for each in left)]
    assert str(caught.value).splitlines() == expected


def lines_of(left):
    return [str(each) for each in left]


def test_what_is_given_back_is_no_leak(tmp_path):
    with no_leaks():
        with open(tmp_path / "file", "w"), socket.socket(), make_memory():
            pass
        subprocess.run(["true"], check=True)
        block = shared_memory.SharedMemory(create=True, size=10)
        block.close()
        block.unlink()
        thread = threading.Thread(target=len, args=("",))
        thread.start()
        thread.join()
        ExternalProcess(lambda: MockEnvironment((2,), (1,))).close()


def test_what_was_there_before_is_no_leak(later, tmp_path):
    start(later)
    make_block(later)
    later.enter_context(make_memory())
    start_thread(later)
    first, second = hold(later, os.dup(0)), os.dup(0)
    assert first < second
    with no_leaks():
        os.close(second)


def test_a_running_process_is_told_with_its_command_line(later):
    with leaking(timeout=0) as left:
        process = start(later)
    assert lines_of(left)[0] == f"process {process.pid}: {' '.join(FOREVER)}"
    assert left[0].kind == "process"


def test_a_process_that_nobody_waited_for_is_told(later):
    with leaking() as left:
        process = later.enter_context(subprocess.Popen(["true"]))
    assert lines_of(left) == [f"process {process.pid}: true (ended, not waited for)"]


def test_a_process_that_has_detached_itself_is_told(later):
    """Its parent is gone, and it has a session of its own."""
    ours, theirs = (later.enter_context(each) for each in socket.socketpair())
    script = "import os; print(os.getpid(), flush=True); os.read(0, 1)"
    command = ["setsid", "--fork", sys.executable, "-c", script]
    with leaking(timeout=0) as left:
        subprocess.run(command, stdin=theirs, stdout=theirs, check=True)
        pid = int(ours.recv(100))
    assert lines_of(left) == [f"process {pid}: {sys.executable} -c {script}"]


def test_a_process_of_a_process_is_told_though_it_has_no_mark(later):
    ours, theirs = (later.enter_context(each) for each in socket.socketpair())
    script = (
        "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', "
        "'print(flush=True); input()'], env={}); child.wait()"
    )
    with leaking(timeout=0) as left:
        process = subprocess.Popen(
            [sys.executable, "-c", script], stdin=theirs, stdout=theirs
        )
        later.callback(process.wait)
        later.callback(ours.sendall, b"\n")
        ours.recv(1)
    parent, child = lines_of(left)
    if f"process {process.pid}: " not in parent:
        parent, child = child, parent
    assert parent == f"process {process.pid}: {sys.executable} -c {script}"
    assert child.endswith(f"{sys.executable} -c print(flush=True); input()")


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_process_may_still_be_about_to_end():
    with no_leaks(timeout=30):
        subprocess.Popen(["sleep", "0.3"])


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_process_that_was_told_to_end_is_no_leak():
    with no_leaks(timeout=30):
        subprocess.Popen(["sleep", "60"]).terminate()


def test_a_process_of_multiprocessing_that_has_ended_is_no_leak():
    """Also if nobody has asked for its end: the module does, now and then."""

    def start_and_wait():
        process = multiprocessing.get_context("spawn").Process(target=int)
        process.start()
        wait([process.sentinel])

    with no_leaks(timeout=30):
        start_and_wait()


def test_a_worker_that_nobody_has_any_more_is_no_leak():
    with no_leaks(timeout=30):
        ExternalProcess(lambda: MockEnvironment((2,), (1,)))


def test_threads_may_still_be_about_to_end():
    stop = threading.Event()
    with no_leaks(timeout=30):
        threading.Thread(target=stop.wait, args=(0.3,)).start()


def test_what_a_thread_holds_until_its_end_is_no_leak():
    def hold_for_a_while():
        with socket.socket():
            threading.Event().wait(0.3)

    with no_leaks(timeout=30):
        threading.Thread(target=hold_for_a_while).start()


@pytest.mark.parametrize("daemon", [False, True])
def test_a_thread_is_told_by_name(later, daemon):
    with leaking(timeout=0) as left:
        start_thread(later, name="mine", daemon=daemon)
    assert lines_of(left) == ["daemon thread 'mine'" if daemon else "thread 'mine'"]


def test_a_thread_may_change_its_name(later):
    thread = start_thread(later)
    with no_leaks(timeout=0):
        thread.name = "other"


def test_threads_of_other_languages_are_no_leak():
    """They are listed for ever once they have called Python."""
    listed = threading.Event()
    with no_leaks(timeout=0):
        _thread.start_new_thread(lambda: (threading.current_thread(), listed.set()), ())
        listed.wait(10)


def test_descriptors_are_told_with_what_they_lead_to(later, tmp_path):
    path = tmp_path / "file"
    with leaking() as left:
        file = hold(later, os.open(path, os.O_CREAT | os.O_WRONLY))
        read_end, write_end = (hold(later, each) for each in os.pipe())
        poll = later.enter_context(select.epoll())
    number = os.fstat(read_end).st_ino
    assert lines_of(left) == sorted(
        [
            f"descriptor {file}: {path}",
            f"descriptor {read_end}: pipe:[{number}]",
            f"descriptor {write_end}: pipe:[{number}]",
            f"descriptor {poll.fileno()}: anon_inode:[eventpoll]",
        ]
    )


def test_a_descriptor_in_the_place_of_another_is_told(later):
    old, other = os.pipe()
    hold(later, other)
    with leaking() as left:
        os.close(old)
        fresh = later.enter_context(socket.socket())
    assert fresh.fileno() == old
    assert lines_of(left)[0].startswith(f"descriptor {old}: socket:")


def test_a_descriptor_of_another_kind_in_the_place_of_one_is_told(later):
    """To the kernel, all that are behind no file may be one and the same."""
    old = select.epoll()
    with leaking() as left:
        number = old.fileno()
        old.close()
        fresh = hold(later, os.eventfd(0))
    assert fresh == number
    assert lines_of(left) == [f"descriptor {number}: anon_inode:[eventfd]"]


def test_a_file_may_lose_its_name_while_it_is_open(later, tmp_path):
    path = tmp_path / "file"
    hold(later, os.open(path, os.O_CREAT))
    with no_leaks():
        path.unlink()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_garbage_is_collected_first():
    with no_leaks():
        circle = [socket.socket()]
        circle.append(circle)
        del circle


def test_mapped_memory_without_a_name_is_told(later):
    with leaking() as left:
        memory = later.enter_context(make_memory(3 * mmap.PAGESIZE))
    assert lines_of(left)[-1] == f"mapping of /memfd:mine, {len(memory):,} bytes"


def test_memory_that_is_mapped_twice_is_told_once(later):
    descriptor = hold(later, os.memfd_create("mine"))
    os.ftruncate(descriptor, mmap.PAGESIZE)
    with leaking() as left:
        for _ in range(2):
            later.enter_context(mmap.mmap(descriptor, mmap.PAGESIZE))
    mappings = [str(each) for each in left if each.kind == "mapping"]
    assert mappings == [f"mapping of /memfd:mine, {2 * mmap.PAGESIZE:,} bytes"]


def test_mapped_memory_without_a_descriptor_is_told(later):
    with leaking() as left:
        later.enter_context(mmap.mmap(-1, mmap.PAGESIZE))
    assert lines_of(left) == [f"mapping of /dev/zero, {mmap.PAGESIZE:,} bytes"]


def test_memory_with_a_name_is_told_though_nobody_uses_it(later):
    with leaking() as left:
        block = shared_memory.SharedMemory(create=True, size=1234)
        later.callback(block.unlink)
        block.close()
    [line] = lines_of(left)
    assert line == f"shared memory /dev/shm/{block.name}, 1,234 bytes"


def test_memory_with_a_name_is_told_in_all_its_forms(later):
    with leaking() as left:
        block = make_block(later)
    kinds = {each.kind for each in left}
    assert kinds == {"descriptor", "mapping", "shared memory"}
    assert all(block.name in line for line in lines_of(left))


@pytest.mark.parametrize("use", ["os.open", "mmap.mmap"])
def test_memory_that_another_process_uses_is_its_own(later, use):
    """As that of another worker of the same run of tests may be."""
    name = f"/dev/shm/{uuid.uuid4().hex}"
    later.callback(os.unlink, name)
    script = f"""
        import mmap, os
        input()
        handle = os.open({name!r}, os.O_CREAT | os.O_RDWR)
        os.ftruncate(handle, 10)
        if {use!r} == "mmap.mmap":
            memory = mmap.mmap(handle, 10)
            os.close(handle)
            handle = None
            os.closerange(3, 100)
        print(flush=True)
        input()
        """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    process = start(later, command, stdout=subprocess.PIPE)
    later.callback(process.stdout.close)
    with no_leaks():
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        assert os.path.exists(name)


def test_what_python_keeps_is_no_leak():
    """Its helpers start when they are first needed, and are there until its end."""
    script = """
        import multiprocessing
        from rltools.leaks import no_leaks

        def use():
            multiprocessing.Array("d", 10)
            process = multiprocessing.get_context("forkserver").Process(target=int)
            process.start()
            process.join()
            os.open("/dev/urandom", os.O_RDONLY)

        if __name__ == "__main__":
            import os, pathlib
            with no_leaks():
                use()
            print(len(pathlib.Path(f"/proc/self/task/{os.getpid()}/children")
                .read_text().split()))
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_a_worker_that_is_kept_is_told(later):
    with leaking(timeout=0) as left:
        env = ExternalProcess(lambda: MockEnvironment((2,), (1,)))
        later.callback(env.close)
        env.reset()
    lines = lines_of(left)
    assert lines[0].startswith(f"process {env.pid}: {sys.executable} -c ")
    assert len(lines) > 1


def test_the_error_of_the_block_comes_first_and_tells_what_is_left(later):
    def fail():
        hold(later, os.open("/dev/null", os.O_RDONLY))
        raise KeyError("mine")

    with pytest.raises(KeyError) as caught, no_leaks():
        fail()
    [note] = caught.value.__notes__
    assert re.fullmatch(r"The block left behind:\n- descriptor \d+: /dev/null", note)


def test_the_error_of_a_tidy_block_is_left_alone():
    with pytest.raises(KeyError) as caught, no_leaks():
        raise KeyError("mine")
    assert not hasattr(caught.value, "__notes__")


def test_patterns_say_what_may_stay(later):
    with no_leaks(timeout=0, ignore=["thread 'min*", "process *input()"]):
        start_thread(later, name="mine")
        start(later).stdin.close()


def test_an_inner_block_answers_for_what_is_left_in_it(later):
    with no_leaks(timeout=0, ignore=["process *"]):
        with leaking(timeout=0):
            process = start(later)
        process.stdin.close()
        process.wait()


@pytest.mark.parametrize("outer", [None, "abc"])
def test_the_environment_is_restored(outer, monkeypatch):
    name = "RLTOOLS_LEAK_CHECKS"
    if outer is None:
        monkeypatch.delenv(name, raising=False)
    else:
        monkeypatch.setenv(name, outer)
    with no_leaks():
        *others, own = os.environ[name].split(" ")
        assert others == ([] if outer is None else [outer])
        assert len(own) == 32
    assert os.environ.get(name) == outer


def test_the_block_may_clear_the_environment(monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with no_leaks():
        os.environ.clear()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timeout", -1),
        ("timeout", "2"),
        ("timeout", None),
        ("timeout", True),
        ("ignore", "thread*"),
        ("ignore", None),
        ("ignore", [3]),
    ],
)
def test_invalid_arguments_are_named(name, value):
    with pytest.raises(InvalidArgumentError, match=f"expected {name} to be") as caught:
        no_leaks(**{name: value}).__enter__()
    assert repr(value) in str(caught.value)
