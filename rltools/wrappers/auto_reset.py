"""Start the next episode by itself."""

from gymnasium.wrappers import Autoreset


class AutoReset(Autoreset):
    """Reset the environment on the step after the end of an episode.

    The step that ends an episode returns its last observation and its flags unchanged.
    The step after it resets the environment instead of stepping it: the action is
    ignored, and the result is the first observation of the next episode, a reward of
    0.0, neither flag, and the info of the reset. The reset is not given a seed, so the
    environment's random stream continues.

    ```
    # Step:       reset  1     2     3      4     5
    # Observ:     a0     a1    a2    b0     b1    b2
    # Reward:            r1    r2    0      r1    r2
    # Terminated:              x                  x
    ```

    The first episode still begins with a call of `reset`. Wrappers that remember
    something of the episode belong inside: those around are not told when one begins.

    Args:
        env: The environment to wrap.
    """
