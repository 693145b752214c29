"""Eight hidden layers and one bad bias: watch the signal die, then revive it."""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.microscope import watch
from seelearn.show import Range, Show, play

ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU,
               "sigmoid": nn.Sigmoid, "selu": nn.SELU}  # fmt: skip
WEIGHTS = {"small": lambda w: nn.init.normal_(w, std=0.1), "xavier": nn.init.xavier_normal_,
           "he": nn.init.kaiming_normal_}  # fmt: skip
ARMS = {"plain": (False, False), "batch norm": (True, True),  # normalise the input? the hidden?
        "input only": (True, False), "hidden only": (False, True)}  # fmt: skip


def parabola(n: int, noise: float) -> tuple[Tensor, Tensor]:
    x = torch.linspace(-7, 10, n).unsqueeze(1)
    return x, x**2 - 5 + noise * torch.randn(n, 1)


def deep_net(
    arm: str, activation: str, weights: str, bias: float, depth: int, width: int, momentum: float
) -> nn.Sequential:
    norm_input, norm_hidden = ARMS[arm]
    layers: list[nn.Module] = [nn.BatchNorm1d(1, momentum=momentum)] if norm_input else []
    for inputs in [1] + [width] * (depth - 1):
        layers.append(nn.Linear(inputs, width))
        if norm_hidden:
            layers.append(nn.BatchNorm1d(width, momentum=momentum))
        layers.append(ACTIVATIONS[activation]())
    layers.append(nn.Linear(width, 1))
    for layer in layers:
        if isinstance(layer, nn.Linear):  # the bad start: small weights, every bias the same
            WEIGHTS[weights](layer.weight)
            nn.init.constant_(layer.bias, bias)
    return nn.Sequential(*layers)


def run(
    show: Show,
    activation: Literal["tanh", "relu", "leaky_relu", "sigmoid", "selu"] = "tanh",
    arms: Literal["two", "four"] = "two",
    weights: Literal["small", "xavier", "he"] = "small",
    bias: Annotated[float, Range(-1, 1)] = -0.2,
    depth: Annotated[int, Range(1, 16)] = 8,
    width: Annotated[int, Range(1, 64)] = 10,
    lr: Annotated[float, Range(1e-4, 1)] = 0.03,
    batch: Annotated[int, Range(2, 500)] = 64,
    epochs: Annotated[int, Range(1, 50)] = 12,
    noise: Annotated[float, Range(0, 10)] = 2.0,
    momentum: Annotated[float, Range(0.01, 1)] = 0.5,
) -> None:
    x, y = parabola(2000, noise)
    test_x, test_y = parabola(200, noise)
    show.points("data", "train", x, y)
    show.points("fit", "test", test_x, test_y)
    z = torch.linspace(-4, 4, 161)
    for name, function in ACTIVATIONS.items():
        show.curve("activations", name, z, function()(z))

    nets, optimizers, losses, spread = {}, {}, {}, {}
    for arm in list(ARMS)[: 2 if arms == "two" else 4]:
        with torch.random.fork_rng():  # every arm draws the same weights
            nets[arm] = deep_net(arm, activation, weights, bias, depth, width, momentum)
        optimizers[arm] = torch.optim.Adam(nets[arm].parameters(), lr)
    for epoch in show.steps(epochs):
        for arm, net in nets.items():
            net.eval()  # normalise by the running statistics, and leave them as they are
            with torch.no_grad(), watch(net) as layers:
                prediction = net(test_x)
            losses[arm] = F.mse_loss(prediction, test_y).nan_to_num(torch.inf).item()
            spread[arm] = (prediction.std() / test_y.std()).item()
            show.layers("layers", arm, layers)
            show.curve("fit", arm, test_x, prediction)
            show.line("loss", arm, losses[arm])
            net.train()
        if epoch == epochs:
            break
        for rows in torch.randperm(len(x)).split(batch):  # the same batches for every arm
            for arm, net in nets.items():
                loss = F.mse_loss(net(x[rows]), y[rows])
                optimizers[arm].zero_grad()
                loss.backward()
                optimizers[arm].step()

    better = losses["batch norm"] < losses["plain"]
    show.note("wins" if better else "loses", plain=losses["plain"], norm=losses["batch norm"])
    for arm in nets:
        if spread[arm] < 0.01:  # a flat curve: under 1% of the spread of the data
            show.note("constant", arm=arm, loss=losses[arm])


if __name__ == "__main__":
    play(run)
