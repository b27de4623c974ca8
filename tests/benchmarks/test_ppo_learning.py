"""The program as a whole; what trains is a script that copies a run made before."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import ppo_learning, ppo_runs
from benchmarks.ppo_results import read_results
from benchmarks.ppo_runs import Job, run_here, run_job
from benchmarks.ppo_runs_on_ray import run_on_ray
from examples.ppo.commands.options import change_config, named_config, save_config
from examples.ppo.reports.curves import read_run
from rltools.summaries import SummaryWriter

pytestmark = pytest.mark.timeout(60)
ROOT = Path(__file__).parents[2]
# Seed 13 fails, 14 is never over, 15 ends without a result, 16 ends who started it.
SCRIPT = """
import json, os, pathlib, shutil, signal, sys
arguments = dict(word[2:].split("=", 1) for word in sys.argv[2:] if "=" in word)
seed = int(arguments["seed"])
name = f"2025010{seed % 10}T000000-" + arguments["config"]
folder = pathlib.Path(arguments["logdir"], name)
print(f"Training It in {folder}", flush=True)
if seed == 13:
    print("\\n".join(f"line {i}" for i in range(50)))
    sys.exit("error: out of luck")
if seed == 14:
    pathlib.Path(arguments["logdir"], "pid").write_text(str(os.getpid()))
    signal.pause()
if seed == 16:
    os.kill(os.getppid(), signal.SIGKILL)
shutil.copytree(sys.argv[1], folder)
if seed == 15:
    shutil.rmtree(folder / "eval")
"""


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """A finished run of 80 steps."""
    folder = tmp_path_factory.mktemp("template")
    options = "steps=80 update_every=40 eval_every=40 batch_size=20 max_length=1"
    config = change_config(named_config("pendulum"), options.split())
    save_config(config, folder / "config.json")
    for phase in ("train", "eval"):
        writer = SummaryWriter(folder / phase)
        for step in (0, 40):
            writer.write(step, {"mean_score": step / 10 - 150, "std_score": 2.0})
        writer.close()
    return folder


@pytest.fixture
def command(template, tmp_path, monkeypatch):
    """The command that is run instead of training."""
    (tmp_path / "script.py").write_text(SCRIPT)
    command = (sys.executable, str(tmp_path / "script.py"), str(template))
    monkeypatch.setattr(ppo_runs, "COMMAND", command)
    return command


@pytest.fixture
def logdir(tmp_path):
    return tmp_path / "logs"


def run(logdir, *words):
    return ppo_learning.main([f"--logdir={logdir}", *words])


def seeds_of(logdir):
    return [(each.seed, each.is_finished) for each in read_results(logdir)[0]]


@pytest.mark.timeout(240)
@pytest.mark.slow
def test_trains_and_writes_results(tmp_path, capsys):
    short = "steps=64 update_every=32 batch_size=32 eval_every=32 max_length=8"
    changes = [f"--set={option}" for option in short.split()]
    assert run(tmp_path, "--seeds", "5", "--jobs=2", *changes) == 0
    [outcome], arguments = read_results(tmp_path)
    assert arguments == [*changes, "--noenv_processes"]
    assert (outcome.config, outcome.seed, outcome.steps) == ("pendulum", 5, 64)
    assert outcome.curves["eval"]["steps"] == [32, 64]
    assert outcome.curves["train"]["steps"] == [32, 64]
    assert outcome.curves["eval"]["scores"][-1] == outcome.score
    assert 0 < outcome.first_output < outcome.seconds
    result = read_run(tmp_path / outcome.folder)
    assert result.config.seed == 5
    assert result.final_score == outcome.score
    assert result.final_std == outcome.std
    text = (tmp_path / "pendulum-5.txt").read_text()
    assert f"Final evaluation over 20 episodes: {outcome.score:.1f}" in text
    assert (tmp_path / "pendulum.png").read_bytes().startswith(b"\x89PNG")
    output = capsys.readouterr().out
    assert "1 runs, 2 at a time" in output
    assert (tmp_path / "results.md").read_text().strip() in output


def test_a_failure_is_told_and_the_others_go_on(command, logdir, capsys):
    assert run(logdir, "--seeds", "0", "13", "15", "1", "--jobs=1") == 1
    assert seeds_of(logdir) == [(0, True), (1, True), (13, False), (15, False)]
    output = capsys.readouterr().out
    assert "failed with exit code 1:\n    line 39\n" in output
    assert "    line 49\n    error: out of luck\n" in output
    assert "has no evaluation at step 80" in output
    assert "line 38" not in output
    assert "| 2 (2 failed) | -146.0 |" in output


def test_results_are_there_after_every_run_and_the_rest_is_made_later(
    command, logdir, monkeypatch, capsys
):
    def interrupt(outcome):
        if outcome.seed == 1:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ppo_learning, "report", interrupt)
        assert run(logdir, "--seeds", "0", "1", "2", "--jobs=1") == 130
    assert "Add --continue" in capsys.readouterr().err
    assert seeds_of(logdir) == [(0, True)]
    # Here, the run of seed 1 goes into the same folder once more.
    for folder in logdir.glob("*1T*"):
        folder.rename(folder.with_name("other"))
    words = ["--seeds", "0", "1", "13", "--jobs=1"]
    assert run(logdir, "--continue", *words) == 1
    assert "2 runs, 1 at a time" in capsys.readouterr().out
    assert seeds_of(logdir) == [(0, True), (1, True), (13, False)]
    # What failed is tried again.
    assert run(logdir, "--continue", *words) == 1
    assert "1 runs, 1 at a time" in capsys.readouterr().out


def test_results_are_not_mixed(command, logdir, capsys):
    assert run(logdir, "--seeds", "0", "--jobs=1") == 0
    assert run(logdir, "--seeds", "1", "--jobs=1") == 2
    assert "add --continue or choose another logdir" in capsys.readouterr().err
    assert run(logdir, "--seeds", "1", "--jobs=1", "--continue", "--set=steps=9") == 2
    assert "Expected the arguments" in capsys.readouterr().err
    assert seeds_of(logdir) == [(0, True)]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--config", "pendulum", "--sed=3"], "unrecognized arguments: --sed=3"),
        (["--configs", "pendulumm"], "invalid choice: 'pendulumm'"),
        (["--seeds", "-1"], "expected an integer of at least 0"),
        (["--seed", "1"], "see --seeds"),
        (["--timestamp", "1"], "see --seeds"),
        (["--jobs", "0"], "expected an integer of at least 1"),
        (["--cluster", "ray", "--jobs", "2"], "--jobs is for this machine"),
        (["--cluster", "slurm"], "invalid choice: 'slurm'"),
        (["--logdir={}/file"], "Can't write to the logdir"),
    ],
)
def test_mistakes_in_the_command_line_are_told(words, message, tmp_path, capsys):
    (tmp_path / "file").touch()
    try:
        code = ppo_learning.main([word.format(tmp_path) for word in words])
    except SystemExit as error:
        code = error.code
    assert code == 2
    assert message in capsys.readouterr().err


def test_going_on_needs_a_logdir(capsys):
    with pytest.raises(SystemExit):
        ppo_learning.main(["--continue"])
    assert "needs the --logdir" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "passed_on"),
    [
        (["--jobs=1"], []),
        (["--jobs=2"], ["--noenv_processes"]),
        (["--jobs=2", "--env_processes"], ["--env_processes"]),
        (["--jobs=2", "--noenv_processes"], ["--noenv_processes"]),
        (["--cluster=ray"], ["--noenv_processes"]),
    ],
)
def test_runs_side_by_side_have_no_workers(words, passed_on):
    assert ppo_learning.parse_arguments(words)[1] == passed_on


def test_seeds_take_turns_over_configs():
    options, rest = ppo_learning.parse_arguments(
        [
            "--configs",
            "pendulum",
            "cartpole",
            "--seeds",
            "3",
            "1",
            "3",
            "--logdir=x",
            "--jobs=1",
        ]
    )
    jobs = ppo_learning.pending_jobs(options, rest, [])
    assert [job[:2] for job in jobs] == [
        ("pendulum", 3),
        ("cartpole", 3),
        ("pendulum", 1),
        ("cartpole", 1),
    ]
    assert {job.logdir for job in jobs} == {str(Path("x").resolve())}


@pytest.fixture
def jobs(logdir, command):
    """Makes jobs of the script; the run that is never over waits for a reader."""
    logdir.mkdir()
    os.mkfifo(logdir / "pid")
    return lambda *seeds: [
        Job("pendulum", seed, str(logdir), (), command) for seed in seeds
    ]


def endless(logdir):
    """The process of the run that is never over."""
    return int((logdir / "pid").read_text())


def test_runs_that_are_given_up_are_ended(jobs, logdir, is_gone):
    outcomes = run_here(jobs(0, 14), side_by_side=2)
    assert next(outcomes).seed == 0
    pid = endless(logdir)
    outcomes.close()
    assert is_gone(pid, 10)


def test_runs_that_wait_for_a_core_are_not_begun(jobs, logdir):
    outcomes = run_here(jobs(0, 1, 2, 3), side_by_side=1)
    next(outcomes)
    outcomes.close()
    assert not (logdir / "pendulum-3.txt").exists()


def test_an_interrupted_run_is_ended(jobs, logdir, is_gone):
    pids = []

    def started(process):
        pids.append(endless(logdir))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(*jobs(14), started)
    assert is_gone(pids[0], 10)


def test_being_terminated_ends_the_runs(jobs, command, logdir, is_gone):
    code = (
        "import signal, sys; from benchmarks import ppo_learning, ppo_runs; "
        "signal.signal(signal.SIGTERM, signal.default_int_handler); "
        f"ppo_runs.COMMAND = {command!r}; "
        f"sys.exit(ppo_learning.main(['--logdir={logdir}', '--seeds', '14']))"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    pid = endless(logdir)
    process.send_signal(signal.SIGTERM)
    _, error = process.communicate()
    assert process.returncode == 130
    assert "Interrupted. Add --continue" in error
    assert is_gone(pid, 10)


class TestRay:
    def test_runs_are_spread_over_a_cluster(self, ray_cluster, jobs):
        outcomes = list(run_on_ray(jobs(0, 1, 13)))
        by_seed = {each.seed: each for each in outcomes}
        assert sorted(by_seed) == [0, 1, 13]
        assert by_seed[0].score == by_seed[1].score == -146
        assert by_seed[13].last_lines[-1] == "error: out of luck"
        assert json.dumps(by_seed[0].curves)

    def test_is_chosen_by_an_option(self, ray_cluster, command, logdir):
        assert run(logdir, "--cluster=ray", "--seeds", "0") == 0
        assert seeds_of(logdir) == [(0, True)]

    def test_runs_that_are_given_up_are_ended(self, ray_cluster, jobs, logdir, is_gone):
        outcomes = run_on_ray(jobs(0, 14))
        assert next(outcomes).seed == 0
        pid = endless(logdir)
        outcomes.close()
        assert is_gone(pid, 10)

    def test_runs_whose_program_is_killed_are_ended(
        self, ray_cluster, jobs, command, logdir, is_gone
    ):
        code = (
            "import sys; from benchmarks import ppo_learning, ppo_runs; "
            f"ppo_runs.COMMAND = {command!r}; "
            f"words = ['--cluster=ray', '--logdir={logdir}', '--seeds', '14']; "
            "sys.exit(ppo_learning.main(words))"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "RAY_ADDRESS": ray_cluster.address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            pid = endless(logdir)
            process.kill()
        assert is_gone(pid, 20)

    def test_a_lost_task_is_a_failure_of_its_run_alone(self, ray_cluster, jobs):
        outcomes = list(run_on_ray(jobs(16, 1)))
        by_seed = {each.seed: each for each in outcomes}
        assert by_seed[1].is_finished
        assert not by_seed[16].is_finished
        assert "died" in "".join(by_seed[16].last_lines)
