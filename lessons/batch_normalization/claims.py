"""What the prose claims. One seed gives all four networks the same noise, weights and batches."""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.claims import Trial, claim
from seelearn.many import Adam, many

from .with_torch import ARMS, deep_net, parabola

CONDITIONS = {
    "tanh": {"activation": "tanh"},
    "relu": {"activation": "relu"},
    "tanh_plus": {"activation": "tanh", "bias": 0.2},
    "relu_plus": {"activation": "relu", "bias": 0.2},
    "tanh_zero": {"activation": "tanh", "bias": 0.0},
    "relu_zero": {"activation": "relu", "bias": 0.0},
    "tanh_xavier": {"activation": "tanh", "bias": 0.0, "weights": "xavier"},
    "relu_he": {"activation": "relu", "bias": 0.0, "weights": "he"},
    "tanh_slow": {"activation": "tanh", "momentum": 0.1},
    "relu_slow": {"activation": "relu", "momentum": 0.1},
}
NOISE = 2.0


def data(noise: float) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    return parabola(2000, noise), parabola(200, noise)


def measure(
    seeds: Sequence[int], activation: str, weights: str, bias: float, depth: int, width: int,
    lr: float, batch: int, epochs: int, noise: float, momentum: float,
) -> Iterator[Trial]:  # fmt: skip
    """Train all four networks for every seed, as `run` trains them for one."""
    arms = list(ARMS)
    outcome = many(
        deep_net, data, F.mse_loss, Adam, epochs=epochs, batch=batch, seeds=seeds,
        each={"arm": arms}, activation=activation, weights=weights, bias=bias, depth=depth,
        width=width, lr=lr, noise=noise, momentum=momentum,
    )  # fmt: skip
    for place, seed in enumerate(seeds):
        copies = {arm: place * len(arms) + number for number, arm in enumerate(arms)}
        yield Trial(
            seed,
            lines={"loss": {arm: outcome.loss[copy] for arm, copy in copies.items()}},
            curves={"fit": {arm: outcome.prediction[copy] for arm, copy in copies.items()}},
            layers={"layers": {arm: outcome.looks.depths(copy) for arm, copy in copies.items()}},
            networks={arm: partial(outcome.network, copy) for arm, copy in copies.items()},
        )


@claim("tanh", "relu", "tanh_plus", "tanh_zero", share=0.95)
@claim("relu_plus", "relu_zero", "relu_he", "tanh_xavier", share=0.95, refuted=True)
def norm_wins(trial: Trial) -> bool:
    return trial.last("loss", "batch norm") < trial.last("loss", "plain")


@claim("tanh", "relu", share=0.95)
@claim("tanh_xavier", share=0.5)
def plain_is_constant(trial: Trial) -> bool:
    """The curve has less than 1% of the spread of the parabola."""
    _, y = parabola(200, 0)
    return bool(trial.curves["fit"]["plain"][-1].std() < 0.01 * y.std(correction=0).item())


@claim("relu_zero", "relu_he", share=0.9)
def plain_learns(trial: Trial) -> bool:
    return not plain_is_constant(trial)


@claim("relu", share=0.95)
def dead_at_the_start(trial: Trial) -> bool:
    return bool((trial.layers["layers"]["plain"].dead[0, 3:] == 1).all())


@claim("relu", share=0.95)
def dead_to_the_end(trial: Trial) -> bool:
    return bool((trial.layers["layers"]["plain"].dead[-1, 3:] == 1).all())


@claim("relu", share=0.95)
def norm_keeps_alive(trial: Trial) -> bool:
    return bool((trial.layers["layers"]["batch norm"].dead[-1, 1:] < 1).all())


@claim("tanh", share=0.95, refuted=True)
def saturates_at_the_start(trial: Trial) -> bool:
    """In some layer from the second on, more than half of the values are saturated."""
    return bool((trial.layers["layers"]["plain"].saturated[0, 2:] > 0.5).any())


@claim("tanh", share=0.95)
def vanishes_at_the_start(trial: Trial) -> bool:
    """The signal in layer 8 is less than a thousandth of that in layer 1."""
    signal = trial.layers["layers"]["plain"].signal[0]
    return bool(signal[8] < 0.001 * signal[1])


@claim("tanh", share=0.95)
def saturates_with_training(trial: Trial) -> bool:
    """In layer 8 more than half of the values are saturated."""
    return bool(trial.layers["layers"]["plain"].saturated[-1, 8] > 0.5)


@claim("tanh", share=0.95)
def norm_stays_open(trial: Trial) -> bool:
    """In no layer are more than half of the values saturated."""
    return bool((trial.layers["layers"]["batch norm"].saturated[-1, 1:] < 0.5).all())


@claim("tanh", share=0.95)
def cancels_the_bias(trial: Trial) -> bool:
    """In training mode, the bad bias moves the last hidden layer, untrained, by less than 1e-6."""
    torch.manual_seed(trial.seed)
    x, _ = parabola(64, NOISE)
    answers = []
    for bias in (-0.2, 0.0):
        torch.manual_seed(trial.seed)
        net = deep_net("batch norm", "tanh", "small", bias, 8, 10, 0.5).double()
        answers.append(net[:-1](x.double()))  # the output layer is not normalised
    return bool((answers[0] - answers[1]).abs().max() < 1e-6)


@claim("tanh", "relu", share=0.95, refuted=True)
def input_is_enough(trial: Trial) -> bool:
    """Normalising only the input halves the plain network's loss."""
    return trial.last("loss", "input only") < 0.5 * trial.last("loss", "plain")


@claim("tanh", "relu", share=0.95)
def hidden_is_enough(trial: Trial) -> bool:
    """Normalising only the hidden layers halves the plain network's loss."""
    return trial.last("loss", "hidden only") < 0.5 * trial.last("loss", "plain")


@claim("tanh", "relu", share=0.5)
def hidden_beats_full(trial: Trial) -> bool:
    return trial.last("loss", "hidden only") < trial.last("loss", "batch norm")


@claim("tanh", "relu", median=(600, 1000))
@claim("relu_plus", "relu_zero", "relu_he", median=(0, 40))
def loss_plain(trial: Trial) -> float:
    return trial.last("loss", "plain")


@claim("tanh", "tanh_slow", median=(40, 300))
@claim("relu", "relu_zero", "relu_he", "relu_slow", median=(20, 100))
def loss_norm(trial: Trial) -> float:
    return trial.last("loss", "batch norm")


@claim("tanh", median=(30, 90))
@claim("relu", "relu_zero", "relu_he", median=(4, 30))
def loss_recalibrated(trial: Trial) -> float:
    """The same weights, with the statistics of the whole training set in place of running ones."""
    torch.manual_seed(trial.seed)
    (x, _), (test_x, test_y) = data(NOISE)
    net = trial.networks["batch norm"]()
    for layer in net:
        if isinstance(layer, nn.BatchNorm1d):
            layer.momentum = 1.0
    with torch.no_grad():
        net.train()(x)
        return F.mse_loss(net.eval()(test_x), test_y).item()
