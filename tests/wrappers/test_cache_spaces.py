import gymnasium as gym

from rltools.wrappers import CacheSpaces


class FreshSpaces(gym.Env):
    """Builds its spaces anew on every access and counts that."""

    def __init__(self):
        self.built = 0

    @property
    def observation_space(self):
        self.built += 1
        return gym.spaces.Discrete(3)

    @property
    def action_space(self):
        self.built += 1
        return gym.spaces.Discrete(2)


def test_same_objects_on_every_access():
    inner = FreshSpaces()
    assert inner.action_space is not inner.action_space
    env = CacheSpaces(inner)
    before = inner.built
    assert env.action_space is env.action_space
    assert env.observation_space is env.observation_space
    assert env.action_space == gym.spaces.Discrete(2)
    assert env.observation_space == gym.spaces.Discrete(3)
    assert inner.built == before


def test_seed_of_a_space_lasts():
    def draw(env):
        env.action_space.seed(0)
        return [int(env.action_space.sample()) for _ in range(32)]

    assert len(set(draw(CacheSpaces(FreshSpaces())))) == 2
    assert draw(CacheSpaces(FreshSpaces())) == draw(CacheSpaces(FreshSpaces()))
