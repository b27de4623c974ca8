"""Sees what happens to the files below a folder at once, by inotify of Linux."""

import ctypes
import os
import select
import struct
import time
from pathlib import Path
from typing import Self

_EVENT = struct.Struct("iIII")
_MODIFY, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x80, 0x100, 0x200
_IS_FOLDER = 0x40000000
_KINDS = {_MODIFY: "write", _MOVED_TO: "rename", _CREATE: "create", _DELETE: "delete"}
_NON_BLOCKING = os.O_NONBLOCK


class FileEvents:
    """The changes below a folder since this object was made; a context manager.

    Args:
        folder: The folder. New folders in it are watched, too, as soon as they are
            seen; what is made in them before that is missed.
    """

    def __init__(self, folder: Path) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._library.inotify_init1(_NON_BLOCKING)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "Can't watch files")
        self._folders: dict[int, Path] = {}
        self._watch(folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def wait(self, seconds: float) -> list[tuple[str, Path]]:
        """Wait for the next changes.

        Args:
            seconds: How long to wait at most.

        Returns:
            Kind ("create", "write", "rename" or "delete") and path of every change;
            nothing after the time.
        """
        deadline = time.monotonic() + seconds
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
            return []
        return self._parse(os.read(self._descriptor, 65536))

    def _parse(self, data: bytes) -> list[tuple[str, Path]]:
        changes, place = [], 0
        while place < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, place)
            place += _EVENT.size
            name = data[place : place + length].rstrip(b"\0").decode()
            place += length
            if not name or watch not in self._folders:
                continue
            path = self._folders[watch] / name
            changes.extend((kind, path) for bit, kind in _KINDS.items() if mask & bit)
            if mask & _IS_FOLDER and mask & (_CREATE | _MOVED_TO):
                self._watch(path)
        return changes

    def _watch(self, folder: Path) -> None:
        mask = _MODIFY | _MOVED_TO | _CREATE | _DELETE
        name = os.fsencode(folder)
        watch = self._library.inotify_add_watch(self._descriptor, name, mask)
        if watch < 0:
            return  # It is gone already.
        self._folders[watch] = folder
        for path in folder.iterdir():
            if path.is_dir():
                self._watch(path)
