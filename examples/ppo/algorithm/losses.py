"""Losses of PPO as pure functions of tensors.

Equation numbers refer to Schulman et al., 2017, "Proximal Policy Optimization
Algorithms" (arXiv:1707.06347).
"""

from typing import Any

import tensorflow as tf


def clip_loss(ratio: Any, advantage: Any, clip_range: Any) -> Any:
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


def surrogate_loss(ratio: Any, advantage: Any) -> Any:
    """Surrogate objective without a bound, equation 6, negated.

    Args:
        ratio: As in `clip_loss`, float32 [batch].
        advantage: Advantage of each action, float32 [batch].

    Returns:
        Mean loss, float32 scalar.
    """
    return -tf.reduce_mean(ratio * advantage)


def kl_penalty(
    kl: Any, penalty: Any, target: float, cutoff_factor: float, cutoff_coef: float
) -> Any:
    """Cost of moving away from the acting policy, the second term of equation 8.

    Beyond a cutoff of `target * cutoff_factor` a square is added, which keeps the
    policy from running away before the penalty has been adapted (Hafner et al., 2017,
    "TensorFlow Agents", arXiv:1709.02878, section 5).

    Args:
        kl: Divergence of the policy from the acting one in each state, float32 [batch].
        penalty: Beta of the equation.
        target: Divergence that is aimed at.
        cutoff_factor: Multiple of the target where the square begins.
        cutoff_coef: Weight of the square.

    Returns:
        Loss, float32 scalar.
    """
    mean = tf.reduce_mean(kl)
    excess = tf.nn.relu(mean - target * cutoff_factor)
    return penalty * mean + cutoff_coef * excess**2


def adapt_penalty(penalty: Any, kl: Any, target: float) -> Any:
    """The penalty for the next update, as in section 4 of the paper.

    Args:
        penalty: Beta of equation 8 in this update.
        kl: Divergence after the update, float32 scalar.
        target: Divergence that is aimed at.

    Returns:
        1.5 times the penalty if the divergence was over 1.3 of the target, the penalty
        divided by 1.5 if it was below 0.7 of it; float32 scalar.
    """
    factor = tf.where(kl > 1.3 * target, 1.5, tf.where(kl < 0.7 * target, 1 / 1.5, 1.0))
    return penalty * factor


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


def clip_fraction(ratio: Any, clip_range: Any) -> Any:
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
