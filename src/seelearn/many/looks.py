"""What the microscope sees in many networks at once, as arrays."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seelearn.claims import Depths
from seelearn.events import Distribution, Layer
from seelearn.microscope.statistics import BINS, SATURATED, short

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Looks:
    """The statistics of every layer of every copy after every epoch.

    The axes are copy, epoch (0 is the untrained network), layer (0 is the input, then every activation function) and,
    where there is a fourth, the side: 0 what the layer receives, 1 what it passes on. The meaning of each number is
    that of `seelearn.events.Layer` and `Distribution`; what is null there is NaN here.
    """

    counts: NDArray[np.uint32]
    """[copies, epochs + 1, layers, 2, BINS + 2]: below the range, the bins, above it."""
    nan: NDArray[np.uint32]
    """[copies, epochs + 1, layers, 2]"""
    mean: NDArray[np.float64]
    """[copies, epochs + 1, layers, 2]"""
    std: NDArray[np.float64]
    """[copies, epochs + 1, layers, 2]"""
    signal: NDArray[np.float64]
    """[copies, epochs + 1, layers]"""
    saturated: NDArray[np.float64]
    """[copies, epochs + 1, layers]; NaN for the input"""
    dead: NDArray[np.float64]
    """[copies, epochs + 1, layers]; NaN for the input"""
    ranges: NDArray[np.float64]
    """[copies, layers, 2, 2]: the low and the high end of each histogram"""

    @classmethod
    def empty(cls, copies: int, epochs: int, layers: int) -> "Looks":
        """Return looks with room for so many copies, epochs and layers (the input counted)."""
        axes = (copies, epochs + 1, layers)
        return cls(
            counts=np.zeros((*axes, 2, BINS + 2), np.uint32),
            nan=np.zeros((*axes, 2), np.uint32),
            mean=np.full((*axes, 2), np.nan),
            std=np.full((*axes, 2), np.nan),
            signal=np.full(axes, np.nan),
            saturated=np.full(axes, np.nan),
            dead=np.full(axes, np.nan),
            ranges=np.zeros((copies, layers, 2, 2)),
        )

    def take(self, copies: NDArray[np.intp]) -> "Looks":
        """Return the looks of some copies."""
        return Looks(*[getattr(self, field.name)[copies] for field in fields(self)])

    def put(self, copies: NDArray[np.intp], looks: "Looks") -> None:
        """Write down the looks of some copies."""
        for field in fields(self):
            getattr(self, field.name)[copies] = getattr(looks, field.name)

    def fill(self, copies: NDArray[np.intp], epoch: int, layer: int, side: int, values: Array) -> None:
        """Count the values [copies, …] that these copies have on one side of a layer, as `np.histogram` would."""
        flat = values.reshape(len(copies), -1).astype(np.float64)
        low, high = self.ranges[copies, layer, side].T[..., None]
        finite = np.isfinite(flat)
        place = _bins(np.where(finite, flat, low), low, high)
        place = np.select([flat < low, flat > high, np.isnan(flat)], [0, BINS + 1, BINS + 2], place)
        row = np.arange(len(copies))[:, None] * (BINS + 3)
        counts = np.bincount((row + place).ravel(), minlength=len(copies) * (BINS + 3)).reshape(len(copies), -1)
        at = copies, epoch, layer, side
        self.counts[at], self.nan[at] = counts[:, :-1], counts[:, -1]
        ordinary = finite | ~finite.any(axis=1, keepdims=True)  # where nothing is finite, the mean is not either
        with np.errstate(invalid="ignore"):
            self.mean[at], self.std[at] = flat.mean(axis=1, where=ordinary), flat.std(axis=1, where=ordinary)

    def measure(self, copies: NDArray[np.intp], epoch: int, layer: int, values: Array) -> None:
        """Note the signal in values [copies, examples, units, …]."""
        with np.errstate(invalid="ignore"):  # it is not a number where a value is not finite
            spread = _by_unit(values.astype(np.float64)).std(axis=2)
        self.signal[copies, epoch, layer] = spread.mean(axis=1)

    def judge(self, copies: NDArray[np.intp], epoch: int, layer: int, slopes: Array, steepest: float) -> None:
        """Note the shares of saturated values and dead units, from the slopes [copies, examples, units, …]."""
        at = copies, epoch, layer
        units = _by_unit(slopes)
        flat = np.abs(units) < SATURATED * steepest
        known = np.isfinite(units).all(axis=(1, 2))
        self.saturated[at] = np.where(known, flat.mean(axis=(1, 2)), np.nan)
        self.dead[at] = np.where(known, flat.all(axis=2).mean(axis=1), np.nan)

    def depths(self, copy: int) -> Depths:
        """Return what a claim looks at: signal, saturated and dead of one copy."""
        return Depths(self.signal[copy], self.saturated[copy], self.dead[copy])

    def layers(self, copy: int, epoch: int) -> list[Layer]:
        """Return one look as the events of a run hold it."""
        return [self._layer(copy, epoch, depth) for depth in range(self.signal.shape[2])]

    def _layer(self, copy: int, epoch: int, depth: int) -> Layer:
        at = copy, epoch, depth
        return {
            "name": str(depth) if depth else "input",
            "before": self._distribution(at, 0),
            "after": self._distribution(at, 1),
            "signal": short(self.signal[at]),
            "saturated": _or_none(self.saturated[at]),
            "dead": _or_none(self.dead[at]),
        }

    def _distribution(self, at: tuple[int, int, int], side: int) -> Distribution:
        low, high = self.ranges[at[0], at[2], side].tolist()
        return {
            "low": low,
            "high": high,
            "counts": self.counts[(*at, side)].tolist(),
            "nan": int(self.nan[(*at, side)]),
            "mean": short(self.mean[(*at, side)]),
            "std": short(self.std[(*at, side)]),
        }


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _bins(values: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return 1 … BINS for values within [low, high]; the edges are those of `np.histogram`."""
    edges = np.linspace(low[:, 0], high[:, 0], BINS + 1, axis=1)
    place = np.clip((values - low) / (high - low) * BINS, 0, BINS - 1).astype(np.intp)
    place -= values < np.take_along_axis(edges, place, axis=1)
    place += (values >= np.take_along_axis(edges, place + 1, axis=1)) & (place != BINS - 1)
    return place + 1


def _by_unit(values: Any) -> Any:
    """Turn [copies, examples, units, …] into [copies, units, everything that unit computed]."""
    return np.moveaxis(values, 2, 1).reshape(len(values), values.shape[2], -1)
