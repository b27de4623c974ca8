"""Puts a value together again from its structure and the contents of its leaves."""

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium.spaces import GraphInstance

from rltools.errors import RecordingError
from rltools.mocks.recording.dtypes import BYTES, stream_of
from rltools.mocks.recording.structure import Structure


class Decoder:
    """Makes the value of a row of a table.

    Args:
        streams: The streams of the table.
        parts: Where each part of the bytes begins and, as the last item, where all end.
        starts: Index of the row's first element in each stream; of its first part in
            the bytes. Goes on with what is read.
    """

    def __init__(
        self,
        streams: Mapping[str, np.ndarray],
        parts: np.ndarray,
        starts: dict[str, int],
    ) -> None:
        self._streams = streams
        self._parts = parts
        self._next = starts

    def decode(self, structure: Structure) -> Any:
        """Make the next value.

        Args:
            structure: Its structure.

        Returns:
            The value, which shares no memory with anything else.
        """
        if isinstance(structure, str):
            return self._decode_leaf(structure)
        match structure:
            case ("array", code, shape):
                return self._take_array(code, shape)
            case ("scalar", code):
                return self._take_array(code, ())[()]
            case ("list", runs):
                return self._decode_runs(runs)
            case ("tuple", runs):
                return tuple(self._decode_runs(runs))
            case ("graph", *parts):
                return GraphInstance(*[self.decode(part) for part in parts])
            case ("dict", items):
                return {_decode_key(key): self.decode(part) for key, part in items}
            case ("ordered", items):
                return OrderedDict(
                    [(_decode_key(key), self.decode(part)) for key, part in items]
                )
        raise AssertionError(structure)  # Every structure was parsed.

    def _decode_runs(self, runs: Structure) -> list[Any]:
        return [self.decode(each) for count, each in runs for _ in range(count)]

    def _decode_leaf(self, structure: str) -> Any:
        match structure:
            case "none":
                return None
            case "bool":
                return bool(self._take("bool", 1)[0])
            case "int":
                return int(self._take("int64", 1)[0])
            case "float":
                return float(self._take("float64", 1)[0])
            case "complex":
                return complex(self._take("complex128", 1)[0])
            case "long":
                return int.from_bytes(self._take_bytes(), "little", signed=True)
            case "str":
                return self._take_bytes().decode("utf-8", "surrogatepass")
            case "numpy.str":
                return np.str_(self._take_bytes().decode("utf-8", "surrogatepass"))
            case "bytes":
                return self._take_bytes()
            case "numpy.bytes":
                return np.bytes_(self._take_bytes())
        raise AssertionError(structure)

    def _take_array(self, code: str, shape: tuple[int, ...]) -> np.ndarray:
        stream = stream_of(code)
        if stream == BYTES:
            content, dtype = self._take_bytes(), np.dtype(code)
            if len(content) != math.prod(shape) * dtype.itemsize:
                raise RecordingError(
                    f"{len(content)} bytes are no array of shape {shape} and {dtype}"
                )
            return np.ndarray(shape, dtype, content).copy()
        return self._take(stream, math.prod(shape)).reshape(shape).copy()

    def _take(self, stream: str, size: int) -> np.ndarray:
        if size == 0:
            return self._streams.get(stream, np.empty(0, stream))[:0]
        start = self._next[stream]
        self._next[stream] = start + size
        return self._streams[stream][start : start + size]

    def _take_bytes(self) -> bytes:
        index = self._next[BYTES]
        self._next[BYTES] = index + 1
        start, stop = self._parts[index : index + 2].tolist()
        return self._streams[BYTES][start:stop].tobytes()


def _decode_key(key: Structure) -> Any:
    kind, content = key
    match kind:
        case "str":
            return content
        case "none":
            return None
        case "bool":
            return bool(int(content, 16))
        case "int":
            return int(content, 16)
        case "float":
            return float(np.frombuffer(bytes.fromhex(content), "<f8")[0])
        case "tuple":
            return tuple(_decode_key(each) for each in content)
    return np.frombuffer(bytes.fromhex(content), kind)[0]
