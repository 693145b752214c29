"""From what many seeds said to a share or a median with its interval, and to a verdict."""

import math
from collections.abc import Sequence
from typing import Any, Literal, TypedDict

import numpy as np

Verdict = Literal["holds", "refuted", "undecided"]
CONFIDENCE = 0.95
RESAMPLES = 2000


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
    from scipy.stats import bootstrap  # noqa: PLC0415

    values = np.sort([np.inf if one is None else float(one) for one in said])
    places = [_middle(np.arange(float(len(values))))] * 3
    if len(values) > 1:
        found = bootstrap(
            (
                np.arange(float(len(values))),
            ),  # the places, not the values: a value may be infinite, and has no spread then
            _middle,
            confidence_level=CONFIDENCE,
            n_resamples=RESAMPLES,
            method="percentile",
            rng=np.random.default_rng(0),  # the same seeds give the same evidence
        ).confidence_interval
        places[1:] = [math.floor(found.low), math.ceil(found.high)]
    ends = [float(values[int(place)]) for place in places]
    middle, low, high = (end if math.isfinite(end) else None for end in ends)
    return {
        "count": None,
        "of": len(said),
        "nan": sum(one is None for one in said),
        "value": middle,
        "low": low,
        "high": high,
    }


def judge_share(finding: Finding, promised: float) -> Verdict:
    """Return the verdict on a claim that promised this share at least."""
    assert finding["low"] is not None  # noqa: S101 (a share is always finite)
    assert finding["high"] is not None  # noqa: S101
    if finding["low"] >= promised:
        return "holds"
    return "refuted" if finding["high"] < promised else "undecided"


def judge_median(finding: Finding, promised: tuple[float, float]) -> Verdict:
    """Return the verdict on a claim that promised the median to lie in this range."""
    low, high = (np.inf if end is None else end for end in (finding["low"], finding["high"]))
    if promised[0] <= low and high <= promised[1]:
        return "holds"
    return "refuted" if high < promised[0] or low > promised[1] else "undecided"


def _middle(places: Any, axis: int = -1) -> Any:
    """Return the median as one of the values: none is averaged."""
    return np.quantile(places, 0.5, axis=axis, method="inverted_cdf")
