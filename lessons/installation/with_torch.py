"""What is installed on this machine, what is missing, and a first training that proves it works."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

PACKAGES = ["torch", "numpy", "scikit-learn", "numba", "safetensors"]
COMMAND = "pip install 'seelearn[torch]'"
SIDE = 32  # pixels of the picture
UPDATES = 10  # between two looks


def examine() -> dict[str, list[str]]:
    accelerator = "none"
    if torch.cuda.is_available():
        accelerator = torch.cuda.get_device_name()
    elif torch.backends.mps.is_available():
        accelerator = "Apple GPU"
    build = f"CUDA {torch.version.cuda}" if torch.version.cuda else "CPU"
    table = {
        "system": [f"{platform.system()} {platform.machine()}", ""],
        "Python": [platform.python_version(), ""],
    }
    for package in PACKAGES:
        try:
            table[package] = [version(package), ""]
        except PackageNotFoundError:
            table[package] = ["missing", COMMAND]
    return table | {
        "build": [build, ""],
        "accelerator": [accelerator, ""],
        "threads": [f"{torch.get_num_threads()} / {os.cpu_count()}", ""],
    }


def heart() -> tuple[Tensor, Tensor]:
    side = torch.linspace(-1.5, 1.5, SIDE)
    y, x = torch.meshgrid(side.flip(0), side, indexing="ij")  # the first row is on top
    inside = x**2 + (y + 0.3 - x.abs().sqrt()) ** 2 < 1
    return torch.stack([x, y], -1).reshape(-1, 2), inside.float().reshape(-1, 1)


def painter(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
    )


def compare(net: nn.Module, first: nn.Module) -> tuple[str, float]:
    one, other = (nn.utils.parameters_to_vector(n.parameters()).detach() for n in (net, first))
    apart = (one - other).abs()
    return f"{(apart == 0).sum()} / {len(apart)}", apart.max().item()


def run(
    show: Show,
    width: Annotated[int, Range(2, 128)] = 32,
    lr: Annotated[float, Range(1e-4, 0.1)] = 0.01,
    epochs: Annotated[int, Range(1, 60)] = 20,
) -> None:
    table = examine()
    show.table("machine", "first", list(table.values()), list(table), ["found", "command"])
    x, y = heart()
    nets, optimizers, loss = {}, {}, {}
    seed = torch.initial_seed()  # the seed of this run
    for arm in ("first", "again", "next"):
        if arm != "next":
            torch.manual_seed(seed)
        nets[arm] = painter(width)
        optimizers[arm] = torch.optim.Adam(nets[arm].parameters(), lr)

    for epoch in show.steps(epochs):
        again, after = (compare(nets[arm], nets["first"]) for arm in ("again", "next"))
        show.table("bits", "first", [again, after], ["again", "next"], ["equal", "largest"])
        for arm, net in nets.items():
            with torch.no_grad():
                answer = net(x)
            loss[arm] = F.binary_cross_entropy_with_logits(answer, y).item()
            show.line("loss", arm, loss[arm])
            show.image("heart", arm, answer.sigmoid().reshape(SIDE, SIDE), low=0, high=1)
            for _ in range(UPDATES if epoch < epochs else 0):
                optimizers[arm].zero_grad()
                F.binary_cross_entropy_with_logits(net(x), y).backward()
                optimizers[arm].step()
    show.note("works" if loss["first"] < 0.1 else "unfinished", loss=loss["first"])
    show.note("differ" if again[1] else "same", largest=again[1], after=after[1])


if __name__ == "__main__":
    play(run)
