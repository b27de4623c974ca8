"""All broken wrappers, one or more for every check of `check_wrapper`.

They are for environments whose observations and actions are vectors of floats.
"""

from rltools.mocks.broken import (
    wrapper_attributes,
    wrapper_determinism,
    wrapper_ends,
    wrapper_lives,
    wrapper_resets,
    wrapper_values,
)
from rltools.mocks.broken.wrapper_base import BrokenWrapper

WRAPPERS: tuple[type[BrokenWrapper], ...] = (
    *wrapper_values.WRAPPERS,
    *wrapper_resets.WRAPPERS,
    *wrapper_attributes.WRAPPERS,
    *wrapper_ends.WRAPPERS,
    *wrapper_determinism.WRAPPERS,
    *wrapper_lives.WRAPPERS,
)
