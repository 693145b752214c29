"""What the prose claims. One seed gives all six networks the same noise, weights and batches."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from seelearn.claims import Trial, claim
from seelearn.many import Adam, many

from .with_torch import ACTIVATIONS, deep_net, probe, wave

CONDITIONS = {
    "he": {"weights": "he"},
    "xavier": {"weights": "xavier", "epochs": 1},  # looked at before training only
    "default": {"weights": "default"},
    "shallow": {"weights": "he", "depth": 2},
}


def data(scale: float) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    return wave(320, scale), wave(100, scale)


def measure(
    seeds: Sequence[int], weights: str, depth: int, scale: float, lr: float, epochs: int
) -> Iterator[Trial]:
    """Train all six networks for every seed, as `run` trains them for one."""
    names = list(ACTIVATIONS)
    settings = {"weights": weights, "depth": depth, "scale": scale}
    outcome = many(
        deep_net, data, F.mse_loss, Adam, epochs=epochs, batch=32, seeds=seeds,
        each={"activation": names}, lr=lr, **settings,
    )  # fmt: skip
    for place, seed in enumerate(seeds):
        copies = {name: place * len(names) + number for number, name in enumerate(names)}
        torch.manual_seed(seed)
        _, (x, y) = data(scale)
        start = torch.get_rng_state()
        gradients = {}
        for name in names:
            torch.set_rng_state(start)  # every network draws the same weights
            gradients[name] = np.array([probe(deep_net(name, weights, depth), x, y)[1]])
        yield Trial(
            seed,
            lines={"loss": {name: outcome.loss[copy] for name, copy in copies.items()}},
            curves={
                "fit": {name: outcome.prediction[copy] for name, copy in copies.items()},
                "gradient": gradients,  # before training
            },
            layers={"layers": {name: outcome.looks.depths(copy) for name, copy in copies.items()}},
        )


def shrink(trial: Trial, name: str) -> float:
    """Return the factor by which the gradient shrinks per layer, in the geometric mean."""
    gradient = trial.curves["gradient"][name][0]
    return float((gradient[-1] / gradient[0]) ** (1 / (len(gradient) - 1)))


@claim("he", median=(2.8, 4))
@claim("xavier", median=(4, 5))
@claim("default", median=(6, 9))
def sigmoid_shrinks(trial: Trial) -> float:
    return shrink(trial, "sigmoid")


@claim("he", share=0.95, refuted=True)
@claim("default", share=0.95)
def sigmoid_shrinks_fourfold(trial: Trial) -> bool:
    return shrink(trial, "sigmoid") >= 4


@claim("he", median=(0.9, 1.2))
@claim("default", median=(2.2, 2.9))
def relu_shrinks(trial: Trial) -> float:
    return shrink(trial, "relu")


@claim("he", median=(0.9, 1.25))
@claim("xavier", median=(1.8, 2.2))
@claim("default", median=(3, 3.7))
def gelu_shrinks(trial: Trial) -> float:
    return shrink(trial, "gelu")


@claim("he", share=0.95)
@claim("default", share=0.95, refuted=True)
def relu_gradient_arrives(trial: Trial) -> bool:
    """Layer 1 gets at least a tenth of the gradient that the last hidden layer has."""
    gradient = trial.curves["gradient"]["relu"][0]
    return bool(gradient[0] >= 0.1 * gradient[-1])


@claim("he", median=(0.25, 0.4))
def relu_dead(trial: Trial) -> float:
    """The share of all hidden units that are silent for every test point, before training."""
    return float(trial.layers["layers"]["relu"].dead[0, 1:].mean())


@claim("he", share=0.95)
def sigmoid_is_flat(trial: Trial) -> bool:
    """The curve has less than 5% of the spread of the wave."""
    _, y = wave(100, 1.0)
    return bool(trial.curves["fit"]["sigmoid"][-1].std() < 0.05 * y.std(correction=0).item())


@claim("shallow", share=0.95)
def sigmoid_bends(trial: Trial) -> bool:
    return not sigmoid_is_flat(trial)


@claim("he", share=0.9)
def others_learn(trial: Trial) -> bool:
    return all(trial.last("loss", name) < 0.1 for name in ACTIVATIONS if name != "sigmoid")


@claim("shallow", share=0.95)
def sigmoid_is_last(trial: Trial) -> bool:
    sigmoid = trial.last("loss", "sigmoid")
    return all(trial.last("loss", name) < sigmoid for name in ACTIVATIONS if name != "sigmoid")


@claim("he", share=0.95, refuted=True)
def gelu_beats_relu(trial: Trial) -> bool:
    return trial.last("loss", "gelu") < trial.last("loss", "relu")


@claim("default", share=0.95)
def gelu_learns(trial: Trial) -> bool:
    return trial.last("loss", "gelu") < 0.1


@claim("default", share=0.95)
def tanh_gets_more_gradient(trial: Trial) -> bool:
    """In layer 1, before training, at least ten times as much as GELU."""
    gradient = trial.curves["gradient"]
    return bool(gradient["tanh"][0, 0] >= 10 * gradient["gelu"][0, 0])


@claim("default", share=0.95, refuted=True)
def more_gradient_wins(trial: Trial) -> bool:
    return trial.last("loss", "tanh") < trial.last("loss", "gelu")
