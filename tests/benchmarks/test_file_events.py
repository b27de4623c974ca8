import sys

import pytest

from benchmarks.file_events import FileEvents

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="inotify is a part of Linux"
)


def test_all_kinds_of_changes_are_seen_in_order(tmp_path):
    with FileEvents(tmp_path) as events:
        first, second = tmp_path / "first", tmp_path / "second"
        first.write_text("text")
        first.rename(second)
        second.unlink()
        assert events.wait(10) == [
            ("create", first),
            ("write", first),
            ("rename", second),
            ("delete", second),
        ]
        assert events.wait(0) == []


@pytest.mark.parametrize("before", [True, False])
def test_folders_within_are_watched(tmp_path, before):
    folder = tmp_path / "a" / "b"
    if before:
        folder.mkdir(parents=True)
    with FileEvents(tmp_path) as events:
        if not before:
            folder.mkdir(parents=True)
            events.wait(10)
        (folder / "file").touch()
        assert ("create", folder / "file") in events.wait(10)
