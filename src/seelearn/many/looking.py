"""Look into every layer of one network: what `seelearn.microscope` counts and measures, in compiled code."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seelearn.many.functions import activate
from seelearn.many.lanes import WIDTH
from seelearn.many.layers import ACTIVATION, LINEAR, linear, norm_test
from seelearn.microscope.statistics import BINS

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
def _row_sum(work: Any, first: int, last: int) -> float:
    whole = 0.0
    for i in range(first, last):
        whole += np.float64(work[i])
    return whole


@njit(error_model="numpy", fastmath=SUMS)
def _row_squares(work: Any, first: int, last: int, middle: float) -> float:
    whole = 0.0
    for i in range(first, last):
        distance = np.float64(work[i]) - middle
        whole += distance * distance
    return whole


@njit(error_model="numpy")
def _moments(work: Any, at: int, stride: int, rows: int, used: int) -> tuple[float, float, float]:
    """Return mean, standard deviation and `signal` of finite values; NaN where one is not finite.

    Rows are put together by the formula of Chan, Golub and LeVeque (1979).
    """
    mean, squares, signal = 0.0, 0.0, 0.0
    for r in range(rows):
        first = at + r * stride
        middle = _row_sum(work, first, first + used) / used
        own = _row_squares(work, first, first + used, middle)
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
def _quick_places(work: Any, first: int, used: int, edges: Any, places: Any) -> bool:
    """Set the place of every value in a histogram; return whether rounding leaves no doubt about any."""
    low, high = edges[0], edges[BINS]
    per_bin = BINS / (high - low)
    bound = np.float32(2e-7 * max(abs(low), abs(high)) * per_bin + 1e-5)  # of the rounding errors below, in bins
    start, scale = np.float32(low), np.float32(per_bin)
    least, most, half = np.float32(-0.5), np.float32(BINS + 0.5), np.float32(0.5)
    doubts = np.int32(0)
    for i in range(used):
        value = work[first + i]
        t = (value - start) * scale
        t = t if t > least else least
        t = t if t < most else most
        whole = np.floor(t)
        doubts += np.int32(abs(t - whole - half) > half - bound) | np.int32(value != value)
        places[i] = np.int32(whole) + np.int32(1)
    return doubts == 0


@njit(error_model="numpy")
def _exact_places(work: Any, first: int, used: int, edges: Any, places: Any) -> int:
    """Set the place of every value as numpy.histogram does, that of NaN to BINS + 2; return how many are NaN."""
    nan = 0
    for i in range(used):
        value = np.float64(work[first + i])
        if np.isnan(value):
            places[i] = BINS + 2
            nan += 1
        elif value > edges[BINS]:
            places[i] = BINS + 1
        else:
            places[i] = min(np.searchsorted(edges, value, side="right"), BINS)
    return nan


@njit(error_model="numpy")
def _histogram(work: Any, at: int, stride: int, rows: int, used: int, edges: Any, scratch: Any, counts: Any) -> int:
    """Set counts (below, the bins, above) of all values; return how many are NaN."""
    places, tally = scratch
    tally[:] = 0
    nan = 0
    for r in range(rows):
        first = at + r * stride
        if not _quick_places(work, first, used, edges, places):
            nan += _exact_places(work, first, used, edges, places)
        # Each lane has its own tally: to add to one number twice in a row means to wait for it.
        for i in range(used):
            tally[np.uintp(places[i]) * np.uintp(WIDTH) + np.uintp(i % WIDTH)] += np.uint32(1)
    for k in range(BINS + 2):
        number = np.uint32(0)
        for lane in range(WIDTH):
            number += tally[k * WIDTH + lane]
        counts[k] = number
    return nan


@njit(error_model="numpy")
def _describe(
    work: Any, at: int, stride: int, rows: int, used: int, numbers: Any, place: Any, side: int, scratch: Any
) -> None:
    """Write down the distribution of one side of a layer, and after side 1 its signal."""
    copy, epoch, layer = place
    numbers.nan[copy, epoch, layer, side] = _histogram(
        work, at, stride, rows, used, numbers.edges[copy, layer, side], scratch, numbers.counts[copy, epoch, layer, side]
    )
    mean, std, signal = _moments(work, at, stride, rows, used)
    if not np.isfinite(mean):
        mean, std = _finite_moments(work, at, stride, rows, used)
        signal = np.nan
    numbers.mean[copy, epoch, layer, side] = mean
    numbers.std[copy, epoch, layer, side] = std
    if side == 1:
        numbers.signal[copy, epoch, layer] = signal


@njit(error_model="numpy")
def _saturation(work: Any, at: int, stride: int, used: int, step: Any, numbers: Any, place: Any) -> None:
    """Write down the shares of saturated values and dead units."""
    copy, epoch, layer = place
    lower, upper = np.float32(step.lower), np.float32(step.upper)
    saturated, dead = 0, 0
    for r in range(step.outputs):
        flat, nan = np.int32(0), np.int32(0)
        for i in range(at + r * stride, at + r * stride + used):
            flat += np.int32(work[i] < lower) + np.int32(work[i] > upper)
            nan += np.int32(work[i] != work[i])
        if nan and step.nan_slope:
            return  # the slope there is NaN, and so are both shares
        flat += nan * step.nan_flat
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
