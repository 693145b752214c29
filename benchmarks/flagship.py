"""CPU seconds of the flagship against a loop as it was written in 2017, interleaved in one run.

    python benchmarks/flagship.py [ROUNDS]

Both train the same two networks on the same data for twelve epochs, look into every layer before each epoch and after
the last, and count the histograms. The old loop feeds its batches through a DataLoader with two worker processes and
keeps every tensor it looks at; the lesson draws through `show` into a list of events. Nothing is drawn by either.
"""

import resource
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from seelearn.engine.catalogue import Catalogue
from seelearn.engine.module import load_module
from seelearn.events import Event
from seelearn.show import Show

EPOCHS = 12


class OldNet(nn.Module):
    """Eight hidden layers with a list of everything that passes, the way tutorials of 2017 wrote it."""

    def __init__(self, normalise: bool) -> None:
        super().__init__()
        self.normalise = normalise
        self.norm_input = nn.BatchNorm1d(1, momentum=0.5)
        self.linears, self.norms = nn.ModuleList(), nn.ModuleList()
        for index in range(8):
            self.linears.append(nn.Linear(1 if index == 0 else 10, 10))
            self.norms.append(nn.BatchNorm1d(10, momentum=0.5))
        self.linears.append(nn.Linear(10, 1))
        for linear in self.linears:
            assert isinstance(linear, nn.Linear)
            nn.init.normal_(linear.weight, std=0.1)
            nn.init.constant_(linear.bias, -0.2)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
        before, after = [x], []
        if self.normalise:
            x = self.norm_input(x)
        after.append(x)
        for linear, norm in zip(self.linears[:-1], self.norms, strict=True):
            x = linear(x)
            if self.normalise:
                x = norm(x)
            before.append(x)
            x = torch.tanh(x)
            after.append(x)
        return self.linears[-1](x), before, after


def old_loop() -> None:
    """Train both networks as in 2017."""
    x = torch.linspace(-7, 10, 2000).unsqueeze(1)
    y = x**2 - 5 + 2 * torch.randn(2000, 1)
    test_x = torch.linspace(-7, 10, 200).unsqueeze(1)
    test_y = test_x**2 - 5 + 2 * torch.randn(200, 1)
    loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True, num_workers=2)
    nets = [OldNet(False), OldNet(True)]
    optimizers = [torch.optim.Adam(net.parameters(), lr=0.03) for net in nets]
    loss_func = nn.MSELoss()
    for epoch in range(EPOCHS + 1):
        for net in nets:
            net.eval()
            prediction, before, after = net(test_x)
            loss_func(prediction, test_y).item()
            for values in [*before, *after]:
                np.histogram(values.detach().numpy(), bins=40)
            net.train()
        if epoch == EPOCHS:
            break
        for batch_x, batch_y in loader:
            for net, optimizer in zip(nets, optimizers, strict=True):
                prediction, _, _ = net(batch_x)
                loss = loss_func(prediction, batch_y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()


def lesson() -> None:
    """Train both networks as the lesson does."""
    events: list[Event] = []
    run: Callable[..., Any] = load_module(Catalogue().lesson("batch_normalization").file("torch")).run
    run(Show(events.append), epochs=EPOCHS)


def cpu_seconds(work: Callable[[], None]) -> tuple[float, float]:
    """Return CPU seconds, of this process and the children it has waited for, and wall seconds."""

    def spent() -> float:
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    torch.manual_seed(0)
    before, start = spent(), time.perf_counter()
    work()
    return spent() - before, time.perf_counter() - start


def main() -> None:
    """Interleave the two and print their medians and the ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    torch.set_num_threads(1)
    lesson()  # load what torch loads late
    times: dict[str, list[tuple[float, float]]] = {"2017-style loop": [], "the lesson": []}
    for _ in range(rounds):
        times["2017-style loop"].append(cpu_seconds(old_loop))
        times["the lesson"].append(cpu_seconds(lesson))
    medians = {name: [statistics.median(column) for column in zip(*rows, strict=True)] for name, rows in times.items()}
    old_cpu, old_wall = medians["2017-style loop"]
    print(f"| flagship, {rounds} rounds interleaved | CPU s | wall s | CPU against 2017 |")
    print("|---|---|---|---|")
    for name, (cpu, wall) in medians.items():
        print(f"| {name} | {cpu:.2f} | {wall:.2f} | {cpu / old_cpu:.2f} |")
    new_cpu, new_wall = medians["the lesson"]
    print(f"\nThe old loop needs {old_cpu / new_cpu:.1f}× the CPU and {old_wall / new_wall:.1f}× the time.")


if __name__ == "__main__":
    main()
