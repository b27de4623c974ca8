"""Spaces and their elements are such that Gymnasium's vector tools take them."""

import numpy as np
import pytest
from gymnasium.vector.utils import batch_space, concatenate, create_empty_array, iterate
from hypothesis import given
from hypothesis import strategies as st

from rltools import nested
from rltools.checks import differences
from rltools.strategies import elements, spaces


def arrays(element):
    """With arrays in the place of numbers, as NumPy makes of those of no dimension."""
    return nested.map(
        lambda leaf: np.asarray(leaf) if isinstance(leaf, np.generic) else leaf, element
    )


# Gymnasium warns about numbers that are elements of boxes without dimensions.
@pytest.mark.filterwarnings("ignore:.*Casting input x to numpy array")
@given(st.data(), st.integers(1, 3))
def test_elements_come_back_from_a_batch(data, count):
    """Law: iterate(concatenate(elements)) = elements, for every kind of space."""
    space = data.draw(spaces(max_depth=1))
    items = [data.draw(elements(space)) for _ in range(count)]
    batched = batch_space(space, count)
    batch = concatenate(space, items, create_empty_array(space, count))
    assert batched.contains(batch)
    parts = list(iterate(batched, batch))
    assert len(parts) == count
    for item, part in zip(items, parts, strict=True):
        assert space.contains(part)
        assert differences(arrays(item), arrays(part), "element") == []


# Gymnasium warns about numbers that are elements of boxes without dimensions.
@pytest.mark.filterwarnings("ignore:.*Casting input x to numpy array")
@given(st.data(), st.integers(1, 3))
def test_batched_spaces_can_be_sampled(data, count):
    """Law: samples of the batched space are in it, and in the space one by one."""
    space = data.draw(spaces(max_depth=1))
    batched = batch_space(space, count)
    batched.seed(data.draw(st.integers(0, 9)))
    sample = batched.sample()
    assert batched.contains(sample)
    assert all(space.contains(part) for part in iterate(batched, sample))
