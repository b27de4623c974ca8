"""What `BatchEnv` stands on: its input, its calls and the stacking of its results."""
