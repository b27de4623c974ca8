"""An exception arrives as itself where it can, and as text in any case."""

import pytest

from rltools.process.failure import Failure


def caught(error):
    try:
        raise error
    except type(error) as raised:
        return raised


def test_arrives_as_itself():
    failure = Failure.of(caught(KeyError("arm")))
    assert (failure.type_name, failure.message) == ("KeyError", "'arm'")
    assert "in caught" in failure.traceback
    assert repr(failure.original()) == "KeyError('arm')"


def test_type_is_named_with_its_module():
    class ArmError(Exception):
        pass

    name = Failure.of(caught(ArmError())).type_name
    assert name == f"{__name__}.test_type_is_named_with_its_module.<locals>.ArmError"


class TwoArgumentsError(Exception):
    def __init__(self, first, second):
        super().__init__(f"{first}, {second}")


@pytest.mark.parametrize("data", [None, b"no pickle"])
def test_without_the_exception_the_text_remains(data):
    packed = Failure.of(caught(TwoArgumentsError(1, 2)))
    assert packed.pickled is None
    failure = Failure(packed.type_name, packed.message, packed.traceback, data)
    assert failure.original() is None
    assert failure.message == "1, 2"
