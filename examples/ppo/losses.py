"""Losses of PPO as pure functions of tensors.

Equation numbers refer to Schulman et al., 2017, "Proximal Policy Optimization
Algorithms" (arXiv:1707.06347).
"""

from typing import Any

import tensorflow as tf


def clip_loss(ratio: Any, advantage: Any, clip_range: float) -> Any:
    """Clipped surrogate objective, equation 7, negated.

    Args:
        ratio: Probability of each action under the current policy over that under the
            one which took it, float32 [batch].
        advantage: Advantage of each action, float32 [batch].
        clip_range: Epsilon of the equation.

    Returns:
        Mean loss, float32 scalar.
    """
    clipped = tf.clip_by_value(ratio, 1 - clip_range, 1 + clip_range)
    return -tf.reduce_mean(tf.minimum(ratio * advantage, clipped * advantage))


def value_loss(value: Any, target: Any) -> Any:
    """Squared error of the value function, the second term of equation 9.

    Args:
        value: Predicted values, float32 [batch].
        target: Returns to predict, float32 [batch].

    Returns:
        Mean loss, float32 scalar.
    """
    return tf.reduce_mean((value - target) ** 2)


def entropy_loss(entropy: Any) -> Any:
    """Entropy bonus, the third term of equation 9, negated.

    Args:
        entropy: Entropy of the policy in each state, float32 [batch].

    Returns:
        Mean loss, float32 scalar.
    """
    return -tf.reduce_mean(entropy)


def approximate_kl(log_ratio: Any) -> Any:
    """Estimate the KL divergence of the current policy from the acting one.

    The unbiased estimator `(r - 1) - log r`, which is never negative (Schulman, 2020,
    "Approximating KL divergence").

    Args:
        log_ratio: Logarithm of the probability ratio, float32 [batch].

    Returns:
        Mean estimate in nats, float32 scalar.
    """
    return tf.reduce_mean(tf.math.expm1(log_ratio) - log_ratio)


def clip_fraction(ratio: Any, clip_range: float) -> Any:
    """Part of the ratios, between 0 and 1, that are further than epsilon from 1."""
    outside = tf.abs(ratio - 1) > clip_range
    return tf.reduce_mean(tf.cast(outside, tf.float32))


def explained_variance(value: Any, target: Any) -> Any:
    """Part of the targets' variance that the values explain; 1 is perfect.

    Args:
        value: Predicted values, float32 [batch].
        target: Returns to predict, float32 [batch].

    Returns:
        At most 1, float32 scalar; 0 where the targets don't vary.
    """
    unexplained = tf.math.reduce_variance(target - value)
    variance = tf.math.reduce_variance(target)
    return tf.where(variance > 0, 1 - tf.math.divide_no_nan(unexplained, variance), 0.0)
