import subprocess
import sys

import pytest

import rltools
from rltools import leaks, mocks
from rltools.errors import MissingExtraError

_HEAVY = ("tensorflow", "gymnasium", "gym", "hypothesis", "ray", "optree", "rich")


def _run(program):
    """Run a program in a fresh interpreter and return the lines it prints."""
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert child.returncode == 0, child.stderr
    return child.stdout.splitlines()


@pytest.mark.parametrize(
    "module",
    [
        "rltools",
        "rltools.pytest_plugin",
        "rltools.cli",
        "rltools.errors",
        "rltools.leaks",
        "rltools.leaks.check",
        "rltools.mocks",
    ],
)
def test_importing_is_light(module):
    loaded = _run(f"import sys, {module}; print(*sys.modules, sep='\\n')")
    assert module in loaded
    assert not set(_HEAVY) & set(loaded)


def test_mocks_never_import_tensorflow():
    loaded = _run(
        "import sys; from rltools import mocks\n"
        "for name in mocks.__all__: getattr(mocks, name)\n"
        "env = mocks.MockEnvironment((2,), (1,)); env.reset()\n"
        "mocks.MockAlgorithm([env])\n"
        "print(*sys.modules, sep='\\n')"
    )
    assert "rltools.mocks.algorithm" in loaded
    assert "tensorflow" not in loaded


@pytest.mark.parametrize(
    "module", [rltools, leaks, mocks], ids=lambda module: module.__name__
)
def test_every_name_resolves_and_is_listed(module):
    assert len(set(module.__all__)) == len(module.__all__) > 0
    for name in module.__all__:
        assert getattr(module, name) is not None
        assert name in dir(module)


def test_star_import():
    names = {}
    exec("from rltools import *", names)
    assert set(rltools.__all__) <= set(names)


@pytest.mark.parametrize(
    "module", [rltools, leaks, mocks], ids=lambda module: module.__name__
)
def test_unknown_names_are_attribute_errors(module):
    with pytest.raises(AttributeError, match=f"'{module.__name__}' .* 'no_such_name'"):
        _ = module.no_such_name
    assert not hasattr(module, "no_such_name")


def test_a_missing_extra_is_named():
    lines = _run(
        "import sys; sys.modules['tensorflow'] = None\n"
        "import rltools\n"
        "rltools.AttrDict, rltools.BatchEnv, rltools.mocks.MockEnvironment\n"
        "for name in ('simulate', 'InGraphBatchEnv', 'StreamingMean'):\n"
        "    try: getattr(rltools, name)\n"
        "    except rltools.errors.MissingExtraError as error: print(error)\n"
    )
    message = (
        "This needs 'tensorflow', which is not installed. In a clone of rltools: "
        'pip install ".[tensorflow]"; where rltools is installed already (another '
        "library has that name on the public index): "
        'pip install "rltools[tensorflow]".'
    )
    assert lines == [message] * 3


def test_a_missing_extra_is_an_import_error():
    error = MissingExtraError("tensorflow", "ppo")
    assert isinstance(error, ImportError)
    assert (error.name, error.extra) == ("tensorflow", "ppo")
