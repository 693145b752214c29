"""The layers of one network, forward and backward, on parts of one flat float32 array, `work`.

A row holds one unit over the whole batch, padded to whole vectors; a padded column of a gradient is always 0.
"""

from typing import Any

import numpy as np
from numba import njit

from seelearn.many.functions import activate, activate_back
from seelearn.many.lanes import WIDTH, load, splat, store, total
from seelearn.many.tiles import pair_sums, product

LINEAR, NORM, ACTIVATION = range(3)

STEP = np.dtype(
    [(name, np.int64) for name in (
        "kind",
        "inputs",
        "outputs",
        "weight",  # offset of its parameters among the parameters
        "row",  # Linear: distance between the weights of two outputs, the bias standing after the weights of each
        "bias",  # Linear: 1 or 0
        "source",  # offset of what it receives
        "target",  # offset of what it passes on
        "kept",  # Norm: offset of its normalised input
        "spread",  # Norm: offset of 1/std of every unit
        "buffer",  # Norm: offset of the running means, then variances
        "number",  # Norm: which of the Norms; Activation: which of the layers looked at
        "function",  # Activation: which of ACTIVATIONS
        "onward",  # 1 where a layer before this one has parameters
        "nan_slope",  # Activation: 1 where the slope at NaN is NaN
        "nan_flat",  # Activation: 1 where the slope at NaN counts as saturated
    )] + [(name, np.float64) for name in (
        "constant",  # Norm: eps; leaky_relu: the slope for negative values
        "lower",  # Activation: what it passes on is saturated below this
        "upper",  # and above this
    )],
)  # fmt: skip
"""One layer."""

SIZES = np.dtype(
    [(name, np.int64) for name in (
        "parameters", "weights", "gradients", "first", "second", "zero", "input", "answer", "output",
        "back", "forth", "stride", "test", "ping", "pong", "test_stride", "buffers", "buffer_size", "all",
    )]
)  # fmt: skip
"""How many parameters there are, padding included, and the offsets of all that is in `work`."""


@njit(error_model="numpy")
def fill(work: Any, first: int, last: int, value: float) -> None:
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


@njit(error_model="numpy")
def norm_train(work: Any, step: Any, size: Any, used: int, vectors: int, momentum: float) -> None:
    """Normalise every unit over the batch, and move the running mean and variance towards the batch's.

    Ioffe and Szegedy, "Batch Normalization" (2015); like torch, the running variance is the unbiased one.
    """
    end, count = vectors * WIDTH, np.float32(used)
    for r in range(step.outputs):
        at, out, kept = step.source + r * size.stride, step.target + r * size.stride, step.kept + r * size.stride
        fill(work, at + used, at + end, np.float32(0.0))
        partial = splat(np.float32(0.0))
        for c in range(0, end, WIDTH):
            partial = partial + load(work, at + c)
        mean = np.float32(total(partial) / count)
        fill(work, at + used, at + end, mean)
        middle, partial = splat(mean), splat(np.float32(0.0))
        for c in range(0, end, WIDTH):
            distance = load(work, at + c) - middle
            partial = partial + distance * distance
        squares = total(partial)
        narrow = np.float32(1.0) / np.sqrt(squares / count + np.float32(step.constant))
        work[step.spread + r] = narrow
        scale, gamma = splat(narrow), splat(work[size.weights + step.weight + r])
        beta = splat(work[size.weights + step.weight + step.outputs + r])
        for c in range(0, end, WIDTH):
            normal = (load(work, at + c) - middle) * scale
            store(work, kept + c, normal)
            store(work, out + c, normal * gamma + beta)
        b = size.buffers + step.buffer + r
        work[b] = (1.0 - momentum) * work[b] + momentum * mean
        b += step.outputs
        work[b] = (1.0 - momentum) * work[b] + momentum * (squares / np.float32(used - 1))


@njit(error_model="numpy")
def norm_back(work: Any, step: Any, size: Any, d: int, used: int, vectors: int) -> None:
    """Set the gradients of gamma and beta, and turn d into the gradient of what the layer received."""
    end, count = vectors * WIDTH, np.float32(used)
    for r in range(step.outputs):
        at, kept = d + r * size.stride, step.kept + r * size.stride
        plain, product_ = splat(np.float32(0.0)), splat(np.float32(0.0))
        for c in range(0, end, WIDTH):
            here = load(work, at + c)
            plain = plain + here
            product_ = product_ + here * load(work, kept + c)
        beta, gamma = total(plain), total(product_)
        work[size.gradients + step.weight + r] = gamma
        work[size.gradients + step.weight + step.outputs + r] = beta
        if step.onward:
            scale = splat(work[size.weights + step.weight + r] * work[step.spread + r])
            mean, along = splat(beta / count), splat(gamma / count)
            for c in range(0, end, WIDTH):
                store(work, at + c, (load(work, at + c) - mean - load(work, kept + c) * along) * scale)
            fill(work, at + used, at + end, np.float32(0.0))


@njit(error_model="numpy")
def norm_test(work: Any, step: Any, size: Any, source: int, target: int, stride: int, vectors: int) -> None:
    """Normalise every unit by its running mean and variance."""
    for r in range(step.outputs):
        b, w = size.buffers + step.buffer + r, size.weights + step.weight + r
        scale = work[w] / np.sqrt(work[b + step.outputs] + np.float32(step.constant))
        slope, middle, beta = splat(scale), splat(work[b]), splat(work[w + step.outputs])
        for c in range(r * stride, r * stride + vectors * WIDTH, WIDTH):
            store(work, target + c, (load(work, source + c) - middle) * slope + beta)


@njit(error_model="numpy")
def forward(work: Any, steps: Any, size: Any, used: int, vectors: int, momentum: Any) -> None:
    """Compute every layer on the training batch in place, keeping what `backward` needs."""
    for i in range(len(steps)):
        step = steps[i]
        if step.kind == LINEAR:
            linear(work, step, size.weights, step.source, step.target, size.stride, vectors)
        elif step.kind == NORM:
            norm_train(work, step, size, used, vectors, momentum[step.number])
        else:
            activate(
                work, step.function, step.source, step.target, size.stride, step.outputs, vectors, step.constant
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
        elif step.onward:
            activate_back(work, step.function, step.target, d, size.stride, step.outputs, vectors, step.constant)
