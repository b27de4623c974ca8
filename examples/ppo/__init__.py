"""Proximal policy optimisation, the reference consumer of the library.

Train with `python -m examples.ppo.train --logdir=logs --config=pendulum`.
"""
