"""Twenty noisy points, learned by heart; then dropout, more points, and stopping early."""

from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

GRID = torch.linspace(-1, 1, 161).unsqueeze(1)  # where curves are drawn
DEGREES = 100
STEPS = 20  # of training between two looks
Pair = tuple[Tensor, Tensor]


def truth(x: Tensor) -> Tensor:
    return torch.sin(torch.pi * x)


def sample(n: int, noise: float) -> Pair:
    x = 2 * torch.rand(n, 1) - 1
    return x, truth(x) + noise * torch.randn(n, 1)


def powers(x: Tensor, degree: int) -> Tensor:  # Legendre's polynomials: [points, degree + 1]
    found: Tensor = torch.special.legendre_polynomial_p(x.double(), torch.arange(degree + 1))
    return found


def show_polynomials(show: Show, degree: int, train: Pair, test: Pair) -> None:
    inputs = [powers(x, DEGREES) for x in (train[0], test[0], GRID)]
    at, y = inputs[0], train[1].double()
    sizes = range(1, DEGREES + 2)  # so many weights; where many fit, gelsd takes the smallest
    weights = [torch.linalg.lstsq(at[:, :size], y, driver="gelsd").solution for size in sizes]
    for name, at, y in (("training", inputs[0], train[1]), ("test", inputs[1], test[1])):
        errors = torch.stack([(at[:, : len(w)] @ w - y).square().mean() for w in weights])
        show.curve("degree", name, range(DEGREES + 1), errors.clamp(1e-3, 1e3))
    curve = inputs[2][:, : degree + 1] @ weights[degree]
    show.curve("polynomial", "polynomial", GRID, curve.clamp(-2.5, 2.5).round(decimals=2))


def wide_net(width: int, rate: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(1, width), nn.ReLU(), nn.Dropout(rate),
                         nn.Linear(width, width), nn.ReLU(), nn.Dropout(rate),
                         nn.Linear(width, 1))  # fmt: skip


def run(
    show: Show,
    degree: Annotated[int, Range(0, 100)] = 19,
    n: Annotated[int, Range(10, 200)] = 20,
    noise: Annotated[float, Range(0, 1)] = 0.4,
    rate: Annotated[float, Range(0, 0.9)] = 0.2,
    width: Annotated[int, Range(1, 200)] = 50,
    epochs: Annotated[int, Range(1, 100)] = 30,
) -> None:
    train, validation, test = sample(n, noise), sample(n, noise), sample(500, noise)
    for chart in ("polynomial", "fit"):
        show.curve(chart, "truth", GRID, truth(GRID))
        show.points(chart, "points", *train)
    show_polynomials(show, degree, train, test)
    both = tuple(torch.cat(parts) for parts in zip(train, validation, strict=True))
    arms = {"plain": (train, 0.0), "dropout": (train, rate), "more": (both, 0.0)}
    nets, optimizers, loss, curves, history = {}, {}, {}, {}, []
    for arm, (_, dropped) in arms.items():
        with torch.random.fork_rng():  # all start from the same weights
            nets[arm] = wide_net(width, dropped)
        optimizers[arm] = torch.optim.Adam(nets[arm].parameters(), lr=0.03)
    for epoch in show.steps(epochs):
        for arm, net in nets.items():
            net.eval()  # all units take part
            with torch.no_grad():
                errors = [F.mse_loss(net(x), y).item() for x, y in (arms[arm][0], validation, test)]
                curves[arm] = net(GRID)
            net.train()
            loss[arm], gap = errors[2], errors[2] - errors[0]
            for chart, value in {"training": errors[0], "loss": errors[2], "gap": gap}.items():
                show.line(chart, arm, value)
            if arm == "plain":
                history.append(errors[1])
                if errors[1] == min(history):  # the best so far: keep it
                    loss["stopped"], curves["stopped"] = errors[2], curves[arm]
        for arm in ("plain", "dropout", "stopped"):
            show.curve("fit", arm, GRID, curves[arm])
        show.curve("modes", "dropout", GRID, curves["dropout"])
        show.curve("modes", "forgot", GRID, nets["dropout"](GRID).detach())  # without eval()
        show.curve("stop", "validation", range(epoch + 1), history)
        show.points("stop", "best", [history.index(min(history))], [min(history)])
        for _ in range(STEPS if epoch < epochs else 0):
            for arm, ((x, y), _) in arms.items():
                error = F.mse_loss(nets[arm](x), y)
                optimizers[arm].zero_grad()
                error.backward()
                optimizers[arm].step()
    show.note("end", **loss)


if __name__ == "__main__":
    play(run)
