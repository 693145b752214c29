"""What the prose claims. Both networks of a seed see the same formulas."""

from functools import lru_cache

import torch
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounter
from torch.nn import functional as F

from seelearn.claims import Trial, claim

from .with_torch import TreeNet, grow

CONDITIONS = {"usual": {"gates": 3}}
SIZES = [1, 2, 3, 5, 8, 12]


def accuracy(trial: Trial, net: str, gates: int) -> float:
    return float(trial.curves["accuracy"][net][-1][SIZES.index(gates)])


@claim("usual", share=0.9)
def masters_twelve(trial: Trial) -> bool:
    """At least 19 of 20 formulas of 12 gates are right."""
    return accuracy(trial, "tree", 12) >= 0.95


@claim("usual", median=(0.35, 0.65))
def fixed_at_twelve(trial: Trial) -> float:
    return accuracy(trial, "flat", 12)


@claim("usual", median=(0.5, 0.85))
def fixed_at_three(trial: Trial) -> float:
    return accuracy(trial, "flat", 3)


@lru_cache(1)
def single_gates(seed: int) -> tuple[float, float]:
    """Train on 640 formulas of one gate; return the share right of 50 with one and 50 with two."""
    torch.manual_seed(seed)
    net = TreeNet(16)
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(40):
        batch = [grow(1) for _ in range(16)]
        truth = torch.tensor([float(formula[-1][2]) for formula in batch])
        answers = torch.stack([net(formula)[-1] for formula in batch])
        F.binary_cross_entropy_with_logits(answers, truth).backward()
        optimizer.step()
        optimizer.zero_grad()
    tests = ([grow(gates) for _ in range(50)] for gates in (1, 2))
    with torch.no_grad():
        one, two = (sum(bool(net(f)[-1] > 0) == f[-1][2] for f in test) / 50 for test in tests)
    return one, two


@claim("usual", share=0.95)
def learns_single_gates(trial: Trial) -> bool:
    """Trained on single gates only, it answers all of 50 single gates."""
    return single_gates(trial.seed)[0] == 1


@claim("usual", share=0.95, refuted=True)
def single_gates_are_enough(trial: Trial) -> bool:
    """Trained on single gates only, it gets 95% of formulas of two gates right."""
    return single_gates(trial.seed)[1] >= 0.95


@claim("usual", median=(0.4, 0.8))
def single_gates_at_two(trial: Trial) -> float:
    return single_gates(trial.seed)[1]


@claim("usual", share=0.95)
def absent_gate_has_no_gradient(trial: Trial) -> bool:
    """After backward, .grad is a tensor for the gates of a formula and None for the others."""
    torch.manual_seed(trial.seed)
    net, formula = TreeNet(16), grow(2)
    net(formula)[-1].backward()
    used = {symbol for symbol, _, _ in formula}
    return all(
        (parameter.grad is not None) == (gate in used)
        for gate, layers in net.gates.items()
        for parameter in layers.parameters()
    )


def graphs(net: nn.Module, inputs: list[list[object]] | list[Tensor]) -> int:
    """Count what torch.compile makes for these inputs, one call each."""
    counter = CompileCounter()
    torch.compiler.reset()
    compiled = torch.compile(net, backend=counter)
    with torch.no_grad():
        for one in inputs:
            compiled(one)
    return int(counter.frame_count)


@claim("usual", share=0.95)
def gives_up_at_eight(trial: Trial) -> bool:
    return bool(trial.lines["graphs"]["graphs"][-1] == 8)


@claim("usual", share=0.95)
def one_formula_one_graph(trial: Trial) -> bool:
    """Ten calls with one formula."""
    torch.manual_seed(trial.seed)
    return graphs(TreeNet(16), [grow(2)] * 10) == 1


@lru_cache(1)
def eight_sizes(seed: int) -> int:
    """Count the graphs for batches of 2, 3, … 9."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    return graphs(net, [torch.randn(size, 4) for size in range(2, 10)])


@claim("usual", share=0.95, refuted=True)
def every_batch_size_anew(trial: Trial) -> bool:
    return eight_sizes(trial.seed) == 8


@claim("usual", share=0.95)
def two_graphs_for_all_sizes(trial: Trial) -> bool:
    return eight_sizes(trial.seed) == 2
