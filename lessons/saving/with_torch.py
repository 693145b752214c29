"""A training breaks off and goes on from a file, with all that belongs to it or without."""

import io
from typing import Annotated, Any, Literal

import safetensors.torch
import torch
from torch import Generator, nn
from torch.nn import functional as F
from torch.optim import SGD, Adam, Optimizer
from torch.serialization import get_unsafe_globals_in_checkpoint

from seelearn.show import Range, Show, play

ARMS = {"no optimizer": ["model", "generator"], "no generator": ["model", "optimizer"],
        "everything": ["model", "optimizer", "generator"], "never stopped": []}  # fmt: skip
Training = tuple[nn.Module, Optimizer, Generator]


def start(rule: str, lr: float) -> Training:
    model = nn.Sequential(nn.Linear(1, 32), nn.Tanh(), nn.Linear(32, 32), nn.Tanh(),
                          nn.Linear(32, 1))  # fmt: skip
    optimizer = {"adam": Adam, "sgd": SGD}[rule](model.parameters(), lr)
    return model, optimizer, Generator().manual_seed(1)  # the generator shuffles the points


def save(thing: Any) -> bytes:
    file = io.BytesIO()  # torch.save(thing, "name.pt") would write to the disk
    torch.save(thing, file)
    return file.getvalue()


def checkpoint(model: nn.Module, optimizer: Optimizer, generator: Generator) -> bytes:
    return save({"model": model.state_dict(), "optimizer": optimizer.state_dict(),
                 "generator": generator.get_state()})  # fmt: skip


def resume(file: bytes, parts: list[str], training: Training) -> None:
    model, optimizer, generator = training
    saved = torch.load(io.BytesIO(file), weights_only=True)
    model.load_state_dict(saved["model"])
    if "optimizer" in parts:
        optimizer.load_state_dict(saved["optimizer"])
    if "generator" in parts:
        generator.set_state(saved["generator"])


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("6 * 7",)  # “to load me, call this”: any code could stand here


def draw_files(show: Show, training: Training) -> None:
    model = training[0]
    files = {"state_dict": save(model.state_dict()), "checkpoint": checkpoint(*training),
             "module": save(model), "trap": save(Trap())}  # fmt: skip
    asks = {n: get_unsafe_globals_in_checkpoint(io.BytesIO(file)) for n, file in files.items()}
    files["safetensors"] = safetensors.torch.save(model.state_dict())  # asks for nothing
    names = sorted(set().union(*asks.values()))
    cells = [[f"{len(file):,}" for file in files.values()]]
    cells += [["yes" if name in asks.get(n, []) else "" for n in files] for name in names]
    rows = ["bytes", *(name.split(".")[-1] for name in names)]
    show.table("files", "files", cells, rows, list(files))


def run(
    show: Show,
    rule: Literal["adam", "sgd"] = "adam",
    lr: Annotated[float, Range(1e-3, 0.3)] = 0.01,
    stop: Annotated[int, Range(1, 100)] = 30,
    epochs: Annotated[int, Range(1, 100)] = 50,
) -> None:
    x = torch.linspace(-2, 2, 100).unsqueeze(1)
    y = torch.sin(3 * x) + 0.1 * torch.randn(100, 1)
    show.points("fit", "data", x, y)
    trainings, end = {}, {}
    for arm in ARMS:
        with torch.random.fork_rng():  # every arm begins with the same weights
            trainings[arm] = start(rule, lr)
    for epoch in show.steps(epochs):
        draw_files(show, trainings["never stopped"])
        for arm, parts in ARMS.items():
            if epoch == stop and parts:
                file = checkpoint(*trainings[arm])
                trainings[arm] = start(rule, lr)  # as a new process would
                resume(file, parts, trainings[arm])
            model, optimizer, generator = trainings[arm]
            end[arm] = F.mse_loss(model(x), y).item()
            show.line("loss", arm, end[arm])
            show.curve("fit", arm, x, model(x).detach())
            for rows in torch.randperm(100, generator=generator).split(20):
                loss = F.mse_loss(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    show.note("end", never=end["never stopped"], all=end["everything"], bare=end["no optimizer"])


if __name__ == "__main__":
    play(run)
