"""The package as its users get it: a wheel and an sdist, installed in a fresh place."""

import re
import shutil
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
    # A copy, as building writes into the folder that all other tests run from.
    source, folder = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("LICENSE", "README.md", "pyproject.toml", "setup.cfg"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "rltools",
        source / "rltools",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    run(sys.executable, "-m", "build", "--outdir", folder, source, cwd=folder)
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


# What each of the ten tests of the project has to say.
FINDINGS = {
    "test_environment[LosesItsNumbers]": "T2 failed.*observ.0.: expected a value from",
    "test_environment[KnowsOneSeed]": "D3 failed: another seed gives other episodes",
    "test_environment[ClipsInPlace]": "T9 failed.*step 1 of episode 0: action.0.: exp",
    "test_environment[ReusesItsBuffer]": "T8 failed.*what reset of episode 0 returned",
    "test_environment[StaysFallen]": "R6 failed.*expected terminated=False.*got True",
    "test_wrapper[ForgetsTheSeed]": "W2 failed.*expected seed=0 at the environment",
    "test_wrapper[ScalesAllButTheLast]": r"W\d failed.*observ",
    "test_batch": r"V1 failed.*reward.0.: expected -\d.*, got 0",
    "test_algorithm": "A5-truncation failed.*Look at the bootstrap where an episode",
    "test_trainer": "The test left behind.*process [0-9]+",
}


def test_ten_lines_find_ten_mistakes_in_a_project_of_its_own(built, tmp_path):
    [wheel] = built.glob("*.whl")
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    run(python, "-m", "pip", "install", "--quiet", f"{wheel}[testing]", cwd=tmp_path)
    project = tmp_path / "project"
    project.mkdir()
    shutil.copy(ROOT / "tests/user_project/project.py", project)
    tests = shutil.copy(
        ROOT / "tests/user_project/ten_lines.py", project / "test_project.py"
    )
    assert len(Path(tests).read_text().splitlines()) == 10
    result = subprocess.run(
        [python, "-m", "pytest", "-p", "no:cacheprovider", "--tb=short"],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    sections = re.split(r"^_{3,} (.*?) _{3,}$", result.stdout, flags=re.MULTILINE)
    told = {
        name.removeprefix("ERROR at teardown of "): text
        for name, text in zip(sections[1::2], sections[2::2], strict=True)
    }
    assert told.keys() == FINDINGS.keys(), result.stdout
    for name, expected in FINDINGS.items():
        assert re.search(expected, told[name], re.DOTALL), told[name]
