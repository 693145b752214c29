"""What a training step does besides the layers: the gradient of the loss, and the optimizer."""

from typing import Any

import numpy as np
from numba import njit

from seelearn.many.functions import exp
from seelearn.many.lanes import WIDTH, fma, load, pick, root, splat, store
from seelearn.many.layers import clear_padding

LOSSES = ("mse", "cross_entropy")
MSE, CROSS_ENTROPY = range(len(LOSSES))
OPTIMIZERS = ("adam", "sgd")
ADAM, SGD = range(len(OPTIMIZERS))


@njit(error_model="numpy")
def loss_gradient(work: Any, size: Any, loss: int, rows: int, used: int, vectors: int) -> None:
    """Set size.back to the gradient of the mean loss of the batch in size.output; size.answer holds the right answers.

    For the cross-entropy an answer is 1 in the row of its class and 0 in the others.
    """
    for c in range(0, vectors * WIDTH, WIDTH):
        if loss == MSE:
            factor = splat(np.float32(2.0 / (used * rows)))
            for r in range(c, c + rows * size.stride, size.stride):
                error = load(work, size.output + r) - load(work, size.answer + r)
                store(work, size.back + r, error * factor)
        else:
            _softmax_gradient(work, size, rows, c, np.float32(1.0 / used))
    clear_padding(work, size.back, size.stride, rows, used, vectors)


@njit(error_model="numpy")
def _softmax_gradient(work: Any, size: Any, rows: int, c: int, factor: float) -> None:
    """Set (softmax(output) − answer)·factor in the vector of columns that starts at c."""
    last = c + rows * size.stride
    largest = load(work, size.output + c)
    for r in range(c, last, size.stride):
        here = load(work, size.output + r)
        largest = pick(largest, here, here, largest)
    whole = splat(np.float32(0.0))
    for r in range(c, last, size.stride):
        part = exp(load(work, size.output + r) - largest)
        whole = whole + part
        store(work, size.back + r, part)
    for r in range(c, last, size.stride):
        share = load(work, size.back + r) / whole
        store(work, size.back + r, (share - load(work, size.answer + r)) * splat(factor))


@njit(error_model="numpy")
def adam(work: Any, size: Any, hyper: Any, powers: Any) -> None:
    """Take one step of Kingma and Ba, "Adam" (2015), as torch.optim.Adam rounds it.

    `hyper` is lr, beta1, beta2, eps; `powers` the two betas to the number of steps taken, which this one adds to.
    """
    powers[0] *= hyper[1]
    powers[1] *= hyper[2]
    keep, fresh = splat(np.float32(hyper[2])), splat(np.float32(1.0 - hyper[2]))
    toward, eps = splat(np.float32(1.0 - hyper[1])), splat(np.float32(hyper[3]))
    rate = splat(np.float32(hyper[0] / (1.0 - powers[0])))
    unbiased = splat(np.float32(1.0 / np.sqrt(1.0 - powers[1])))
    # Offsets in numbers of their own: a field of a record would be read again after every store.
    weights, gradients, firsts, seconds = size.weights, size.gradients, size.first, size.second
    for i in range(0, size.parameters, WIDTH):
        gradient, first = load(work, gradients + i), load(work, firsts + i)
        first = fma(toward, gradient - first, first)
        second = fma(keep, load(work, seconds + i), fresh * gradient * gradient)
        store(work, firsts + i, first)
        store(work, seconds + i, second)
        change = rate * first / fma(root(second), unbiased, eps)
        store(work, weights + i, load(work, weights + i) - change)


@njit(error_model="numpy")
def sgd(work: Any, size: Any, hyper: Any) -> None:
    """Take one step of gradient descent with momentum as torch.optim.SGD does; `hyper` is lr, momentum."""
    downhill, momentum = splat(np.float32(-hyper[0])), splat(np.float32(hyper[1]))
    for i in range(0, size.parameters, WIDTH):
        velocity = fma(momentum, load(work, size.first + i), load(work, size.gradients + i))
        store(work, size.first + i, velocity)
        store(work, size.weights + i, fma(downhill, velocity, load(work, size.weights + i)))
