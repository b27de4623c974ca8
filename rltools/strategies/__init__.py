"""Hypothesis strategies for spaces, their elements, nested structures and faults."""

from rltools.extras import require

require("hypothesis", extra="testing")  # Names the extra, before anything imports it.

from rltools.strategies.element import elements  # noqa: E402
from rltools.strategies.fault import fault_plans, faults  # noqa: E402
from rltools.strategies.nest import nests, same_structure  # noqa: E402
from rltools.strategies.space import spaces  # noqa: E402

__all__ = ["elements", "fault_plans", "faults", "nests", "same_structure", "spaces"]
