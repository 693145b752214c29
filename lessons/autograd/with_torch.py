"""Two numbers learn: gradients flow back through a graph, and are zeroed or left to pile up."""

from typing import Annotated

import numpy as np
import torch
from torch import Tensor

from seelearn.show import Range, Show, play

PLACES = {"x": (0, 2), "w": (0, 1), "w·x": (1, 1.8), "tanh": (2, 2), "v": (2, 1),
          "v·tanh": (3, 1.8), "target": (3, 0.5), "loss": (4, 2)}  # fmt: skip
EDGES = [("x", "w·x"), ("w", "w·x"), ("w·x", "tanh"), ("tanh", "v·tanh"), ("v", "v·tanh"),
         ("v·tanh", "loss"), ("target", "loss")]  # fmt: skip
FORWARD = {"x": 0, "target": 0, "w": 0, "v": 0, "w·x": 1, "tanh": 2, "v·tanh": 3, "loss": 4}
BACKWARD = {"loss": 5, "v·tanh": 6, "v": 7, "tanh": 7, "w·x": 8, "w": 9}
ARMS = ["kept", "zeroed"]  # gradients kept from step to step, or zeroed
SLOW = 9  # steps of slow motion before the first update; above, the step that shows a node
H = torch.logspace(-15, 0, 61, dtype=torch.float64)


def forward(x: Tensor, target: Tensor, w: Tensor, v: Tensor) -> dict[str, Tensor]:
    product = w * x
    hidden = torch.tanh(product)
    output = v * hidden
    return {"x": x, "w": w, "w·x": product, "tanh": hidden, "v": v, "v·tanh": output,
            "target": target, "loss": (output - target) ** 2}  # fmt: skip


def difference_errors(point: Tensor, dtype: torch.dtype) -> Tensor:
    """Take the slope in w from the losses at w - h and w + h; return how wrong it is for each h."""
    exact = point.double().requires_grad_()
    (gradient,) = torch.autograd.grad(forward(*exact)["loss"], exact)
    (x, target, w, v), h = point.to(dtype), H.to(dtype)
    rise = forward(x, target, w + h, v)["loss"] - forward(x, target, w - h, v)["loss"]
    return ((rise / (2 * h)).double() / gradient[2] - 1).abs().clamp(min=1e-16)


def draw_graph(show: Show, step: int, nodes: dict[str, Tensor]) -> None:
    asked = {name: node for name, node in nodes.items() if node.requires_grad}
    # The gradient at every node. Unlike backward(), this leaves .grad as it is.
    found = torch.autograd.grad(nodes["loss"], list(asked.values()), retain_graph=True)
    values = {n: f"{n} {value:.2g}" if FORWARD[n] <= step else n for n, value in nodes.items()}
    known = {n: g for n, g in zip(asked, found, strict=True) if BACKWARD[n] <= step}
    gradients = {n: f"grad {gradient:.2g}" for n, gradient in known.items()}
    for series, words, shift in (("forward", values, 0), ("backward", gradients, -0.45)):
        dots = np.reshape([PLACES[name] for name in words], (-1, 2))
        ends = [(PLACES[a], PLACES[b], (np.nan, np.nan)) for a, b in EDGES if {a, b} <= set(words)]
        lines = np.reshape(ends, (-1, 2))  # each edge ends with a gap
        show.curve("graph", series, lines[:, 0], lines[:, 1] + shift)
        show.points("graph", series, dots[:, 0], dots[:, 1] + shift, list(words.values()))


def run(
    show: Show,
    x: Annotated[float, Range(-3, 3)] = 1.0,
    target: Annotated[float, Range(-2, 2)] = 0.5,
    w: Annotated[float, Range(-3, 3)] = -1.5,
    v: Annotated[float, Range(-3, 3)] = 2.0,
    spread: Annotated[float, Range(0, 1)] = 0.5,
    lr: Annotated[float, Range(1e-3, 1)] = 0.05,
    epochs: Annotated[int, Range(1, 200)] = 50,
) -> None:
    data = torch.tensor(x), torch.tensor(target)
    start = torch.tensor([w, v]) + spread * torch.randn(2)
    for name, dtype in {"float32": torch.float32, "float64": torch.float64}.items():
        show.curve("differences", name, H, difference_errors(torch.stack([*data, *start]), dtype))
    side = torch.linspace(-3, 3, 121)  # w to the right, v upwards
    losses = forward(*data, side, side.flip(0).reshape(-1, 1))["loss"]
    show.image("surface", "valley", losses.sqrt(), x=(-3, 3), y=(-3, 3))

    arms = {arm: [number.clone().requires_grad_() for number in start] for arm in ARMS}
    optimizers = {arm: torch.optim.SGD(numbers, lr) for arm, numbers in arms.items()}
    paths = {arm: np.full((SLOW + epochs + 1, 2), np.nan) for arm in ARMS}  # NaN: not drawn
    loss = {}
    for step in show.steps(SLOW + epochs):
        for arm, numbers in arms.items():
            nodes = forward(*data, *numbers)
            loss[arm] = nodes["loss"]
            show.line("loss", arm, max(loss[arm].item(), 1e-9))
            here = np.array([number.item() for number in numbers])
            paths[arm][step] = np.where(np.abs(here) > 3, np.nan, here)  # only inside the picture
            show.curve("surface", arm, *paths[arm].T)
            show.points("surface", arm, *paths[arm][step : step + 1].T)
            if arm == "zeroed":
                draw_graph(show, step, nodes)
        grads = [[str(n.grad) if n.grad is None else n.grad.item() for n in arms[a]] for a in ARMS]
        show.table("grad", "grad", grads, ARMS, ["w.grad", "v.grad"])
        if SLOW <= step < SLOW + epochs:
            optimizers["zeroed"].zero_grad()  # and what if not?
            for arm in ARMS:
                loss[arm].backward()
                optimizers[arm].step()
    show.note("end", **{arm: loss[arm].item() for arm in ARMS})


if __name__ == "__main__":
    play(run)
