"""What the prose claims. Each seed draws a start of its own, and points to check gradients at."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seelearn.claims import Trial, claim

from .with_torch import SLOW, H, forward

CONDITIONS = {"default": {"lr": 0.05}}
X, TARGET, LR = 1.0, 0.5, 0.05
SEEN = {"v·tanh": TARGET, "loss": 0.0, "w": 0.0, "v": 0.0}


def points(seed: int, number: int, dtype: torch.dtype) -> Tensor:
    """x, target, w and v from a normal distribution, [number, 4]."""
    torch.manual_seed(seed)
    return torch.randn(number, 4, dtype=torch.float64).to(dtype)


@claim("default", share=0.95)
def matches_differences(trial: Trial) -> bool:
    """At 20 points in float64, with h = 1e-6, both gradients to 1e-7."""
    h = 1e-6
    for x, target, w, v in points(trial.seed, 20, torch.float64):
        asked = [w.clone().requires_grad_(), v.clone().requires_grad_()]
        forward(x, target, *asked)["loss"].backward()
        slopes = [
            forward(x, target, w + h, v)["loss"] - forward(x, target, w - h, v)["loss"],
            forward(x, target, w, v + h)["loss"] - forward(x, target, w, v - h)["loss"],
        ]
        for number, rise in zip(asked, slopes, strict=True):
            if number.grad is None or abs(number.grad - rise / (2 * h)) > 1e-7:
                return False
    return True


def called(seed: int, times: int) -> tuple[Tensor, Tensor]:
    """Return .grad after one call of backward and after so many, in float32, [20 points, 2]."""
    once, often = [], []
    for x, target, w, v in points(seed, 20, torch.float32):
        asked = [w.clone().requires_grad_(), v.clone().requires_grad_()]
        for call in range(times):
            forward(x, target, *asked)["loss"].backward()
            if call == 0:
                once.append([number.grad.item() for number in asked if number.grad is not None])
        often.append([number.grad.item() for number in asked if number.grad is not None])
    return torch.tensor(once), torch.tensor(often)


@claim("default", share=0.95)
def twice_is_double(trial: Trial) -> bool:
    """To the last bit."""
    once, twice = called(trial.seed, 2)
    return torch.equal(twice, 2 * once)


@claim("default", share=0.95)
def ten_times(trial: Trial) -> bool:
    """To a millionth."""
    once, often = called(trial.seed, 10)
    return torch.allclose(often, 10 * once, rtol=1e-6, atol=0)


@claim("default", share=0.95, refuted=True)
def exactly_ten_times(trial: Trial) -> bool:
    """To the last bit, at all 20 points."""
    once, often = called(trial.seed, 10)
    return torch.equal(often, 10 * once)


@claim("default", share=0.9)
def zeroed_arrives(trial: Trial) -> bool:
    """The loss ends below a hundredth of where it started."""
    return bool(trial.last("loss", "zeroed") < 0.01 * trial.lines["loss"]["zeroed"][0])


@claim("default", share=0.95, refuted=True)
def kept_diverges(trial: Trial) -> bool:
    """Without zeroing the loss ends above where it started."""
    return bool(trial.last("loss", "kept") > trial.lines["loss"]["kept"][0])


@claim("default", share=0.95)
def kept_ends_worse(trial: Trial) -> bool:
    return trial.last("loss", "kept") > trial.last("loss", "zeroed")


def walk(trial: Trial, momentum: float, zero: bool, updates: int) -> NDArray[np.float64]:
    """Return output minus target, loss, w and v of a descent from the run's start: [updates, 4]."""
    torch.manual_seed(trial.seed)
    start = torch.tensor([-1.5, 2.0]) + 0.5 * torch.randn(2)
    numbers = [number.clone().requires_grad_() for number in start]
    optimizer = torch.optim.SGD(numbers, LR, momentum=momentum)
    seen = []
    for _ in range(updates + 1):
        nodes = forward(torch.tensor(X), torch.tensor(TARGET), *numbers)
        seen.append([nodes[n].item() - shift for n, shift in SEEN.items()])
        if zero:
            optimizer.zero_grad()
        nodes["loss"].backward()
        optimizer.step()
    return np.array(seen)


def crossings(trial: Trial, zero: bool) -> int:
    """How often the output passes the target in 50 updates."""
    side = np.sign(walk(trial, 0, zero, 50)[:, 0])
    return int((side[1:] != side[:-1]).sum())


@claim("default", share=0.9)
def kept_swings(trial: Trial) -> bool:
    return crossings(trial, zero=False) >= 2


@claim("default", share=0.9)
def zeroed_does_not_swing(trial: Trial) -> bool:
    return crossings(trial, zero=True) <= 1


@claim("default", share=0.8)
def kept_runs_away(trial: Trial) -> bool:
    """After 50 updates w or v is outside the picture, beyond 3 or -3."""
    return bool(np.abs(walk(trial, 0, False, 50)[-1, 2:]).max() > 3)


@claim("default", share=0.95)
def zeroed_stays(trial: Trial) -> bool:
    """After 50 updates w and v are inside the picture."""
    return bool(np.abs(walk(trial, 0, True, 50)[-1, 2:]).max() <= 3)


@claim("default", share=0.95)
def is_momentum(trial: Trial) -> bool:
    """Every loss of the run equals that of SGD with momentum 1, zeroed, to a millionth."""
    losses = np.maximum(walk(trial, 1, True, 50)[:, 1], 1e-9)  # what the run draws
    return bool(np.allclose(trial.lines["loss"]["kept"][SLOW:], losses, rtol=1e-6, atol=1e-9))


def error(trial: Trial, kind: str, h: float) -> float:
    """How wrong the run's finite difference is at the h nearest to this one."""
    at = int(np.abs(np.log10(H.numpy()) - np.log10(h)).argmin())
    return float(trial.curves["differences"][kind][-1][at])


@claim("default", share=0.95, refuted=True)
def smaller_is_better(trial: Trial) -> bool:
    """In float32, a step of a millionth beats one of a hundredth."""
    return error(trial, "float32", 1e-6) < error(trial, "float32", 1e-2)


@claim("default", median=(1e-3, 3e-2))
def best_in_float32(trial: Trial) -> float:
    return float(H[int(np.argmin(trial.curves["differences"]["float32"][-1]))])


@claim("default", median=(1e-6, 1e-4))
def best_in_float64(trial: Trial) -> float:
    return float(H[int(np.argmin(trial.curves["differences"]["float64"][-1]))])
