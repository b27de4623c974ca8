"""What a figure depends on beside the code: the machine, and the versions."""

import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any


def count_cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def find_version(package: str) -> str | None:
    """The version of an installed package, without importing it; None if missing."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def describe_machine(packages: Iterable[str]) -> dict[str, Any]:
    """Collect what must be known to compare figures with those of another run.

    Args:
        packages: Names of the packages whose versions matter.

    Returns:
        Dictionary of JSON values: `processor`, `cores`, `platform`, `python`, `load`
        (how many processes wanted to run in the last minute; other work spoils figures)
        and `packages`, with None for what is not installed.
    """
    return {
        "processor": _find_processor(),
        "cores": count_cores(),
        "platform": platform.platform(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
        "packages": {name: find_version(name) for name in packages},
    }


def _find_processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.processor()
