"""The statistics against plain loops."""

import numpy as np
import pytest

from seelearn.microscope.statistics import BINS, distribution, saturation, signal

RANDOM = np.random.default_rng(0)


def brute_force(values: list[float], low: float, high: float) -> list[int]:
    """Count by looking at every value and every bin."""
    edges = [low + (high - low) * i / BINS for i in range(BINS + 1)]
    counts = [0] * (BINS + 2)
    for value in values:
        if value < low:
            counts[0] += 1
        elif value > high:
            counts[-1] += 1
        elif value == high:
            counts[-2] += 1
        else:
            counts[1 + max(i for i in range(BINS) if edges[i] <= value)] += 1
    return counts


@pytest.mark.parametrize("scale", [0.01, 1, 30])
def test_counts_equal_brute_force(scale: float) -> None:
    values = scale * RANDOM.standard_normal((50, 7))
    seen = distribution(values, -5, 5)
    assert seen["counts"] == brute_force(values.ravel().tolist(), -5, 5)
    assert sum(seen["counts"]) == values.size
    assert seen["mean"] == pytest.approx(values.mean(), rel=1e-5)
    assert seen["std"] == pytest.approx(values.std(), rel=1e-5)


def test_no_value_is_lost() -> None:
    values = np.array([-np.inf, -5.1, -5, 0, 5, 5.1, np.inf, np.nan, np.nan])
    seen = distribution(values, -5, 5)
    assert (seen["counts"][0], seen["counts"][-1], seen["nan"]) == (2, 2, 2)
    assert (seen["counts"][1], seen["counts"][-2]) == (1, 1)  # both ends belong to the range
    assert sum(seen["counts"]) + seen["nan"] == values.size
    assert seen["mean"] == 0  # of the finite values


def test_nothing_but_nan() -> None:
    seen = distribution(np.full(4, np.nan), -1, 1)
    assert (sum(seen["counts"]), seen["nan"], seen["mean"], seen["std"]) == (0, 4, None, None)


def test_signal_is_zero_where_units_differ_but_examples_do_not() -> None:
    stuck = np.tile([-1.0, 1.0, -1.0], (20, 1))
    assert signal(stuck) == 0
    assert distribution(stuck, -1, 1)["std"] == pytest.approx(0.942809)  # a wide histogram all the same


def test_signal_averages_over_units() -> None:
    values = RANDOM.standard_normal((30, 4)) * [1, 2, 3, 4]
    assert signal(values) == pytest.approx(np.mean([np.std(values[:, u]) for u in range(4)]), rel=1e-5)


def test_saturation_counts_values_and_dead_units() -> None:
    slopes = np.array([[1.0, 0.0, 0.049], [0.051, 0.0, 0.9]])
    assert saturation(slopes, steepest=1.0) == (3 / 6, 1 / 3)


def test_saturation_is_relative_to_the_steepest_slope() -> None:
    sigmoid_at_zero = np.full((3, 2), 0.25)
    assert saturation(sigmoid_at_zero, steepest=0.25) == (0, 0)


def test_what_is_not_a_number_is_not_called_healthy() -> None:
    broken = np.array([[1.0, np.nan], [1.0, 1.0]])
    assert saturation(broken, steepest=1.0) is None
    assert signal(broken) is None


def test_units_of_images_are_channels() -> None:
    slopes = np.ones((2, 3, 4, 4))
    slopes[:, 1] = 0
    assert saturation(slopes, steepest=1.0) == (1 / 3, 1 / 3)
