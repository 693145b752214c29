"""Look into every layer of one network: what `seelearn.microscope` counts and measures, in compiled code."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seelearn.many.functions import activate
from seelearn.many.lanes import WIDTH, highest, load, nearest, pick, ramp, splat, store_whole
from seelearn.many.layers import ACTIVATION, LINEAR, linear, norm_test
from seelearn.microscope.statistics import BINS

PLACES = 48
"""Numbers kept for a histogram: below, the bins, above, NaN, and up to whole vectors."""
SUMS = {"reassoc", "contract"}
"""A sum may be taken in any order, which lets it use vectors; NaN and infinities keep their meaning."""


class Numbers(NamedTuple):
    """The arrays of `Looks`, and the 41 edges of every histogram: [copies, layers, 2, BINS + 1]."""

    counts: NDArray[np.uint32]
    nan: NDArray[np.uint32]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    signal: NDArray[np.float64]
    saturated: NDArray[np.float64]
    dead: NDArray[np.float64]
    edges: NDArray[np.float64]


@njit(error_model="numpy", fastmath=SUMS)
def _row_sum(row: Any) -> float:
    whole = 0.0
    for i in range(row.size):
        whole += np.float64(row[i])
    return whole


@njit(error_model="numpy", fastmath=SUMS)
def _row_squares(row: Any, middle: float) -> float:
    whole = 0.0
    for i in range(row.size):
        distance = np.float64(row[i]) - middle
        whole += distance * distance
    return whole


@njit(error_model="numpy")
def _moments(work: Any, at: int, stride: int, rows: int, used: int) -> tuple[float, float, float]:
    """Return mean, standard deviation and `signal` of finite values; NaN where one is not finite.

    Rows are put together by the formula of Chan, Golub and LeVeque (1979).
    """
    mean, squares, signal = 0.0, 0.0, 0.0
    for r in range(rows):
        row = work[at + r * stride : at + r * stride + used]
        middle = _row_sum(row) / used
        own = _row_squares(row, middle)
        signal += np.sqrt(own / used)
        away = middle - mean
        mean += away / (r + 1)
        squares += own + away * away * used * r / (r + 1)
    return mean, np.sqrt(squares / (rows * used)), signal / rows


@njit(error_model="numpy")
def _finite_moments(work: Any, at: int, stride: int, rows: int, used: int) -> tuple[float, float]:
    """Return mean and standard deviation of those values that are finite; NaN where there are none."""
    whole, squares, number = 0.0, 0.0, 0
    for r in range(rows):
        for i in range(at + r * stride, at + r * stride + used):
            if np.isfinite(work[i]):
                whole += work[i]
                number += 1
    if number == 0:
        return np.nan, np.nan
    for r in range(rows):
        for i in range(at + r * stride, at + r * stride + used):
            if np.isfinite(work[i]):
                squares += (work[i] - whole / number) ** 2
    return whole / number, np.sqrt(squares / number)


@njit(error_model="numpy")
def _quick_places(work: Any, first: int, used: int, low: float, per_bin: float, places: Any) -> float:
    """Set the place of every finite value in a histogram; return how far, in bins, one lies from the middle of its bin.

    The sum of the rounding errors is below the bound in `_histogram`.
    """
    scale, shift = splat(np.float32(per_bin)), splat(np.float32(-low * per_bin - 0.5))
    least, most, farthest = splat(np.float32(-1.0)), splat(np.float32(BINS)), splat(np.float32(0.0))
    tally = ramp(np.float32(PLACES)) + splat(np.float32(1.0))
    for i in range(0, used, WIDTH):
        t = load(work, first + i) * scale + shift
        t = pick(t, least, least, t)
        t = pick(most, t, most, t)
        whole = nearest(t)
        off = (t - whole) * (t - whole)
        farthest = pick(farthest, off, off, farthest)
        store_whole(places, i, whole + tally)
    return np.sqrt(np.float64(highest(farthest)))


@njit(error_model="numpy")
def _exact_places(work: Any, first: int, used: int, edges: Any, places: Any) -> int:
    """Set the place of every value as numpy.histogram does, that of NaN after all; return how many are NaN."""
    nan = 0
    for i in range(used):
        value = np.float64(work[first + i])
        if np.isnan(value):
            place = BINS + 2
            nan += 1
        elif value > edges[BINS]:
            place = BINS + 1
        else:
            place = min(np.searchsorted(edges, value, side="right"), BINS)
        places[i] = place + i % WIDTH * PLACES
    return nan


@njit(error_model="numpy")
def _histogram(
    work: Any, at: int, stride: int, rows: int, used: int, finite: bool, edges: Any, scratch: Any, counts: Any
) -> int:
    """Set counts (below, the bins, above) of all values; return how many are NaN, none if all are finite."""
    places, tally = scratch
    tally[:] = 0
    nan, low, high = 0, edges[0], edges[BINS]
    per_bin = BINS / (high - low)
    sure = 0.5 - 1e-5 - 3e-7 * per_bin * max(abs(low), abs(high))
    for r in range(rows):
        if not finite or not _quick_places(work, at + r * stride, used, low, per_bin, places) < sure:
            nan += _exact_places(work, at + r * stride, used, edges, places)
        # Each lane has its own tally: to add to one number twice in a row means to wait for it.
        for i in range(used):
            tally[np.uintp(places[i])] += np.uint32(1)
    for k in range(BINS + 2):
        counts[k] = 0
    for lane in range(WIDTH):
        row = tally[lane * PLACES : (lane + 1) * PLACES]
        for k in range(BINS + 2):
            counts[k] += row[k]
    return nan


@njit(error_model="numpy")
def _describe(
    work: Any, at: int, stride: int, rows: int, used: int, numbers: Any, place: Any, side: int, scratch: Any
) -> None:
    """Write down the distribution of one side of a layer, and after side 1 its signal."""
    copy, epoch, layer = place
    mean, std, signal = _moments(work, at, stride, rows, used)
    finite = np.isfinite(mean)
    edges, counts = numbers.edges[copy, layer, side], numbers.counts[copy, epoch, layer, side]
    numbers.nan[copy, epoch, layer, side] = _histogram(
        work, at, stride, rows, used, finite, edges, scratch, counts
    )  # fmt: skip
    if not finite:
        mean, std = _finite_moments(work, at, stride, rows, used)
        signal = np.nan
    numbers.mean[copy, epoch, layer, side] = mean
    numbers.std[copy, epoch, layer, side] = std
    if side == 1:
        numbers.signal[copy, epoch, layer] = signal


@njit(error_model="numpy")
def _count_flat(row: Any, lower: float, upper: float) -> int:
    flat = np.int32(0)
    for i in range(row.size):
        flat += np.int32((row[i] < lower) | (row[i] > upper))
    return flat


@njit(error_model="numpy")
def _saturation(work: Any, at: int, stride: int, used: int, step: Any, numbers: Any, place: Any) -> None:
    """Write down the shares of saturated values and dead units."""
    copy, epoch, layer = place
    any_nan = numbers.nan[copy, epoch, layer, 1] > 0
    if any_nan and step.nan_slope:
        return  # the slope there is NaN, and so are both shares
    saturated, dead = 0, 0
    for r in range(step.outputs):
        row = work[at + r * stride : at + r * stride + used]
        flat = _count_flat(row, np.float32(step.lower), np.float32(step.upper))
        if any_nan and step.nan_flat:
            flat += np.isnan(row).sum()
        saturated += flat
        dead += flat == used
    numbers.saturated[copy, epoch, layer] = saturated / (step.outputs * used)
    numbers.dead[copy, epoch, layer] = dead / step.outputs


@njit(error_model="numpy")
def look(work: Any, steps: Any, size: Any, used: int, numbers: Any, copy: int, epoch: int, scratch: Any) -> int:
    """Compute the test data's way through the network and write down what every layer does; return where it ends."""
    stride, source, spare = size.test_stride, size.test, size.ping
    vectors, weighted = stride // WIDTH, False
    first = copy, epoch, 0
    _describe(work, source, stride, steps[0].inputs, used, numbers, first, 0, scratch)
    for i in range(len(steps)):
        step = steps[i]
        target = spare if source == size.test or step.kind == LINEAR else source
        if step.kind == LINEAR:
            if not weighted:
                _describe(work, source, stride, step.inputs, used, numbers, first, 1, scratch)
            weighted = True
            linear(work, step, size.weights, source, target, stride, vectors)
        elif step.kind == ACTIVATION:
            place = copy, epoch, step.number
            _describe(work, source, stride, step.outputs, used, numbers, place, 0, scratch)
            activate(work, step.function, source, target, stride, step.outputs, vectors, step.constant)
            _describe(work, target, stride, step.outputs, used, numbers, place, 1, scratch)
            _saturation(work, target, stride, used, step, numbers, place)
        else:
            norm_test(work, step, size, source, target, stride, vectors)
        if target != source:
            source, spare = target, (size.pong if target == size.ping else size.ping)
    return source
