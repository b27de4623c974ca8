"""Whether the kernel has killed a process because memory ran out.

It does so with SIGKILL, which looks like anybody's. But it keeps count, for the machine
and for each control group.
"""

import signal
from pathlib import Path

_MACHINE = Path("/proc/vmstat")
_MEMBERSHIP = Path("/proc/self/cgroup")
_GROUPS = Path("/sys/fs/cgroup")
# The same line is in the files of both versions of control groups.
_NAMES = ("memory.events", "memory.oom_control")


def count_kills() -> int:
    """How often the kernel has killed for lack of memory, as far as it tells."""
    files = [_MACHINE, *(folder / name for folder in _our_groups() for name in _NAMES)]
    return sum(map(_count_in, files))


def explains(exit_code: int | None, kills_before: int) -> bool:
    """Whether a lack of memory explains an exit code.

    Args:
        exit_code: As in `subprocess`.
        kills_before: What `count_kills` returned while the process lived.
    """
    return exit_code == -signal.SIGKILL and count_kills() > kills_before


def _our_groups() -> list[Path]:
    """The control group of this process and those that it lies in."""
    try:
        lines = _MEMBERSHIP.read_text().splitlines()
    except OSError:
        return []
    folders = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):
            folder = _GROUPS / controllers / path.lstrip("/")
            folders += [folder, *folder.parents[: len(Path(path).parts) - 1]]
    return folders


def _count_in(file: Path) -> int:
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return 0
    pairs = (line.partition(" ") for line in lines)
    return sum(int(value) for name, _, value in pairs if name == "oom_kill")
