"""What the prose claims. One seed gives all three networks the same weights and the same waves.

An error is the mean over the last 20 stretches, each predicted before it was learned from.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.func import stack_module_state

from seelearn.claims import Trial, claim

from .with_torch import ARMS, WAVES, Net, begin, stretch

CONDITIONS: dict[str, dict[str, Any]] = {
    "ten": {},
    "lstm": {"cell": "lstm"},
    "five": {"cell": "lstm", "length": 5},
    "one": {"length": 1, "lr": 0.003, "stretches": 300},
}
LAST = 20


def measure(
    seeds: Sequence[int], cell: str, hidden: int, length: int, lr: float, stretches: int
) -> Iterator[Trial]:
    """Train the networks of all seeds side by side, each as `run` trains it."""
    starts, networks = [], []
    for seed in seeds:
        torch.manual_seed(seed)
        starts.append(begin())
        networks.append(Net(cell, hidden))
    start, errors = torch.stack(starts), {}
    for arm in ARMS:
        errors[arm] = train(arm, cell, networks, start, length, lr, stretches)
    for place, seed in enumerate(seeds):
        of_seed = {arm: one[:, place] for arm, one in errors.items()}  # [stretches + 1, points]
        lines = {"loss": {arm: one.mean(axis=1) for arm, one in of_seed.items()}}
        yield Trial(seed, lines=lines, curves={"place": of_seed})


def train(
    arm: str, cell: str, networks: list[Net], start: Tensor, length: int, lr: float, stretches: int
) -> NDArray[np.float32]:
    """Return the errors at each place of every stretch, [stretches + 1, seeds, points]."""
    weights, _ = stack_module_state(networks)
    optimizer = torch.optim.Adam(weights.values(), lr)
    w = {name.split(".")[-1]: weight for name, weight in weights.items()}
    hidden = w["weight_hh_l0"].shape[2]
    h = c = torch.zeros(len(networks), WAVES, hidden)
    kept = []
    for number in range(stretches + 1):
        x, y = stretch(number, length, start)  # [seeds, waves, points, 1]
        if arm == "carried":
            states, h, c = remember(cell, w, x, h.detach(), c.detach())
        else:
            alone = x.reshape(len(networks), -1, 1 if arm == "none" else length, 1)
            nothing = torch.zeros(*alone.shape[:2], hidden)
            states = remember(cell, w, alone, nothing, nothing)[0].view(*x.shape[:3], hidden)
        answer = (states * w["weight"][:, None]).sum(dim=3) + w["bias"][:, None]
        errors = (answer - y[..., 0]).square().mean(dim=1)
        kept.append(errors.detach())
        optimizer.zero_grad()
        errors.mean(dim=1).sum().backward()  # what one network owes does not touch the others
        optimizer.step()
    return torch.stack(kept).numpy()


def remember(
    cell: str, w: dict[str, Tensor], x: Tensor, h: Tensor, c: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Compute what nn.RNN, nn.GRU and nn.LSTM compute, for the networks of all seeds at once."""
    heard = x * w["weight_ih_l0"][:, None, None, :, 0] + w["bias_ih_l0"][:, None, None]
    states = []
    for now in heard.unbind(dim=2):
        own = h @ w["weight_hh_l0"].mT + w["bias_hh_l0"][:, None]
        if cell == "rnn":
            h = (now + own).tanh()
        elif cell == "gru":
            (r, z, n), (own_r, own_z, own_n) = now.chunk(3, dim=-1), own.chunk(3, dim=-1)
            n = (n + (r + own_r).sigmoid() * own_n).tanh()
            h = n + (z + own_z).sigmoid() * (h - n)
        else:
            i, f, g, o = (now + own).chunk(4, dim=-1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
        states.append(h)
    return torch.stack(states, dim=2), h, c


def end(trial: Trial, arm: str) -> float:
    return float(trial.lines["loss"][arm][-LAST:].mean())


@claim("ten", "lstm", share=0.95)
def carrying_wins(trial: Trial) -> bool:
    """The error with the memory carried on is below a tenth of that with the memory cut."""
    return end(trial, "carried") < end(trial, "cut") / 10


@claim("ten", median=(0.49, 0.53))
def loss_none(trial: Trial) -> float:
    return end(trial, "none")


@claim("ten", median=(0.08, 0.15))
@claim("lstm", median=(0.05, 0.065))
@claim("five", median=(0.1, 0.115))
def loss_cut(trial: Trial) -> float:
    """With stretches of 40 points, too, the LSTM was promised to reach its floor, 0.0125.

    It was still at 0.031 after 200 of them; so the prose speaks of five and of ten points. The RNN
    with ten was undecided after 200 stretches (0.082). A run has 150 since, for smaller evidence.
    """
    return end(trial, "cut")


@claim("ten", share=0.95, refuted=True)
@claim("five", share=0.95)
def only_the_first(trial: Trial) -> bool:
    """With the memory cut, at least nine tenths of the error fall on the first point.

    Promised first for the LSTM with ten points, too: 150 stretches are too few (10 of 128 seeds).
    """
    places = trial.curves["place"]["cut"][-LAST:].mean(axis=0)
    return bool(places[0] >= 0.9 * places.sum())


@claim("ten", "lstm", median=(0, 0.002))
@claim("one", median=(0.002, 0.05))
def loss_carried(trial: Trial) -> float:
    return end(trial, "carried")


@claim("one", share=0.95, refuted=True)
def cannot_learn_without_looking_back(trial: Trial) -> bool:
    """In stretches of one point, the carried memory leaves the error above 0.4."""
    return end(trial, "carried") > 0.4


@claim("one", share=0.9)
def learns_without_looking_back(trial: Trial) -> bool:
    """It brings the error below a quarter of that without memory.

    At a rate of 0.01 it was promised a median of 0.02 to 0.15 and failed: 0.26 over 128 seeds.
    """
    return end(trial, "carried") < 0.125
