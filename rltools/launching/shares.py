"""Divides work among workers."""

from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


def shares(items: Sequence[Item], workers: int) -> list[Sequence[Item]]:
    """Divide items among workers, in their order and as evenly as can be.

    >>> shares("abcde", 2)
    ['ab', 'cde']
    """
    ends = [len(items) * (i + 1) // workers for i in range(workers)]
    return [items[first:end] for first, end in zip([0, *ends], ends, strict=False)]
