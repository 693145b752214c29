"""One network, scored in every way that people use, and how each score can fool you."""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

SIZES = [20, 50, 100, 200, 500]  # training points; the network with the most is the one we score


def clouds(n: int, rare: float, distance: float) -> tuple[Tensor, Tensor]:
    y = (torch.arange(n + 1).double() * rare + 1e-9).floor().diff().long()  # 1 is the rare kind
    return torch.randn(n, 2) + distance * y.unsqueeze(1), y


def small_net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 16), nn.Tanh(), nn.Linear(16, 2))


def judge(guess: Tensor, y: Tensor) -> dict[str, Tensor]:  # guesses yes or no, [..., points]
    found = (guess & (y == 1)).sum(-1)
    return {"accuracy": (guess == (y == 1)).float().mean(-1),
            "recall": found / y.sum(-1), "precision": found / guess.sum(-1).clamp(min=1),
            "f1": 2 * found / (guess.sum(-1) + y.sum(-1))}  # fmt: skip


def roc(sure: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    found = F.pad(y[sure.argsort(descending=True)], (1, 0)).cumsum(0)
    alarms = torch.arange(len(found)) - found
    return alarms / alarms[-1], found / found[-1]  # false alarms and finds, as the threshold sinks


def peek(tries: int) -> dict[str, Tensor]:  # learn coin flips, and keep the best on the test set
    x, y = torch.randn(2200, 30).double(), torch.randint(2, (2200,)).double() * 2 - 1
    inputs = x[:, torch.rand(tries, 30).argsort(dim=1)[:, :5]].transpose(0, 1)  # 5 columns a try
    weights = torch.linalg.lstsq(inputs[:, :100], y[:100].expand(tries, -1).unsqueeze(2)).solution
    right = ((inputs @ weights).squeeze(2).sign() == y).float()
    best, which = right[:, 100:200].mean(dim=1).cummax(dim=0)
    return {"test": best, "fresh": right[:, 200:].mean(dim=1)[which]}


def show_regression(show: Show) -> None:
    x = torch.linspace(-1, 2, 61).double().unsqueeze(1)
    y, powers = torch.sin(3 * x) + 0.2 * torch.randn(61, 1), x ** torch.arange(4)
    curve = powers @ torch.linalg.lstsq(powers[:41], y[:41]).solution  # it sees nothing beyond 1
    show.curve("fit", "cubic", x, curve)
    for name, part in {"inside": slice(41), "outside": slice(41, 61)}.items():
        show.points("fit", name, x[part], y[part])
        errors, spread = y[part] - curve[part], y[part] - y[part].mean()
        show.note(name, r2=1 - (errors.square().sum() / spread.square().sum()).float().item())


def run(
    show: Show,
    rare: Annotated[float, Range(0.02, 0.5)] = 0.1,
    balance: Literal["no", "yes"] = "no",
    distance: Annotated[float, Range(0, 4)] = 1.0,
    threshold: Annotated[float, Range(0.02, 0.98)] = 0.5,
    tries: Annotated[int, Range(1, 300)] = 100,
    epochs: Annotated[int, Range(1, 60)] = 20,
) -> None:
    x, y = clouds(SIZES[-1], 0.5 if balance == "yes" else rare, distance)
    (val_x, val_y), (test_x, test_y) = (clouds(2000, rare, distance) for _ in range(2))
    nets = {n: small_net() for n in SIZES}
    optimizer = torch.optim.Adam([p for net in nets.values() for p in net.parameters()], lr=0.03)
    for name, line in peek(tries).items():
        show.curve("peek", name, range(1, tries + 1), line)
    show_regression(show)
    for chart in ("roc", "reliability"):
        show.curve(chart, "ideal", [0, 1], [0, 1])
    for epoch in show.steps(epochs):
        with torch.no_grad():
            held_back = [F.cross_entropy(net(val_x), val_y).item() for net in nets.values()]
            known = [F.cross_entropy(net(x[:n]), y[:n]).item() for n, net in nets.items()]
            sure = nets[SIZES[-1]](test_x).softmax(dim=1)[:, 1]
        for name, losses in {"training": known, "validation": held_back}.items():
            show.curve("learning", name, SIZES, losses)
        guess, (alarms, found) = sure > threshold, roc(sure, test_y)
        scores = judge(guess, test_y) | {"auc": torch.trapezoid(found, alarms)}
        scores["always"] = (test_y == 0).float().mean()  # a guess that has learned nothing
        for name, score in scores.items():
            show.line("scores", name, score.item())
        show.curve("roc", "net", alarms[::20], found[::20])
        order = sure.argsort().view(10, -1)  # ten equal groups, the least sure first
        show.curve("reliability", "net", sure[order].mean(1), test_y[order].float().mean(1))
        counts = torch.bincount(2 * test_y + guess, minlength=4).view(2, 2)
        show.table("confusion", "net", counts, ["common", "rare"], ["common", "rare"])
        for _ in range(10 if epoch < epochs else 0):
            costs = [F.cross_entropy(net(x[:n]), y[:n]) for n, net in nets.items()]
            optimizer.zero_grad()
            torch.stack(costs).sum().backward()  # no network is in the loss of another
            optimizer.step()
    show.note("end", **{name: score.item() for name, score in scores.items()})


if __name__ == "__main__":
    play(run)
