import json
import re
import sys

import pytest

from rltools import cli
from rltools.checks.report import Report, Result
from rltools.checks.table import format_table, has_colours

pytestmark = pytest.mark.timeout(60)
BROKEN = "rltools.mocks.broken.environment_results:NotANumberLate"
NOISY = """
import time
import numpy as np
from rltools.mocks.broken import SoundEnvironment

class Noisy(SoundEnvironment):
    def direction(self, action):
        return np.random.default_rng().normal()

class Timed(SoundEnvironment):
    def inform(self):
        return {"time": time.perf_counter()}

class Untidy(SoundEnvironment):
    def __init__(self, render_mode=None):
        super().__init__(render_mode)
        self.lock = (None for _ in ())

    def reset(self, *, seed=None, options=None):
        return super().reset(seed=0, options=options)

    def step(self, action):
        observ, reward, terminated, truncated, info = super().step(action)
        ended = terminated or truncated
        return observ, reward, ended, ended, {**info, str(self.steps): 0}

class Levels(SoundEnvironment):
    def reset(self, *, seed=None, options=None):
        self.level = options["level"]
        return super().reset(seed=seed)

class Licensed(SoundEnvironment):
    opened = False

    def __init__(self):
        super().__init__()
        if Licensed.opened:
            raise RuntimeError("no licence left")
        Licensed.opened = True

    def close(self):
        Licensed.opened = False

def fail():
    raise OSError("no licence")
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_environments.py").write_text(NOISY)
    monkeypatch.syspath_prepend(tmp_path)
    return "my_environments"


def run(capsys, *arguments):
    code = cli.main(["check", *arguments])
    return code, *capsys.readouterr()


def test_sound_environment(capsys):
    code, out, _ = run(capsys, "CartPole-v1")
    assert code == 0
    lines = out.splitlines()
    assert lines[0].startswith("<TimeLimit<OrderEnforcing<")
    assert lines[-1] == "36 passed, 0 failed, 0 skipped"
    assert "  T2  passed   every step returns an observation of its space" in lines
    assert "\033" not in out


def test_broken_environment(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    code, out, _ = run(capsys, BROKEN, "--no-processes")
    assert code == 1
    lines = out.splitlines()
    assert lines[-1] == "34 passed, 1 failed, 1 skipped"
    start = lines.index("  T2  failed   every step returns an observation of its space")
    first, second = lines[start + 1 : start + 3]
    assert first == "               step 4 of episode 0: observ[1]: expected a"
    assert second == "                 value from -2.0 to 2.0, got nan"


def test_json(capsys):
    code, out, _ = run(capsys, BROKEN, "--json", "--no-processes")
    report = json.loads(out)
    assert code == 1
    assert report["failed"] == 1
    [result] = [each for each in report["results"] if each["outcome"] == "failed"]
    assert result["name"] == "T2"
    assert len(result["violations"]) > 3


def test_numbers_are_passed_on(capsys):
    arguments = ["--seed", "3", "--steps", "5", "--episodes", "0", "--max-steps", "4"]
    code, out, _ = run(capsys, "CartPole-v1", *arguments, "--no-processes")
    assert code == 1
    assert "step 4 of episode 0: expected the end by then (max_steps=4)" in out
    assert "no episode ended within 5 steps" in out


def test_what_is_different_may_be_declared(capsys, module):
    code, out, _ = run(capsys, f"{module}:Noisy", "--no-processes")
    assert code == 1
    assert "  D1  failed" in out
    noisy = (f"{module}:Noisy", "--no-processes", "--not-reproducible")
    assert run(capsys, *noisy)[0] == 0
    untidy = (f"{module}:Untidy", "--no-processes", "--json")
    code, out, _ = run(capsys, *untidy)
    results = json.loads(out)["results"]
    failed = {each["name"] for each in results if each["outcome"] == "failed"}
    assert failed == {"T5", "T12", "D3", "L2"}
    declared = ["--info-keys-vary", "--ends-both-ways"]
    declared += ["--seed-does-not-matter", "--not-picklable"]
    assert run(capsys, *untidy, *declared)[0] == 0
    assert run(capsys, *untidy, "--exclude", *failed)[0] == 0


def test_options(capsys, module):
    arguments = (f"{module}:Levels", "--no-processes", "--steps", "20")
    assert run(capsys, *arguments)[0] == 1
    assert run(capsys, *arguments, "--options", '{"level": 3}')[0] == 0
    for wrong in ("level=3", "[3]", "3", ""):
        with pytest.raises(SystemExit):
            run(capsys, *arguments, "--options", wrong)
        [line] = capsys.readouterr().err.splitlines()
        assert "--options: expected an object of JSON, such as" in line


def test_one_instance(capsys, module):
    arguments = (f"{module}:Licensed", "--no-processes", "--steps", "20")
    code, out, _ = run(capsys, *arguments)
    assert code == 1
    assert "no licence left" in out
    assert run(capsys, *arguments, "--one-instance")[0] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["--exclude", "t2", BROKEN],
        ["--exclude", "t2,L3", BROKEN],
        ["--exclude", "T2", "l3", "--no-processes", BROKEN],
        ["--varying-infos", "a", "b", "--exclude", "T2", BROKEN],
        ["--exclude", "T2", "--varying-infos", "a", BROKEN],
        [BROKEN, "--exclude", "T2", "--varying-infos", "a"],
    ],
)
def test_lists_may_stand_before_the_target(capsys, arguments):
    code, out, _ = run(capsys, "--steps", "10", "--json", *arguments)
    results = {each["name"]: each for each in json.loads(out)["results"]}
    assert code == 0
    assert results["T2"]["note"] == "excluded by the caller"


@pytest.mark.parametrize(
    "arguments", [[], ["--exclude", "T2"], ["--varying-infos", "a"]]
)
def test_a_target_is_required(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        cli.main(["check", *arguments])
    assert caught.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "rltools check: the following arguments are required: target"
    )


def test_progress_goes_to_a_terminal_and_leaves_no_trace(capsys, monkeypatch):
    arguments = (BROKEN, "--no-processes", "--steps", "10", "--exclude", "T2")
    assert run(capsys, *arguments)[2] == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    shown = run(capsys, *arguments)[2].split("\r\033[K")
    assert shown[1] == f"{BROKEN}: is made for the first time"
    assert shown[2] == "S1 both spaces exist and are Gymnasium spaces (1 of 36)"
    assert shown[-1] == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Nothing-v0"], "Nothing-v0 .*doesn't exist.*"),
        (["my_environments:fail"], ".*OSError.*no licence"),
        (["my_environments:none"], ".*my_environments.*none.*"),
        (["CartPole-v1", "--exclude", "X"], "exclude: expected .*"),
        (["CartPole-v1", "--episodes", "-1"], ".*episodes.* at least 0.*"),
        (["CartPole-v1", "--seed", "-1"], ".*seed.* at least 0.*"),
        (
            ["CartPole-v1", "--batch", "math:sqrt"],
            "--batch: math:sqrt: expected a batch for a list of 3 constructors, but it "
            "raised TypeError: .*",
        ),
        (
            ["CartPole-v1", "--batch", "my_environments:Noisy"],
            "--batch: my_environments:Noisy: .* return a gymnasium.vector.VectorEnv.*",
        ),
        (
            ["CartPole-v1", "--batch", "SyncVectorEnv"],
            "'SyncVectorEnv': .* module:name.*",
        ),
    ],
)
def test_what_cannot_be_done_is_one_line(capsys, module, arguments, message):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    [line] = [line for line in err.splitlines() if line.startswith("rltools: ")]
    assert "Traceback" not in err
    assert re.fullmatch(f"rltools: ({message})", line)


def test_batch(capsys):
    arguments = ["CartPole-v1", "--batch", "gymnasium.vector:SyncVectorEnv", "--json"]
    code, out, _ = run(capsys, *arguments)
    assert code == 1
    report = json.loads(out)
    assert [result["name"] for result in report["results"]] == [
        f"V{number}" for number in range(1, 15)
    ]
    failed = {each["name"] for each in report["results"] if each["outcome"] == "failed"}
    assert failed == {"V1", "V5", "V7", "V10"}  # See docs/check_batches.md.
    assert run(capsys, *arguments, "--exclude", *failed)[0] == 0


def test_what_is_said_of_single_environments_is_refused_for_batches(capsys):
    arguments = ["CartPole-v1", "--batch", "gymnasium.vector:SyncVectorEnv"]
    code, out, err = run(capsys, *arguments, "--not-picklable", "--max-steps", "3")
    assert (code, out) == (2, "")
    assert "(max_steps, picklable)" in err.splitlines()[-1]


RESULTS = [
    Result("A", "law A", "passed", note="Better so."),
    Result("B10", "law B", "failed", ("one",)),
    Result("C", "law C", "skipped", note="no time"),
]


def test_table_in_colours():
    assert format_table(Report("it", RESULTS), colours=True) == (
        "it\n"
        "  A   \033[32mpassed  \033[0m law A\n"
        "               Better so.\n"
        "  B10 \033[1;31mfailed  \033[0m law B\n"
        "               one\n"
        "  C   \033[33mskipped \033[0m law C\n"
        "               no time\n"
        "\033[32m1 passed\033[0m, \033[1;31m1 failed\033[0m, \033[33m1 skipped\033[0m"
    )


def test_nothing_is_painted_that_is_not_there():
    table = format_table(Report("it", RESULTS[:1]), colours=True)
    assert table.endswith("\033[32m1 passed\033[0m, 0 failed, 0 skipped")


@pytest.mark.parametrize(
    ("is_terminal", "no_colour", "expected"),
    [(True, "", True), (True, "1", False), (False, "", False)],
)
def test_colours_are_for_terminals(
    capsys, monkeypatch, is_terminal, no_colour, expected
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal, raising=False)
    monkeypatch.setenv("NO_COLOR", no_colour)
    run(capsys, "CartPole-v1", "--no-processes", "--steps", "1", "--episodes", "0")
    assert has_colours(sys.stdout) is expected


TALKATIVE = """
import gymnasium as gym
from rltools.mocks.broken import SoundEnvironment

class Talkative(SoundEnvironment):
    def step(self, action):
        print("step")
        return super().step(action)

gym.register("Talkative-v0", Talkative)
"""


def test_what_the_environment_prints_is_not_in_the_report(
    capsys, tmp_path, monkeypatch
):
    (tmp_path / "talkative.py").write_text(TALKATIVE)
    monkeypatch.chdir(tmp_path)  # Names for gymnasium.make are found here, too.
    for target in ("talkative:Talkative", "talkative:Talkative-v0"):
        code, out, err = run(capsys, target, "--json", "--no-processes")
        assert (code, json.loads(out)["failed"]) == (0, 0)
        assert "step\n" in err


def test_infos_that_vary_may_be_named(capsys, module):
    timed = (f"{module}:Timed", "--no-processes")
    assert run(capsys, *timed)[0] == 1
    assert run(capsys, *timed, "--varying-infos", "time", "more")[0] == 0
