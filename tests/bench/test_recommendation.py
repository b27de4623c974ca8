import pytest

from rltools.bench.comparison import Comparison, Row
from rltools.bench.contenders import list_contenders
from rltools.bench.measurement import Measurement
from rltools.bench.recommendation import recommend
from rltools.bench.vector_envs import Launched
from rltools.errors import InvalidArgumentError

CONTENDERS = [
    Launched("auto", "rltools", "auto"),
    Launched("many", "rltools", 8),
    Launched("two", "rltools", 2),
    Launched("none", "rltools", 0),
]


def compare(**rates):
    rows = [
        Row(name, (Measurement(rate, 1.0, 0.0),)) if rate else Row(name, (), "it broke")
        for name, rate in rates.items()
    ]
    return Comparison("CartPole-v1", 8, 1.0, tuple(rows))


@pytest.mark.parametrize(
    ("rates", "chosen"),
    [
        ({"none": 100, "two": 200, "many": 300, "auto": 100}, 8),
        ({"none": 100, "two": 300, "many": 200, "auto": 300}, 2),
        ({"none": 300, "two": 200, "many": 100, "auto": 300}, 0),
        # About as fast: fewer processes.
        ({"none": 296, "two": 300, "many": 310, "auto": 305}, 0),
        ({"none": 100, "two": 300, "many": 310, "auto": 315}, 2),
        # What is measured at the start finds more than any number.
        ({"none": 100, "two": 200, "many": 100, "auto": 300}, "auto"),
        ({"none": None, "two": None, "many": 100, "auto": None}, 8),
    ],
)
def test_the_fastest_and_of_those_about_as_fast_the_smallest(rates, chosen):
    advice = recommend(compare(**rates), CONTENDERS, "my_envs:make")
    assert advice.workers == chosen
    assert advice.code == f"BatchEnv.launch(make, num_envs=8, workers={chosen!r})"
    assert advice.code in advice.sentence


def test_the_sentence_compares():
    rates = {"two": 200, "gymnasium-async": 100, "gymnasium-sync": 50}
    sentence = recommend(
        compare(**rates, **{"plain-loop": None, "limit": 250}),
        CONTENDERS,
        "CartPole-v1",
    ).sentence
    assert sentence == (
        "Use BatchEnv.launch(lambda: gymnasium.make('CartPole-v1'), num_envs=8, "
        "workers=2): 200 steps/s (2 x Gymnasium's AsyncVectorEnv, 4 x Gymnasium's "
        "SyncVectorEnv, 80% of what the machine can do)."
    )


@pytest.mark.parametrize(
    ("rate", "beginning"),
    [
        (190, "Use BatchEnv.launch("),  # About as fast.
        (250, "Gymnasium's SyncVectorEnv is faster here. Of BatchEnv's settings use B"),
    ],
)
def test_what_is_faster_is_told(rate, beginning):
    rates = {"two": 200, "gymnasium-async": 100, "gymnasium-sync": rate}
    comparison = compare(**rates, **{"plain-loop": 999, "limit": None})
    sentence = recommend(comparison, CONTENDERS, "CartPole-v1").sentence
    assert sentence.startswith(beginning)


def test_both_of_gymnasiums_may_be_faster():
    rates = {"two": 200, "gymnasium-async": 300, "gymnasium-sync": 300}
    comparison = compare(**rates, **{"plain-loop": None, "limit": None})
    sentence = recommend(comparison, CONTENDERS, "CartPole-v1").sentence
    assert "AsyncVectorEnv and Gymnasium's SyncVectorEnv are faster here." in sentence


def test_no_figures():
    with pytest.raises(InvalidArgumentError, match=r"make: no setting .*: it broke$"):
        recommend(compare(two=None, many=None), CONTENDERS, "my_envs:make")


def test_works_with_what_is_measured():
    contenders = list_contenders(num_envs=8)
    comparison = compare(**{one.name: 100 for one in contenders})
    assert recommend(comparison, contenders, "my_envs:make").workers == 0
