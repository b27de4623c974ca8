import numpy as np
import pytest

from rltools.arguments import check_integer
from rltools.errors import InvalidArgumentError


@pytest.mark.parametrize("value", [2, np.int8(2), np.uint64(2)])
def test_any_integer_type_becomes_an_int(value):
    assert check_integer("steps", value, at_least=2) == 2
    assert type(check_integer("steps", value, at_least=2)) is int


@pytest.mark.parametrize("value", [1, -5, 2.0, "2", None, True, np.array([2])])
def test_error_names_argument_value_and_expectation(value):
    with pytest.raises(InvalidArgumentError) as caught:
        check_integer("steps", value, at_least=2)
    assert "steps" in str(caught.value)
    assert "at least 2" in str(caught.value)
    assert repr(value) in str(caught.value)
