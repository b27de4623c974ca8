import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces

from examples.ppo.algorithm.learner import METRICS, Learner
from examples.ppo.algorithm.memory import Transition
from examples.ppo.networks.actor_critic import define_network
from tests.examples.ppo.uncompiled import uncompiled

# To compile an update takes seconds, and many of them on a busy machine.
pytestmark = pytest.mark.timeout(600)

OBSERV = spaces.Box(-1, 1, (3,))
BOX = spaces.Box(-1, 1, (2,))
MIXED = spaces.Tuple([spaces.Discrete(4), BOX])
KINDS = {
    "numbers": ("feed_forward", BOX, {}),
    "choices": ("feed_forward", spaces.MultiDiscrete([4, 2]), {"loss": "kl"}),
    "recurrent": ("recurrent", MIXED, {"chunk_length": 3}),
}


def rollout_of(network, config, seed=0):
    """What the network's policy could have made of random observations."""
    rng = np.random.default_rng(seed)
    shape = config.rollout_length, config.num_agents
    observ, next_observ = tf.constant(rng.normal(size=(2, *shape, 3)), tf.float32)
    terminated, truncated = rng.random((2, *shape)) < 0.2
    begins = np.concatenate(
        [rng.random((1, shape[1])) < 0.5, (terminated | truncated)[:-1]]
    )
    # One episode is given up without an end.
    begins[-1, 0], terminated[-2, 0], truncated[-2, 0] = True, False, False
    before = 0.5 * tf.random.stateless_normal([shape[1], network.state_size], [seed, 0])
    before = tf.where(begins[0][:, None], tf.zeros_like(before), before)
    outputs, _, after = network.unroll(observ, tf.constant(begins), before)
    kept = tf.where(begins[1:, :, None], tf.zeros_like(after[1:]), after[:-1])
    distribution = network.distribution(outputs)
    action = distribution.sample(tf.random.Generator.from_seed(seed))
    return Transition(
        observ=observ,
        action=action,
        state=tf.concat([before[None], kept], 0),
        logprob=distribution.log_prob(action),
        reward=tf.constant(rng.normal(size=shape).astype(np.float32)),
        begins=tf.constant(begins),
        terminated=tf.constant(terminated),
        truncated=tf.constant(truncated),
        next_observ=next_observ,
    )


@pytest.fixture
def make_learner(make_config):
    def build(kind="numbers", **changes):
        name, space, options = KINDS[kind]
        options = {"recurrent_units": 4, "init_output_factor": 1.0} | options
        config = make_config(network=name, **options | changes)
        module = define_network(OBSERV, space, config)
        return Learner(module, config), module, config

    return build


def values_of(network):
    return [variable.numpy() for variable in network.trainable_variables]


@pytest.fixture
def without_compiling():
    with uncompiled():
        yield


# Compiling takes seconds; that of the other loss is part of a test of learning.
@pytest.mark.parametrize(
    "kind", ["numbers", pytest.param("recurrent", marks=pytest.mark.slow)]
)
def test_learns_from_rollouts_without_compiling_again(make_learner, kind):
    """And the ratio is one at the first minibatch."""
    learner, module, config = make_learner(kind)
    for seed in range(2):
        before = values_of(module)
        rollout = rollout_of(module, config, seed)
        metrics = learner.update(rollout, learner.permutations([seed, 1]))
        assert set(metrics) == set(METRICS)
        assert all(np.isfinite(value) for value in metrics.values())
        assert float(metrics["ratio_error"]) < 1e-4
        assert float(metrics["kl"]) > 0
        for old, new in zip(before, values_of(module), strict=True):
            assert not old.size or not np.array_equal(old, new)
        if seed == 0:
            same, other, _ = make_learner(kind)
            with uncompiled():
                expected = same.update(rollout, same.permutations([0, 1]))
            for name, value in metrics.items():
                assert float(value) == pytest.approx(
                    float(expected[name]), rel=1e-3, abs=1e-5
                ), name
            for one, value in zip(values_of(module), values_of(other), strict=True):
                np.testing.assert_allclose(one, value, rtol=1e-3, atol=1e-4)
    # The policy has changed by now, so the same rollout isn't its own any more.
    metrics = learner.update(rollout, learner.permutations([0, 1]))
    assert float(metrics["ratio_error"]) > 1e-3
    assert learner.update.experimental_get_tracing_count() == 1
    assert not learner.gradients


def estimate(module, rollout, config):
    """Advantages and value targets, step by step, float32 [steps, envs]."""
    steps, envs = rollout.reward.shape
    value, next_value, state = [], [], rollout.state[0]
    for step in range(steps):
        state = tf.where(rollout.begins[step][:, None], tf.zeros_like(state), state)
        np.testing.assert_allclose(state, rollout.state[step], atol=1e-6)
        _, now, state = module.step(rollout.observ[step], state)
        _, after, _ = module.step(rollout.next_observ[step], state)
        value.append(now.numpy())
        next_value.append(np.where(rollout.terminated[step], 0, after))
    delta = rollout.reward + config.discount * np.array(next_value) - value
    advantage, following = np.zeros((steps, envs)), np.zeros(envs)
    for step in reversed(range(steps)):
        ends = np.logical_or(rollout.terminated[step], rollout.truncated[step])
        if step + 1 < steps:
            ends |= rollout.begins[step + 1].numpy()
        following = delta[step] + np.where(
            ends, 0, config.discount * config.gae_lambda * following
        )
        advantage[step] = following
    return advantage.astype(np.float32), (advantage + value).astype(np.float32)


@pytest.mark.usefixtures("without_compiling")
@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("numbers", {}),
        ("choices", {"kl_init_penalty": 5.0, "kl_cutoff_factor": 0.1}),
        ("recurrent", {}),
    ],
)
def test_one_step_equals_an_independent_computation(make_learner, kind, changes):
    """The whole path from rollout to weights, step by step and with a plain Adam."""
    learner, module, config = make_learner(
        kind, update_epochs=1, batch_size=6, entropy_regularization=0.1, **changes
    )
    rollout = rollout_of(module, config)
    before = values_of(module)
    advantage, target = estimate(module, rollout, config)
    explained = 1 - advantage.var() / target.var()
    advantage = (advantage - advantage.mean()) / advantage.std()
    with tf.GradientTape() as tape:
        state, losses = rollout.state[0], []
        for step in range(3):
            state = tf.where(rollout.begins[step][:, None], tf.zeros_like(state), state)
            outputs, value, state = module.step(rollout.observ[step], state)
            distribution = module.distribution(outputs)
            # At ratio 1 nothing is clipped, the gradient of the ratio is that of the
            # log-probability, and that of the divergence is zero.
            log_prob = distribution.log_prob(rollout.action[step])
            losses.append(
                [
                    -log_prob * advantage[step],
                    (value - target[step]) ** 2,
                    -distribution.entropy(),
                ]
            )
        policy_loss, value_loss, entropy_loss = (
            tf.reduce_mean(loss) for loss in zip(*losses, strict=True)
        )
        loss = policy_loss + 0.25 * value_loss + 0.1 * entropy_loss
    gradients = tape.gradient(
        loss, module.trainable_variables, unconnected_gradients="zero"
    )
    gradients = [gradient.numpy() for gradient in gradients]
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    gradients = [g * min(1, config.max_gradient_norm / norm) for g in gradients]
    metrics = learner.update(rollout, learner.permutations([0, 1]))
    expected = {
        "gradient_norm": norm,
        "value_loss": value_loss,
        "entropy": -entropy_loss,
        "explained_variance": explained,
        "surrogate_loss": -advantage.mean(),
        "kl_loss": 0,
        "clip_fraction": 0,
    }
    for name, number in expected.items():
        assert float(metrics[name]) == pytest.approx(float(number), rel=1e-3, abs=1e-5)
    for old, new, gradient in zip(before, values_of(module), gradients, strict=True):
        # The first step of Adam: both moments are those of this gradient alone, and the
        # bias of the second one is corrected for together with epsilon.
        epsilon = 1e-5 / np.sqrt(1 - 0.999)
        step = config.learning_rate * gradient / (np.abs(gradient) + epsilon)
        np.testing.assert_allclose(new, old - step, atol=3e-4)


@pytest.mark.usefixtures("without_compiling")
def test_second_step_is_held_back_by_the_divergence(make_learner):
    """And has advantages by the values of its own start."""
    options = {"batch_size": 6, "kl_init_penalty": 5.0, "optimizer": "sgd"}
    options |= {"kl_cutoff_factor": 0.1, "kl_target": 1e-4, "loss": "kl"}
    options |= {"learning_rate_schedule": "constant", "learning_rate": 0.1}
    learner, module, config = make_learner(update_epochs=1, **options)
    rollout = rollout_of(module, config)
    outputs, _, _ = module.unroll(rollout.observ, rollout.begins, rollout.state[0])
    before = module.distribution(outputs, tf.identity(module.log_std))
    errors, _ = estimate(module, rollout, config)
    learner.update(rollout, learner.permutations([0, 1]))
    advantage, target = estimate(module, rollout, config)
    outputs, value, _ = module.unroll(rollout.observ, rollout.begins, rollout.state[0])
    now = module.distribution(outputs)
    kl = float(tf.reduce_mean(before.kl(now)))
    assert kl > 2e-5
    ratio = np.exp(now.log_prob(rollout.action) - rollout.logprob)
    scaled = (advantage - advantage.mean()) / advantage.std()
    surrogate = -np.mean(ratio * scaled)
    penalty = 5 * kl + 1000 * (kl - 1e-5) ** 2
    value_loss = np.mean((value - target) ** 2)
    twice, *_ = make_learner(update_epochs=2, **options)
    metrics = twice.update(rollout, twice.permutations([0, 1]))
    # Metrics are means over both steps; in the first, these are zero.
    for name, expected in [
        ("kl_loss", penalty),
        ("surrogate_loss", surrogate),
        ("policy_loss", surrogate + penalty),
        ("value_loss", np.mean(errors**2) + value_loss),
        ("approx_kl", np.mean(ratio - 1 - np.log(ratio))),
    ]:
        assert float(metrics[name]) == pytest.approx(expected / 2, rel=1e-3), name


@pytest.mark.usefixtures("without_compiling")
def test_clipped_steps_are_counted(make_learner):
    options = {"batch_size": 6, "clip_range": 1e-4, "init_output_factor": 1.0}
    learner, module, config = make_learner(**options)
    metrics = learner.update(rollout_of(module, config), learner.permutations([0, 1]))
    assert float(metrics["clip_fraction"]) == 0.5  # None at first, and then all.
    assert float(metrics["kl_loss"]) == 0
    assert float(metrics["policy_loss"]) == float(metrics["surrogate_loss"])


@pytest.mark.usefixtures("without_compiling")
@pytest.mark.parametrize(("target", "factor"), [(1e3, 1 / 1.5), (1e-7, 1.5)])
def test_penalty_follows_the_divergence_of_the_whole_update(
    make_learner, target, factor
):
    options = {"kl_target": target, "update_epochs": 1, "batch_size": 6}
    learner, module, config = make_learner("choices", **options)
    rollout = rollout_of(module, config)
    outputs, _, _ = module.unroll(rollout.observ, rollout.begins, rollout.state[0])
    before = module.distribution(outputs)
    metrics = learner.update(rollout, learner.permutations([0, 1]))
    outputs, _, _ = module.unroll(rollout.observ, rollout.begins, rollout.state[0])
    kl = tf.reduce_mean(before.kl(module.distribution(outputs)))
    assert float(metrics["kl"]) == pytest.approx(float(kl), rel=1e-4)
    assert float(learner.penalty) == float(metrics["penalty"]) == pytest.approx(factor)
    learner.update(rollout, learner.permutations([0, 1]))
    assert float(learner.penalty) == pytest.approx(factor**2)


@pytest.mark.usefixtures("without_compiling")
def test_penalty_is_of_no_concern_to_the_clipped_loss(make_learner):
    learner, module, config = make_learner(kl_target=1e-7)
    learner.update(rollout_of(module, config), learner.permutations([0, 1]))
    assert float(learner.penalty) == 1


def test_tracing_does_not_grow_with_the_work(make_learner):
    """Epochs and minibatches are loops of the graph."""
    sizes = []
    for epochs, batch_size in [(1, 6), (7, 1)]:
        learner, module, config = make_learner(
            update_epochs=epochs, batch_size=batch_size
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


@pytest.mark.parametrize(
    ("kind", "options", "shape"),
    [
        ("numbers", {}, (2, 2, 3)),
        ("recurrent", {}, (2, 2, 1)),
        ("recurrent", {"chunk_length": 1, "batch_size": 2}, (2, 3, 2)),
    ],
)
def test_permutations_visit_every_chunk_once_an_epoch(
    make_learner, kind, options, shape
):
    learner, *_ = make_learner(kind, **options)
    first = learner.permutations([0, 1]).numpy()
    assert first.shape == shape
    chunks = np.arange(shape[1] * shape[2])
    np.testing.assert_array_equal(np.sort(first.reshape(2, -1)), [chunks] * 2)
    others = [learner.permutations([0, seed]).numpy() for seed in range(1, 9)]
    np.testing.assert_array_equal(first, others[0])
    assert not all(np.array_equal(first, other) for other in others)
    assert not all(np.array_equal(*other) for other in others)


@pytest.mark.usefixtures("without_compiling")
def test_learning_rate_and_clip_range_decay_to_zero(make_learner):
    """The run has four updates; from the fifth on nothing changes."""
    learner, module, config = make_learner(clip_range_schedule="linear")
    changes, rates, fractions = [], [], []
    for seed in range(5):
        before = values_of(module)
        rollout = rollout_of(module, config, seed)
        metrics = learner.update(rollout, learner.permutations([0, 1]))
        pairs = zip(before, values_of(module), strict=True)
        changes.append(max(np.abs(old - new).max() for old, new in pairs))
        rates.append(float(metrics["learning_rate"]))
        fractions.append(float(metrics["clip_fraction"]))
        assert int(learner.num_updates) == seed + 1
    assert changes[0] > 2 * changes[3] > 0
    assert changes[4] == 0
    np.testing.assert_allclose(rates, [0.0075, 0.005, 0.0025, 0, 0], atol=1e-9)
    assert 0 < fractions[3] < 1


@pytest.mark.usefixtures("without_compiling")
def test_advantages_of_one_step_are_not_normalised(make_learner):
    """A single advantage would always become zero, and teach the policy nothing."""
    learner, module, config = make_learner(batch_size=1)
    before = [weight.numpy() for weight in module.policy.trainable_variables]
    learner.update(rollout_of(module, config), learner.permutations([0, 1]))
    for old, new in zip(before, module.policy.trainable_variables, strict=True):
        assert not np.allclose(old, new)


@pytest.mark.usefixtures("without_compiling")
def test_every_chunk_begins_with_the_state_that_was_stored(make_learner):
    """A state that is wrong there changes the ratio, and one within a chunk nothing."""
    learner, module, config = make_learner("recurrent", update_every=12, steps=24)
    assert config.rollout_length == 2 * config.chunk_length
    rollout = rollout_of(module, config)
    rollout = rollout._replace(begins=tf.zeros_like(rollout.begins))
    outputs, _, states = module.unroll(rollout.observ, rollout.begins, rollout.state[0])
    logprob = module.distribution(outputs).log_prob(rollout.action)
    states = tf.concat([rollout.state[:1], states[:-1]], 0)
    right = rollout._replace(state=states, logprob=logprob)
    for step, is_read in [(0, True), (1, False), (2, False), (3, True), (5, False)]:
        wrong = states.numpy()
        wrong[step] += 1
        learner, *_ = make_learner(
            "recurrent", update_every=12, steps=24, batch_size=12
        )
        metrics = learner.update(
            right._replace(state=tf.constant(wrong)), learner.permutations([0, 1])
        )
        assert (float(metrics["ratio_error"]) > 1e-3) == is_read, step


@pytest.mark.usefixtures("without_compiling")
def test_summaries_keep_gradients_and_the_policy_that_acted(make_learner):
    options = {"batch_size": 6, "update_epochs": 1, "optimizer": "sgd"}
    learner, module, config = make_learner(weight_summaries=True, **options)
    rollout = rollout_of(module, config)
    before = values_of(module)
    log_std = module.log_std.numpy()
    outputs, _, _ = module.unroll(rollout.observ, rollout.begins, rollout.state[0])
    metrics = learner.update(rollout, learner.permutations([0, 1]))
    np.testing.assert_allclose(learner.outputs, outputs, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(learner.log_std, log_std)
    assert list(learner.gradients) == list(module.weights)
    # The first step of momentum is a plain one.
    for old, new, gradient in zip(
        before, values_of(module), learner.gradients.values(), strict=True
    ):
        step = config.learning_rate * gradient
        np.testing.assert_allclose(new, old - step, rtol=1e-4, atol=1e-6)
    norm = tf.linalg.global_norm(list(learner.gradients.values()))
    assert float(metrics["gradient_norm"]) > 0.5
    assert float(norm) == pytest.approx(0.5, rel=1e-4)
