import json

import pytest

from rltools.bench import command
from rltools.bench.command import bench, distinct, look_at
from rltools.bench.comparison import Comparison
from rltools.bench.contenders import list_contenders
from rltools.bench.vector_envs import Launched
from rltools.errors import InvalidArgumentError

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Only some of the contenders: what they do is tested elsewhere."""
    names = {"rltools-in-process", "gymnasium-sync", "plain-loop"}
    few = [one for one in list_contenders(2) if one.name in names]
    monkeypatch.setattr(command, "list_contenders", lambda num_envs: few)
    return few


def run(as_json):
    bench("CartPole-v1", num_envs=2, seconds=0.01, rounds=1, as_json=as_json)


def test_text_ends_with_the_advice(capsys, few):
    run(as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("One step takes ")
    names = {line.split()[0] for line in lines if line}
    assert {one.name for one in few} <= names
    assert "se BatchEnv.launch(lambda: gymnasium.make('CartPole-" in lines[-1]
    assert "num_envs=2, workers=0): " in lines[-1]


def test_json_has_every_figure(capsys, few):
    run(as_json=True)
    values = json.loads(capsys.readouterr().out)
    comparison = Comparison.from_json(values["comparison"])
    assert {row.contender for row in comparison.rows} == {one.name for one in few}
    for row in comparison.rows:
        assert (row.problem, len(row.measurements)) == (None, 1)
    assert values["advice"]["workers"] == 0
    assert values["machine"]["packages"]["gymnasium"]


def test_each_setting_is_measured_once():
    twice = [Launched("a", "m", 2), Launched("b", "m", "auto"), Launched("c", "m", 2)]
    others = list_contenders(8)[-4:]
    assert distinct([*twice, *others]) == [*twice[:2], *others]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such:make", "can't import 'no_such': there is no such module"),
        ("os:abort", "os:abort: its process ended with exit code -6"),
        ("os:getcwd", "os:getcwd: expected it to return a gymnasium.Env, got '"),
    ],
)
def test_first_look_says_what_is_wrong(target, message):
    with pytest.raises(InvalidArgumentError) as caught:
        look_at(target, 2)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
