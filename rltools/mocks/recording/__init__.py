"""Recordings of environments: how they are made, kept in files, and played back."""
