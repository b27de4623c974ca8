"""Advantages and returns of fixed-length rollouts that span episode ends."""

from typing import Any

import tensorflow as tf


def generalized_advantage(
    reward: Any,
    value: Any,
    next_value: Any,
    terminated: Any,
    truncated: Any,
    discount: float,
    gae_lambda: float,
) -> Any:
    """Generalised advantage estimation.

    Equations 11 and 12 of the PPO paper (arXiv:1707.06347), after Schulman et al.,
    2015, "High-Dimensional Continuous Control Using Generalized Advantage Estimation"
    (arXiv:1506.02438). An episode's end stops the sum over later steps. After a
    termination nothing follows, so the value of the next state is 0; a truncated
    episode would have gone on, so it counts with the value of its final observation,
    as does the last step of the rollout.

    Args:
        reward: Rewards, float32 [steps, envs].
        value: Values of the observations acted on, float32 [steps, envs].
        next_value: Values of the observations that followed, the final ones at the
            ends of episodes, float32 [steps, envs].
        terminated: Whether the step ended its episode in a terminal state, bool
            [steps, envs].
        truncated: Whether the step ended its episode for another reason, bool
            [steps, envs].
        discount: Discount factor gamma.
        gae_lambda: Decay lambda; 0 trusts the values and 1 only the rewards.

    Returns:
        Advantages, float32 [steps, envs]. Adding `value` gives the lambda-returns.
    """
    goes_on = 1 - tf.cast(terminated, tf.float32)
    same_episode = 1 - tf.cast(terminated | truncated, tf.float32)
    delta = reward + discount * goes_on * next_value - value
    decay = discount * gae_lambda * same_episode
    return tf.scan(
        lambda following, step: step[0] + step[1] * following,
        (delta, decay),
        initializer=tf.zeros_like(delta[0]),
        reverse=True,
    )


def discounted_sum(reward: Any, begins: Any, before: Any, discount: float) -> Any:
    """Discounted sum of the rewards that an episode has brought so far.

    Unlike a return it looks back: `sum_t = reward_t + discount * sum_(t-1)`. Its
    standard deviation is the scale of the rewards (Engstrom et al., 2020,
    "Implementation Matters in Deep RL", arXiv:2005.12729, section 3).

    Args:
        reward: Rewards, float32 [steps, envs].
        begins: Whether an episode began with the step, bool [steps, envs].
        before: The sums after the step before the first one, float32 [envs].
        discount: Discount factor gamma.

    Returns:
        The sums after each step, float32 [steps, envs].
    """
    decay = discount * (1 - tf.cast(begins, tf.float32))
    return tf.scan(
        lambda last, step: step[0] + step[1] * last,
        (reward, decay),
        initializer=before,
    )
