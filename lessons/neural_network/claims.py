"""What the prose claims. One seed gives the points, the start and the batches."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from seelearn.claims import Trial, claim
from seelearn.many import Adam, many

from .with_torch import BATCH, build, features, sample

CONDITIONS = {
    "xor_line": {"shape": "xor", "layers": 0},
    "xor_product": {"shape": "xor", "layers": 0, "inputs": "product"},
    "xor_two": {"shape": "xor", "layers": 1, "units": 2, "epochs": 100},
    "xor_four": {"shape": "xor", "layers": 1, "units": 4, "epochs": 100},
    "circle_two": {"layers": 1, "units": 2, "epochs": 100},
    "circle_three": {"layers": 1, "units": 3, "epochs": 100},
    "circle_three_long": {"layers": 1, "units": 3, "epochs": 200},
    "circle_eight": {"layers": 1, "units": 8, "epochs": 100},
    "circle_squares": {"layers": 0, "inputs": "squares"},
    "circle_straight": {"layers": 3, "units": 8, "activation": "none"},
    "spiral_wide": {"shape": "spiral", "layers": 1, "units": 8, "epochs": 150},
    "spiral_deep": {"shape": "spiral", "layers": 3, "units": 8, "epochs": 150},
}
TESTS = 600
Pair = tuple[Tensor, Tensor]


def points(shape: str, noise: float, inputs: str) -> tuple[Pair, Pair]:
    (x, y), (test_x, test_y) = sample(200, shape, noise), sample(TESTS, shape, noise)
    return (features(x, inputs), y), (features(test_x, inputs), test_y)


def measure(
    seeds: Sequence[int], shape: str, inputs: str, layers: int, units: int, activation: str,
    noise: float, lr: float, epochs: int,
) -> Iterator[Trial]:  # fmt: skip
    """Train the network of every seed, as `run` trains that of one."""
    outcome = many(
        build, points, F.mse_loss, Adam, epochs=epochs, batch=BATCH, seeds=seeds, shape=shape,
        inputs=inputs, layers=layers, units=units, activation=activation, noise=noise, lr=lr,
    )  # fmt: skip
    answers = torch.cat([torch.arange(n) % 2 * 2 - 1.0 for n in (TESTS, 200)])
    answers = torch.arange(TESTS) % 2 * 2 - 1.0
    for seed, prediction in zip(seeds, outcome.prediction, strict=True):
        said = torch.from_numpy(prediction).squeeze(2)  # [epochs + 1, points]
        right = (said.sign() == answers).float().mean(dim=1).numpy()
        yield Trial(seed, lines={"accuracy": {"test": right}})


@claim("xor_line", "circle_straight", share=0.95)
def fails(trial: Trial) -> bool:
    """Fewer than three new points of four are right."""
    return trial.last("accuracy", "test") < 0.75


@claim("xor_line", "circle_straight", median=(0.45, 0.55))
@claim("circle_two", median=(0.74, 0.84))
@claim("spiral_wide", median=(0.93, 0.985))
@claim("spiral_deep", median=(0.98, 1.0))
def accuracy(trial: Trial) -> float:
    return trial.last("accuracy", "test")


@claim("xor_product", "circle_squares", "circle_eight", share=0.95)
@claim("xor_two", "circle_three", share=0.9, refuted=True)
def solves(trial: Trial) -> bool:
    """At least 95 new points of a hundred are right."""
    return trial.last("accuracy", "test") >= 0.95


@claim("xor_four", share=0.9)
@claim("circle_three", share=0.4)
@claim("circle_three_long", share=0.75)
def often_solves(trial: Trial) -> bool:
    """With four neurons on xor it was 95% that was promised at first; 480 of 512 is less."""
    return bool(solves(trial))


@claim("circle_two", share=0.95)
def stays_open(trial: Trial) -> bool:
    """Fewer than nine new points of ten are right."""
    return trial.last("accuracy", "test") < 0.9
