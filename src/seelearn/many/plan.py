"""Where everything of one network stands in its workspace."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from seelearn.many.functions import ACTIVATIONS, IDENTITY, SELU_ALPHA, SELU_SCALE
from seelearn.many.lanes import WIDTH
from seelearn.many.layers import ACTIVATION, LINEAR, NORM, SIZES, STEP
from seelearn.many.tiles import QUARTER
from seelearn.microscope.statistics import SATURATED


class Linear(NamedTuple):
    """A matrix product; parameters: weight [outputs, inputs] row by row, then the bias [outputs] if there is one."""

    inputs: int
    outputs: int
    bias: bool


class Norm(NamedTuple):
    """A BatchNorm1d; parameters: gamma [units], beta [units]; buffers: running mean and running variance [units]."""

    units: int
    eps: float


class Activation(NamedTuple):
    """One of ACTIVATIONS; `slope` is leaky_relu's for negative values, from 0 to 1."""

    kind: str
    slope: float = 0.01


Places = NDArray[np.int64]
Stack = tuple[Linear | Norm | Activation, ...]


def _up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


class _Layout:
    """Places given out one after the other."""

    def __init__(self, stack: Stack, batch: int, tests: int) -> None:
        self._at = 0
        self._stack = stack
        self.stride, self.test_stride = _up(batch, WIDTH), _up(tests, WIDTH)

    def take(self, size: int) -> int:
        """Return the offset of `size` free numbers."""
        self._at, at = self._at + _up(size, WIDTH), self._at
        return at

    def rows(self, units: int) -> int:
        """Return the offset of as many rows, one for the ones of the bias, and up to a multiple of four."""
        return self.take(_up(units + 1, QUARTER) * self.stride)


def lay_out(stack: Stack, batch: int, tests: int) -> tuple[NDArray[Any], NDArray[Any], Places, Places]:
    """Return the layers as STEP [layers], SIZES [1], and the padded places of parameters [P] and buffers [B]."""
    layout = _Layout(stack, batch, tests)
    steps, places, kept = _parameters(stack)
    parameters, buffers = (int(max(p, default=0)) + WIDTH for p in (places, kept))  # a vector may begin at the last one
    widths = [max(step["inputs"], step["outputs"]) for step in steps]
    size = np.zeros(1, SIZES)[0]
    size["parameters"] = _up(parameters, WIDTH)
    for name in ("weights", "gradients", "first", "second"):
        size[name] = layout.take(parameters)
    size["zero"], size["buffers"] = layout.take(1), layout.take(buffers)
    size["input"] = layout.rows(steps[0]["inputs"])
    size["output"] = _activations(steps, size["input"], layout)
    size["answer"] = layout.rows(steps[-1]["outputs"])
    size["back"], size["forth"] = layout.rows(max(widths)), layout.rows(max(widths))
    size["stride"], size["test_stride"] = layout.stride, layout.test_stride
    for name in ("test", "ping", "pong"):
        size[name] = layout.take(max(widths) * layout.test_stride)
    size["all"] = layout.take(0)
    return steps, np.array([size]), places, kept


def _parameters(stack: Stack) -> tuple[NDArray[Any], Places, Places]:
    """Return the layers with the places of their parameters and buffers."""
    steps = np.zeros(len(stack), STEP)
    none = np.zeros(0, np.int64)
    places, kept = [none], [none]
    at = buffer = norms = activations = 0
    units = _inputs(stack)
    for step, layer in zip(steps, stack, strict=True):
        step["inputs"], step["outputs"], step["weight"], step["onward"] = units, units, at, at > 0
        if isinstance(layer, Linear):
            units, row = layer.outputs, _up(layer.inputs + 1, QUARTER)
            step["kind"], step["outputs"], step["row"], step["bias"] = LINEAR, units, row, layer.bias
            weights = at + np.arange(units)[:, None] * row + np.arange(layer.inputs + 1)
            places += [weights[:, :-1].ravel(), weights[:, -1] if layer.bias else none]
            at += units * row
        elif isinstance(layer, Norm):
            room = _up(units, WIDTH)
            pair = np.concatenate([np.arange(units), room + np.arange(units)])
            step["kind"], step["number"], step["row"], step["eps"] = NORM, norms, room, layer.eps
            step["buffer"] = buffer
            places.append(at + pair)
            kept.append(buffer + pair)
            at, buffer, norms = at + 2 * room, buffer + 2 * room, norms + 1
        else:
            if not 0 <= layer.slope <= 1:
                raise ValueError(f"the negative slope of {layer.kind} is {layer.slope}, but must be from 0 to 1")
            activations += 1
            step["kind"], step["number"], step["slope"] = ACTIVATION, activations, layer.slope
            step["function"] = ACTIVATIONS.index(layer.kind)
            for name, value in _flat_parts(layer).items():
                step[name] = value
    return steps, np.concatenate(places), np.concatenate(kept)


def _inputs(stack: Stack) -> int:
    """Return how many numbers an example has."""
    first = next(layer for layer in stack if not isinstance(layer, Activation))
    return first.inputs if isinstance(first, Linear) else first.units


def _activations(steps: NDArray[Any], source: int, layout: _Layout) -> int:
    """Set where each layer finds what it receives and puts what it passes on; return where the last one puts it."""
    before = None
    for step in steps:
        step["source"] = source
        # An activation function needs what it passed on once more; all else may be overwritten by the next layer.
        kept = before is not None and before["kind"] == ACTIVATION
        target = layout.rows(step["outputs"]) if kept or step["kind"] != ACTIVATION else source
        if step["kind"] == NORM:
            step["kept"] = layout.rows(step["outputs"]) if kept else source
            step["sums"] = layout.take(2 * _up(step["outputs"], WIDTH))
            step["function"] = IDENTITY
        elif step["kind"] == ACTIVATION and before is not None and before["kind"] == NORM:
            before["function"], before["slope"], step["joined"] = step["function"], step["slope"], 1
        step["target"] = source = target
        before = step
    return source


def _flat_parts(layer: Activation) -> dict[str, float]:
    """Return where an activation function is saturated, in terms of what it passes on, and what NaN does there."""
    if layer.kind == "tanh":
        edge = np.sqrt(1 - SATURATED)
        return {"lower": -edge, "upper": edge, "nan_slope": 1}
    if layer.kind == "sigmoid":
        edge = np.sqrt(1 - SATURATED) / 2
        return {"lower": 0.5 - edge, "upper": 0.5 + edge, "nan_slope": 1}
    if layer.kind == "selu":
        steepest = SELU_SCALE * SELU_ALPHA * np.exp(-0.01)  # the microscope looks every 0.01
        return {"lower": SATURATED * steepest - SELU_SCALE * SELU_ALPHA, "upper": np.inf, "nan_slope": 1}
    if layer.kind == "relu" or layer.slope < SATURATED:
        least = float(np.finfo(np.float32).smallest_subnormal)
        return {"lower": least, "upper": np.inf, "nan_flat": layer.kind == "leaky_relu"}
    return {"lower": -np.inf, "upper": np.inf}
