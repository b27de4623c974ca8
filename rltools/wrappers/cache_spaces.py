"""Ask the environment for its spaces only once."""

import gymnasium as gym
from gymnasium.utils import RecordConstructorArgs


class CacheSpaces(gym.Wrapper, RecordConstructorArgs):
    """Keep the spaces that the environment has when it is wrapped.

    For environments that build their spaces anew, or fetch them from somewhere else,
    each time they are asked. Here every access gives the same object, so its random
    generator keeps its state too. Spaces that change later are not noticed.

    Args:
        env: The environment to wrap.
    """

    def __init__(self, env: gym.Env) -> None:
        RecordConstructorArgs.__init__(self)
        gym.Wrapper.__init__(self, env)
        self.observation_space = env.observation_space
        self.action_space = env.action_space
