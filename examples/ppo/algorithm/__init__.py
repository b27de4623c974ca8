"""The parts of PPO: what is remembered, what is minimised and how."""
