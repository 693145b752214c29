"""The layers of one network, forward and backward, on parts of one flat float32 array, `work`.

A row holds one unit over the whole batch, padded to whole vectors; a padded column of a gradient is always 0.
"""

from typing import Any

import numpy as np
from numba import njit

from seelearn.many.functions import activate, activate_back, activation, activation_back
from seelearn.many.lanes import WIDTH, fma, load, root, splat, store, total
from seelearn.many.tiles import pair_sums, product

LINEAR, NORM, ACTIVATION = range(3)

STEP = np.dtype(
    [(name, np.int64) for name in (
        "kind",
        "inputs",
        "outputs",
        "weight",  # offset of its parameters among the parameters
        "row",  # Linear: from one output's weights, followed by its bias, to the next one's; Norm: from gamma to beta
        "bias",  # Linear: 1 or 0
        "source",  # offset of what it receives
        "target",  # offset of what it passes on
        "kept",  # Norm: offset of its normalised input
        "sums",  # Norm: offset of the mean of every unit, and, `row` further, of 1/std
        "buffer",  # Norm: offset of the running means, and, `row` further, of the variances
        "number",  # Norm: which of the Norms; Activation: which of the layers looked at
        "function",  # Activation: which of ACTIVATIONS; Norm: which one follows in `target` at once, or IDENTITY
        "joined",  # Activation: 1 where in training it is part of the Norm before it
        "onward",  # 1 where a layer before this one has parameters
        "nan_slope",  # Activation: 1 where the slope at NaN is NaN
        "nan_flat",  # Activation: 1 where the slope at NaN counts as saturated
    )] + [(name, np.float64) for name in (
        "eps",  # Norm
        "slope",  # leaky_relu: the slope for negative values; a Norm has that of the function that follows
        "lower",  # Activation: what it passes on is saturated below this
        "upper",  # and above this
    )],
)  # fmt: skip
"""One layer."""

SIZES = np.dtype(
    [(name, np.int64) for name in (
        "parameters", "weights", "gradients", "first", "second", "zero", "input", "answer", "output",
        "back", "forth", "stride", "test", "ping", "pong", "test_stride", "buffers", "all",
    )]
)  # fmt: skip
"""How many parameters there are, padding included, and the offsets of all that is in `work`."""


@njit(error_model="numpy")
def fill(work: Any, first: int, last: int, value: Any) -> None:
    """Set work[first:last]."""
    for i in range(first, last):
        work[i] = value


@njit(error_model="numpy")
def clear_padding(work: Any, at: int, stride: int, rows: int, used: int, vectors: int) -> None:
    """Set the columns from `used` to the end of the last vector to 0."""
    if used < vectors * WIDTH:
        for r in range(rows):
            fill(work, at + r * stride + used, at + r * stride + vectors * WIDTH, np.float32(0.0))


@njit(error_model="numpy")
def linear(work: Any, step: Any, weights: int, source: int, target: int, stride: int, vectors: int) -> None:
    """Set target = W·source + b."""
    w = weights + step.weight
    product(
        work, target, w, step.row, 1, step.inputs, w + step.inputs, step.row, source, stride, step.outputs, vectors
    )  # fmt: skip


@njit(error_model="numpy")
def linear_back(work: Any, step: Any, size: Any, d: int, spare: int, vectors: int) -> None:
    """Set the gradients of W and b, and, unless nothing before can learn, spare = Wᵀ·d."""
    # The row after the inputs is all ones, so that the bias is one more weight.
    stride, columns = size.stride, step.inputs + 1
    pair_sums(work, size.gradients + step.weight, step.row, d, step.source, stride, step.outputs, columns, vectors)
    if step.onward:
        w = size.weights + step.weight
        product(work, spare, w, 1, step.row, step.outputs, size.zero, 0, d, stride, step.inputs, vectors)


# The compiler has to read a field of a record again after every store to `work`: the functions below take numbers.


@njit(error_model="numpy")
def _row_means(work: Any, source: int, means: int, stride: int, rows: int, used: int, vectors: int) -> None:
    share = np.float32(1.0 / used)
    for r in range(rows):
        at = source + r * stride
        partial = load(work, at)
        for c in range(WIDTH, vectors * WIDTH, WIDTH):
            partial = partial + load(work, at + c)
        work[means + r] = total(partial) * share


@njit(error_model="numpy")
def _row_squares(work: Any, source: int, means: int, squares: int, stride: int, rows: int, vectors: int) -> None:
    for r in range(rows):
        at, middle, partial = source + r * stride, splat(work[means + r]), splat(np.float32(0.0))
        for c in range(0, vectors * WIDTH, WIDTH):
            distance = load(work, at + c) - middle
            partial = fma(distance, distance, partial)
        work[squares + r] = total(partial)


@njit(error_model="numpy")
def _spreads(work: Any, step: Any, size: Any, used: int, momentum: float) -> None:
    """Turn the sums of squares into 1/std, and move the running mean and variance towards the batch's."""
    fresh, old = splat(np.float32(momentum)), splat(np.float32(1.0 - momentum))
    one, eps = splat(np.float32(1.0)), splat(np.float32(step.eps))
    share, unbiased = splat(np.float32(1.0 / used)), splat(np.float32(1.0 / (used - 1)))
    for u in range(0, step.outputs, WIDTH):
        means, variances = size.buffers + step.buffer + u, size.buffers + step.buffer + step.row + u
        squares = load(work, step.sums + step.row + u)
        store(work, means, fma(old, load(work, means), fresh * load(work, step.sums + u)))
        store(work, variances, fma(old, load(work, variances), fresh * (squares * unbiased)))
        store(work, step.sums + step.row + u, one / root(fma(squares, share, eps)))


@njit(error_model="numpy")
def _normalise(work: Any, step: Any, w: int, stride: int, vectors: int) -> None:
    """Set kept = (source − mean) / std and target = f(gamma·kept + beta)."""
    source, kept, target, sums, row = step.source, step.kept, step.target, step.sums, step.row
    function, slope = step.function, splat(np.float32(step.slope))
    for r in range(step.outputs):
        middle, scale = splat(work[sums + r]), splat(work[sums + row + r])
        gamma, beta = splat(work[w + r]), splat(work[w + row + r])
        for c in range(r * stride, r * stride + vectors * WIDTH, WIDTH):
            normal = (load(work, source + c) - middle) * scale
            store(work, kept + c, normal)
            store(work, target + c, activation(function, fma(normal, gamma, beta), slope))


@njit(error_model="numpy")
def norm_train(work: Any, step: Any, size: Any, used: int, vectors: int, momentum: float) -> None:
    """Normalise every unit over the batch, and move the running mean and variance towards the batch's.

    Ioffe and Szegedy, "Batch Normalization" (2015); like torch, the running variance is the unbiased one.
    """
    # Each step goes over all units: within one unit, each would have to wait for the result of the one before.
    source, sums, row, stride, rows = step.source, step.sums, step.row, size.stride, step.outputs
    clear_padding(work, source, stride, rows, used, vectors)
    _row_means(work, source, sums, stride, rows, used, vectors)
    if used < vectors * WIDTH:
        for r in range(rows):
            fill(work, source + r * stride + used, source + r * stride + vectors * WIDTH, work[sums + r])
    _row_squares(work, source, sums, sums + row, stride, rows, vectors)
    _spreads(work, step, size, used, momentum)
    _normalise(work, step, size.weights + step.weight, stride, vectors)


@njit(error_model="numpy")
def _norm_sums(work: Any, step: Any, d: int, g: int, stride: int, vectors: int) -> None:
    """Set the gradients of gamma and beta, and turn d into the gradient of what the function received."""
    kept, target, row = step.kept, step.target, step.row
    function, slope = step.function, splat(np.float32(step.slope))
    for r in range(step.outputs):
        plain, along = splat(np.float32(0.0)), splat(np.float32(0.0))
        for c in range(r * stride, r * stride + vectors * WIDTH, WIDTH):
            here = activation_back(function, load(work, target + c), load(work, d + c), slope)
            store(work, d + c, here)
            plain = plain + here
            along = fma(here, load(work, kept + c), along)
        work[g + r] = total(along)
        work[g + row + r] = total(plain)


@njit(error_model="numpy")
def _norm_slope(
    work: Any, d: int, kept: int, w: int, narrow: int, g: int, row: int, stride: int, rows: int, used: int, vectors: int
) -> None:
    share = np.float32(1.0 / used)
    for r in range(rows):
        factor = work[w + r] * work[narrow + r]
        scale = splat(factor)
        mean, along = splat(-work[g + row + r] * share * factor), splat(-work[g + r] * share * factor)
        for c in range(r * stride, r * stride + vectors * WIDTH, WIDTH):
            store(work, d + c, fma(load(work, d + c), scale, fma(load(work, kept + c), along, mean)))


@njit(error_model="numpy")
def norm_back(work: Any, step: Any, size: Any, d: int, used: int, vectors: int) -> None:
    """Set the gradients of gamma and beta, and turn d into the gradient of what the layer received."""
    g, w, row, stride, rows = (
        size.gradients + step.weight,
        size.weights + step.weight,
        step.row,
        size.stride,
        step.outputs,
    )
    _norm_sums(work, step, d, g, stride, vectors)
    if step.onward:
        _norm_slope(work, d, step.kept, w, step.sums + row, g, row, stride, rows, used, vectors)
        clear_padding(work, d, stride, rows, used, vectors)


@njit(error_model="numpy")
def norm_test(work: Any, step: Any, size: Any, source: int, target: int, stride: int, vectors: int) -> None:
    """Normalise every unit by its running mean and variance."""
    for r in range(step.outputs):
        b, w = size.buffers + step.buffer + r, size.weights + step.weight + r
        scale = work[w] / np.sqrt(work[b + step.row] + np.float32(step.eps))
        slope, middle, beta = splat(scale), splat(work[b]), splat(work[w + step.row])
        for c in range(r * stride, r * stride + vectors * WIDTH, WIDTH):
            store(work, target + c, fma(load(work, source + c) - middle, slope, beta))


@njit(error_model="numpy")
def forward(work: Any, steps: Any, size: Any, used: int, vectors: int, momentum: Any) -> None:
    """Compute every layer on the training batch in place, keeping what `backward` needs."""
    for i in range(len(steps)):
        step = steps[i]
        if step.kind == LINEAR:
            linear(work, step, size.weights, step.source, step.target, size.stride, vectors)
        elif step.kind == NORM:
            norm_train(work, step, size, used, vectors, momentum[step.number])
        elif not step.joined:
            activate(
                work, step.function, step.source, step.target, size.stride, step.outputs, vectors, step.slope
            )  # fmt: skip


@njit(error_model="numpy")
def backward(work: Any, steps: Any, size: Any, used: int, vectors: int) -> None:
    """Set the gradients of all parameters, given that of the output in size.back."""
    d, spare = size.back, size.forth
    for i in range(len(steps) - 1, -1, -1):
        step = steps[i]
        if step.kind == LINEAR:
            linear_back(work, step, size, d, spare, vectors)
            d, spare = spare, d
        elif step.kind == NORM:
            norm_back(work, step, size, d, used, vectors)
        elif step.onward and not step.joined:
            activate_back(work, step.function, step.target, d, size.stride, step.outputs, vectors, step.slope)
