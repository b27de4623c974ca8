"""Measures environments side by side: `rltools bench` and `benchmarks/` share it."""
