"""What the prose claims, decided after a look at the seeds 1000 and 1001 and before any other.

Nothing here is about seconds: those belong to a machine, not to a seed.
"""

import torch

from seelearn.claims import Trial, claim

from .with_torch import network

CONDITIONS = {"usual": {"lr": 1e-3}, "slow": {"lr": 1e-4}}


@claim("usual", "slow", median=(0.97, 1.03))
def mixed_to_single(trial: Trial) -> float:
    """The final loss in mixed precision, divided by that in float32."""
    return trial.last("loss", "mixed") / trial.last("loss", "float32")


@claim("usual", "slow", share=0.95, refuted=True)
def half_is_as_good(trial: Trial) -> bool:
    """Bfloat16 throughout ends within 5% of float32."""
    return trial.last("loss", "bfloat16") < 1.05 * trial.last("loss", "float32")


@claim("usual", median=(1.02, 1.3))
def half_to_single(trial: Trial) -> float:
    """The final loss in bfloat16 throughout, divided by that in float32."""
    return trial.last("loss", "bfloat16") / trial.last("loss", "float32")


@claim("slow", share=0.95)
def half_stays_behind(trial: Trial) -> bool:
    """Its loss ends more than half as high again as that of float32."""
    return trial.last("loss", "bfloat16") > 1.5 * trial.last("loss", "float32")


def standing(trial: Trial) -> float:
    """Return the share of bfloat16's weights that no update of the last epoch has changed."""
    return float(trial.lines["still"]["bfloat16"][-1])


@claim("usual", median=(0.45, 0.75))
@claim("slow", median=(0.7, 0.95))
def stand_still(trial: Trial) -> float:
    return standing(trial)


@claim("usual", share=0.95, refuted=True)
def still_means_stuck(trial: Trial) -> bool:
    """Its loss stays above a tenth of what it was at first."""
    return trial.last("loss", "bfloat16") > 0.1 * float(trial.lines["loss"]["bfloat16"][0])


@claim("usual", share=0.95)
def all_move_in_single(trial: Trial) -> bool:
    """In float32, fewer than one weight in a thousand stands still in the last epoch."""
    return float(trial.lines["still"]["float32"][-1]) < 0.001


@claim("usual", share=0.95, refuted=True)
def tensor_moves(trial: Trial) -> bool:
    """After `x.to(device)`, x itself is there; "meta" is a device that every machine has."""
    x = torch.randn(4, 64)
    x.to("meta")
    return x.device.type == "meta"


@claim("usual", share=0.95)
def network_moves(trial: Trial) -> bool:
    """After `net.to(device)`, the parameters of net are there."""
    net = network(8)
    net.to("meta")
    return all(parameter.device.type == "meta" for parameter in net.parameters())


@claim("usual", share=0.95)
def devices_do_not_mix(trial: Trial) -> bool:
    """A network there and an input here raise an error."""
    net = network(8).to("meta")
    try:
        net(torch.randn(4, 64))
    except RuntimeError:
        return True
    return False
