"""A small regression in NumPy alone: the gradients are worked out on paper and written by hand."""

from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from seelearn.show import Range, Show, play

ARMS = {"float64": np.float64, "float32": np.float32, "reversed": np.float32}
UPDATES = 20  # between two looks
TINY = 1e-9  # smaller differences are drawn as this one
Array = NDArray[Any]


def problem(hidden: int, noise: float) -> list[NDArray[np.float32]]:
    # NumPy draws the points and the first weights, so every framework gets the same.
    x = np.linspace(-1, 1, 80).reshape(80, 1)
    y = np.sin(4 * x) + noise * np.random.randn(80, 1)
    w1, b1 = 2 * np.random.randn(hidden, 1), np.random.randn(hidden)
    w2, b2 = np.random.randn(1, hidden) / hidden**0.5, np.zeros(1)
    return [part.astype(np.float32) for part in (x, y, w1, b1, w2, b2)]


def network(weights: list[Array], dtype: type) -> list[Array]:
    return [drawn.astype(dtype) for drawn in weights]


def forward(net: list[Array], x: Array) -> tuple[Array, Array]:
    w1, b1, w2, b2 = net
    hidden = np.tanh(x @ w1.T + b1)
    return hidden, hidden @ w2.T + b2


def gradients(net: list[Array], x: Array, y: Array) -> list[Array]:
    hidden, prediction = forward(net, x)
    slope = 2 * (prediction - y) / len(x)  # of the loss, for each prediction
    back = slope @ net[2] * (1 - hidden**2)  # through the second layer and the tanh
    return [back.T @ x, back.sum(0), slope.T @ hidden, slope.sum(0)]


def update(net: list[Array], lr: float, x: Array, y: Array) -> None:
    for number, gradient in enumerate(gradients(net, x, y)):
        net[number] -= lr * gradient


def run(
    show: Show,
    lr: Annotated[float, Range(0.001, 1)] = 0.1,
    hidden: Annotated[int, Range(1, 100)] = 12,
    noise: Annotated[float, Range(0, 1)] = 0.1,
    epochs: Annotated[int, Range(1, 200)] = 30,
) -> None:
    points_x, points_y, *weights = problem(hidden, noise)
    show.points("fit", "data", points_x, points_y)
    data, nets, loss = {}, {}, {}
    for arm, dtype in ARMS.items():
        x, y = points_x.astype(dtype), points_y.astype(dtype)
        data[arm] = (x[::-1], y[::-1]) if arm == "reversed" else (x, y)
        nets[arm] = network(weights, dtype)

    largest = 0.0
    for epoch in show.steps(epochs):
        for arm, net in nets.items():
            x, y = data[arm]
            _, prediction = forward(net, x)
            loss[arm] = float(np.mean((prediction - y) ** 2))
            show.curve("fit", arm, x, prediction)
            show.line("loss", arm, loss[arm])
        for arm in ("float64", "reversed"):
            apart = abs(loss[arm] - loss["float32"]) / loss["float32"]
            largest = max(largest, apart)
            show.line("apart", arm, max(apart, TINY))
        if epoch < epochs:
            for _ in range(UPDATES):
                for arm, net in nets.items():
                    update(net, lr, *data[arm])
    if np.isfinite(loss["float32"]):
        show.note("parted" if largest > 0.01 else "together", largest=largest)
        show.note("digits", single=loss["float32"], double=loss["float64"])
    else:
        show.note("gone")


if __name__ == "__main__":
    play(run)
