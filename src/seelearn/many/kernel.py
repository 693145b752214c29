"""Train many small independent networks at once, each wholly within one core's cache.

A network is a stack of Linear, BatchNorm1d and activation layers, all float32. Threads deal the copies out; within a
copy the vector units work across the batch. The code is compiled on the first call and cached on disk.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numba import config, njit
from numpy.typing import NDArray

from seelearn.many.lanes import WIDTH
from seelearn.many.layers import backward, fill, forward
from seelearn.many.looking import PLACES, Numbers, look, repeat_input
from seelearn.many.looks import Looks
from seelearn.many.plan import Activation, Linear, Norm, Stack, lay_out
from seelearn.many.updates import ADAM, LOSSES, MSE, OPTIMIZERS, adam, loss_gradient, sgd
from seelearn.microscope.statistics import BINS

__all__ = ["Activation", "Data", "Linear", "Norm", "Stack", "Trained", "train"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Data:
    """D data sets of the same shape, shared by the copies."""

    x: Floats
    """[D, examples, inputs]"""
    y: NDArray[Any]
    """For "mse" float32 [D, examples, outputs], for "cross_entropy" int64 [D, examples]: the class of each"""
    test_x: Floats
    test_y: NDArray[Any]
    order: NDArray[np.int64]
    """[D, epochs, examples]: the order of the training examples in every epoch"""


@dataclass(frozen=True, slots=True)
class Trained:
    """What training gave; epoch 0 is the untrained network."""

    loss: Floats
    """The mean loss on the test data: [copies, epochs + 1]"""
    prediction: Floats
    """[copies, epochs + 1, test examples, outputs]"""
    parameters: Floats
    """[copies, parameters]"""
    buffers: Floats
    """[copies, buffers]"""
    moments: Floats
    """[copies, 2, parameters]: Adam's first and second moment, or SGD's velocity and zeros"""


class _Inputs(NamedTuple):
    x: Floats
    y: Floats
    test_x: Floats
    test_y: Floats
    order: NDArray[np.int64]
    which: NDArray[np.int64]
    hyper: NDArray[np.float64]
    momentum: NDArray[np.float64]
    place: NDArray[np.int64]
    kept: NDArray[np.int64]


class _Outputs(NamedTuple):
    loss: Floats
    prediction: Floats
    parameters: Floats
    buffers: Floats
    moments: Floats


def train(
    stack: Stack,
    parameters: Floats,
    buffers: Floats,
    data: Data,
    which: NDArray[np.int64],
    batch: int,
    loss: str,
    optimizer: str,
    hyper: NDArray[np.float64],
    norm_momentum: NDArray[np.float64],
    looks: Looks,
) -> Trained:
    """Train one network for every row of `parameters`, and fill `looks`, whose ranges must be set.

    A row of `parameters` [copies, P] holds each Linear's weight [outputs, inputs] and bias and each Norm's gamma and
    beta, in the order of the stack; one of `buffers` [copies, B] every Norm's running mean and variance. `which`
    [copies] is each copy's data set. `loss` is one of LOSSES and `optimizer` of OPTIMIZERS; a row of `hyper`
    [copies, 4] is lr, beta1, beta2, eps for adam and lr, momentum, 0, 0 for sgd. `norm_momentum` is [copies, Norms].
    The maths is that of torch 2; results differ from it by float32 rounding, and depend on neither the other copies nor
    the processor.
    """
    copies, (epochs, examples) = len(parameters), data.order.shape[1:]
    outputs, tests = [s for s in stack if isinstance(s, Linear)][-1].outputs, data.test_x.shape[1]
    steps, size, place, kept = lay_out(stack, min(batch, examples), tests)
    y, test_y = (_one_hot(y, outputs) if loss != LOSSES[MSE] else y for y in (data.y, data.test_y))
    x, y, test_x, test_y = (np.ascontiguousarray(values, np.float32) for values in (data.x, y, data.test_x, test_y))
    order, which = (np.ascontiguousarray(indices, np.int64) for indices in (data.order, which))
    hyper, norm_momentum = (np.ascontiguousarray(numbers, np.float64) for numbers in (hyper, norm_momentum))
    inputs = _Inputs(x, y, test_x, test_y, order, which, hyper, norm_momentum, place, kept)
    result = _Outputs(
        np.empty((copies, epochs + 1), np.float32),
        np.empty((copies, epochs + 1, tests, outputs), np.float32),
        np.array(parameters, np.float32, order="C"),
        np.array(buffers, np.float32, order="C"),
        np.zeros((copies, 2, len(place)), np.float32),
    )
    edges = np.ascontiguousarray(np.linspace(looks.ranges[..., 0], looks.ranges[..., 1], BINS + 1, axis=-1))
    numbers = Numbers(looks.counts, looks.nan, looks.mean, looks.std, looks.signal, looks.saturated, looks.dead, edges)
    settings = batch, LOSSES.index(loss), OPTIMIZERS.index(optimizer)

    def some(first: int) -> None:
        _train_some(
            first, min(first + portion, copies), steps, size, _workspace(size), settings, inputs, result, numbers
        )

    threads: int = config.NUMBA_NUM_THREADS
    portion = max(1, copies // (8 * threads))
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(some, range(0, copies, portion)))
    repeat_input(numbers, 2 if isinstance(stack[0], Linear) else 1)
    return Trained(*result)


def _one_hot(classes: NDArray[np.int64], outputs: int) -> Floats:
    return np.eye(outputs, dtype=np.float32)[classes]


def _workspace(size: Any) -> Floats:
    """Return zeros that begin on a cache line, so that no vector lies across two."""
    length = int(size["all"][0])
    room = np.zeros(length + WIDTH, np.float32)
    skip = -(room.ctypes.data // room.itemsize) % WIDTH
    return room[skip : skip + length]


@njit(error_model="numpy")
def _begin(work: Any, steps: Any, size: Any, copy: int, inputs: Any, result: Any) -> None:
    """Put a copy's parameters, buffers and test data into an empty workspace."""
    fill(work, 0, len(work), np.float32(0.0))
    for i in range(len(inputs.place)):
        work[size.weights + inputs.place[i]] = result.parameters[copy, i]
    for i in range(len(inputs.kept)):
        work[size.buffers + inputs.kept[i]] = result.buffers[copy, i]
    for i in range(len(steps)):
        step = steps[i]
        if step.bias:
            ones = step.source + step.inputs * size.stride
            fill(work, ones, ones + size.stride, np.float32(1.0))
    test = inputs.test_x[inputs.which[copy]]
    for i in range(test.shape[0]):
        for u in range(test.shape[1]):
            work[size.test + u * size.test_stride + i] = test[i, u]


@njit(error_model="numpy")
def _end(work: Any, size: Any, copy: int, inputs: Any, result: Any) -> None:
    """Take the trained parameters out of the workspace."""
    for i in range(len(inputs.place)):
        result.parameters[copy, i] = work[size.weights + inputs.place[i]]
        result.moments[copy, 0, i] = work[size.first + inputs.place[i]]
        result.moments[copy, 1, i] = work[size.second + inputs.place[i]]
    for i in range(len(inputs.kept)):
        result.buffers[copy, i] = work[size.buffers + inputs.kept[i]]


@njit(error_model="numpy")
def _gather(work: Any, at: int, stride: int, values: Any, order: Any) -> None:
    """Copy examples into columns."""
    for u in range(values.shape[1]):
        column = work[at + u * stride : at + u * stride + order.size]
        for i in range(order.size):
            column[i] = values[np.uintp(order[i]), u]


@njit(error_model="numpy")
def _test(work: Any, at: int, stride: int, loss: int, answers: Any, prediction: Any) -> float:
    """Write down the prediction and return the mean loss; for the cross-entropy over the examples."""
    examples, outputs = answers.shape
    whole = 0.0
    for i in range(examples):
        largest, scale = -np.inf, 0.0
        for u in range(outputs):
            prediction[i, u] = work[at + u * stride + i]
            largest = max(largest, prediction[i, u])
        for u in range(outputs):
            if loss == MSE:
                whole += (np.float64(prediction[i, u]) - answers[i, u]) ** 2 / outputs
            else:
                scale += np.exp(prediction[i, u] - largest)
                whole += answers[i, u] * (largest - prediction[i, u])
        if loss != MSE:
            whole += np.log(scale)
    return float(whole / examples)


@njit(error_model="numpy")
def _epoch(work: Any, steps: Any, size: Any, copy: int, epoch: int, settings: Any, inputs: Any, powers: Any) -> None:
    """Take one step for every batch."""
    batch, loss, optimizer = settings
    data = inputs.which[copy]
    x, y, order = inputs.x[data], inputs.y[data], inputs.order[data, epoch]
    hyper, momentum = inputs.hyper[copy], inputs.momentum[copy]
    for first in range(0, len(order), batch):
        last = min(first + batch, len(order))
        used = last - first
        vectors = (used + WIDTH - 1) // WIDTH
        _gather(work, size.input, size.stride, x, order[first:last])
        _gather(work, size.answer, size.stride, y, order[first:last])
        forward(work, steps, size, used, vectors, momentum)
        loss_gradient(work, size, loss, y.shape[1], used, vectors)
        backward(work, steps, size, used, vectors)
        if optimizer == ADAM:
            adam(work, size, hyper, powers)
        else:
            sgd(work, size, hyper)


def _compile(sources: str) -> Any:
    """Return the compiled kernel, `sources` being the digest of all files it is compiled from."""

    @njit(nogil=True, cache=True, error_model="numpy")
    def train_some(
        begin: int, end: int, steps: Any, sizes: Any, work: Any, settings: Any, inputs: Any, result: Any, numbers: Any
    ) -> str:
        size = sizes[0]
        scratch = np.empty(size.test_stride, np.int32), np.empty(PLACES * WIDTH, np.uint32)
        tests, epochs = inputs.test_x.shape[1], inputs.order.shape[1]
        for copy in range(begin, end):
            _begin(work, steps, size, copy, inputs, result)
            powers = np.ones(2)
            for epoch in range(epochs + 1):
                if epoch:
                    _epoch(work, steps, size, copy, epoch - 1, settings, inputs, powers)
                at = look(work, steps, size, tests, numbers, copy, epoch, scratch)
                answers = inputs.test_y[inputs.which[copy]]
                result.loss[copy, epoch] = _test(
                    work, at, size.test_stride, settings[1], answers, result.prediction[copy, epoch]
                )
            _end(work, size, copy, inputs, result)
        return sources

    return train_some


# Numba's cache looks only at the date of the file with the outermost function, but a closure's variables are part of
# its key: with the digest of all files among them, no old machine code outlives a change in any.
_sources = sorted(Path(__file__).parent.glob("*.py"))
_train_some = _compile(sha256(b"".join(path.read_bytes() for path in _sources)).hexdigest())
