"""Elementwise functions of float32 vectors: the activation functions and their slopes."""

from typing import Any

import numpy as np
from numba import njit

from seelearn.many.lanes import SHIFT, WIDTH, fma, load, pick, power_of_two, splat, store

ACTIVATIONS = ("tanh", "relu", "leaky_relu", "sigmoid", "selu")
TANH, RELU, LEAKY_RELU, SIGMOID, SELU = range(len(ACTIVATIONS))
IDENTITY = -1
SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
"""Klambauer et al., "Self-Normalizing Neural Networks" (2017), as torch has them."""


@njit
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
    p = x * fma(fma(_number(2.7525355e-05), s, _number(0.0135028567)), s, _number(0.499999648))
    q = fma(fma(_number(0.000917542736), s, _number(0.110337209)), s, _number(1.0))
    return p * (q + q) / fma(p, p, q * q)


@njit
def exp(x: Any) -> Any:
    """Return the exponential within 2e-7 (relative) for x in [-87, 88], outside of it that of the nearer end.

    NaN for NaN. After `expf` of the Cephes library (Moshier, 1992).
    """
    low, high = _number(-87.0), _number(88.0)
    x = pick(high, x, high, pick(x, low, low, x))
    shifted = fma(x, _number(1.44269504088896341), _number(SHIFT))
    n = shifted - _number(SHIFT)
    r = fma(n, _number(2.12194440e-4), fma(n, _number(-0.693359375), x))
    p = fma(_number(1.9875691500e-4), r, _number(1.3981999507e-3))
    p = fma(fma(p, r, _number(8.3334519073e-3)), r, _number(4.1665795894e-2))
    p = fma(fma(p, r, _number(1.6666665459e-1)), r, _number(5.0000001201e-1))
    return (fma(p, r * r, r) + _number(1.0)) * power_of_two(shifted)


@njit
def activation(kind: int, x: Any, slope: Any) -> Any:
    """Return the function ACTIVATIONS[kind] of a vector, or the vector itself if kind is IDENTITY."""
    zero, one = _number(0.0), _number(1.0)
    if kind == TANH:
        return tanh(x)
    if kind == RELU:
        return pick(x, zero, zero, x)
    if kind == LEAKY_RELU:
        return pick(x, zero, x * slope, x)
    if kind == SIGMOID:
        return one / (one + exp(zero - x))
    if kind == SELU:
        return pick(x, zero, _number(SELU_SCALE * SELU_ALPHA) * (exp(x) - one), _number(SELU_SCALE) * x)
    return x


@njit
def activation_back(kind: int, a: Any, d: Any, slope: Any) -> Any:
    """Return d times the slope of ACTIVATIONS[kind] where it returned a.

    Training can keep what a function returns in place of what it received, as the slope needs no more.
    """
    zero, one = _number(0.0), _number(1.0)
    if kind == TANH:
        return (one - a * a) * d
    if kind == RELU:
        return pick(zero, a, d, zero)
    if kind == LEAKY_RELU:
        return pick(zero, a, d, d * slope)
    if kind == SIGMOID:
        return a * (one - a) * d
    if kind == SELU:
        return pick(zero, a, _number(SELU_SCALE), a + _number(SELU_SCALE * SELU_ALPHA)) * d
    return d


@njit(error_model="numpy")
def activate(work: Any, kind: int, a: int, out: int, stride: int, rows: int, vectors: int, slope: float) -> None:
    """Set out = activation(a) for rows `stride` apart; the two may be the same place."""
    constant = splat(np.float32(slope))
    for r in range(rows):
        for v in range(r * stride, r * stride + vectors * WIDTH, WIDTH):
            store(work, out + v, activation(kind, load(work, a + v), constant))


@njit(error_model="numpy")
def activate_back(work: Any, kind: int, a: int, d: int, stride: int, rows: int, vectors: int, slope: float) -> None:
    """Set d = activation_back(a, d) for rows `stride` apart."""
    constant = splat(np.float32(slope))
    for r in range(rows):
        for v in range(r * stride, r * stride + vectors * WIDTH, WIDTH):
            store(work, d + v, activation_back(kind, load(work, a + v), load(work, d + v), constant))
