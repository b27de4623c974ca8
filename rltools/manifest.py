"""Folders that carry proof of being complete: a manifest of all files and checksums."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from rltools.errors import CheckpointError

NAME = "manifest.json"
_FORMAT = 1


def seal(folder: Path, **values: Any) -> None:
    """Write the manifest of a folder, and all of the folder to the disk.

    The folder is complete if and only if its manifest is, because that is written
    after everything else has reached the disk.

    Args:
        folder: A folder without a manifest.
        **values: What to keep in the manifest beside the files; JSON values.

    Raises:
        OSError: The disk is full or the folder can't be written.
    """
    files = {}
    for path in sorted(folder.rglob("*")):
        sync(path)
        if path.is_file():
            name = path.relative_to(folder).as_posix()
            files[name] = {"size": path.stat().st_size, "sha256": _hash_file(path)}
    content = {"format": _FORMAT, **values, "files": files}
    # As it will be read: JSON turns all keys into strings and tuples into lists.
    content = json.loads(json.dumps(content))
    manifest = {"sha256": _hash_json(content), "content": content}
    (folder / NAME).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    sync(folder / NAME)
    sync(folder)


def verify(folder: Path, *, checksums: bool = True) -> dict[str, Any]:
    """Check that a folder is what it was when it was sealed.

    Files that were added since are no defect.

    Args:
        folder: The folder to check.
        checksums: Whether to read all files, and not just look at their sizes.

    Returns:
        The values that were sealed with the folder.

    Raises:
        CheckpointError: The folder was not sealed or has changed. The message says
            what is wrong, but does not name the folder.
    """
    try:
        manifest = json.loads((folder / NAME).read_text(encoding="utf-8"))
        content, expected = manifest["content"], manifest["sha256"]
        intact = _hash_json(content) == expected and content["format"] == _FORMAT
        files: dict[str, Any] = content["files"] if intact else {}
    except OSError as error:
        raise CheckpointError(f"its {NAME} can't be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"its {NAME} is damaged or of another kind") from error
    if not intact:
        raise CheckpointError(f"its {NAME} is damaged or of another kind")
    for name, facts in files.items():
        try:
            size = (folder / name).stat().st_size
            digest = _hash_file(folder / name) if checksums else facts["sha256"]
        except OSError as error:
            raise CheckpointError(f"{name} can't be read ({error.strerror})") from error
        if size != facts["size"]:
            raise CheckpointError(f"{name} has {size} bytes, not {facts['size']}")
        if digest != facts["sha256"]:
            raise CheckpointError(f"{name} has changed: its checksum differs")
    return {key: content[key] for key in content if key not in ("format", "files")}


def sync(path: Path) -> None:
    """Wait until a file's content, or a folder's list of names, is on the disk.

    Args:
        path: The file or folder. Folders are left alone where the system can't do it.

    Raises:
        OSError: The disk is full or broken.
    """
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_json(content: Any) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
