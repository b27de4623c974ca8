"""What there is to say about a value beside its numbers, texts and bytes.

A structure is a string for a leaf, or a tuple whose first item names its kind. It is
made of strings, integers and tuples alone, so that equal structures are equal keys of a
dict, and JSON can hold it:

- `"none"`, `"bool"`, `"int"` (of 64 bits), `"long"` (any other), `"float"`,
  `"complex"`, `"str"`, `"bytes"`, `"numpy.str"`, `"numpy.bytes"`
- `("array", dtype, shape)` and `("scalar", dtype)` of NumPy
- `("list", runs)` and `("tuple", runs)`, with a run for items of the same structure:
  `(count, structure)`
- `("graph", nodes, edges, edge_links)`
- `("dict", items)` and `("ordered", items)` for an `OrderedDict`, with an item for each
  entry: `(key, structure)`. A key is a kind and a text, or `("tuple", keys)`.
"""

import math
from collections import Counter
from typing import Any

import numpy as np

from rltools.errors import RecordingError
from rltools.mocks.recording.dtypes import BYTES, can_record, stream_of

Structure = Any  # Recursive: str | tuple[str | int | Structure, ...].

# Far more than anybody needs, and few enough for a damaged file to do no harm.
MAX_DEPTH = 64
MAX_ITEMS = 1_000_000

LEAVES = {
    "none": None,
    "bool": "bool",
    "int": "int64",
    "long": BYTES,
    "float": "float64",
    "complex": "complex128",
    "str": BYTES,
    "bytes": BYTES,
    "numpy.str": BYTES,
    "numpy.bytes": BYTES,
}
SEQUENCES = ("list", "tuple")
MAPPINGS = ("dict", "ordered")
_KEYS = {"none", "bool", "int", "float", "str"}


def count_elements(structure: Structure) -> Counter[str]:
    """Count what values of a structure have in each stream.

    Args:
        structure: The structure.

    Returns:
        How many elements by the name of the stream; for `"bytes"` how many parts.
    """
    return _count(structure)[0]


def count_items(structure: Structure) -> int:
    """Count the values in a structure: containers, and what is in them."""
    return _count(structure)[1]


def parse_structure(value: Any) -> Structure:
    """Read a structure from JSON.

    Args:
        value: What JSON had.

    Returns:
        The structure. It has at most `MAX_ITEMS` values and `MAX_DEPTH` levels.

    Raises:
        RecordingError: The value is not a structure.
    """
    structure = _parse(value, 0)
    if count_items(structure) > MAX_ITEMS:
        raise RecordingError(f"a structure has more than {MAX_ITEMS:,} items")
    return structure


def _count(structure: Structure) -> tuple[Counter[str], int]:
    if isinstance(structure, str):
        stream = LEAVES[structure]
        return Counter({stream: 1} if stream else {}), 1
    kind = structure[0]
    if kind in ("array", "scalar"):
        stream = stream_of(structure[1])
        size = math.prod(structure[2]) if kind == "array" else 1
        return Counter({stream: 1 if stream == BYTES else size}), 1
    total: Counter[str] = Counter()
    items = 1
    for times, child in _children(structure):
        counted, number = _count(child)
        items += times * number
        for stream, amount in counted.items():
            total[stream] += times * amount
    return total, items


def _children(structure: Structure) -> list[tuple[int, Structure]]:
    kind = structure[0]
    if kind in SEQUENCES:
        return list(structure[1])
    if kind in MAPPINGS:
        return [(1, child) for _, child in structure[1]]
    return [(1, child) for child in structure[1:]]


def _parse(value: Any, depth: int) -> Structure:
    if depth > MAX_DEPTH:
        raise RecordingError(f"a structure has more than {MAX_DEPTH} levels")
    match value:
        case str() if value in LEAVES:
            return value
        case ["array", str(code), [*shape]] if _are_sizes(shape) and _is_dtype(code):
            return ("array", code, tuple(shape))
        case ["scalar", str(code)] if _is_dtype(code):
            return ("scalar", code)
        case [("list" | "tuple") as kind, [*runs]]:
            return (kind, tuple(_parse_run(run, depth) for run in runs))
        case [("dict" | "ordered") as kind, [*items]]:
            return (kind, tuple(_parse_item(item, depth) for item in items))
        case ["graph", nodes, edges, links]:
            return ("graph", *(_parse(one, depth + 1) for one in (nodes, edges, links)))
    raise RecordingError(f"{value!r:.60} is not the structure of a value")


def _parse_run(run: Any, depth: int) -> Structure:
    match run:
        case [int(count), child] if _are_sizes([count]):
            return (count, _parse(child, depth + 1))
    raise RecordingError(f"{run!r:.60} is not a run of items")


def _parse_item(item: Any, depth: int) -> Structure:
    match item:
        case [key, child]:
            return (_parse_key(key, 0), _parse(child, depth + 1))
    raise RecordingError(f"{item!r:.60} is not an item of a dict")


def _parse_key(key: Any, depth: int) -> Structure:
    if depth > MAX_DEPTH:
        raise RecordingError(f"a key has more than {MAX_DEPTH} levels")
    match key:
        case [str(kind), str(text)] if kind in _KEYS or _is_dtype(kind):
            return (kind, text)
        case ["tuple", [*keys]]:
            return ("tuple", tuple(_parse_key(each, depth + 1) for each in keys))
    raise RecordingError(f"{key!r:.60} is not the key of a dict")


def _are_sizes(shape: list[Any]) -> bool:
    return len(shape) <= 64 and all(
        type(size) is int and 0 <= size < 2**48 for size in shape
    )


def _is_dtype(code: str) -> bool:
    if not can_record(code):
        return False
    try:
        return np.dtype(code).str == code
    except (TypeError, ValueError):  # Such as a unit of time that there isn't.
        return False
