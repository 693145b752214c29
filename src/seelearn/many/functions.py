"""Elementwise functions of float32 vectors: the activation functions and their slopes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from seelearn.many.lanes import SHIFT, WIDTH, load, pick, power_of_two, splat, store

ACTIVATIONS = ("tanh", "relu", "leaky_relu", "sigmoid", "selu")
TANH, RELU, LEAKY_RELU, SIGMOID, SELU = range(len(ACTIVATIONS))
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""Klambauer et al., "Self-Normalizing Neural Networks" (2017), as torch has them."""


@njit(inline="always")
def _number(value: float) -> Any:
    return splat(np.float32(value))


@njit
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent within 4e-7 (absolute), never beyond ±1; NaN for NaN.

    tanh x = 2t / (1 + t²) with t = tanh(x/2) ≈ x·p(x²)/q(x²), which takes but nine products; p and q are fitted to the
    smallest largest error of tanh x on [0, 8] (Lawson's weights), and tanh 8 is 1 − 2.3e-7.
    """
    low, high = _number(-8.0), _number(8.0)
    x = pick(high, x, high, pick(x, low, low, x))
    s = x * x
    p = x * ((_number(2.7525355e-05) * s + _number(0.0135028567)) * s + _number(0.499999648))
    q = (_number(0.000917542736) * s + _number(0.110337209)) * s + _number(1.0)
    return p * (q + q) / (p * p + q * q)


@njit
def exp(x: Any) -> Any:
    """Return the exponential within 2e-7 (relative) for x in [-87, 88], outside of it that of the nearer end.

    NaN for NaN. After `expf` of the Cephes library (Moshier, 1992).
    """
    low, high = _number(-87.0), _number(88.0)
    x = pick(high, x, high, pick(x, low, low, x))
    shifted = x * _number(1.44269504088896341) + _number(SHIFT)
    n = shifted - _number(SHIFT)
    r = x - n * _number(0.693359375) - n * _number(-2.12194440e-4)
    p = _number(1.9875691500e-4) * r + _number(1.3981999507e-3)
    p = (p * r + _number(8.3334519073e-3)) * r + _number(4.1665795894e-2)
    p = (p * r + _number(1.6666665459e-1)) * r + _number(5.0000001201e-1)
    return (p * (r * r) + r + _number(1.0)) * power_of_two(shifted)


@njit
def _tanh(x: Any, slope: Any) -> Any:
    return tanh(x)


@njit
def _relu(x: Any, slope: Any) -> Any:
    zero = _number(0.0)
    return pick(x, zero, zero, x)


@njit
def _leaky_relu(x: Any, slope: Any) -> Any:
    return pick(x, _number(0.0), x * slope, x)


@njit
def _sigmoid(x: Any, slope: Any) -> Any:
    one = _number(1.0)
    return one / (one + exp(_number(0.0) - x))


@njit
def _selu(x: Any, slope: Any) -> Any:
    below = _number(SELU_SCALE * SELU_ALPHA) * (exp(x) - _number(1.0))
    return pick(x, _number(0.0), below, _number(SELU_SCALE) * x)


# The slopes below need only what the function returned, so that training can keep that in place of what it received.


@njit
def _tanh_back(a: Any, d: Any, slope: Any) -> Any:
    return (_number(1.0) - a * a) * d


@njit
def _relu_back(a: Any, d: Any, slope: Any) -> Any:
    zero = _number(0.0)
    return pick(zero, a, d, zero)


@njit
def _leaky_relu_back(a: Any, d: Any, slope: Any) -> Any:
    return pick(_number(0.0), a, d, d * slope)


@njit
def _sigmoid_back(a: Any, d: Any, slope: Any) -> Any:
    return a * (_number(1.0) - a) * d


@njit
def _selu_back(a: Any, d: Any, slope: Any) -> Any:
    return pick(_number(0.0), a, _number(SELU_SCALE), a + _number(SELU_SCALE * SELU_ALPHA)) * d


def _over(function: Callable[..., Any]) -> Any:
    """Return a compiled loop that sets out = function(a, slope) for rows `stride` apart."""

    @njit(error_model="numpy")
    def loop(work: Any, a: int, out: int, stride: int, rows: int, vectors: int, slope: float) -> None:
        constant = splat(np.float32(slope))
        for r in range(rows):
            for v in range(r * stride, r * stride + vectors * WIDTH, WIDTH):
                store(work, out + v, function(load(work, a + v), constant))

    return loop


def _back_over(function: Callable[..., Any]) -> Any:
    """Return a compiled loop that sets d = function(a, d, slope) for rows `stride` apart."""

    @njit(error_model="numpy")
    def loop(work: Any, a: int, d: int, stride: int, rows: int, vectors: int, slope: float) -> None:
        constant = splat(np.float32(slope))
        for r in range(rows):
            for v in range(r * stride, r * stride + vectors * WIDTH, WIDTH):
                store(work, d + v, function(load(work, a + v), load(work, d + v), constant))

    return loop


_f0, _f1, _f2, _f3, _f4 = (_over(f) for f in (_tanh, _relu, _leaky_relu, _sigmoid, _selu))
_b0, _b1, _b2, _b3, _b4 = (_back_over(f) for f in (_tanh_back, _relu_back, _leaky_relu_back, _sigmoid_back, _selu_back))


@njit
def activate(work: Any, kind: int, a: int, out: int, stride: int, rows: int, vectors: int, slope: float) -> None:
    """Set out = f(a), f being ACTIVATIONS[kind]; the two may be the same place."""
    if kind == TANH:
        _f0(work, a, out, stride, rows, vectors, slope)
    elif kind == RELU:
        _f1(work, a, out, stride, rows, vectors, slope)
    elif kind == LEAKY_RELU:
        _f2(work, a, out, stride, rows, vectors, slope)
    elif kind == SIGMOID:
        _f3(work, a, out, stride, rows, vectors, slope)
    else:
        _f4(work, a, out, stride, rows, vectors, slope)


@njit
def activate_back(work: Any, kind: int, a: int, d: int, stride: int, rows: int, vectors: int, slope: float) -> None:
    """Multiply d by the slope of ACTIVATIONS[kind] where it returned a."""
    if kind == TANH:
        _b0(work, a, d, stride, rows, vectors, slope)
    elif kind == RELU:
        _b1(work, a, d, stride, rows, vectors, slope)
    elif kind == LEAKY_RELU:
        _b2(work, a, d, stride, rows, vectors, slope)
    elif kind == SIGMOID:
        _b3(work, a, d, stride, rows, vectors, slope)
    else:
        _b4(work, a, d, stride, rows, vectors, slope)
