import sys

import gymnasium as gym
import pytest

from rltools.bench.target import constructor_as_code, load_constructor, make_env
from rltools.errors import InvalidArgumentError

MODULE = """
import gymnasium as gym

class Holder:
    make = staticmethod(lambda: gym.make("CartPole-v1"))

def make():
    return gym.make("CartPole-v1")

def fail():
    raise ValueError("no such level")

def needy(level):
    return make()

number = 3
give_number = lambda: 3
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))  # The current folder is added.
    (tmp_path / "bench_target.py").write_text(MODULE)
    (tmp_path / "broken_target.py").write_text("import no_such_module_at_all")
    (tmp_path / "leaving_target.py").write_text("raise SystemExit('bye')")
    return tmp_path


@pytest.mark.parametrize(
    "target",
    [
        "CartPole-v1",
        "gymnasium:CartPole-v1",
        "bench_target:make",
        "bench_target:Holder.make",
    ],
)
def test_makes_the_environment(target):
    with make_env(target) as env:
        assert env.spec.id == "CartPole-v1"
    assert isinstance(load_constructor(target)(), gym.Env)


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_module:make", "can't import 'no_such_module': there is no such"),
        ("broken_target:make", "it raised ModuleNotFoundError: No module named 'no_"),
        ("leaving_target:make", "it raised SystemExit: bye"),
        (":make", "':make': expected module:name, such as my_package.envs:make."),
        ("a:b:c", "'a:b:c': expected module:name, such as my_package.envs:make, or "),
        ("bench_target:", "'bench_target:': expected module:name, such as my_packa"),
        ("bench_target.", "in the module bench_target, say bench_target:name."),
        ("bench_target", "in the module bench_target, say bench_target:name."),
        ("bench_target.make", "in the module bench_target, say bench_target:make."),
        ("bench_target.py:make", "got that of a file; say bench_target:make."),
        ("./bench_target.py", "'./bench_target.py': expected module:name, such as"),
        ("./bench_target:make", "'./bench_target:make': expected module:name, such"),
        (
            "bench_target:needy",
            "bench_target:needy: expected a callable without arguments that makes an "
            "environment, got one of (level).",
        ),
        ("bench_target:mke", "there is no 'mke', did you mean 'make'?"),
        ("bench_target:Holder.xyz", "there is no 'xyz'."),
        ("bench_target:number", "expected a callable that makes an environment, got 3"),
        ("bench_target:fail", "bench_target:fail raised ValueError: no such level"),
        ("bench_target:give_number", "expected it to return a gymnasium.Env, got 3"),
        ("NoSuchEnv-v0", "NoSuchEnv-v0 raised NameNotFound"),
        ("NoSuchEnv", "NoSuchEnv raised NameNotFound"),
        ("", "'': expected module:name, such as my_package.envs:make, or what gym"),
    ],
)
def test_errors_say_what_is_wrong(target, message):
    with pytest.raises(InvalidArgumentError) as caught:
        make_env(target)
    assert message in str(caught.value)


@pytest.mark.parametrize("target", ["CartPole-v1", "bench_target:make"])
def test_code_makes_the_environment(target):
    import bench_target

    names = {"gymnasium": gym, "make": bench_target.make}
    assert eval(constructor_as_code(target), names)().spec.id == "CartPole-v1"
