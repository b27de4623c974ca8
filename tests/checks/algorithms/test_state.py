"""Each surrounding of an episode differs from the reference in one way."""

from types import SimpleNamespace

from rltools.checks.algorithms.state import _surroundings


def test_surroundings_differ_from_the_reference_in_one_way():
    options = SimpleNamespace(num_envs=3, subsets=True)
    looked_at, others = ["x", "y"], [["a", "a2"], ["b"], ["c"], ["d"]]
    lines = {
        surrounding.name: (surrounding.index, surrounding.lines)
        for surrounding in _surroundings(
            SimpleNamespace(options=options), looked_at, others
        )
    }
    a, b, c, d = ([other] for other in others)
    reference = (0, {0: [looked_at], 1: b, 2: a})
    assert lines == {
        "": reference,
        "when all is shown again": reference,
        "after another episode": (0, {0: [["b"], looked_at], 1: b, 2: a}),
        "after an episode that was given up": (0, {0: [["a"], looked_at], 1: b, 2: a}),
        "beside other episodes": (0, {0: [looked_at], 1: d, 2: c}),
        "in environment 1": (1, {0: a, 1: [looked_at], 2: a}),
        "in environment 2": (2, {0: a, 1: b, 2: [looked_at]}),
        "alone": (0, {0: [looked_at]}),
        "alone in environment 2": (2, {2: [looked_at]}),
    }
