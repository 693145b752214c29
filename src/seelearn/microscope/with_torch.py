"""The microscope's hooks for torch."""

from collections.abc import Callable
from functools import partial
from types import TracebackType

import torch
from torch import Tensor, nn

from seelearn.events import Layer
from seelearn.microscope.statistics import (
    Array,
    distribution,
    layer,
    reach,
    saturation,
    signal,
)

ACTIVATIONS = (
    nn.CELU, nn.ELU, nn.GELU, nn.Hardsigmoid, nn.Hardswish, nn.Hardtanh, nn.LeakyReLU, nn.LogSigmoid, nn.Mish,
    nn.ReLU, nn.SELU, nn.Sigmoid, nn.SiLU, nn.Softplus, nn.Softsign, nn.Tanh, nn.Tanhshrink,
)  # fmt: skip
"""The functions that torch applies to each value by itself, the same for every unit; ReLU6 is a Hardtanh."""

REACH = 5.0
"""What an activation receives is drawn on [−5, 5], and what it passes on over the values it takes there."""


class TorchWatch:
    """Hooks on every activation function of a network, and on what its first layer with weights receives."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._layers: list[Layer] = []
        self._handles: list[torch.utils.hooks.RemovableHandle] = []
        self._received: dict[nn.Module, Tensor] = {}

    def __enter__(self) -> list[Layer]:
        weighted = first_weighted(self._network)
        hooks: list[tuple[nn.Module, Callable[..., None]]] = [
            (self._network, self._hold),
            (weighted, partial(self._hold_as_input, weighted)),
        ]
        for module in self._network.modules():
            if isinstance(module, ACTIVATIONS):
                hooks.append((module, self._hold))
                self._handles.append(module.register_forward_hook(self._look))
        self._handles += [module.register_forward_pre_hook(hook) for module, hook in hooks]
        return self._layers

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for handle in self._handles:
            handle.remove()
        if kind is None and not self._layers:
            raise ValueError("nothing was computed inside watch(): call the network in its block")

    def _hold(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self._received[module] = inputs[0].detach().clone()  # an in-place activation overwrites it

    def _hold_as_input(self, weighted: nn.Module, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        raw, passed_on = _array(self._received[self._network]), _array(inputs[0])
        low, high = reach(raw)
        self._layers.append(
            layer(
                "input",
                distribution(raw, low, high),
                distribution(passed_on, low, high),
                signal(passed_on),
            )
        )

    def _look(self, module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        received = self._received.pop(module)
        low, high, steepest = shape(module)
        self._layers.append(
            layer(
                str(len(self._layers)),
                distribution(_array(received), -REACH, REACH),
                distribution(_array(output), low, high),
                signal(_array(output)),
                saturation(_array(slopes(module, received)), steepest),
            )
        )


def shape(activation: nn.Module) -> tuple[float, float, float]:
    """Return the range of what an activation function makes of [−REACH, REACH], and its steepest slope there."""
    grid = torch.linspace(-REACH, REACH, 1001)
    low, high = reach(_array(activation.forward(grid.clone()).unsqueeze(0)))
    return low, high, slopes(activation, grid).abs().max().item()


def slopes(activation: nn.Module, values: Tensor) -> Tensor:
    """Return the derivative of an elementwise activation function at each value; same shape."""
    with torch.inference_mode(False), torch.enable_grad():
        point = values.detach().clone().requires_grad_()
        # forward(), not a call: a call would run the very hooks that are looking.
        total = activation.forward(point.clone()).sum()
        (derivative,) = torch.autograd.grad(total, point)
    return derivative


def first_weighted(network: nn.Module) -> nn.Module:
    """Return the first layer with weights: what it receives is the network's input, normalized or not."""
    with_matrix = (m for m in network.modules() if any(p.ndim >= 2 for p in m.parameters(recurse=False)))
    return next(with_matrix, network)


def _array(tensor: Tensor) -> Array:
    if tensor.ndim < 2:
        raise ValueError(
            f"watch() needs a batch of examples, [examples, units, …], not a tensor of shape {[*tensor.shape]}"
        )
    result: Array = tensor.detach().double().cpu().numpy()
    return result
