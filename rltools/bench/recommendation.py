"""Which setting to use, by the figures."""

from dataclasses import dataclass

from rltools.bench.comparison import Comparison
from rltools.bench.contender import Contender
from rltools.bench.target import constructor_as_code
from rltools.bench.vector_envs import Launched
from rltools.errors import InvalidArgumentError

# Medians of few rounds differ by more than this for no reason.
_AS_GOOD_AS = 0.95


@dataclass(frozen=True)
class Recommendation:
    """The setting to use.

    Attributes:
        contender: Name of the contender that had it.
        workers: The argument of `BatchEnv.launch`.
        code: The call, as one would write it.
        sentence: What to use and what it brings, in one sentence.
    """

    contender: str
    workers: int | str
    code: str
    sentence: str


def recommend(
    comparison: Comparison, contenders: list[Contender], target: str
) -> Recommendation:
    """Choose the fastest setting; of those about as fast, that of fewest processes.

    Args:
        comparison: The figures.
        contenders: Those that were measured.
        target: Names the environment, as `rltools.bench.target` takes it.

    Raises:
        InvalidArgumentError: There are no figures.
    """
    # Known numbers come first: "auto" would measure anew at every start.
    candidates = sorted(
        (one for one in contenders if isinstance(one, Launched)),
        key=lambda one: (
            one.workers if isinstance(one.workers, int) else comparison.num_envs + 1
        ),
    )
    rates = {one: comparison[one.name].median or 0.0 for one in candidates}
    best = max(rates.values(), default=0.0)
    if not best:
        problems = {comparison[one.name].problem for one in candidates}
        reasons = "; ".join(sorted(filter(None, problems)))
        raise InvalidArgumentError(f"{target}: no setting could be measured: {reasons}")
    chosen = next(one for one in candidates if rates[one] >= _AS_GOOD_AS * best)
    code = (
        f"BatchEnv.launch({constructor_as_code(target)}, "
        f"num_envs={comparison.num_envs}, workers={chosen.workers!r})"
    )
    return Recommendation(
        chosen.name, chosen.workers, code, _sentence(comparison, chosen, code)
    )


def _sentence(comparison: Comparison, chosen: Launched, code: str) -> str:
    ratios = {
        name: comparison.ratio(chosen.name, reference)
        for name, reference in (
            ("Gymnasium's AsyncVectorEnv", "gymnasium-async"),
            ("Gymnasium's SyncVectorEnv", "gymnasium-sync"),
            ("a plain loop", "plain-loop"),
        )
    }
    told = [f"{ratio:.2g} x {name}" for name, ratio in ratios.items() if ratio]
    if of_limit := comparison.ratio(chosen.name, "limit"):
        told.append(f"{of_limit:.0%} of what the machine can do")
    comparisons = f" ({', '.join(told)})" if told else ""
    rate = comparison[chosen.name].median
    faster = [
        name
        for name, ratio in ratios.items()
        if ratio and ratio < _AS_GOOD_AS and name != "a plain loop"
    ]
    advice = f"{code}: {rate:,.0f} steps/s{comparisons}."
    if not faster:
        return f"Use {advice}"
    verb = "is" if len(faster) == 1 else "are"
    told_first = f"{' and '.join(faster)} {verb} faster here."
    return f"{told_first} Of BatchEnv's settings use {advice}"
