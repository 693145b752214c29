"""One network written four ways; one of the four forgets to train its layers."""

from typing import Annotated, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play


def sequential(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(1, width), nn.Tanh(),
        nn.Linear(width, width), nn.Tanh(),
        nn.Linear(width, width), nn.Tanh(),
        nn.Linear(width, 1),
    )  # fmt: skip


class Attributes(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Linear(1, width)
        self.second = nn.Linear(width, width)
        self.third = nn.Linear(width, width)
        self.output = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.tanh(self.first(x))
        x = torch.tanh(self.second(x))
        x = torch.tanh(self.third(x))
        return self.output(x)


class Looped(nn.Module):
    def __init__(self, width: int, container: type) -> None:
        super().__init__()
        self.hidden = container(nn.Linear(inputs, width) for inputs in (1, width, width))
        self.output = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.hidden:
            x = torch.tanh(layer(x))
        return self.output(x)


WAYS = {
    "plain list": lambda width: Looped(width, list),
    "sequential": sequential,
    "attributes": Attributes,
    "module list": lambda width: Looped(width, nn.ModuleList),
}


def weights(net: nn.Module) -> list[Tensor]:
    if isinstance(net, Looped):  # modules() would miss the layers in a plain list
        return [layer.weight.detach() for layer in (*net.hidden, net.output)]
    return [layer.weight.detach() for layer in net.modules() if isinstance(layer, nn.Linear)]


def run(
    show: Show,
    width: Annotated[int, Range(2, 100)] = 30,
    lr: Annotated[float, Range(1e-4, 0.1)] = 0.01,
    epochs: Annotated[int, Range(1, 100)] = 20,
) -> None:
    x = torch.linspace(-2, 2, 100).unsqueeze(1)
    y = torch.sin(3 * x) + 0.1 * torch.randn(100, 1)
    known: list[list[Any]] = []
    nets, optimizers, starts = {}, {}, {}
    for way, build in WAYS.items():
        with torch.random.fork_rng():  # every way draws the same weights
            nets[way] = net = build(width)
        optimizers[way] = torch.optim.Adam(net.parameters(), lr)
        starts[way] = [weight.clone() for weight in weights(net)]
        saved = net.state_dict()
        known.append([sum(p.numel() for p in net.parameters()), len(saved), next(iter(saved))])
    show.table("known", "known", known, list(WAYS), ["numbers", "saved", "name"])
    show.points("fit", "data", x, y)
    for epoch in show.steps(epochs):
        for way, net in nets.items():
            copy = WAYS[way](width)  # new random weights, then what was saved
            copy.load_state_dict(net.state_dict())
            prediction = net(x)
            show.line("loss", way, F.mse_loss(prediction, y).item())
            show.curve("fit", way, x, prediction.detach())
            show.curve("copy", way, x, copy(x).detach())
            pairs = zip(starts[way], weights(net), strict=True)
            show.curve("moved", way, [1, 2, 3, 4], [torch.dist(*pair).item() for pair in pairs])
            for _ in range(10 if epoch < epochs else 0):  # an epoch is ten steps on all points
                loss = F.mse_loss(net(x), y)
                optimizers[way].zero_grad()
                loss.backward()
                optimizers[way].step()
    show.note("end", all=known[-1][0], some=known[0][0])


if __name__ == "__main__":
    play(run)
