import json
import os
import subprocess
import sys
from importlib import metadata

import pytest

import rltools
from rltools import cli
from rltools.errors import ConfigError


def test_version(capsys):
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"rltools {rltools.__version__}\n"


def test_info_as_json(capsys):
    assert cli.main(["info", "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert info["rltools"] == rltools.__version__
    assert info["python"] == ".".join(map(str, sys.version_info[:3]))
    assert info["cores"] == len(os.sched_getaffinity(0))
    for package in ("numpy", "gymnasium", "tensorflow"):
        assert info["packages"][package] == metadata.version(package)
    assert info["extras"]["tensorflow"] is True
    assert set(info["extras"]) == set(
        metadata.metadata("rltools").get_all("Provides-Extra")
    )


def test_info_as_text(capsys):
    assert cli.main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = dict(line.split(maxsplit=1) for line in lines)
    assert table["numpy"] == metadata.version("numpy")
    assert "tensorflow" in table["extras"].split(", ")
    assert len({line.index(table[line.split()[0]]) for line in lines}) == 1


def test_what_is_missing_is_told(capsys, monkeypatch):
    find = metadata.version

    def version(name):
        if name == "tensorflow":
            raise metadata.PackageNotFoundError(name)
        return find(name)

    monkeypatch.setattr(metadata, "version", version)
    info = cli.collect_info()
    assert info["packages"]["tensorflow"] is None
    assert info["extras"]["tensorflow"] is info["extras"]["all"] is False
    assert info["extras"]["testing"] is True
    cli.main(["info"])
    lines = capsys.readouterr().out.splitlines()
    table = dict(line.split(maxsplit=1) for line in lines)
    assert table["tensorflow"] == "not installed"
    assert "testing" in table["extras"].split(", ")
    assert "tensorflow" not in table["extras"].split(", ")


def test_info_without_an_installation(monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "metadata", missing)
    assert cli.collect_info()["extras"] == {}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nope"],
        ["info", "--nope"],
        ["--nope"],
        ["bench"],
        ["bench", "CartPole-v1", "--envs", "0"],
        ["bench", "CartPole-v1", "--seconds", "-1"],
        ["bench", "CartPole-v1", "--rounds", "many"],
    ],
)
def test_bad_arguments_are_one_line(capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("rltools")
    assert "--help" in err


def test_errors_are_one_line(capsys, monkeypatch):
    def fail():
        raise ConfigError("unknown key 'lrr'")

    monkeypatch.setattr(cli, "collect_info", fail)
    assert cli.main(["info"]) == 2
    assert capsys.readouterr() == ("", "rltools: unknown key 'lrr'\n")


def test_an_interrupt_is_no_traceback(capsys, monkeypatch):
    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "collect_info", interrupt)
    assert cli.main(["info"]) == 130
    assert capsys.readouterr() == ("", "")


def test_bugs_keep_their_traceback(monkeypatch):
    def fail():
        raise ZeroDivisionError

    monkeypatch.setattr(cli, "collect_info", fail)
    with pytest.raises(ZeroDivisionError):
        cli.main(["info"])


@pytest.mark.parametrize(
    "command",
    [
        [sys.executable, "-m", "rltools"],
        [os.path.join(os.path.dirname(sys.executable), "rltools")],
    ],
    ids=["module", "script"],
)
def test_from_the_shell(command):
    child = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert (child.returncode, child.stdout) == (0, f"rltools {rltools.__version__}\n")
    child = subprocess.run([*command, "nope"], capture_output=True, text=True)
    assert child.returncode == 2
    assert child.stderr.count("\n") == 1


def test_info_imports_none_of_what_it_tells_about():
    program = (
        "import sys; from rltools import cli; cli.main(['info']); "
        "print(*{'tensorflow', 'gymnasium', 'gym', 'numpy'} & set(sys.modules))"
    )
    child = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert child.stdout.splitlines()[-1] == ""


def test_bench_passes_its_options_on(monkeypatch):
    calls = []
    monkeypatch.setattr(
        "rltools.bench.command.bench",
        lambda *args, **options: calls.append((args, options)),
    )
    arguments = "bench my_envs:make --envs 4 --seconds 0.5 --rounds 2 --json"
    assert cli.main(arguments.split()) == 0
    assert cli.main(["bench", "CartPole-v1"]) == 0
    assert calls == [
        (
            ("my_envs:make",),
            {"num_envs": 4, "seconds": 0.5, "rounds": 2, "as_json": True},
        ),
        (
            ("CartPole-v1",),
            {"num_envs": 8, "seconds": 1.0, "rounds": 3, "as_json": False},
        ),
    ]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_module:make", "can't import 'no_such_module': there is no such"),
        ("json:lods", "json:lods: there is no 'lods', did you mean 'loads'?"),
        ("json:loads", "json:loads: expected a callable without arguments that makes"),
        ("os:getcwd", "os:getcwd: expected it to return a gymnasium.Env, got '"),
        ("NoSuchEnv-v0", "NoSuchEnv-v0 raised NameNotFound: "),
    ],
)
def test_bench_says_what_is_wrong_in_one_line(capsys, target, message):
    assert cli.main(["bench", target, "--json"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"rltools: {message}")
    assert err.count("\n") == 1


RLTOOLS = (sys.executable, "-m", "rltools")


def test_whoever_reads_may_stop():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as output:
        result = subprocess.run(
            [*RLTOOLS, "info"], stdout=output, stderr=subprocess.PIPE, text=True
        )
    assert (result.returncode, result.stderr) == (141, "")


def test_output_that_cannot_be_written_is_one_line():
    with open("/dev/full", "w") as output:
        result = subprocess.run(
            [*RLTOOLS, "info"], stdout=output, stderr=subprocess.PIPE, text=True
        )
    assert result.returncode == 2
    [line] = result.stderr.splitlines()
    assert line.startswith("rltools: can't write the output: ")


def test_an_error_is_told_in_one_line(capsys, tmp_path, monkeypatch):
    make = "def make():\n    raise RuntimeError('first\\nsecond')\n"
    (tmp_path / "mistaken.py").write_text(f"{make}def quit():\n    exit(7)\n")
    monkeypatch.chdir(tmp_path)
    for name, told in (("make", "RuntimeError: first"), ("quit", "SystemExit: 7")):
        assert cli.main(["check", f"mistaken:{name}"]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line == f"rltools: mistaken:{name} raised {told}"
