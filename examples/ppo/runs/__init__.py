"""Runs: their environments, what is done in them and where they are kept."""
