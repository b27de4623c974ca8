"""Environments in other processes: what `ExternalProcess` stands on."""

from rltools.process.promise import Promise as Promise
from rltools.process.promising_env import PromisingEnv as PromisingEnv
