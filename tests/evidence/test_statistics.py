"""Shares, medians and verdicts, against tables and counting."""

import math

import numpy as np
import pytest

from seelearn.evidence.statistics import judge_median, judge_share, median, share


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [(10, 10, 0.6915, 1.0), (0, 10, 0.0, 0.3085), (5, 10, 0.1871, 0.8129), (1024, 1024, 0.99640, 1.0)],
)
def test_the_interval_of_a_share_is_clopper_and_pearsons(count: int, of: int, low: float, high: float) -> None:
    """The first three stand in every table of exact binomial limits."""
    found = share([True] * count + [False] * (of - count))
    assert (found["count"], found["of"]) == (count, of)
    assert [found["low"], found["high"]] == pytest.approx([low, high], abs=1e-4)


def test_a_value_that_is_gone_does_not_show_the_claim_and_is_counted() -> None:
    found = share([True, None, True, False])
    assert (found["count"], found["of"], found["nan"]) == (2, 4, 1)


def test_a_median_counts_what_is_gone_as_larger_than_all() -> None:
    found = median([1.0, None, 3.0, 2.0, None])
    assert (found["value"], found["nan"], found["of"]) == (3.0, 2, 5)
    gone = median([None, None, 1.0])
    assert (gone["value"], gone["high"]) == (None, None)
    assert judge_median(gone, (0, 10)) == "undecided"
    assert judge_median(median([None] * 9), (0, 10)) == "refuted"


def test_the_interval_of_a_median_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(200):
        found = median(rng.exponential(size=60).tolist())
        assert found["low"] is not None
        assert found["high"] is not None
        covered += found["low"] <= math.log(2) <= found["high"]
    assert 0.88 <= covered / 200 <= 1.0  # 95% up to the chance of 200 tries


def test_verdicts() -> None:
    assert judge_share(share([True] * 100), 0.95) == "holds"
    assert judge_share(share([True] * 20), 0.95) == "undecided"
    assert judge_share(share([True] * 50 + [False] * 50), 0.95) == "refuted"
    values = [float(x) for x in range(100)]
    assert judge_median(median(values), (0, 100)) == "holds"
    assert judge_median(median(values), (49, 60)) == "undecided"
    assert judge_median(median(values), (0, 10)) == "refuted"
    assert judge_median(median(values), (90, 99)) == "refuted"


def test_few_values_decide_nothing() -> None:
    assert judge_median(median([5.0]), (6, 10)) == "undecided"
    assert judge_median(median([5.0] * 5), (0, 10)) == "undecided"
    assert judge_median(median([5.0] * 6), (0, 10)) == "holds"


def test_the_same_values_give_the_same_evidence() -> None:
    values = np.random.default_rng(2).normal(size=50).tolist()
    assert median(values) == median(values)
