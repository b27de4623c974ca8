"""Settings that all tests share, and the one cluster that those of Ray share."""

import contextlib
import os
import select
import shutil
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from hypothesis import settings

# A project of its own, tested in an interpreter of its own.
collect_ignore = ["user_project"]

# How long an example takes depends on what else the machine does, and says nothing
# about the code: the hard limit on every test is that of pytest-timeout.
# Where a change is judged, it is by the same examples every time; other runs look for
# new ones.
settings.register_profile("rltools", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("rltools")

_ROOT = Path(__file__).parents[1]
_MARK = "RLTOOLS_CLUSTER_OF_TESTS"
_SECONDS_TO_DIE = 10
_SETTINGS = {
    # All of it stays on the loopback device, and nothing is reported to anybody.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
}
_NODE = {
    "num_cpus": 8,
    "node_ip_address": "127.0.0.1",
    "include_dashboard": False,
    "object_store_memory": 80 * 2**20,
}
# A node that is gone is missed within a second, not within half a minute.
_HEALTH = {
    "health_check_initial_delay_ms": 0,
    "health_check_period_ms": 200,
    "health_check_timeout_ms": 500,
    "health_check_failure_threshold": 3,
}


def pytest_itemcollected(item):
    """Tests with a cluster have a mark, to be run apart from others."""
    if "ray_cluster" in getattr(item, "fixturenames", ()):
        item.add_marker("ray")


class RayCluster:
    """Nodes that are processes of this machine; the first has eight CPUs."""

    def __init__(self, folder, system_config):
        from ray.cluster_utils import Cluster

        self._options = {**_NODE, "temp_dir": folder}
        head = {**self._options, "_system_config": system_config}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = self._cluster.address

    def add_node(self):
        """Add a node with two CPUs."""
        return self._cluster.add_node(**{**self._options, "num_cpus": 2})

    def id_of(self, node):
        import ray

        [node_id] = [
            each["NodeID"]
            for each in ray.nodes()
            if each["RayletSocketName"] == node.raylet_socket_name
        ]
        return node_id

    def remove_node(self, node):
        """End a node as suddenly as a machine ends that loses its power."""
        self._cluster.remove_node(node, allow_graceful=False)

    def shutdown(self):
        self._cluster.shutdown()


@pytest.fixture(scope="session")
def ray_cluster():
    """The cluster, to which this process is connected until the end of all tests."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        for name, value in _SETTINGS.items():
            monkeypatch.setenv(name, value)
        mark = uuid.uuid4().hex
        monkeypatch.setenv(_MARK, mark)
        monkeypatch.setenv("PYTHONPATH", str(_ROOT), prepend=os.pathsep)
        ray = pytest.importorskip("ray", reason="Ray is not installed")
        folder = tempfile.mkdtemp(prefix="ray")  # Paths of sockets must be short.
        # Some files go to its default folder, which it does not make for a cluster.
        monkeypatch.setenv("RAY_TMPDIR", folder)
        Path(folder, "ray").mkdir()
        cluster = RayCluster(folder, _HEALTH)
        try:
            ray.init(
                address=cluster.address, log_to_driver=False, logging_level="ERROR"
            )
            yield cluster
        finally:
            ray.shutdown()
            cluster.shutdown()
            left = _processes_that_stay(mark)
            shutil.rmtree(folder, ignore_errors=True)
        assert not left, "The cluster left behind:\n" + "\n".join(left)


@pytest.fixture
def no_actor_left(ray_cluster):
    """Fails a test that leaves an actor behind."""
    from ray._private import state

    def living():
        return {
            key for key, actor in state.actors().items() if actor["State"] != "DEAD"
        }

    before = living()
    yield
    assert not living() - before, "The test left actors behind."


@pytest.fixture(scope="session")
def is_gone():
    """A function that waits for the end of a process, and says whether it came."""

    def is_gone(pid, seconds):
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            poll = select.poll()
            poll.register(handle, select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        finally:
            os.close(handle)

    return is_gone


def _processes_that_stay(mark):
    """Command lines of processes with a mark that have not ended in time."""
    deadline = time.monotonic() + _SECONDS_TO_DIE
    left = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            marked = f"{_MARK}={mark}\0".encode() in (folder / "environ").read_bytes()
            if not marked or int(folder.name) == os.getpid():
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ")
            handle = os.pidfd_open(int(folder.name))
            try:
                poll = select.poll()
                poll.register(handle, select.POLLIN)
                if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                    left.append(command.decode(errors="replace"))
            finally:
                os.close(handle)
    return left
