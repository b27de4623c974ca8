"""Memory that this process shares, or could share, with others.

Blocks of `memfd_create` have no name and live as long as they are open or mapped
somewhere. Those in `/dev/shm`, such as `multiprocessing.shared_memory` makes, have one
and stay until it is unlinked, also when no process has them any more.
"""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from rltools.leaks.belonging import Belonging
from rltools.leaks.kept import is_kept

NAMED_BLOCKS = Path("/dev/shm")
_PROCESSES = Path("/proc")
# Address, permissions, offset, device, inode, and a path that may have spaces in it.
_MAPPING = re.compile(
    r"^(\w+)-(\w+) \S+ \S+ (\S+) (\d+) +"
    r"((?:/memfd:|/dev/shm/|/dev/zero|/SYSV).*?)(?: \(deleted\))?$",
    re.MULTILINE,
)


def find_mappings() -> set[Belonging]:
    """Shared memory that this process has mapped, each block once."""
    sizes: dict[tuple[str, str, str], int] = {}
    for size, device, inode, path in _mapped("self"):
        if not is_kept(path):
            key = (device, inode, path)
            sizes[key] = sizes.get(key, 0) + size
    return {
        Belonging("mapping", key, f"mapping of {key[2]}, {size:,} bytes")
        for key, size in sizes.items()
    }


def find_named_blocks() -> set[Belonging]:
    """Blocks of shared memory that have a name."""
    found: set[Belonging] = set()
    try:
        entries = list(os.scandir(NAMED_BLOCKS))
    except OSError:  # There is no such place here.
        return found
    for entry in entries:
        with contextlib.suppress(FileNotFoundError):  # Unlinked meanwhile.
            status = entry.stat(follow_symlinks=False)
            text = f"shared memory {entry.path}, {status.st_size:,} bytes"
            key = (entry.path, status.st_ino)
            found.add(Belonging("shared memory", key, text))
    return found


def without_those_of_others(blocks: set[Belonging]) -> set[Belonging]:
    """Leave out named blocks that another process uses: they are not ours to judge.

    What no process uses can't be attributed to any, and is not left out.
    """
    used = set()
    for folder in _PROCESSES.glob("[0-9]*") if blocks else ():
        if folder.name != str(os.getpid()):
            mapped = _mapped(folder.name)
            used |= {inode for _, _, inode, path in mapped if _is_named(path)}
            used |= set(_opened(folder))
    # One that is gone by now was in use when it was listed.
    return (blocks & find_named_blocks()) - {
        block for block in blocks if str(block.key[1]) in used
    }


def _is_named(path: str) -> bool:
    return path.startswith(f"{NAMED_BLOCKS}/")


def _mapped(process: str) -> Iterator[tuple[int, str, str, str]]:
    """Size in bytes, device, inode and path of shared memory that a process maps."""
    try:
        maps = (_PROCESSES / process / "maps").read_text(errors="replace")
    except OSError:  # It has ended, is somebody else's, or there is no such file here.
        return
    for start, end, device, inode, path in _MAPPING.findall(maps):
        yield int(end, 16) - int(start, 16), device, inode, path


def _opened(process: Path) -> Iterator[str]:
    """Inodes of named blocks that a process has open."""
    try:
        entries = list((process / "fd").iterdir())
    except OSError:
        return
    for entry in entries:
        with contextlib.suppress(OSError):  # Closed meanwhile.
            if _is_named(os.readlink(entry)):
                yield str(entry.stat().st_ino)
