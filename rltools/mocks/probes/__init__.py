"""Tasks whose exact values are known, to find out which part of an algorithm is wrong.

`PROBES` has all of them in the order in which they should be tried.
"""

from rltools.mocks.probes.action_dependent import ActionDependent
from rltools.mocks.probes.constant_reward import ConstantReward
from rltools.mocks.probes.observation_and_action import ObservationAndAction
from rltools.mocks.probes.observation_dependent import ObservationDependent
from rltools.mocks.probes.probe_environment import ProbeEnvironment
from rltools.mocks.probes.truncation import Truncation
from rltools.mocks.probes.two_step_discount import TwoStepDiscount

PROBES: tuple[type[ProbeEnvironment], ...] = (
    ConstantReward,
    ObservationDependent,
    TwoStepDiscount,
    Truncation,
    ActionDependent,
    ObservationAndAction,
)

__all__ = [
    "PROBES",
    "ActionDependent",
    "ConstantReward",
    "ObservationAndAction",
    "ObservationDependent",
    "ProbeEnvironment",
    "Truncation",
    "TwoStepDiscount",
]
