"""The package as its users get it: a wheel and an sdist, installed in a fresh place."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.timeout(300)

USE = """
import importlib.util, sys
import rltools
from rltools import wrappers
from rltools.errors import MissingExtraError
from rltools.mocks import MockEnvironment

assert importlib.util.find_spec("tensorflow") is None
env = wrappers.ExternalProcess(lambda: MockEnvironment((2, 3), (2,)))
observ, info = env.reset(seed=1)
assert env.observation_space.contains(observ)
env.step(env.action_space.sample())
env.close()
try:
    rltools.simulate
except MissingExtraError as error:
    print(error)
"""


def run(*command, cwd):
    result = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--outdir", folder, ROOT, cwd=folder)
    return folder


def test_wheel_has_the_package_and_nothing_else(built):
    [wheel] = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].split("-")[0] for name in names} == {"rltools"}
    sources = {str(p.relative_to(ROOT)) for p in (ROOT / "rltools").rglob("*.py")}
    assert sources <= set(names)
    assert "rltools/py.typed" in names


def test_sdist_has_licence_and_configuration(built):
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "README.md", "setup.cfg", "pyproject.toml"} <= names


def test_wheel_works_with_its_core_dependencies_alone(built, tmp_path):
    [wheel] = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", wheel, cwd=tmp_path)
    output = run(python, "-c", USE, cwd=tmp_path)
    assert 'pip install "rltools[tensorflow]"' in output
    assert "rltools 0." in run(tmp_path / "venv/bin/rltools", "--version", cwd=tmp_path)
