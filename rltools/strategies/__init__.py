"""Hypothesis strategies for spaces, environments, nested structures and faults."""

from rltools.extras import require

require("hypothesis", extra="testing")  # Names the extra, before anything imports it.

from rltools.strategies.element import elements  # noqa: E402
from rltools.strategies.environment import environments  # noqa: E402
from rltools.strategies.episode import episodes, transitions  # noqa: E402
from rltools.strategies.fault import fault_plans, faults  # noqa: E402
from rltools.strategies.nest import nests, same_structure  # noqa: E402
from rltools.strategies.space import spaces  # noqa: E402

__all__ = [
    "elements",
    "environments",
    "episodes",
    "fault_plans",
    "faults",
    "nests",
    "same_structure",
    "spaces",
    "transitions",
]
