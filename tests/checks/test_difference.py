import copy

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from rltools.checks import differences
from rltools.strategies import elements, nests
from rltools.strategies import spaces as any_space


@given(any_space().flatmap(elements))
def test_a_copy_does_not_differ(value):
    assert differences(value, copy.deepcopy(value), "x") == []


@given(nests(st.integers(0, 2)), nests(st.integers(0, 2)))
def test_nothing_differs_exactly_where_all_is_equal(left, right):
    same = left == right and _types(left) == _types(right)
    assert (differences(left, right, "x") == []) == same


def _types(nest):
    if isinstance(nest, dict):
        return dict, {key: _types(nest[key]) for key in sorted(nest)}
    if isinstance(nest, list | tuple):
        return type(nest), [_types(part) for part in nest]
    return type(nest)


NAN = float("nan")
ZEROS = np.zeros((2, 3), np.float32)


@pytest.mark.parametrize(
    ("expected", "got", "lines"),
    [
        (1, 1, []),
        (1, 2, ["x: expected 1 (int), got 2 (int)"]),
        (1, 1.0, ["x: expected 1 (int), got 1.0 (float)"]),
        (True, 1, ["x: expected True (bool), got 1 (int)"]),
        (NAN, NAN, []),
        (NAN, np.float32(NAN), [
            "x: expected nan (float), got np.float32(nan) (float32)"
        ]),
        (np.float32(NAN), np.float32(NAN), []),
        (NAN, 1.0, ["x: expected nan (float), got 1.0 (float)"]),
        ((1, 2), [1, 2], ["x: expected (1, 2) (tuple), got [1, 2] (list)"]),
        ((1, 2), (1,), ["x: expected 2 items, got 1"]),
        ((1, 2), (3,), [
            "x: expected 2 items, got 1",
            "x[0]: expected 1 (int), got 3 (int)",
        ]),
        ({"a": 1}, {"b": 2}, [
            "x['a']: expected 1 (int), got nothing",
            "x['b']: expected nothing, got 2 (int)",
        ]),
        ({"a": {"b": [0, 1]}}, {"a": {"b": [0, 2]}}, [
            "x['a']['b'][1]: expected 1 (int), got 2 (int)"
        ]),
        (ZEROS, ZEROS.astype(np.float64), [
            "x: expected array of shape (2, 3) and dtype float32, "
            "got array of shape (2, 3) and dtype float64"
        ]),
        (ZEROS, ZEROS.T, [
            "x: expected array of shape (2, 3) and dtype float32, "
            "got array of shape (3, 2) and dtype float32"
        ]),
        (ZEROS, np.array([[0, 0, 0], [0, 5, 6]], np.float32), [
            "x[1, 1]: expected 0.0, got 5.0 (and 1 more of 6 values)"
        ]),
        (np.zeros(2), [0.0, 0.0], [
            "x: expected array of shape (2,) and dtype float64, got [0.0, 0.0] (list)"
        ]),
        (np.float64(0), np.array(0.0), [
            "x: expected np.float64(0.0) (float64), got array of shape () and dtype "
            "float64"
        ]),
        (np.array(1.0), np.array(2.0), ["x: expected 1.0, got 2.0"]),
        (np.array([1, NAN]), np.array([1, NAN]), []),
        (np.array([1, NAN]), np.array([1, 2.0]), ["x[1]: expected nan, got 2.0"]),
        (np.array([1, 2.0]), np.array([1, NAN]), ["x[1]: expected 2.0, got nan"]),
        (np.array([1 + 2j, NAN * 1j]), np.array([1 + 2j, NAN * 1j]), []),
        (np.array(["a", "b"]), np.array(["a", "c"]), ["x[1]: expected b, got c"]),
        (np.array([1, "a"], object), np.array([1, "b"], object), [
            "x[1]: expected 'a' (str), got 'b' (str)"
        ]),
        (np.array([{"k": 1}], object), np.array([{"k": 2}], object), [
            "x[0]['k']: expected 1 (int), got 2 (int)"
        ]),
    ],
)  # fmt: skip
def test_tells_where_and_how(expected, got, lines):
    assert differences(expected, got, "x") == lines


def test_graphs_are_told_by_their_parts():
    space = spaces.Graph(spaces.Box(-1, 1, (2,)), spaces.Discrete(3))
    space.seed(0)
    graph = space.sample(num_nodes=3, num_edges=2)
    nodes = graph.nodes.copy()
    nodes[2, 1] = 0.5
    other = spaces.GraphInstance(nodes, graph.edges, graph.edge_links)
    [line] = differences(graph, other, "x")
    assert line == f"x['nodes'][2, 1]: expected {graph.nodes[2, 1]}, got 0.5"


def test_what_cannot_be_compared_differs():
    class Strange:
        def __eq__(self, other):
            raise RuntimeError

        __hash__ = None

        def __repr__(self):
            return "Strange()"

    one = Strange()
    assert differences(one, one, "x") == []
    expected = ["x: expected Strange() (Strange), got Strange() (Strange)"]
    assert differences(one, Strange(), "x") == expected
