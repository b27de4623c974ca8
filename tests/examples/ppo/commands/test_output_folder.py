import os
import pathlib

import pytest

from examples.ppo.commands.output_folder import check_output_folder, output_folder
from rltools.errors import ConfigError


def write(outdir, **files):
    with output_folder(outdir) as folder:
        for name, text in files.items():
            (folder / name).write_text(text)


def content(folder):
    return {
        path.name: path.read_text()
        for path in folder.iterdir()
        if not path.name.startswith(".")
    }


def test_appears_as_a_whole(tmp_path):
    outdir = tmp_path / "new" / "out"
    with output_folder(outdir) as folder:
        (folder / "a").write_text("1")
        assert not outdir.exists()
    assert content(outdir) == {"a": "1"}
    assert [path.name for path in outdir.parent.iterdir()] == ["out"]


def test_may_be_there_already_if_empty(tmp_path):
    outdir = tmp_path / "out"
    outdir.mkdir()
    assert not check_output_folder(outdir)
    write(outdir, a="1")
    assert content(outdir) == {"a": "1"}


def test_replaces_all_of_an_earlier_one(tmp_path):
    outdir = tmp_path / "out"
    write(outdir, a="1", b="1")
    assert check_output_folder(outdir)
    write(outdir, b="2", c="2")
    assert content(outdir) == {"b": "2", "c": "2"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("earlier", [True, False])
def test_never_removes_what_a_user_keeps_there(tmp_path, earlier):
    outdir = tmp_path / "out"
    if earlier:
        write(outdir, a="1")
    outdir.mkdir(exist_ok=True)
    (outdir / "notes.txt").write_text("mine")
    with pytest.raises(ConfigError, match=r"holds other files, such as 'notes\.txt'"):
        write(outdir, a="2")
    assert (outdir / "notes.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_comes_meanwhile_is_not_removed_either(tmp_path):
    outdir = tmp_path / "out"

    def meanwhile():
        with output_folder(outdir):
            outdir.mkdir()
            (outdir / "mine").touch()

    with pytest.raises(ConfigError, match="holds other files, such as 'mine'"):
        meanwhile()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "mine"]


def test_an_error_leaves_things_as_they_were(tmp_path):
    outdir = tmp_path / "out"
    write(outdir, a="1")

    def fail():
        with output_folder(outdir) as folder:
            (folder / "a").write_text("2")
            raise KeyError("a")

    with pytest.raises(KeyError):
        fail()
    assert content(outdir) == {"a": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_was_there_comes_back_if_its_place_cannot_be_taken(tmp_path, monkeypatch):
    outdir = tmp_path / "out"
    write(outdir, a="1")
    rename = pathlib.Path.rename

    def fail(path, target):
        if "partial" in path.name:
            raise OSError("no more names")
        return rename(path, target)

    monkeypatch.setattr(pathlib.Path, "rename", fail)
    with pytest.raises(OSError, match="no more names"):
        write(outdir, a="2")
    assert content(outdir) == {"a": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_in_its_place(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(ConfigError, match=r"Can't write to '.*out': Not a directory\."):
        write(tmp_path / "out")
    with pytest.raises(ConfigError, match=r"Can't write to '.*deep': "):
        write(tmp_path / "out" / "deep")


def test_permissions_are_the_usual_ones(tmp_path):
    write(tmp_path / "out")
    (tmp_path / "usual").mkdir()
    modes = [os.stat(tmp_path / name).st_mode for name in ("out", "usual")]
    assert modes[0] == modes[1]
