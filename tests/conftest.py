"""Settings that all tests share."""

from hypothesis import settings

# How long an example takes depends on what else the machine does, and says nothing
# about the code: the hard limit on every test is that of pytest-timeout.
settings.register_profile("rltools", deadline=None)
settings.load_profile("rltools")
