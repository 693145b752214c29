"""A line learns from all points at once, from a batch, from one point, from batches in order."""

from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from seelearn.show import Range, Show, play

SIZES = [1, 2, 4, 8, 16, 32, 64]  # whose noise is measured


def bent_cloud(stored: str, spread: float) -> tuple[Tensor, Tensor]:
    x = 4 * torch.rand(100, 1) - 1
    if stored == "sorted":  # by x, as in a tidy file
        x = x.sort(dim=0).values
    return x, x**2 + spread * torch.randn(100, 1)


def losses(lines: Tensor, x: Tensor, y: Tensor) -> Tensor:  # of lines [..., slope and offset]
    return (lines[..., :1] * x.T + lines[..., 1:] - y.T).square().mean(-1)


def gradients(line: Tensor, x: Tensor, y: Tensor) -> Tensor:  # one for each point, [points, 2]
    return 2 * (line[0] * x + line[1] - y) * torch.cat([x, torch.ones_like(x)], dim=1)


def noise(each: Tensor, size: int) -> float:
    rows = torch.rand(200, len(each)).argsort(dim=1)[:, :size]  # 200 batches of different points
    errors = each[rows].mean(dim=1) - each.mean(dim=0)
    return errors.square().sum(dim=1).mean().sqrt().item()


def run(
    show: Show,
    batch: Annotated[int, Range(1, 100)] = 16,
    lr: Annotated[float, Range(0.001, 0.3)] = 0.05,
    stored: Literal["sorted", "mixed"] = "sorted",
    drop_last: Literal["no", "yes"] = "no",
    spread: Annotated[float, Range(0, 3)] = 1.0,
    epochs: Annotated[int, Range(1, 40)] = 10,
) -> None:
    x, y = bent_cloud(stored, spread)
    best = torch.linalg.lstsq(torch.cat([x, torch.ones_like(x)], dim=1), y).solution.T
    side = torch.linspace(-2, 4, 150)
    lines = torch.stack(torch.meshgrid(side, side.flip(0), indexing="xy"), -1)  # top row first
    above = losses(lines, x, y) - losses(best, x, y)
    show.image("road", "ground", (3 * above.sqrt()).floor(), high=50, x=(-2, 4), y=(-2, 4))
    show.points("fit", "points", x, y)

    data = TensorDataset(x, y)
    sizes = {"one": 1, "ordered": batch, "batch": batch, "all": 100}
    loaders, nets, optimizers, paths, last = {}, {}, {}, {}, {}
    for name, size in sizes.items():
        loaders[name] = DataLoader(
            data, batch_size=size, shuffle=name != "ordered", drop_last=drop_last == "yes"
        )
        nets[name] = nn.Linear(1, 1)
        nn.init.constant_(nets[name].weight, -1)
        nn.init.constant_(nets[name].bias, 3)
        optimizers[name] = torch.optim.SGD(nets[name].parameters(), lr)
        paths[name] = [torch.tensor([-1.0, 3.0])]
    for epoch in show.steps(epochs):
        for name, path in paths.items():
            track = torch.stack(path)  # [updates + 1, 2]
            above = (losses(track, x, y) - losses(best, x, y)).clamp(min=1e-6)
            show.curve("road", name, *track.clamp(-2, 4).T)
            show.curve("updates", name, range(1, len(path)), above[1:])
            last[name] = above[-1].item()
            show.line("loss", name, last[name])
            show.curve("fit", name, x, path[-1][0] * x + path[-1][1])
        updates = [[len(loaders[name]), len(paths[name]) - 1] for name in sizes]
        show.table("counts", "updates", updates, list(sizes), ["an epoch", "so far"])
        each = gradients(paths["batch"][-1], x, y)
        with torch.random.fork_rng():  # dice of its own: the batches below stay the same
            show.curve("noise", "measured", SIZES, [noise(each, size) for size in SIZES])
        of_one = (each - each.mean(dim=0)).square().sum(dim=1).mean().sqrt()
        show.curve("noise", "rule", SIZES, of_one / torch.tensor(SIZES).sqrt())
        show.curve("noise", "gradient", SIZES, each.mean(dim=0).norm().expand(len(SIZES)))
        if epoch < epochs:
            for name, net in nets.items():
                for some_x, some_y in loaders[name]:
                    loss = F.mse_loss(net(some_x), some_y)
                    optimizers[name].zero_grad()
                    loss.backward()
                    optimizers[name].step()
                    paths[name].append(torch.stack([net.weight[0, 0], net.bias[0]]).detach())
    show.note("end", **last)


if __name__ == "__main__":
    play(run)
