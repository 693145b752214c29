"""A network that is built anew for every formula it reads, in the shape of that formula."""

import logging
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounter
from torch.nn import functional as F

from seelearn.show import Range, Show, play

GATES = {"and": lambda a, b: a & b, "or": lambda a, b: a | b, "xor": lambda a, b: a ^ b}
CODES = {"": 0, "0": 1, "1": 2, "and": 3, "or": 4, "xor": 5}


def grow(gates: int) -> list[Any]:  # (symbol, how far back its inputs stand, value), …
    if gates == 0:
        bit = int(torch.randint(2, ()))
        return [(str(bit), [], bit)]
    first, gate = int(torch.randint(gates, ())), list(GATES)[torch.randint(3, ())]
    left, right = grow(first), grow(gates - 1 - first)
    return [*left, *right, (gate, [-1 - len(right), -1], GATES[gate](left[-1][2], right[-1][2]))]


class TreeNet(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.bits = nn.Embedding(2, width)
        self.gates = nn.ModuleDict({gate: nn.Sequential(nn.Linear(2 * width, width), nn.ReLU(),
            nn.Linear(width, width), nn.Tanh()) for gate in GATES})  # fmt: skip
        self.output = nn.Linear(width, 1)

    def forward(self, formula: list[Any]) -> Tensor:
        states: list[Tensor] = []
        for symbol, inputs, _ in formula:
            if inputs:
                states.append(self.gates[symbol](torch.cat([states[i] for i in inputs])))
            else:
                states.append(self.bits.weight[int(symbol)])
        return self.output(torch.stack(states)).flatten()  # an answer at every symbol


class FlatNet(nn.Sequential):
    def forward(self, formula: list[Any]) -> Tensor:
        codes = F.pad(torch.tensor([CODES[node[0]] for node in formula]), (0, 25 - len(formula)))
        return super().forward(F.one_hot(codes, 6).float().flatten())


def draw(show: Show, chart: str, net: nn.Module, formula: list[Any]) -> None:
    places, edges, dots = [], [], {"wrong": [], "right": []}
    answers = net(formula).sigmoid().tolist()
    for n, (symbol, inputs, value) in enumerate(formula):
        below = np.array([places[i] for i in inputs] or [(n, -1)])
        here = (below[:, 0].mean(), below[:, 1].max() + 1)
        edges += [place for i in inputs for place in (places[i], here, (np.nan, np.nan))]
        series = "right" if not inputs or round(answers[n]) == value else "wrong"
        dots[series].append((*here, f"{symbol} {answers[n]:.2f}" if inputs else symbol))
        places.append(here)
    show.curve(chart, "right", *np.transpose(edges))
    for series, found in dots.items():
        show.points(chart, series, *([dot[part] for dot in found] for part in range(3)))


def run(
    show: Show,
    gates: Annotated[int, Range(1, 6)] = 3,
    epochs: Annotated[int, Range(1, 40)] = 10,
) -> None:
    tests = {size: [grow(size) for _ in range(20)] for size in (1, 2, 3, 5, 8, 12)}
    flat = FlatNet(nn.Linear(25 * 6, 16), nn.ReLU(), nn.Linear(16, 1))
    nets = nn.ModuleDict({"flat": flat, "tree": TreeNet(16)})
    optimizer = torch.optim.Adam(nets.parameters(), 0.02)
    torch.compiler.reset()
    logging.getLogger("torch._dynamo").setLevel("ERROR")  # it would warn when it gives up
    counter = CompileCounter()  # it counts the graphs that it gets
    compiled = torch.compile(nets["tree"], backend=counter)
    for epoch in show.steps(epochs):
        with torch.no_grad():
            for name, net in nets.items():
                right = [[(net(f)[-1] > 0) == f[-1][2] for f in test] for test in tests.values()]
                show.curve("accuracy", name, list(tests), np.mean(right, axis=1))
            draw(show, "small", nets["tree"], tests[2][0])
            draw(show, "large", nets["tree"], tests[5][0])
            compiled(grow(2))  # a formula never seen
        show.line("graphs", "graphs", counter.frame_count)
        for _ in range(8 if epoch < epochs else 0):
            batch = [grow(1 + int(torch.randint(gates, ()))) for _ in range(16)]
            truth = torch.tensor([float(formula[-1][2]) for formula in batch])
            for net in nets.values():
                answers = torch.stack([net(formula)[-1] for formula in batch])
                F.binary_cross_entropy_with_logits(answers, truth).backward()
            optimizer.step()
            optimizer.zero_grad()
    show.note("end", graphs=counter.frame_count, calls=epochs + 1)


if __name__ == "__main__":
    play(run)
