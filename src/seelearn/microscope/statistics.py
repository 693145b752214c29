"""What is worth knowing of the values in one layer, given as NumPy arrays whatever the framework."""

import numpy as np
from numpy.typing import NDArray

from seelearn.events import Distribution, Layer

Array = NDArray[np.float64]

BINS = 40
SATURATED = 0.05
"""A value is saturated where the slope of its activation function is below this share of the steepest one."""


def margin(low: float, high: float) -> tuple[float, float]:
    """Widen a range by 5% at both ends, so that values piled up on a bound fall inside a bin."""
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
        "mean": _short(ordinary.mean()) if ordinary.size else None,
        "std": _short(ordinary.std()) if ordinary.size else None,
    }


def signal(values: Array) -> float | None:
    """Return the standard deviation over the examples within a unit, averaged over the units."""
    return _short(_by_unit(values).std(axis=1).mean())


def saturation(slopes: Array, steepest: float) -> tuple[float, float, float | None]:
    """Return the share of saturated values, the share of dead units and the mean slope.

    `slopes` holds the derivative of the activation function at every value; `steepest` is the largest it has anywhere.
    """
    slopes = _by_unit(slopes)
    saturated = np.abs(slopes) < SATURATED * steepest
    return float(saturated.mean()), float(saturated.all(axis=1).mean()), _short(slopes.mean())


def layer(
    name: str,
    before: Distribution,
    after: Distribution,
    spread: float | None,
    measures: tuple[float, float, float | None] | None = None,
) -> Layer:
    """Put together what is known of one layer: what `signal` and `saturation` returned."""
    saturated, dead, slope = measures or (None, None, None)
    return {
        "name": name,
        "before": before,
        "after": after,
        "signal": spread,
        "saturated": saturated,
        "dead": dead,
        "slope": slope,
    }


def _by_unit(values: Array) -> Array:
    """Turn [examples, units, …] into [units, everything that unit computed]."""
    return np.moveaxis(values, 1, 0).reshape(values.shape[1], -1)


def _short(value: float) -> float | None:
    """Six significant digits, or None where the value is not finite."""
    return float(f"{value:.6g}") if np.isfinite(value) else None
