"""What the documents show is true: their code runs, and what they link to is there."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PYTEST = re.compile(r"^```python pytest\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(
    r"^\.venv/bin/python -m examples\.ppo\.train .*--config=.*$", re.MULTILINE
)
LINK = re.compile(r"\]\(([^)#:]+)\)")

# What Ray needs in order to stay there, and to tell nobody.
ON_THE_LOOPBACK_DEVICE = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
}

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(autouse=True)
def _outside_of_ci(monkeypatch):
    """Where CI is set no environment would be recorded for the first time."""
    monkeypatch.delenv("CI", raising=False)


def run(*command, **options):
    result = subprocess.run(
        [sys.executable, *command], capture_output=True, text=True, **options
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def python_documents():
    return [path for path in DOCUMENTS if PYTHON.search(path.read_text())]


@pytest.mark.parametrize("path", python_documents(), ids=lambda path: path.name)
def test_code_runs_in_order(path, tmp_path):
    if path.name == "cluster.md" and importlib.util.find_spec("ray") is None:
        pytest.skip("Ray is not installed")
    script = tmp_path / f"{path.stem}.py"
    script.write_text("\n".join(PYTHON.findall(path.read_text())))
    run(script, cwd=tmp_path, env=os.environ | ON_THE_LOOPBACK_DEVICE)


def pytest_documents():
    return [path for path in DOCUMENTS if PYTEST.search(path.read_text())]


@pytest.mark.parametrize("path", pytest_documents(), ids=lambda path: path.name)
def test_tests_in_documents_pass(path, tmp_path):
    code = "\n".join(PYTEST.findall(path.read_text()))
    (tmp_path / "test_document.py").write_text(code)
    tests = len(re.findall(r"^def test_", code, re.MULTILINE))
    output = run("-m", "pytest", "-q", "test_document.py", cwd=tmp_path)
    assert f"{tests} passed" in output


def test_readme_training_command_works(tmp_path):
    [command] = COMMAND.findall((ROOT / "README.md").read_text())
    arguments = (
        command.removeprefix(".venv/bin/python ")
        .replace("=logs", f"={tmp_path}")
        .split()
    )
    short = "steps=64 update_every=64 batch_size=64 eval_every=64 max_length=10"
    for option in short.split():
        arguments += ["--set", option]
    assert f"tensorboard --logdir={tmp_path}\n" in run(*arguments, cwd=ROOT)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for link in LINK.findall(path.read_text()):
        assert (path.parent / link).exists(), link
