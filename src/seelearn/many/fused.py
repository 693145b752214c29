"""Stacks of Linear, BatchNorm1d and activation functions, translated for the kernel that trains them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.many.copies import Adam, Copy, Optimizer, Sample, stack_states
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


def read_plan(network: nn.Module, loss: Callable[..., Tensor], sample: Sample) -> Plan | str:  # noqa: PLR0911
    """Return the plan for a network, or, in words, why the kernel cannot train it."""
    if type(network) is not nn.Sequential:
        return f"the network is a {type(network).__name__}, not an nn.Sequential"
    if network._forward_hooks or network._forward_pre_hooks:
        return "it has hooks"
    if loss not in LOSSES:
        return f"its loss is neither {' nor '.join(f'F.{name.__name__}' for name in LOSSES)}"
    x, y = sample.train
    answers = (torch.int64, 1) if loss is F.cross_entropy else (torch.float32, 2)
    if (x.dtype, x.ndim) != (torch.float32, 2) or (y.dtype, y.ndim) != answers:
        return "its data are not float32 of the shape [examples, units]"
    layers = []
    for module in network:
        layer = _layer(module)
        if layer is None:
            return f"it has a layer {module}"
        layers.append(layer)
    if not layers or not isinstance(layers[-1], Linear):
        return "its last layer is not Linear"
    if loss is F.mse_loss and layers[-1].outputs != y.shape[1]:
        return "its answers have another shape than its data"
    if len(set(map(id, network.parameters()))) != len(list(network.parameters())) or len(set(network)) != len(network):
        return "it uses a layer twice"
    return Plan(tuple(layers), LOSSES[loss])


def _layer(module: nn.Module) -> Linear | Norm | Activation | None:
    if module._forward_hooks or module._forward_pre_hooks:
        return None
    if any(p.dtype != torch.float32 or p.device.type != "cpu" or not p.requires_grad for p in module.parameters()):
        return None
    if type(module) is nn.Linear:
        return Linear(module.in_features, module.out_features, module.bias is not None)
    if type(module) is nn.BatchNorm1d and module.affine and module.track_running_stats and module.momentum is not None:
        return Norm(module.num_features, module.eps)
    if type(module) in ACTIVATIONS:
        return Activation(ACTIVATIONS[type(module)], getattr(module, "negative_slope", 0.01))
    return None


def train_fused(plan: Plan, copies: list[Copy], batch: int, outcome: Outcome) -> None:
    """Train copies of one plan, and write what they gave into `outcome`."""
    state = stack_states(copies)
    learned = [name for name, _ in copies[0].network.named_parameters()]
    buffers = [name for name, tensor in state.items() if name not in learned and tensor.is_floating_point()]
    samples = list({id(copy.sample): copy.sample for copy in copies}.values())
    which = {id(sample): place for place, sample in enumerate(samples)}
    indices = np.array([copy.index for copy in copies])
    looks = outcome.looks.take(indices)
    momentum = {copy.network: _momentum(copy.network) for copy in copies}
    trained = train(
        plan.stack,
        _flat(state, learned),
        _flat(state, buffers),
        _data(samples),
        np.array([which[id(copy.sample)] for copy in copies]),
        batch,
        plan.loss,
        "adam" if isinstance(copies[0].optimizer, Adam) else "sgd",
        np.array([_hyper(copy.optimizer) for copy in copies]),
        np.array([momentum[copy.network] for copy in copies], np.float64).reshape(len(copies), -1),
        looks,
    )
    outcome.loss[indices], outcome.prediction[indices] = trained.loss, trained.prediction
    outcome.looks.put(indices, looks)
    final = {**state, **_unflat(trained.parameters, state, learned), **_unflat(trained.buffers, state, buffers)}
    for place, copy in enumerate(copies):
        outcome.states[copy.index] = final, place


def _momentum(network: nn.Module) -> list[float | None]:
    return [module.momentum for module in network.modules() if isinstance(module, nn.BatchNorm1d)]


def _flat(state: dict[str, Tensor], names: list[str]) -> NDArray[np.float32]:
    """Return the named tensors of every copy in one row each."""
    copies = len(next(iter(state.values())))
    rows = [state[name].reshape(copies, -1) for name in names]
    return torch.cat(rows, dim=1).numpy() if rows else np.zeros((copies, 0), np.float32)


def _unflat(rows: NDArray[np.float32], state: dict[str, Tensor], names: list[str]) -> dict[str, Tensor]:
    parts = torch.from_numpy(rows).split([state[name][0].numel() for name in names], dim=1)
    return {name: part.reshape(state[name].shape) for name, part in zip(names, parts, strict=True)}


def _data(samples: list[Sample]) -> Data:
    columns = zip(*[(*s.train, *s.test, s.order) for s in samples], strict=True)
    return Data(*[torch.stack(column).numpy() for column in columns])


def _hyper(optimizer: Optimizer) -> list[float]:
    if isinstance(optimizer, Adam):
        return [optimizer.lr, *optimizer.betas, optimizer.eps]
    return [optimizer.lr, optimizer.momentum, 0, 0]
