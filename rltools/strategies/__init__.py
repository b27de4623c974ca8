"""Hypothesis strategies for spaces, their elements and nested structures."""

from rltools.extras import require

require("hypothesis", extra="testing")  # Names the extra, before anything imports it.

from rltools.strategies.element import elements  # noqa: E402
from rltools.strategies.nest import nests, same_structure  # noqa: E402
from rltools.strategies.space import spaces  # noqa: E402

__all__ = ["elements", "nests", "same_structure", "spaces"]
