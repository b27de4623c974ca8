import tempfile
from pathlib import Path

import numpy as np
import pytest

from rltools.arguments import (
    check_callable,
    check_integer,
    check_path,
    check_positive,
    check_writable,
)
from rltools.errors import InvalidArgumentError


@pytest.mark.parametrize("value", [2, np.int8(2), np.uint64(2)])
def test_any_integer_type_becomes_an_int(value):
    assert check_integer("steps", value, at_least=2) == 2
    assert type(check_integer("steps", value, at_least=2)) is int


@pytest.mark.parametrize("value", [1, -5, 2.0, "2", None, True, np.array([2])])
def test_error_names_argument_value_and_expectation(value):
    with pytest.raises(InvalidArgumentError) as caught:
        check_integer("steps", value, at_least=2)
    assert "steps" in str(caught.value)
    assert "at least 2" in str(caught.value)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize("value", [None, 3, "len"])
def test_callable(value):
    check_callable("make", len)
    with pytest.raises(InvalidArgumentError, match=r"expected make to be callable"):
        check_callable("make", value)


@pytest.mark.parametrize("value", [0, -1.5, float("nan"), None, "3", True])
def test_positive(value):
    check_positive("timeout", 0.5)
    with pytest.raises(
        InvalidArgumentError, match=r"expected timeout to be a positive"
    ):
        check_positive("timeout", value)


def test_a_writable_folder_is_made_and_left_empty(tmp_path):
    check_writable("logdir", tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidArgumentError, match="logdir") as caught:
        check_writable("logdir", tmp_path / "file" / "logs")
    assert str(tmp_path / "file" / "logs") in str(caught.value)


def test_a_folder_without_space_is_named(tmp_path, monkeypatch):
    def fail(**arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    with pytest.raises(InvalidArgumentError, match="No space left on device"):
        check_writable("logdir", tmp_path)


def test_paths_become_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for value in ("a/b", Path("a/b"), str(tmp_path / "a" / "b")):
        assert check_path("file", value) == tmp_path / "a" / "b"


@pytest.mark.parametrize("value", [None, 3, b"a", "", "a\0b", ["a"]])
def test_what_is_no_path(value):
    with pytest.raises(InvalidArgumentError) as caught:
        check_path("file", value)
    assert str(caught.value) == (
        f"expected file to be a path, got {value!r} ({type(value).__name__})."
    )
