"""Networks of policies and values."""
