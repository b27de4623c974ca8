"""Open descriptors of this process."""

import os
import stat
from collections.abc import Set
from typing import Any

from rltools.leaks.belonging import Belonging
from rltools.leaks.kept import is_kept

# Where systems list them. Only the first tells what they lead to.
_LISTS = ("/proc/self/fd", "/dev/fd")


def find_descriptors(*, besides: Set[int] = frozenset()) -> set[Belonging]:
    """Open descriptors, but for those that are known to be kept.

    Args:
        besides: Numbers of descriptors to leave out.
    """
    found = set()
    for folder in _LISTS:
        try:
            names = os.listdir(folder)
        except OSError:  # There is no such list here.
            continue
        for name in names:
            if int(name) not in besides:
                found |= _describe(int(name), f"{folder}/{name}")
        break
    return found


def _describe(number: int, entry: str) -> set[Belonging]:
    try:
        status = os.fstat(number)
    except OSError:  # It was that of the list itself.
        return set()
    try:
        target = os.readlink(entry)
    except OSError:
        target = _KINDS.get(stat.S_IFMT(status.st_mode), "unknown")
    if is_kept(target):
        return set()
    key: tuple[Any, ...] = (number, status.st_dev, status.st_ino)
    # All of these have the same inode. The name of others changes with their file's.
    if target.startswith("anon_inode:"):
        key = (number, target)
    return {Belonging("descriptor", key, f"descriptor {number}: {target}")}


_KINDS = {
    stat.S_IFSOCK: "socket",
    stat.S_IFIFO: "pipe",
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFCHR: "device",
}
