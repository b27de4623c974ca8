"""Test doubles: environments and algorithms that need no simulator, and their faults.

They validate what they are given and record what they were asked, so that a test of
the code around them fails where that code is wrong. None of them imports TensorFlow.
"""

from typing import TYPE_CHECKING

from rltools.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from rltools.mocks import broken as broken
    from rltools.mocks import faults as faults
    from rltools.mocks import probes as probes
    from rltools.mocks.algorithm import MockAlgorithm as MockAlgorithm
    from rltools.mocks.call import Call as Call
    from rltools.mocks.counting import CountingEnvironment as CountingEnvironment
    from rltools.mocks.environment import MockEnvironment as MockEnvironment
    from rltools.mocks.environment_call import EnvironmentCall as EnvironmentCall
    from rltools.mocks.episode import Episode as Episode
    from rltools.mocks.episode import Transition as Transition
    from rltools.mocks.faulty_constructor import faulty as faulty
    from rltools.mocks.faulty_environment import Faulty as Faulty
    from rltools.mocks.identity import IdentityEnvironment as IdentityEnvironment
    from rltools.mocks.linear_actor_critic import LinearActorCritic as LinearActorCritic
    from rltools.mocks.recording.recorder import Recorder as Recorder
    from rltools.mocks.recording.replay import Replay as Replay
    from rltools.mocks.scripted import ScriptedEnvironment as ScriptedEnvironment

_SUBMODULES = {"broken", "faults", "probes"}
_EXPORTS = {
    "Call": "rltools.mocks.call",
    "CountingEnvironment": "rltools.mocks.counting",
    "EnvironmentCall": "rltools.mocks.environment_call",
    "Episode": "rltools.mocks.episode",
    "Faulty": "rltools.mocks.faulty_environment",
    "IdentityEnvironment": "rltools.mocks.identity",
    "LinearActorCritic": "rltools.mocks.linear_actor_critic",
    "MockAlgorithm": "rltools.mocks.algorithm",
    "MockEnvironment": "rltools.mocks.environment",
    "ScriptedEnvironment": "rltools.mocks.scripted",
    "Transition": "rltools.mocks.episode",
    "faulty": "rltools.mocks.faulty_constructor",
    "Recorder": "rltools.mocks.recording.recorder",
    "Replay": "rltools.mocks.recording.replay",
}
__getattr__, __dir__, __all__ = lazy_exports(__name__, _EXPORTS, _SUBMODULES)
