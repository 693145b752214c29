"""What is worth knowing of the values in one layer, given as NumPy arrays whatever the framework."""

import numpy as np
from numpy.typing import NDArray

from seelearn.events import Distribution, Layer

Array = NDArray[np.float64]

BINS = 40
SATURATED = 0.05
"""A value is saturated where the slope of its activation function is below this share of the steepest one."""


def reach(values: Array) -> tuple[float, float]:
    """Return the range of the finite values, 5% wider at both ends so that values piled up there fall inside a bin."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    edge = 0.05 * (high - low) or 0.5
    return low - edge, high + edge


def distribution(values: Array, low: float, high: float) -> Distribution:
    """Count all values in equal bins on [low, high], with what lies below, above, and is not a number."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    ordinary = flat[np.isfinite(flat)]
    inside, _ = np.histogram(ordinary, bins=BINS, range=(low, high))
    return {
        "low": low,
        "high": high,
        "counts": [int((flat < low).sum()), *inside.tolist(), int((flat > high).sum())],
        "nan": int(np.isnan(flat).sum()),
        "mean": short(ordinary.mean()) if ordinary.size else None,
        "std": short(ordinary.std()) if ordinary.size else None,
    }


def signal(values: Array) -> float | None:
    """Return the standard deviation over the examples within a unit, averaged over the units.

    None where a value is not finite.
    """
    if not np.isfinite(values).all():
        return None
    return short(_by_unit(values).std(axis=1).mean())


def saturation(slopes: Array, steepest: float) -> tuple[float, float] | None:
    """Return the share of saturated values and the share of dead units; None where a slope is not a number.

    `slopes` holds the derivative of the activation function at every value; `steepest` is the largest it has anywhere.
    """
    if not np.isfinite(slopes).all():
        return None
    saturated = _by_unit(np.abs(slopes)) < SATURATED * steepest
    return float(saturated.mean()), float(saturated.all(axis=1).mean())


def layer(
    name: str,
    before: Distribution,
    after: Distribution,
    spread: float | None,
    measures: tuple[float, float] | None = None,
) -> Layer:
    """Put together what is known of one layer: what `signal` and `saturation` returned."""
    saturated, dead = measures or (None, None)
    return {
        "name": name,
        "before": before,
        "after": after,
        "signal": spread,
        "saturated": saturated,
        "dead": dead,
    }


def _by_unit(values: Array) -> Array:
    """Turn [examples, units, …] into [units, everything that unit computed]."""
    return np.moveaxis(values, 1, 0).reshape(values.shape[1], -1)


def short(value: float) -> float | None:
    """Return a value with six significant digits, or None where it is not finite."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
