import json
import os
import platform
from importlib import metadata

from rltools.bench.machine import count_cores, describe_machine, find_version


def test_facts():
    facts = describe_machine(["numpy", "no-such-package"])
    assert facts["python"] == platform.python_version()
    assert facts["cores"] == count_cores() == len(os.sched_getaffinity(0))
    assert facts["packages"] == {
        "numpy": metadata.version("numpy"),
        "no-such-package": None,
    }
    assert json.loads(json.dumps(facts)) == facts
    assert find_version("no-such-package") is None


def test_cores_where_the_system_does_not_say_which(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    assert count_cores() == os.cpu_count()
