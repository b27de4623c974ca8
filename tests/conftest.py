"""Settings that all tests share."""

import os

from hypothesis import settings

# How long an example takes depends on what else the machine does, and says nothing
# about the code: the hard limit on every test is that of pytest-timeout.
# Where a change is judged, it is by the same examples every time; other runs look for
# new ones.
settings.register_profile("rltools", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("rltools")
