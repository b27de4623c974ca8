import gymnasium as gym
import numpy as np
import pytest
import tensorflow as tf

from examples.ppo.learner import METRICS, Learner
from examples.ppo.memory import Transition
from examples.ppo.networks import define_network

OBSERV = gym.spaces.Box(-1, 1, (3,))
ACTIONS = {
    "feed_forward_gaussian": gym.spaces.Box(-1, 1, (2,)),
    "feed_forward_categorical": gym.spaces.Discrete(4),
}
NETWORKS = pytest.mark.parametrize("network", ACTIONS)


def rollout_of(network, config, seed=0):
    """What the network's policy could have made of random observations."""
    rng = np.random.default_rng(seed)
    shape = (config.rollout_length, config.num_agents)
    observ, next_observ = rng.normal(size=(2, *shape, 3)).astype(np.float32)
    distribution = network.distribution(observ.reshape(-1, 3))
    action = distribution.sample([seed, 1])
    return Transition(
        tf.constant(observ),
        tf.reshape(action, [*shape, *action.shape[1:]]),
        tf.reshape(distribution.log_prob(action), shape),
        tf.constant(rng.normal(size=shape).astype(np.float32)),
        tf.zeros(shape),
        tf.constant(rng.random(shape) < 0.2),
        tf.constant(rng.random(shape) < 0.2),
        tf.constant(next_observ),
    )


@pytest.fixture
def make_learner(make_config):
    def build(network="feed_forward_gaussian", **changes):
        config = make_config(network=network, **changes)
        module = define_network(OBSERV, ACTIONS[network], config)
        return Learner(module, config), module, config

    return build


def values_of(network):
    return [variable.numpy() for variable in network.trainable_variables]


@NETWORKS
def test_ratio_is_one_at_the_first_minibatch(make_learner, network):
    learner, module, config = make_learner(network)
    rollout = rollout_of(module, config)
    metrics = learner.update(rollout, learner.permutations([0, 1]))
    assert float(metrics["ratio_error"]) < 1e-5
    # The policy has changed by now, so the same rollout isn't its own any more.
    metrics = learner.update(rollout, learner.permutations([0, 1]))
    assert float(metrics["ratio_error"]) > 1e-3


@NETWORKS
def test_one_step_equals_an_independent_computation(make_learner, network):
    """The whole path from rollout to weights, uncompiled and with a plain Adam."""
    learner, module, config = make_learner(
        network, update_epochs=1, batch_size=6, entropy_regularization=0.1
    )
    rollout = rollout_of(module, config)
    before = values_of(module)
    observ = tf.reshape(rollout.observ, [-1, 3])
    action = tf.reshape(rollout.action, [6, *rollout.action.shape[2:]])
    value = tf.reshape(module.value(observ), [3, 2]).numpy()
    next_value = module.value(tf.reshape(rollout.next_observ, [-1, 3]))
    next_value = np.where(rollout.terminated, 0, tf.reshape(next_value, [3, 2]))
    delta = rollout.reward + config.discount * next_value - value
    advantage, following = np.zeros((3, 2)), 0.0
    for step in (2, 1, 0):
        ends = np.logical_or(rollout.terminated[step], rollout.truncated[step])
        following = delta[step] + np.where(
            ends, 0, config.discount * config.gae_lambda * following
        )
        advantage[step] = following
    target = (advantage + value).reshape(-1).astype(np.float32)
    advantage = ((advantage - advantage.mean()) / advantage.std()).reshape(-1)
    with tf.GradientTape() as tape:
        distribution = module.distribution(observ)
        # At ratio 1 nothing is clipped and its gradient is that of the log-probability.
        policy_loss = -tf.reduce_mean(
            distribution.log_prob(action) * advantage.astype(np.float32)
        )
        value_loss = tf.reduce_mean((module.value(observ) - target) ** 2)
        loss = policy_loss + 0.25 * value_loss
        loss -= 0.1 * tf.reduce_mean(distribution.entropy())
    gradients = [g.numpy() for g in tape.gradient(loss, module.trainable_variables)]
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    gradients = [g * min(1, config.max_gradient_norm / norm) for g in gradients]
    metrics = learner.update(rollout, learner.permutations([0, 1]))
    assert float(metrics["gradient_norm"]) == pytest.approx(norm, rel=1e-3)
    assert float(metrics["value_loss"]) == pytest.approx(float(value_loss), rel=1e-3)
    for old, new, gradient in zip(before, values_of(module), gradients, strict=True):
        # The first step of Adam: both moments are those of this gradient alone, and the
        # bias of the second one is corrected for together with epsilon.
        epsilon = 1e-5 / np.sqrt(1 - 0.999)
        step = config.learning_rate * gradient / (np.abs(gradient) + epsilon)
        np.testing.assert_allclose(new, old - step, atol=3e-4)


def test_every_epoch_has_advantages_by_the_values_of_its_start(make_learner):
    options = {"batch_size": 6, "learning_rate": 0.1}
    learner, module, config = make_learner(update_epochs=1, **options)
    rollout = rollout_of(module, config)
    order = learner.permutations([0, 1])
    first = float(learner.update(rollout, order)["value_loss"])
    # With one minibatch, the second epoch starts from the weights that are here now.
    advantage, _ = learner._estimate(rollout)
    second = float(tf.reduce_mean(advantage**2))
    learner, *_ = make_learner(update_epochs=2, **options)
    both = learner.update(rollout, learner.permutations([0, 1]))["value_loss"]
    assert abs(second - first) > 0.01
    assert float(both) == pytest.approx((first + second) / 2, rel=1e-4)


def test_update_is_traced_once(make_learner):
    learner, module, config = make_learner()
    for seed in range(3):
        rollout = rollout_of(module, config, seed)
        metrics = learner.update(rollout, learner.permutations([seed, seed]))
        assert set(metrics) == set(METRICS)
        assert all(np.isfinite(value) for value in metrics.values())
    assert learner.update.experimental_get_tracing_count() == 1


def test_tracing_does_not_grow_with_the_work(make_learner):
    """Epochs and minibatches are loops of the graph."""
    sizes = []
    for epochs, batch_size in [(1, 6), (7, 1)]:
        learner, module, config = make_learner(
            update_epochs=epochs, batch_size=batch_size, max_gradient_norm=1.0
        )
        graph = learner.update.get_concrete_function(
            rollout_of(module, config), learner.permutations([0, 1])
        ).graph
        sizes.append(
            len(graph.as_graph_def().node)
            + sum(
                len(function.node_def)
                for function in graph.as_graph_def().library.function
            )
        )
    assert sizes[1] < 1.2 * sizes[0]


def test_permutations_visit_every_step_once_an_epoch(make_learner):
    learner, *_ = make_learner()
    first = learner.permutations([0, 1]).numpy()
    assert first.shape == (2, 2, 3)
    np.testing.assert_array_equal(np.sort(first.reshape(2, -1)), [range(6)] * 2)
    assert not np.array_equal(first[0], first[1])
    np.testing.assert_array_equal(first, learner.permutations([0, 1]))
    assert not np.array_equal(first, learner.permutations([0, 2]))


def test_learning_rate_decays_to_zero(make_learner):
    """The run has four updates; from the fifth on nothing changes."""
    learner, module, config = make_learner()
    changes = []
    for seed in range(5):
        before = values_of(module)
        learner.update(rollout_of(module, config, seed), learner.permutations([0, 1]))
        changes.append(
            max(
                np.abs(a - b).max()
                for a, b in zip(before, values_of(module), strict=True)
            )
        )
        assert int(learner.num_updates) == seed + 1
    assert changes[0] > 2 * changes[3] > 0
    assert changes[4] == 0


def test_advantages_of_one_step_are_not_normalised(make_learner):
    """A single advantage would always become zero, and teach the policy nothing."""
    learner, module, config = make_learner(batch_size=1)
    before = [weight.numpy() for weight in module.policy.weights]
    learner.update(rollout_of(module, config), learner.permutations([0, 1]))
    for old, new in zip(before, module.policy.weights, strict=True):
        assert not np.allclose(old, new)
