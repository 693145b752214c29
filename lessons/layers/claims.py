"""What the prose claims. Every seed gives all four networks the same data and first weights."""

import numpy as np
import torch
from torch.nn import functional as F

from seelearn.claims import Trial, claim

from .with_torch import Looped

CONDITIONS = {"usual": {"width": 30}, "wide": {"width": 100}}


@claim("usual", share=0.95)
def three_are_one(trial: Trial) -> bool:
    """Bit for bit, after every epoch."""
    lines = trial.lines["loss"]
    return all((lines[way] == lines["sequential"]).all() for way in ("attributes", "module list"))


@claim("usual", share=0.95)
def all_start_alike(trial: Trial) -> bool:
    lines = trial.lines["loss"]
    return bool(lines["plain list"][0] == lines["sequential"][0])


@claim("usual", share=0.95)
def listed_layers_stay(trial: Trial) -> bool:
    """The layers in the list have not moved by the last bit, the output layer has."""
    *hidden, output = trial.curves["moved"]["plain list"][-1]
    return bool(hidden == [0, 0, 0] and output > 0)


@claim("usual", share=0.95, refuted=True)
def learns_nothing(trial: Trial) -> bool:
    """The loss ends within a tenth of where it started."""
    loss = trial.lines["loss"]["plain list"]
    return bool(loss[-1] > 0.9 * loss[0])


@claim("usual", share=0.95)
def stays_behind(trial: Trial) -> bool:
    """It ends with more than twice the loss of the others."""
    return trial.last("loss", "plain list") > 2 * trial.last("loss", "sequential")


@claim("usual", share=0.9)
def is_the_smoother(trial: Trial) -> bool:
    """The loss of the network with the plain list rises in fewer epochs than that of the others."""
    rises = {way: (np.diff(line) > 0).sum() for way, line in trial.lines["loss"].items()}
    return bool(rises["plain list"] < rises["sequential"])


@claim("usual", median=(0.2, 0.5))
@claim("wide", median=(0.1, 0.3))
def loss_forgotten(trial: Trial) -> float:
    return trial.last("loss", "plain list")


@claim("usual", share=0.9)
def copy_is_worse_than_nothing(trial: Trial) -> bool:
    """Farther from the wave, in the mean of the squares, than the constant 0."""
    wave = np.sin(3 * np.linspace(-2, 2, 100))
    copy = trial.curves["copy"]["plain list"][-1]
    return bool(((copy - wave) ** 2).mean() > (wave**2).mean())


@claim("usual", share=0.95)
def copy_of_the_others_is_exact(trial: Trial) -> bool:
    curves = trial.curves
    return bool((curves["copy"]["module list"] == curves["fit"]["module list"]).all())


@claim("usual", share=0.95)
def gradients_pile_up(trial: Trial) -> bool:
    """After ten updates a forgotten layer's .grad is the sum of ten gradients, to a millionth."""
    torch.manual_seed(trial.seed)
    x, net = torch.linspace(-2, 2, 100).unsqueeze(1), Looped(30, list)
    optimizer = torch.optim.Adam(net.parameters(), 0.01)
    forgotten = [layer.weight for layer in net.hidden]
    sums = [torch.zeros_like(weight) for weight in forgotten]
    for _ in range(10):
        loss = F.mse_loss(net(x), torch.sin(3 * x))
        optimizer.zero_grad()
        gradients = torch.autograd.grad(loss, forgotten, retain_graph=True)
        sums = [total + gradient for total, gradient in zip(sums, gradients, strict=True)]
        loss.backward()
        optimizer.step()
    return all(
        weight.grad is not None and torch.allclose(weight.grad, total, rtol=1e-6, atol=1e-6)
        for weight, total in zip(forgotten, sums, strict=True)
    )
