"""Look into every layer of one network: what `seelearn.microscope` counts and measures, in compiled code."""

from typing import Any, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from seelearn.many.functions import activate
from seelearn.many.lanes import WIDTH, fma, load, nearest, pick, ramp, splat, store_whole, total, widen
from seelearn.many.layers import ACTIVATION, LINEAR, linear, norm_test
from seelearn.microscope.statistics import BINS

PLACES = 48
"""Numbers kept for a histogram: below, the bins, above, NaN, and up to whole vectors."""


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


@njit(error_model="numpy")
def _row_sum(work: Any, first: int, used: int) -> float:
    zero, lane = splat(np.float32(0.0)), ramp(np.float32(1.0))
    whole = splat(0.0)
    for i in range(0, used, WIDTH):
        value = pick(lane, splat(np.float32(used - i)), load(work, first + i), zero)  # without the padding
        whole = whole + widen(value)
    return float(total(whole))


@njit(error_model="numpy")
def _row_squares(work: Any, first: int, used: int, middle: float) -> float:
    zero, lane, away = splat(0.0), ramp(np.float32(1.0)), splat(-middle)
    whole = zero
    for i in range(0, used, WIDTH):
        distance = pick(lane, splat(np.float32(used - i)), widen(load(work, first + i)) + away, zero)
        whole = fma(distance, distance, whole)
    return float(total(whole))


@njit(error_model="numpy")
def _moments(work: Any, at: int, stride: int, rows: int, used: int) -> tuple[float, float, float]:
    """Return mean, standard deviation and `signal` of finite values; NaN where one is not finite.

    Rows are put together by the formula of Chan, Golub and LeVeque (1979).
    """
    mean, squares, signal = 0.0, 0.0, 0.0
    for r in range(rows):
        first = at + r * stride
        middle = _row_sum(work, first, used) / used
        own = _row_squares(work, first, used, middle)
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
def _exact_places(work: Any, first: int, used: int, edges: Any, per_bin: float, places: Any) -> int:
    """Set the place of every value as numpy.histogram does; return how many are NaN, whose place is the last."""
    nan = 0
    for i in range(used):
        value = np.float64(work[first + i])
        if np.isnan(value):
            place = BINS + 2
            nan += 1
        elif value < edges[0]:
            place = 0
        elif value > edges[BINS]:
            place = BINS + 1
        else:
            place = min(1 + int((value - edges[0]) * per_bin), BINS)
            if value < edges[place - 1]:
                place -= 1
            elif place < BINS and value >= edges[place]:
                place += 1
        places[i] = place + i % WIDTH * PLACES
    return nan


@njit(error_model="numpy")
def _quick_places(work: Any, first: int, used: int, low: float, per_bin: float, near: float, places: Any) -> bool:
    """Set the place of every value, each lane counting from its own tally; return whether all are without doubt.

    float32 leaves no doubt about a value less than `near` bins from the middle of its bin.
    """
    scale, shift = splat(np.float32(per_bin)), splat(np.float32(-low * per_bin - 0.5))
    least, most, sure = splat(np.float32(-1.0)), splat(np.float32(BINS)), splat(np.float32(near * near))
    zero, one = splat(np.float32(0.0)), splat(np.float32(1.0))
    tally, certain = ramp(np.float32(PLACES)) + one, zero
    for i in range(0, used, WIDTH):
        t = fma(load(work, first + i), scale, shift)
        t = pick(t, least, least, t)
        t = pick(most, t, most, t)
        whole = nearest(t)
        off = t - whole
        certain = certain + pick(off * off, sure, one, zero)
        store_whole(places, i, whole + tally)
    return bool(total(certain) == (used + WIDTH - 1) // WIDTH * WIDTH)


@njit(error_model="numpy")
def _histogram(work: Any, at: int, stride: int, rows: int, used: int, edges: Any, scratch: Any, counts: Any) -> int:
    """Set counts (below, the bins, above) of all values; return how many are NaN."""
    places, tally = scratch
    tally[:] = 0
    nan, per_bin = 0, BINS / (edges[BINS] - edges[0])
    roundings = 3e-6 + 2e-7 * per_bin * max(abs(edges[0]), abs(edges[BINS]))  # of one value's place, together
    near = max(0.5 - roundings, 0.0)
    for r in range(rows):
        if not _quick_places(work, at + r * stride, used, edges[0], per_bin, near, places):
            nan += _exact_places(work, at + r * stride, used, edges, per_bin, places)
        # Each lane has its own tally: to add to one number twice in a row means to wait for it.
        for i in range(used):
            tally[np.uintp(places[i])] += np.uint32(1)
    for k in range(BINS + 2):
        number = np.uint32(0)
        for lane in range(WIDTH):
            number += tally[np.uintp(lane * PLACES + k)]
        counts[k] = number
    return nan


@njit(error_model="numpy")
def _describe(
    work: Any, at: int, stride: int, rows: int, used: int, numbers: Any, place: Any, side: int, scratch: Any
) -> None:
    """Write down the distribution of one side of a layer, and after side 1 its signal."""
    copy, epoch, layer = place
    edges, counts = numbers.edges[copy, layer, side], numbers.counts[copy, epoch, layer, side]
    numbers.nan[copy, epoch, layer, side] = _histogram(work, at, stride, rows, used, edges, scratch, counts)
    mean, std, signal = _moments(work, at, stride, rows, used)
    if not np.isfinite(mean):
        mean, std = _finite_moments(work, at, stride, rows, used)
        signal = np.nan
    numbers.mean[copy, epoch, layer, side] = mean
    numbers.std[copy, epoch, layer, side] = std
    if side == 1:
        numbers.signal[copy, epoch, layer] = signal


@njit(error_model="numpy")
def _count_flat(work: Any, first: int, used: int, lower: float, upper: float) -> int:
    """Return how many values lie outside of [lower, upper]; NaN does not."""
    zero, one, low, high = splat(np.float32(0.0)), splat(np.float32(1.0)), splat(lower), splat(upper)
    lane, flat = ramp(np.float32(1.0)), zero
    for i in range(0, used, WIDTH):
        value = load(work, first + i)
        outside = pick(value, low, one, pick(high, value, one, zero))
        flat = flat + pick(lane, splat(np.float32(used - i)), outside, zero)  # without the padding
    return int(total(flat))


@njit(error_model="numpy")
def _saturation(work: Any, at: int, stride: int, used: int, step: Any, numbers: Any, place: Any) -> None:
    """Write down the shares of saturated values and dead units."""
    copy, epoch, layer = place
    any_nan = numbers.nan[copy, epoch, layer, 1] > 0
    if any_nan and step.nan_slope:
        return  # the slope there is NaN, and so are both shares
    saturated, dead = 0, 0
    for r in range(step.outputs):
        first = at + r * stride
        flat = _count_flat(work, first, used, np.float32(step.lower), np.float32(step.upper))
        if any_nan and step.nan_flat:
            for i in range(first, first + used):
                flat += np.isnan(work[i])
        saturated += flat
        dead += flat == used
    numbers.saturated[copy, epoch, layer] = saturated / (step.outputs * used)
    numbers.dead[copy, epoch, layer] = dead / step.outputs


@njit(error_model="numpy")
def look(work: Any, steps: Any, size: Any, used: int, numbers: Any, copy: int, epoch: int, scratch: Any) -> int:
    """Compute the test data's way through the network and write down what every layer does; return where it ends.

    Of the test data themselves, which are always the same, it writes only in epoch 0; see `repeat_input`.
    """
    stride, source, spare = size.test_stride, size.test, size.ping
    vectors, weighted = stride // WIDTH, False
    # A literal argument would have Numba compile a function once more.
    before, after, first = np.int64(0), np.int64(1), (copy, epoch, np.int64(0))
    if epoch == 0:
        _describe(work, source, stride, steps[0].inputs, used, numbers, first, before, scratch)
    for i in range(len(steps)):
        step = steps[i]
        target = spare if source == size.test or step.kind == LINEAR else source
        if step.kind == LINEAR:
            if not weighted and (epoch == 0 or source != size.test):
                _describe(work, source, stride, step.inputs, used, numbers, first, after, scratch)
            weighted = True
            linear(work, step, size.weights, source, target, stride, vectors)
        elif step.kind == ACTIVATION:
            place = copy, epoch, step.number
            _describe(work, source, stride, step.outputs, used, numbers, place, before, scratch)
            activate(work, step.function, source, target, stride, step.outputs, vectors, step.slope)
            _describe(work, target, stride, step.outputs, used, numbers, place, after, scratch)
            _saturation(work, target, stride, used, step, numbers, place)
        else:
            norm_test(work, step, size, source, target, stride, vectors)
        if target != source:
            source, spare = target, (size.pong if target == size.ping else size.ping)
    return int(source)


def repeat_input(numbers: Numbers, sides: int) -> None:
    """Write the first look at the first one or two sides of the input into all epochs."""
    for values in (numbers.counts, numbers.nan, numbers.mean, numbers.std):
        values[:, 1:, 0, :sides] = values[:, :1, 0, :sides]
    if sides == 2:
        numbers.signal[:, 1:, 0] = numbers.signal[:, :1, 0]
