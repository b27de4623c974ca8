import contextlib
import functools
from importlib.util import find_spec

import gymnasium as gym
import numpy as np
import pytest

from benchmarks import in_graph
from benchmarks.contest_figures import read_contests
from benchmarks.in_graph import list_contenders

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(find_spec("tensorflow") is None, reason="needs TensorFlow"),
]


def test_every_library_has_a_ratio():
    libraries = {one.library for one in list_contenders("python")}
    assert libraries == {in_graph.OURS, *in_graph.WANTED}


def test_a_small_run(tmp_path, capsys):
    path = tmp_path / "figures.json"
    size = "--num-envs 2 --steps 3 --turns 2 --rounds 1"
    chosen = "--contenders rltools-in-process tf-agents-threads --tf-agents /no/python"
    in_graph.main([*size.split(), *chosen.split(), "--json", str(path)])
    output = capsys.readouterr().out
    assert "CartPole-v1, 2 environments, 3 steps" in output
    assert "there is no /no/python" in output
    assert "TF-Agents: nothing to compare with" in output
    _, [contest] = read_contests(path)
    [result] = contest["rltools-in-process"].results
    assert result.steps == 6
    assert len(result.seconds) == 2
    assert 0 < result.parts["environments"][0] < result.seconds[0]
    assert result.figures["start"] > max(result.seconds)


def test_bad_options(capsys):
    with pytest.raises(SystemExit) as caught:
        in_graph.main(["--contenders", "nope"])
    assert caught.value.code == 2
    assert "nope" in capsys.readouterr().err


@pytest.fixture(scope="module")
def remembered():
    """What the algorithm has remembered after the same steps, made in every way."""
    from benchmarks.in_graph_actor_critic import ActorCritic
    from benchmarks.in_graph_ours import WAYS, make_turn
    from rltools import BatchEnv

    found = {}
    for way in WAYS:
        make = functools.partial(gym.make, "CartPole-v1")
        batch = BatchEnv.launch(make, 2, workers=0)
        algo = ActorCritic(2, 40, 4, 2, compiled=False)
        make_turn(way, batch, algo, steps=40)()
        batch.close()
        found[way] = {name: value.numpy() for name, value in algo.memory.items()}
    return found


def test_all_ways_do_the_same(remembered):
    first, *others = remembered.values()
    for other in others:
        for name, values in first.items():
            np.testing.assert_allclose(other[name], values, rtol=1e-5, err_msg=name)


@pytest.fixture(scope="module")
def remembered_in_arrays():
    """What the algorithm in NumPy has remembered, and the networks that it has."""
    from benchmarks.in_graph_actor_critic import ActorCritic
    from benchmarks.in_graph_array_actor import ArrayActorCritic
    from rltools import BatchEnv, InGraphAlgorithm, InGraphBatchEnv, simulate

    make = functools.partial(gym.make, "CartPole-v1")
    with contextlib.closing(BatchEnv.launch(make, 2, workers=0)) as batch:
        env = InGraphBatchEnv(batch)
        env.reset(seed=0)
        networks = ActorCritic(2, 40, 4, 2, compiled=False)
        algo = ArrayActorCritic(networks)
        simulate(env, InGraphAlgorithm(algo, env), steps=40)
    return algo.memory, networks


def test_arrays_remember_what_the_networks_say(remembered_in_arrays):
    memory, networks = remembered_in_arrays
    observ = memory["observ"].reshape(-1, 4)
    from benchmarks.in_graph_actor_critic import apply

    logits = apply(networks.policy, observ).numpy()
    logprobs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    chosen = logprobs[np.arange(80), memory["action"].ravel()]
    np.testing.assert_allclose(memory["logprob"].ravel(), chosen, rtol=1e-4)
    value = apply(networks.value, observ).numpy()
    np.testing.assert_allclose(memory["value"].ravel(), value[:, 0], rtol=1e-4)


@pytest.mark.parametrize("way", ["one-call", "in-arrays"])
def test_what_is_remembered_is_what_was_done(remembered, remembered_in_arrays, way):
    memory = remembered_in_arrays[0] if way == "in-arrays" else remembered[way]
    assert memory["terminated"].any()
    assert (memory["reward"] == 1).all()
    assert set(memory["action"].flat) == {0, 1}
    assert (memory["logprob"] < 0).all()
    assert len(set(memory["value"].flat)) == 80
    # Steps: what was observed first in an episode is close to the middle of the track.
    ended = memory["terminated"][:-1]
    assert (abs(memory["observ"][1:][ended]) <= 0.05).all()
