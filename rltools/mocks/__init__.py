"""Test doubles: environments and algorithms that run on nothing but random numbers.

They validate what they are given and record what they were asked, so that a test of
the code around them fails where that code is wrong. None of them imports TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rltools.mocks.algorithm import MockAlgorithm as MockAlgorithm
    from rltools.mocks.call import Call as Call
    from rltools.mocks.environment import MockEnvironment as MockEnvironment
    from rltools.mocks.recording.recorder import Recorder as Recorder
    from rltools.mocks.recording.replay import Replay as Replay

_EXPORTS = {
    "Call": "rltools.mocks.call",
    "MockAlgorithm": "rltools.mocks.algorithm",
    "MockEnvironment": "rltools.mocks.environment",
    "Recorder": "rltools.mocks.recording.recorder",
    "Replay": "rltools.mocks.recording.replay",
}
__all__ = sorted(_EXPORTS)


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'rltools.mocks' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
