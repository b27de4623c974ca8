"""Small faults that compose, for any environment; see `rltools.mocks.Faulty`."""

from rltools.mocks.faults.corruption import Corruption
from rltools.mocks.faults.disruption import (
    Disruption,
    Exit,
    Hang,
    Raise,
    Signal,
    Slow,
)
from rltools.mocks.faults.fault import Fault
from rltools.mocks.faults.firing import Firing
from rltools.mocks.faults.observation_fault import ObservationFault
from rltools.mocks.faults.reused_buffer import ReusedBuffer
from rltools.mocks.faults.schedule import expected_schedule, from_schedule
from rltools.mocks.faults.unpicklable import Unpicklable
from rltools.mocks.faults.wrong_type import WrongDtype, WrongShape
from rltools.mocks.faults.wrong_value import NotANumber, OutOfBounds

__all__ = [
    "Corruption",
    "Disruption",
    "Exit",
    "Fault",
    "Firing",
    "Hang",
    "NotANumber",
    "ObservationFault",
    "OutOfBounds",
    "Raise",
    "ReusedBuffer",
    "Signal",
    "Slow",
    "Unpicklable",
    "WrongDtype",
    "WrongShape",
    "expected_schedule",
    "from_schedule",
]
