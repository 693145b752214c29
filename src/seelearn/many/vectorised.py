"""Any torch network, many copies as one more tensor dimension (torch.func)."""

import warnings
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from seelearn.many.copies import Adam, Copy, Sgd, stack_states
from seelearn.many.outcome import Outcome
from seelearn.many.replay import StackError
from seelearn.microscope.with_torch import ACTIVATIONS, first_weighted, shape, slopes

Loss = Callable[[Tensor, Tensor], Tensor]
Tensors = dict[str, Tensor]


def train_vectorised(copies: list[Copy], loss: Loss, batch: int, outcome: Outcome) -> None:
    """Train copies of one structure, and write what they gave into `outcome`.

    Raises `StackError` if torch cannot vectorise the network.
    """
    try:
        with warnings.catch_warnings():  # where torch lacks a rule it goes copy by copy: correct, and no faster
            warnings.filterwarnings("ignore", "There is a performance drop")
            _train(copies, loss, batch, outcome)
    except (
        RuntimeError,
        ValueError,
    ) as error:  # torch.func's word for data-dependent steps, operations without a rule, …
        reason = str(error).splitlines()[0]
        raise StackError(f"torch.func cannot stack this network ({reason}): train it one seed at a time") from error


def _train(copies: list[Copy], loss: Loss, batch: int, outcome: Outcome) -> None:
    network = copies[0].network
    state = stack_states(copies)
    parameters = {name: state[name] for name, p in network.named_parameters() if p.requires_grad}
    buffers = {name: state[name] for name in state if name not in parameters}
    step = _stepper(copies, parameters)
    order = torch.stack([copy.sample.order for copy in copies])
    x, y, test_x, test_y = _stack_data(copies)
    gradient = vmap(grad(partial(_loss, network, loss)), randomness="different")
    look = _Look(network, [copy.index for copy in copies], outcome)
    at = torch.arange(len(copies))[:, None]
    for epoch in range(order.shape[1] + 1):
        network.eval()
        with torch.no_grad():
            look(epoch, parameters, buffers, test_x, test_y, loss)
        if epoch == order.shape[1]:
            break
        network.train()
        for rows in order[:, epoch].split(batch, dim=1):
            step(gradient(parameters, buffers, x[at, rows], y[at, rows]))
    for place, copy in enumerate(copies):
        outcome.states[copy.index] = state, place


def _loss(network: nn.Module, loss: Loss, parameters: Tensors, buffers: Tensors, x: Tensor, y: Tensor) -> Tensor:
    return loss(functional_call(network, (parameters, buffers), (x,)), y)


def _stack_data(copies: Sequence[Copy]) -> tuple[Tensor, ...]:
    pairs = [(*copy.sample.train, *copy.sample.test) for copy in copies]
    return tuple(torch.stack(column) for column in zip(*pairs, strict=True))


class _Look:
    """Run every copy on its test data, and note the loss, the prediction and what every layer holds."""

    def __init__(self, network: nn.Module, indices: list[int], outcome: Outcome) -> None:
        self._network = network
        self._copies = np.array(indices)
        self._outcome = outcome
        self._activations = [m for m in network.modules() if isinstance(m, ACTIVATIONS)]
        self._steepest: dict[nn.Module, float] = {m: shape(m)[2] for m in self._activations}

    def __call__(self, epoch: int, parameters: Tensors, buffers: Tensors, x: Tensor, y: Tensor, loss: Loss) -> None:
        used: list[nn.Module] = []
        forward = vmap(partial(self._forward, used), randomness="different")
        prediction, passed_on, sides = forward(parameters, buffers, x)
        self._outcome.loss[self._copies, epoch] = vmap(loss)(prediction, y).numpy()
        self._outcome.prediction[self._copies, epoch] = prediction.numpy()
        self._note(epoch, 0, x, passed_on)
        for depth, (module, (received, passed)) in enumerate(zip(used, sides, strict=True), 1):
            self._note(epoch, depth, received, passed)
            steep = slopes(module, received).numpy()
            self._outcome.looks.judge(self._copies, epoch, depth, steep, self._steepest[module])

    def _note(self, epoch: int, depth: int, received: Tensor, passed_on: Tensor) -> None:
        looks = self._outcome.looks
        looks.fill(self._copies, epoch, depth, 0, received.numpy())
        looks.fill(self._copies, epoch, depth, 1, passed_on.numpy())
        looks.measure(self._copies, epoch, depth, passed_on.numpy())

    def _forward(
        self, used: list[nn.Module], parameters: Tensors, buffers: Tensors, x: Tensor
    ) -> tuple[Tensor, Tensor, list[tuple[Tensor, Tensor]]]:
        """Compute one copy; note the activation functions in the order in which they are used."""
        first: list[Tensor] = []
        received: list[Tensor] = []
        sides: list[tuple[Tensor, Tensor]] = []

        def take(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            used.append(module)
            sides.append((received.pop(), output.clone()))

        weighted = first_weighted(self._network)
        handles = [weighted.register_forward_pre_hook(lambda _, inputs: first.append(inputs[0].clone()))]
        for module in self._activations:
            # Kept before the call: an in-place activation overwrites what it receives.
            handles.append(module.register_forward_pre_hook(lambda _, inputs: received.append(inputs[0].clone())))
            handles.append(module.register_forward_hook(take))
        try:
            prediction = functional_call(self._network, (parameters, buffers), (x,))
        finally:
            for handle in handles:
                handle.remove()
        return prediction, first[0], sides


def _stepper(copies: Sequence[Copy], parameters: Tensors) -> Callable[[Tensors], None]:
    """Return a function that changes the parameters in place, given their gradients, as torch.optim does."""
    kinds = {type(copy.optimizer) for copy in copies}
    if kinds == {Adam}:
        return _adam([copy.optimizer for copy in copies if isinstance(copy.optimizer, Adam)], parameters)
    return _sgd([copy.optimizer for copy in copies if isinstance(copy.optimizer, Sgd)], parameters)


def _adam(optimizers: list[Adam], parameters: Tensors) -> Callable[[Tensors], None]:
    first = {name: torch.zeros_like(p) for name, p in parameters.items()}
    second = {name: torch.zeros_like(p) for name, p in parameters.items()}
    columns = [[o.lr, *o.betas, o.eps] for o in optimizers]
    steps = 0

    def step(gradients: Tensors) -> None:
        nonlocal steps
        steps += 1
        for name, gradient in gradients.items():
            lr, beta1, beta2, eps = _columns(columns, gradient)
            m, v = first[name], second[name]
            m.lerp_(gradient, 1 - beta1)
            v.mul_(beta2).add_((1 - beta2) * gradient * gradient)
            size = (v / (1 - beta2**steps)).sqrt_().add_(eps)
            parameters[name] -= lr / (1 - beta1**steps) * m / size

    return step


def _sgd(optimizers: list[Sgd], parameters: Tensors) -> Callable[[Tensors], None]:
    velocity: Tensors = {}
    columns = [[o.lr, o.momentum] for o in optimizers]

    def step(gradients: Tensors) -> None:
        for name, gradient in gradients.items():
            lr, momentum = _columns(columns, gradient)
            velocity[name] = momentum * velocity[name] + gradient if name in velocity else gradient
            parameters[name] -= lr * velocity[name]

    return step


def _columns(rows: list[list[float]], like: Tensor) -> tuple[Tensor, ...]:
    """Turn one row a copy into one tensor a column, shaped to meet a parameter [copies, …]."""
    table = torch.tensor(rows, dtype=torch.float64)
    return tuple(column.reshape(-1, *[1] * (like.ndim - 1)).to(like.dtype) for column in table.T)
