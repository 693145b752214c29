"""What the prose claims, each over many seeds: every seed has its own noise, weights and batches, shared by the arms."""

from collections.abc import Iterator, Sequence

from torch import Tensor
from torch.nn import functional as F

from seelearn.claims import Depths, Trial, claim
from seelearn.many import Adam, many

from .with_torch import ARMS, deep_net, parabola

CONDITIONS = {
    "tanh": {"activation": "tanh"},
    "relu": {"activation": "relu"},
}


def data(noise: float) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    return parabola(2000, noise), parabola(200, noise)


def measure(
    seeds: Sequence[int],
    activation: str,
    bias: float,
    depth: int,
    width: int,
    lr: float,
    batch: int,
    epochs: int,
    noise: float,
    momentum: float,
) -> Iterator[Trial]:
    """Train all four networks for every seed, as `run` does for one."""
    arms = list(ARMS)
    outcome = many(
        deep_net, data, F.mse_loss, Adam, epochs=epochs, batch=batch, seeds=seeds, each={"arm": arms},
        activation=activation, bias=bias, depth=depth, width=width, lr=lr, noise=noise, momentum=momentum,
    )  # fmt: skip
    for first, seed in enumerate(seeds):
        copies = {arm: first * len(arms) + place for place, arm in enumerate(arms)}
        yield Trial(
            seed,
            lines={"loss": {arm: outcome.loss[copy] for arm, copy in copies.items()}},
            curves={"fit": {arm: outcome.prediction[copy, :, :, 0] for arm, copy in copies.items()}},
            layers={"layers": {arm: Depths(*outcome.looks.depths(copy)) for arm, copy in copies.items()}},
        )


@claim("tanh", "relu", share=0.95)
def norm_wins(trial: Trial) -> bool:
    return trial.last("loss", "batch norm") < trial.last("loss", "plain")


@claim("tanh", share=0.95, refuted=True)
def saturates_at_the_start(trial: Trial) -> bool:
    return bool((trial.layers["layers"]["plain"].saturated[0, 2:] > 0.5).any())


@claim("tanh", median=(0, 1000))
def loss_plain(trial: Trial) -> float:
    return trial.last("loss", "plain")
