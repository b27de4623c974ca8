"""The processor cores that this process may use."""

import os
from pathlib import Path

_QUOTA = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> list[int]:
    """The cores that workers can be spread over: no more than a quota has time for."""
    if hasattr(os, "sched_getaffinity"):
        cores = sorted(os.sched_getaffinity(0))
    else:
        cores = list(range(os.cpu_count() or 1))
    return cores[: _quota() or len(cores)]


def _quota() -> int | None:
    """How many cores the control group may use at once, as containers have it."""
    try:
        limit, period = _QUOTA.read_text().split()
    except (OSError, ValueError):
        return None
    return None if limit == "max" else max(1, int(limit) // int(period))
