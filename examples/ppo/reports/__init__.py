"""Learning curves of runs, read from their folders and drawn or compared."""
