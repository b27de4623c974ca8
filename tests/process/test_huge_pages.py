"""Large pages change nothing but the time it takes."""

import mmap

import pytest

from rltools.process import huge_pages


def test_memory_stays_as_it_was():
    kept = [bytearray([number]) * (3 << 20) for number in range(4)]
    assert huge_pages.collapse_heap() >= 0
    assert [set(each) for each in kept] == [{number} for number in range(4)]


def test_private_memory_is_collapsed_where_the_kernel_can(monkeypatch, tmp_path):
    size = huge_pages._SIZE
    memory = mmap.mmap(-1, 3 * size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.write(b"x" * len(memory))
    if not huge_pages.collapse_heap():
        pytest.skip("a kernel that does not do this on request")
    assert memory[:] == b"x" * len(memory)


def test_nothing_is_done_where_nothing_is_known(monkeypatch, tmp_path):
    monkeypatch.setattr(huge_pages, "_MAPS", tmp_path / "missing")
    assert huge_pages.collapse_heap() == 0
