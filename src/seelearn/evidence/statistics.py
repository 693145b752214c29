"""From what many seeds said to a share or a median with its interval, and to a verdict."""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal, TypedDict

import numpy as np

Verdict = Literal["holds", "refuted", "undecided"]
CONFIDENCE = 0.95
RESAMPLES = 2000
LEAST = 6
"""With fewer values all of them lie on one side of the median in more than one case of twenty."""


class Finding(TypedDict):
    """What the seeds said about one claim.

    For a share, `count` of `of` seeds showed it; for a median, `value` is the median. `low` and `high` are the ends of
    the 95% interval, of the share or of the median. `nan` counts the seeds whose value was not finite: they count as
    not showing it, or as larger than any other value. A number that is not finite is null.
    """

    count: int | None
    of: int
    nan: int
    value: float | None
    low: float | None
    high: float | None


def share(said: Sequence[bool | float | None]) -> Finding:
    """Return the share of seeds that showed a claim, with its exact interval (Clopper and Pearson, 1934)."""
    from scipy.stats import binomtest  # noqa: PLC0415 (0.7 s that a page need not pay)

    count = sum(one is True for one in said)
    interval = binomtest(count, len(said)).proportion_ci(CONFIDENCE, method="exact")
    return {
        "count": count,
        "of": len(said),
        "nan": sum(one is None for one in said),
        "value": count / len(said),
        "low": float(interval.low),
        "high": float(interval.high),
    }


def median(said: Sequence[bool | float | None]) -> Finding:
    """Return the median over the seeds, with its bootstrap interval (percentile method; Efron, 1979)."""
    values = np.sort([np.inf if one is None else float(one) for one in said])
    places = _places(len(values))
    ends = [float(values[place]) for place in places]
    middle, low, high = (end if math.isfinite(end) else None for end in ends)
    return {
        "count": None,
        "of": len(said),
        "nan": sum(one is None for one in said),
        "value": middle,
        "low": low,
        "high": high,
    }


@cache
def _places(count: int) -> tuple[int, int, int]:
    """Return where, among so many values in order, the median and the ends of its interval stand.

    Places are resampled, not values: a value may be infinite, and has no spread then.
    """
    from scipy.stats import bootstrap  # noqa: PLC0415

    places = np.arange(float(count))
    if count == 1:
        return 0, 0, 0
    found = bootstrap(
        (places,),
        _middle,
        confidence_level=CONFIDENCE,
        n_resamples=RESAMPLES,
        batch=max(1, 10**7 // count),  # or it would hold all resamples at once
        method="percentile",
        rng=np.random.default_rng(0),  # the same seeds give the same evidence
    ).confidence_interval
    return int(_middle(places)), math.floor(found.low), math.ceil(found.high)


def judge_share(finding: Finding, promised: float) -> Verdict:
    """Return the verdict on a claim that promised this share at least."""
    assert finding["low"] is not None  # noqa: S101 (a share is always finite)
    assert finding["high"] is not None  # noqa: S101
    if finding["low"] >= promised:
        return "holds"
    return "refuted" if finding["high"] < promised else "undecided"


def judge_median(finding: Finding, promised: tuple[float, float]) -> Verdict:
    """Return the verdict on a claim that promised the median to lie in this range; few seeds decide nothing."""
    if finding["of"] < LEAST:
        return "undecided"
    low, high = (np.inf if end is None else end for end in (finding["low"], finding["high"]))
    if promised[0] <= low and high <= promised[1]:
        return "holds"
    return "refuted" if high < promised[0] or low > promised[1] else "undecided"


def _middle(places: Any, axis: int = -1) -> Any:
    """Return the median as one of the values: none is averaged."""
    return np.quantile(places, 0.5, axis=axis, method="inverted_cdf")
