"""One deep network, six activation functions: how much gradient reaches layer 1."""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.microscope import watch
from seelearn.show import Range, Show, play

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU,
               "leaky_relu": nn.LeakyReLU, "gelu": nn.GELU, "silu": nn.SiLU}  # fmt: skip
WEIGHTS = {"he": lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu"),
           "xavier": nn.init.xavier_normal_}  # fmt: skip


def wave(n: int, scale: float) -> tuple[Tensor, Tensor]:
    x = torch.linspace(-1.7, 1.7, n).unsqueeze(1)  # mean 0, standard deviation about 1
    return scale * x, torch.sin(3 * x) + 0.1 * torch.randn(n, 1)


def deep_net(activation: str, weights: str, depth: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs in [1] + [32] * (depth - 1):
        layers += [nn.Linear(inputs, 32), ACTIVATIONS[activation]()]
    layers.append(nn.Linear(32, 1))
    for layer in layers:
        if isinstance(layer, nn.Linear) and weights != "default":  # which PyTorch has drawn
            WEIGHTS[weights](layer.weight)
            nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def probe(net: nn.Sequential, x: Tensor, y: Tensor) -> tuple[list[float], list[float]]:
    """Return the spread of each hidden layer's output, and the size of its gradient."""
    before, signal = [], []  # `before` holds what each activation function receives
    for layer in net:
        x = layer(x)
        if isinstance(layer, nn.Linear):
            before.append(x)
        else:
            signal.append(x.std(dim=0).mean().item())
    gradients = torch.autograd.grad(F.mse_loss(x, y), before[:-1])
    sizes = torch.stack([gradient.norm() for gradient in gradients])
    return signal, (sizes / sizes[-1]).tolist()


def show_shapes(show: Show) -> None:
    z = torch.linspace(-5, 5, 201, requires_grad=True)
    for name, function in ACTIVATIONS.items():
        output = function()(z)
        (slope,) = torch.autograd.grad(output.sum(), z)  # each output depends on its own z only
        show.curve("shapes", name, z.detach(), output.detach())
        show.curve("slopes", name, z.detach(), slope)


def run(
    show: Show,
    function: Literal["sigmoid", "tanh", "relu", "leaky_relu", "gelu", "silu"] = "sigmoid",
    weights: Literal["he", "xavier", "default"] = "he",
    depth: Annotated[int, Range(2, 20)] = 10,
    scale: Annotated[float, Range(0.01, 100)] = 1.0,
    lr: Annotated[float, Range(1e-4, 0.1)] = 0.003,
    epochs: Annotated[int, Range(1, 60)] = 20,
) -> None:
    show_shapes(show)
    (x, y), (test_x, test_y) = wave(320, scale), wave(100, scale)
    show.points("data", "test", test_x, test_y)
    nets, optimizers, losses = {}, {}, {}
    for name in ACTIVATIONS:
        with torch.random.fork_rng():  # every network draws the same weights
            nets[name] = deep_net(name, weights, depth)
        optimizers[name] = torch.optim.Adam(nets[name].parameters(), lr)
    for epoch in show.steps(epochs):
        for name, net in nets.items():
            signal, gradient = probe(net, test_x, test_y)
            show.curve("gradient", name, range(1, depth + 1), gradient)
            show.curve("signal", name, range(1, depth + 1), signal)
            prediction = net(test_x).detach()
            losses[name] = F.mse_loss(prediction, test_y).item()
            show.curve("fit", name, test_x, prediction)
            show.line("loss", name, losses[name])
        with watch(nets[function]) as layers:
            nets[function](test_x)
        show.layers("layers", function, layers)
        if epoch == epochs:
            break
        for rows in torch.randperm(len(x)).split(32):  # the same batches for every network
            for name, net in nets.items():
                loss = F.mse_loss(net(x[rows]), y[rows])
                optimizers[name].zero_grad()
                loss.backward()
                optimizers[name].step()
    best = min(losses, key=lambda name: losses[name])
    show.note("end", best=best, least=losses[best], sigmoid=losses["sigmoid"])


if __name__ == "__main__":
    play(run)
