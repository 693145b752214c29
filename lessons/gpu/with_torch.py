"""The same work on every device found, the estimate of a GPU, and numbers of half the size."""

import time
from copy import deepcopy
from typing import Annotated

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

INPUTS, CALLS = 64, 22  # operations called in a step forward and backward
ARMS = ["float32", "bfloat16", "mixed"]


def network(units: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(INPUTS, units), nn.Tanh(),
                         nn.Linear(units, units), nn.Tanh(), nn.Linear(units, 1))  # fmt: skip


def devices() -> dict[str, torch.device]:
    found = torch.accelerator.current_accelerator(check_available=True)
    return {"cpu": torch.device("cpu")} | ({"gpu": found} if found else {})


def seconds(device: torch.device, units: int, batch: int) -> float:
    net, x = network(units).to(device), torch.randn(batch, INPUTS)
    taken = []
    for _ in range(4):  # the first time takes longer
        begun = time.perf_counter()
        net(x.to(device)).square().mean().backward()  # the batch is copied each time
        if device.type != "cpu":
            torch.accelerator.synchronize(device)  # the calls have come back, it still works
        taken.append(time.perf_counter() - begun)
    return min(taken)


def estimate(units: int, batch: int, launch: float, link: float, speed: float) -> dict[str, float]:
    work = 4 * INPUTS * units + 6 * (units * units + units)  # · and +: forward, then backward
    return {"launch": CALLS * launch * 1e-6,
            "copy": 4 * INPUTS * batch / (link * 1e9),  # a number has four bytes
            "arithmetic": work * batch / (speed * 1e12)}  # fmt: skip


def task(n: int) -> tuple[Tensor, Tensor]:
    x = torch.randn(n, INPUTS)
    y = network(32)(x).detach()  # learn what another network answers
    return x, (y - y.mean()) / y.std()


def predict(arm: str, net: nn.Module, x: Tensor) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16, enabled=arm == "mixed"):
        answer: Tensor = net(x.to(torch.bfloat16) if arm == "bfloat16" else x)
    return answer.float()


def run(
    show: Show,
    units: Annotated[int, Range(16, 2048)] = 256,
    launch: Annotated[float, Range(0.1, 1000)] = 10,
    link: Annotated[float, Range(0.1, 1000)] = 25,
    speed: Annotated[float, Range(0.01, 1000)] = 20,
    lr: Annotated[float, Range(1e-5, 0.03)] = 1e-3,
    epochs: Annotated[int, Range(1, 14)] = 10,
) -> None:
    batches = [2**power for power in range(epochs + 1)]
    parts = [estimate(units, batch, launch, link, speed) for batch in batches]
    for part in parts[0]:
        show.curve("parts", part, batches, [one[part] for one in parts])
    show.curve("seconds", "estimate", batches, [sum(one.values()) for one in parts])
    taken, loss, still = {name: list[float]() for name in devices()}, {}, {}
    (x, y), start = task(1024), network(64)
    nets = {arm: deepcopy(start) for arm in ARMS}
    nets["bfloat16"].to(torch.bfloat16)  # the weights themselves
    optimizers = {arm: torch.optim.Adam(net.parameters(), lr) for arm, net in nets.items()}
    for epoch in show.steps(epochs):
        for name, device in devices().items():
            taken[name].append(seconds(device, units, batches[epoch]))
            show.curve("seconds", name, batches[: epoch + 1], taken[name])
        order = torch.randperm(len(x)).split(64) if epoch < epochs else []
        for arm, net in nets.items():
            loss[arm] = F.mse_loss(predict(arm, net, x), y).item()
            show.line("loss", arm, loss[arm])
            before = nn.utils.parameters_to_vector(net.parameters()).detach().clone()
            for rows in order:
                error = F.mse_loss(predict(arm, net, x[rows]), y[rows])
                optimizers[arm].zero_grad()
                error.backward()
                optimizers[arm].step()
            if order:
                after = nn.utils.parameters_to_vector(net.parameters()).detach()
                still[arm] = (before == after).float().mean().item()
                show.line("still", arm, still[arm])
    show.note("end", single=loss["float32"], half=loss["bfloat16"], still=still["bfloat16"])


if __name__ == "__main__":
    play(run)
