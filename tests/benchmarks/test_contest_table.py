from benchmarks.contest import Contest, Result, Row
from benchmarks.contest_table import format_contest, format_ratios

CONTEST = Contest(
    "PPO",
    {},
    (
        Row(
            "rltools-auto",
            "rltools",
            tuple(
                Result(2000, [seconds], {"update": [0.25]}, {"start": 12.34})
                for seconds in (1.0, 0.5, 2.0)
            ),
        ),
        Row("rltools-2", "rltools", (Result(1000, [1.0]),), "it broke"),
        Row("sb3", "SB3", (Result(400, [1.0], note="torch"),)),
        Row("sb3-slow", "SB3", (Result(1, [1.0]),)),
        Row("sbx", "SBX", (), "sbx is not installed"),
    ),
)


def test_a_row_for_each_contender():
    lines = format_contest(CONTEST, parts=["update"], figures={"start": "s"})
    table = [line.split() for line in lines]
    assert table[0][:4] == ["contender", "steps/s", "slowest", "fastest"]
    assert table[1] == ["rltools-auto", "2,000", "1,000", "4,000", "250", "12.3"]
    assert table[2][1:] == [*["1,000"] * 3, *"--", "then", "it", "broke"]
    assert table[3] == ["sb3", *["400"] * 3, *"--", "torch"]
    assert table[4][1:4] == ["1"] * 3
    assert table[5] == ["sbx", *"-----", "sbx", "is", "not", "installed"]


def test_ratios_are_to_the_fastest_setting_and_judged():
    assert format_ratios(CONTEST, {"SB3": 5.0, "SBX": 3.0}) == [
        "rltools-auto: 5.00 x sb3 of SB3, as wanted (at least 5)",
        "SBX: nothing to compare with",
    ]
    [line] = format_ratios(CONTEST, {"SB3": 5.1})
    assert line.endswith("5.00 x sb3 of SB3, NOT as wanted (at least 5.1)")


def test_a_ratio_that_nobody_has_a_wish_for_is_only_told():
    assert format_ratios(CONTEST, {"SB3": 0.0}) == ["rltools-auto: 5.00 x sb3 of SB3"]


def test_nothing_of_ours():
    assert format_ratios(CONTEST, {"SB3": 5.0}, ours="nobody") == [
        "SB3: nothing to compare with"
    ]
