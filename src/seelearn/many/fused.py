"""Stacks of Linear, BatchNorm1d and activation functions, translated for the kernel that trains them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.many.copies import Adam, Copy, Optimizer, Sample
from seelearn.many.kernel import Activation, Data, Linear, Norm, Stack, train
from seelearn.many.outcome import Outcome

LOSSES: dict[Callable[..., Tensor], str] = {F.mse_loss: "mse", F.cross_entropy: "cross_entropy"}
ACTIVATIONS: dict[type[nn.Module], str] = {
    nn.Tanh: "tanh",
    nn.ReLU: "relu",
    nn.LeakyReLU: "leaky_relu",
    nn.Sigmoid: "sigmoid",
    nn.SELU: "selu",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What the kernel has to know of a network besides its numbers."""

    stack: Stack
    loss: str


def read_plan(network: nn.Module, loss: Callable[..., Tensor], sample: Sample) -> Plan | str:
    """Return the plan for a network, or, in words, why the kernel cannot train it."""
    if not isinstance(network, nn.Sequential):
        return f"the network is a {type(network).__name__}, not an nn.Sequential"
    if loss not in LOSSES:
        return f"its loss is neither {' nor '.join(f'F.{name.__name__}' for name in LOSSES)}"
    if sample.train[0].ndim != 2 or sample.train[0].dtype != torch.float32:
        return "its data are not float32 of the shape [examples, units]"
    layers = []
    for module in network:
        layer = _layer(module)
        if layer is None:
            return f"it has a layer {module}"
        layers.append(layer)
    if not layers or not isinstance(layers[-1], Linear):
        return "its last layer is not Linear"
    return Plan(tuple(layers), LOSSES[loss])


def _layer(module: nn.Module) -> Linear | Norm | Activation | None:
    if module._forward_hooks or module._forward_pre_hooks:
        return None
    if type(module) is nn.Linear and module.weight.dtype == torch.float32 and module.weight.requires_grad:
        return Linear(module.in_features, module.out_features, module.bias is not None)
    if type(module) is nn.BatchNorm1d and module.affine and module.track_running_stats and module.momentum is not None:
        return Norm(module.num_features, module.eps)
    if type(module) in ACTIVATIONS:
        return Activation(ACTIVATIONS[type(module)], getattr(module, "negative_slope", 0.01))
    return None


def train_fused(plan: Plan, copies: Sequence[Copy], batch: int, outcome: Outcome) -> None:
    """Train copies of one plan, and write what they gave into `outcome`."""
    names = [name for name in copies[0].state if not name.endswith("num_batches_tracked")]
    learned = [name for name, _ in copies[0].network.named_parameters()]
    buffers = [name for name in names if name not in learned]
    samples = list({id(copy.sample): copy.sample for copy in copies}.values())
    which = {id(sample): place for place, sample in enumerate(samples)}
    momentum = [[m.momentum for m in copy.network.modules() if isinstance(m, nn.BatchNorm1d)] for copy in copies]
    indices = np.array([copy.index for copy in copies])
    looks = outcome.looks.take(indices)
    trained = train(
        plan.stack,
        _flat(copies, learned),
        _flat(copies, buffers),
        _data(samples),
        np.array([which[id(copy.sample)] for copy in copies]),
        batch,
        plan.loss,
        "adam" if isinstance(copies[0].optimizer, Adam) else "sgd",
        np.array([_hyper(copy.optimizer) for copy in copies]),
        np.array(momentum, np.float64).reshape(len(copies), -1),
        looks,
    )
    outcome.loss[indices], outcome.prediction[indices] = trained.loss, trained.prediction
    outcome.looks.put(indices, looks)
    for place, copy in enumerate(copies):
        final = _unflat(trained.parameters[place], copy, learned) | _unflat(trained.buffers[place], copy, buffers)
        outcome.states[copy.index] = copy.state | final


def _flat(copies: Sequence[Copy], names: list[str]) -> NDArray[np.float32]:
    """Return the named tensors of every copy in one row each."""
    if not names:
        return np.zeros((len(copies), 0), np.float32)
    return torch.stack([torch.cat([copy.state[name].flatten() for name in names]) for copy in copies]).numpy()


def _unflat(row: NDArray[np.float32], copy: Copy, names: list[str]) -> dict[str, Tensor]:
    parts = torch.from_numpy(row).split([copy.state[name].numel() for name in names])
    return {name: part.reshape(copy.state[name].shape) for name, part in zip(names, parts, strict=True)}


def _data(samples: list[Sample]) -> Data:
    columns = zip(*[(*s.train, *s.test, s.order) for s in samples], strict=True)
    return Data(*[torch.stack(column).numpy() for column in columns])


def _hyper(optimizer: Optimizer) -> list[float]:
    if isinstance(optimizer, Adam):
        return [optimizer.lr, *optimizer.betas, optimizer.eps]
    return [optimizer.lr, optimizer.momentum, 0, 0]
