"""What the prose claims. All four trainings of a seed are the same until the break."""

import io
import pickle

import safetensors.torch
import torch
from torch import nn
from torch.nn import functional as F

from seelearn.claims import Trial, claim

from .with_torch import Trap, checkpoint, save, start

CONDITIONS = {"adam": {"rule": "adam"}, "sgd": {"rule": "sgd", "lr": 0.1}}
STOP = 30


@claim("adam", "sgd", share=0.95)
def everything_is_exact(trial: Trial) -> bool:
    """After every epoch the loss is that of the training that never stopped, bit for bit."""
    loss = trial.lines["loss"]
    return bool((loss["everything"] == loss["never stopped"]).all())


@claim("adam", share=0.7)
def bare_model_jumps(trial: Trial) -> bool:
    """One epoch after the break the loss is more than 1.5 times what it was at the break."""
    loss = trial.lines["loss"]["no optimizer"]
    return bool(loss[STOP + 1] > 1.5 * loss[STOP])


@claim("adam", median=(1.5, 6))
def height_of_the_jump(trial: Trial) -> float:
    """The loss one epoch after the break, by that of the training that never stopped."""
    loss = trial.lines["loss"]
    return float(loss["no optimizer"][STOP + 1] / loss["never stopped"][STOP + 1])


@claim("adam", share=0.95, refuted=True)
def never_recovers(trial: Trial) -> bool:
    """Twenty epochs after the break the loss is still higher than without a break."""
    return trial.last("loss", "no optimizer") > trial.last("loss", "never stopped")


@claim("adam", share=0.5)
def is_ahead_later(trial: Trial) -> bool:
    """Twenty epochs after the break the loss is lower than without a break.

    Written down after the same seeds had shown it; `never_recovers` is what had been expected.
    """
    return trial.last("loss", "no optimizer") < trial.last("loss", "never stopped")


@claim("sgd", share=0.95)
def sgd_has_no_memory(trial: Trial) -> bool:
    """Without the optimizer's state the losses are the same, bit for bit."""
    loss = trial.lines["loss"]
    return bool((loss["no optimizer"] == loss["never stopped"]).all())


@claim("adam", share=0.95)
def other_batches_other_numbers(trial: Trial) -> bool:
    """Right after the break, the loss is not that of the training that never stopped."""
    loss = trial.lines["loss"]
    return bool(loss["no generator"][STOP + 1] != loss["never stopped"][STOP + 1])


@claim("adam", median=(0.9, 1.1))
def other_batches_as_good(trial: Trial) -> float:
    """The last loss with batches repeated from the start, by that without a break."""
    return trial.last("loss", "no generator") / trial.last("loss", "never stopped")


def trained(seed: int, steps: int) -> tuple[nn.Module, torch.optim.Optimizer, torch.Generator]:
    torch.manual_seed(seed)
    model, optimizer, generator = start("adam", 0.01)
    x = torch.linspace(-2, 2, 100).unsqueeze(1)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(model(x), torch.sin(3 * x)).backward()
        optimizer.step()
    return model, optimizer, generator


@claim("adam", share=0.95)
def three_files_one_network(trial: Trial) -> bool:
    """After 10 steps; state_dict, whole module and safetensors, bit for bit."""
    model, _, _ = trained(trial.seed, 10)
    x, networks = torch.randn(50, 1), [start("adam", 0.01)[0] for _ in range(2)]
    networks[0].load_state_dict(torch.load(io.BytesIO(save(model.state_dict()))))
    networks[1].load_state_dict(safetensors.torch.load(safetensors.torch.save(model.state_dict())))
    networks.append(torch.load(io.BytesIO(save(model)), weights_only=False))
    return all(torch.equal(network(x), model(x)) for network in networks)


@claim("adam", median=(3, 4))
def size_of_a_checkpoint(trial: Trial) -> float:
    """Bytes of a checkpoint by bytes of a state_dict."""
    training = trained(trial.seed, 1)
    return len(checkpoint(*training)) / len(save(training[0].state_dict()))


@claim("adam", share=0.95, refuted=True)
def variable_keeps_the_best(trial: Trial) -> bool:
    """After one more step, a state_dict kept in a variable is not what the network now has."""
    model, optimizer, _ = trained(trial.seed, 10)
    kept = model.state_dict()
    optimizer.step()  # once more along the same gradient
    return not all(torch.equal(kept[name], now) for name, now in model.state_dict().items())


@claim("adam", share=0.95)
def trap_is_refused(trial: Trial) -> bool:
    """With weights_only=False the trap's code runs; with weights_only=True it is refused."""
    file = save(Trap())
    if torch.load(io.BytesIO(file), weights_only=False) != 6 * 7:
        return False
    try:
        torch.load(io.BytesIO(file), weights_only=True)
    except pickle.UnpicklingError:
        return True
    return False
