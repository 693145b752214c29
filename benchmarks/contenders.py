"""Ways to train many seeds of the flagship with PyTorch, all doing the same work and recording the same numbers.

`CONTENDERS` maps a name to a function of the number of seeds, which trains four networks for each seed ({tanh, ReLU} ×
{plain, batch norm}) and returns their last test losses, [4, seeds]. The ways with JAX are in `with_jax.py`.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

Array = NDArray[np.float64]
Seen = list[tuple[Tensor, Tensor]]

DEPTH, WIDTH, EPOCHS, BATCH, POINTS, BINS, LR = 8, 10, 12, 64, 2000, 40, 0.03
SIZES = [1, *[WIDTH] * DEPTH, 1]
ACTIVATIONS: list[Callable[[Tensor], Tensor]] = [torch.tanh, torch.relu]
ARMS = [(activation, norm) for activation in ACTIVATIONS for norm in (False, True)]
TEST_X = torch.linspace(-7, 10, 200).unsqueeze(1)
CHUNK = 256
"""How many stacked networks are trained at once: enough to pay for each call, and few enough for the cache."""


def parabola(*shape: int) -> tuple[Tensor, Tensor]:
    """Return x, [points, 1], and y, [..., points, 1], each with its own noise."""
    x = torch.linspace(-7, 10, shape[-1]).unsqueeze(1)
    return x, x**2 - 5 + 2 * torch.randn(*shape, 1)


class Net(nn.Module):
    """The flagship's network, returning what every layer receives and passes on."""

    def __init__(self, activation: Callable[[Tensor], Tensor], norm: bool) -> None:
        super().__init__()
        self.activation = activation
        self.linears = nn.ModuleList(nn.Linear(*sizes) for sizes in pairwise(SIZES))
        self.norms = nn.ModuleList(nn.BatchNorm1d(size, momentum=0.5) for size in SIZES[:-1] if norm)
        for name, values in self.linears.named_parameters():
            nn.init.constant_(values, -0.2) if name.endswith("bias") else nn.init.normal_(values, std=0.1)

    def forward(self, x: Tensor) -> tuple[Tensor, Seen]:
        """Return the prediction and the values before and after the activation of each layer, the input first."""
        values = self.norms[0](x) if self.norms else x
        seen = [(x, values)]
        for depth, linear in enumerate(self.linears[:-1], 1):
            before = linear(values)
            before = self.norms[depth](before) if self.norms else before
            values = self.activation(before)
            seen.append((before, values))
        return self.linears[-1](values), seen


def ranges(activation: Callable[[Tensor], Tensor], depth: int) -> list[tuple[float, float]]:
    """Return the fixed ranges of the histograms before and after an activation."""
    if not depth:
        return [(-7.85, 10.85)] * 2
    return [(-5, 5), (-1.1, 1.1) if activation is torch.tanh else (-0.25, 5.25)]


def flat_parts(activation: Callable[[Tensor], Tensor], after: Tensor) -> Tensor:
    """Return where the slope of the activation is below 5% of the steepest."""
    return 1 - after * after < 0.05 if activation is torch.tanh else after <= 0


def look_with_numpy(activation: Callable[[Tensor], Tensor], seen: Seen) -> list[Any]:
    """Return the statistics of one network, tensor by tensor."""
    found: list[Any] = []
    for depth, pair in enumerate(seen):
        for tensor, (low, high) in zip(pair, ranges(activation, depth), strict=True):
            values = tensor.detach().numpy()
            counts, _ = np.histogram(values, bins=BINS, range=(low, high))
            found.append((counts, (values < low).sum(), (values > high).sum(), values.mean(), values.std()))
        where = flat_parts(activation, pair[1]).numpy()
        found.append((pair[1].detach().numpy().std(0).mean(), where.mean(), where.all(0).mean()))
    return found


def look(activation: Callable[[Tensor], Tensor], seen: Seen) -> list[Any]:
    """Return the statistics of stacked networks, whose values are [copies, units, examples]."""
    found: list[Any] = []
    for depth, pair in enumerate(seen):
        for values, (low, high) in zip(pair, ranges(activation, depth), strict=True):
            copies = len(values)
            # One count for all: every copy has bins of its own. In place, since each temporary costs memory.
            bins = values.sub(low).mul_(BINS / (high - low)).floor_().add_(1).clamp_(0, BINS + 1)
            bins = bins.long().add_((torch.arange(copies) * (BINS + 2))[:, None, None])
            counts = torch.bincount(bins.flatten(), minlength=copies * (BINS + 2)).view(copies, -1)
            std, mean = torch.std_mean(values.flatten(1), 1, correction=0)
            found.append((counts, mean, std))
        where = flat_parts(activation, pair[1])
        dead = where.all(2).float().mean(1)
        found.append((pair[1].std(2, correction=0).mean(1), where.float().mean((1, 2)), dead))
    return found


def mse(prediction: Tensor, y: Tensor) -> Tensor:
    """Return the mean squared error of every stacked network."""
    return (prediction - y).square().mean((-2, -1))


def script_of_2017(seeds: int) -> Array:
    """Train pairs of networks with a DataLoader and count with NumPy, as in 2017."""
    torch.set_num_threads(1)
    losses = np.zeros((len(ARMS), seeds))
    for seed in range(seeds):
        for first, activation in zip((0, 2), ACTIVATIONS, strict=True):
            losses[first : first + 2, seed] = _pair_of_2017(activation)
    return losses


def _pair_of_2017(activation: Callable[[Tensor], Tensor]) -> list[float]:
    loader = DataLoader(TensorDataset(*parabola(POINTS)), batch_size=BATCH, shuffle=True, num_workers=2)
    test_y = parabola(200)[1]
    nets = [Net(activation, False), Net(activation, True)]
    optimizers = [torch.optim.Adam(net.parameters(), lr=LR) for net in nets]
    kept, losses = [], [0.0, 0.0]
    for epoch in range(EPOCHS + 1):
        for arm, net in enumerate(nets):
            net.eval()
            prediction, seen = net(TEST_X)
            losses[arm] = F.mse_loss(prediction, test_y).item()
            kept.append((losses[arm], prediction, look_with_numpy(activation, seen)))
            net.train()
        for x, y in loader if epoch < EPOCHS else ():
            for net, optimizer in zip(nets, optimizers, strict=True):
                loss = F.mse_loss(net(x)[0], y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return losses


def tight_loop(seeds: int) -> Array:
    """Train one network after another without a DataLoader."""
    torch.set_num_threads(1)
    losses = np.zeros((len(ARMS), seeds))
    for seed in range(seeds):
        data = *parabola(POINTS), parabola(200)[1]
        for arm, (activation, norm) in enumerate(ARMS):
            losses[arm, seed] = _one_network(Net(activation, norm), *data)
    return losses


def _one_network(net: Net, x: Tensor, y: Tensor, test_y: Tensor) -> float:
    optimizer = torch.optim.Adam(net.parameters(), LR, fused=True)
    kept = []
    for epoch in range(EPOCHS + 1):
        net.eval()
        with torch.no_grad():
            prediction, seen = net(TEST_X)
            kept.append(
                (mse(prediction, test_y), prediction, look(net.activation, [(a.T[None], b.T[None]) for a, b in seen]))
            )
        net.train()
        for rows in torch.randperm(POINTS).split(BATCH) if epoch < EPOCHS else ():
            loss = F.mse_loss(net(x[rows])[0], y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return kept[-1][0].item()


def chunks(seeds: int, train: Callable[..., Tensor], threads: int) -> Array:
    """Train every arm of the seeds, a chunk at a time, on the same data and batches."""
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)  # dying networks have tiny gradients, and arithmetic on those is slow
    losses = []
    for copies in (min(CHUNK, seeds - start) for start in range(0, seeds, CHUNK)):
        data = *parabola(copies, POINTS), parabola(copies, 200)[1]
        orders = torch.rand(EPOCHS, copies, POINTS).argsort(-1)
        losses.append(torch.stack([train(activation, norm, *data, orders) for activation, norm in ARMS]))
    return torch.cat(losses, 1).double().numpy()


def batches(x: Tensor, y: Tensor, order: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Give the batches of an epoch, every network's in an order of its own."""
    y = y.take_along_dim(order[:, :, None], 1)
    for rows, part in zip(order.split(BATCH, 1), y.split(BATCH, 1), strict=True):
        yield x[rows], part


def torch_func(seeds: int) -> Array:
    """Train with torch.func: stacked state, functional_call, vmap and grad."""
    return chunks(seeds, _with_func, 2)


def _with_func(
    activation: Callable[[Tensor], Tensor], norm: bool, x: Tensor, y: Tensor, test_y: Tensor, orders: Tensor
) -> Tensor:
    nets = [Net(activation, norm) for _ in test_y]
    params, buffers = stack_module_state(nets)
    optimizer = torch.optim.Adam(params.values(), LR, fused=True)
    net = nets[0]

    def call(params: Any, buffers: Any, x: Tensor) -> tuple[Tensor, Seen]:
        result: tuple[Tensor, Seen] = functional_call(net, (params, buffers), (x,))
        return result

    def loss(params: Any, buffers: Any, x: Tensor, y: Tensor) -> Tensor:
        return F.mse_loss(call(params, buffers, x)[0], y)

    slopes, kept = vmap(grad(loss)), []
    for epoch in range(EPOCHS + 1):
        net.eval()
        with torch.no_grad():
            prediction, seen = vmap(call, (0, 0, None))(params, buffers, TEST_X)
            seen[0] = TEST_X.expand_as(prediction), seen[0][1].expand_as(prediction)
            kept.append((mse(prediction, test_y), prediction, look(activation, [(a.mT, b.mT) for a, b in seen])))
        net.train()
        for rows in batches(x, y, orders[epoch]) if epoch < EPOCHS else ():
            found = slopes(params, buffers, *rows)
            for name, value in params.items():
                value.grad = found[name].detach()
            optimizer.step()
    return kept[-1][0]


class Stack:
    """Networks stacked by hand: weights [copies, outputs, inputs], values [copies, units, examples]."""

    def __init__(self, copies: int, activation: Callable[[Tensor], Tensor], norm: bool) -> None:
        self.activation, self.norm = activation, norm
        self.weights = [0.1 * torch.randn(copies, b, a) for a, b in pairwise(SIZES)]
        self.biases = [torch.full((copies, size, 1), -0.2) for size in SIZES[1:]]
        normed = [(copies, size, 1) for size in SIZES[:-1] if norm]
        self.scales, self.shifts = [torch.ones(size) for size in normed], [torch.zeros(size) for size in normed]
        self.means, self.variances = [torch.zeros(size) for size in normed], [torch.ones(size) for size in normed]
        self.params = [p.requires_grad_() for p in (*self.weights, *self.biases, *self.scales, *self.shifts)]

    def normalize(self, depth: int, x: Tensor, train: bool) -> Tensor:
        """Return batch norm of one layer, moving its running statistics in training."""
        mean, variance = self.means[depth], self.variances[depth]
        if train:
            count = x.shape[2]
            mean = x.mean(2, keepdim=True)
            x, mean = x - mean, mean.detach()
            variance = x.square().mean(2, keepdim=True)
            self.means[depth].lerp_(mean, 0.5)
            self.variances[depth].lerp_(variance.detach() * (count / (count - 1)), 0.5)
        else:
            x = x - mean
        return torch.addcmul(self.shifts[depth], x, torch.rsqrt(variance + 1e-5) * self.scales[depth])

    def forward(self, x: Tensor, train: bool) -> tuple[Tensor, Seen]:
        """Return the predictions and what each layer received and passed on."""
        values = self.normalize(0, x, train) if self.norm else x
        seen = [(x, values)]
        for depth in range(DEPTH):
            before = torch.baddbmm(self.biases[depth], self.weights[depth], values)
            before = self.normalize(depth + 1, before, train) if self.norm else before
            values = self.activation(before)
            seen.append((before, values))
        return torch.baddbmm(self.biases[-1], self.weights[-1], values), seen


def stacked(seeds: int) -> Array:
    """Train with baddbmm on stacked weights, batch norm written out."""
    return chunks(seeds, _with_stack, 2)


def _with_stack(
    activation: Callable[[Tensor], Tensor], norm: bool, x: Tensor, y: Tensor, test_y: Tensor, orders: Tensor
) -> Tensor:
    net, kept = Stack(len(test_y), activation, norm), []
    optimizer = torch.optim.Adam(net.params, LR, fused=True)
    test_x, test_y = TEST_X.T.expand(len(test_y), -1, -1), test_y.mT
    for epoch in range(EPOCHS + 1):
        with torch.no_grad():
            prediction, seen = net.forward(test_x, False)
            kept.append((mse(prediction, test_y), prediction, look(activation, seen)))
        for rows in batches(x, y, orders[epoch]) if epoch < EPOCHS else ():
            loss = mse(net.forward(rows[0].mT, True)[0], rows[1].mT).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return kept[-1][0]


CONTENDERS: dict[str, Callable[[int], Array]] = {
    "2017-style script": script_of_2017,
    "PyTorch, one network at a time": tight_loop,
    "torch.func": torch_func,
    "PyTorch, stacked by hand": stacked,
}
