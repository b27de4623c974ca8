"""Something that a process holds and has to give back."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Belonging:
    """One thing that a process holds.

    Attributes:
        kind: `"process"`, `"descriptor"`, `"mapping"`, `"shared memory"` or `"thread"`.
        key: What tells it from all others of its kind, also from one that takes its
            place later, such as a process with the id of one that has ended.
        text: What it is, in words that begin with the kind; not compared.
    """

    kind: str
    key: tuple[Any, ...]
    text: str = field(compare=False)

    def __str__(self) -> str:
        return self.text
