"""The compiled kernel against plain torch loops over the same networks."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.many.functions import ACTIVATIONS, tanh
from seelearn.many.kernel import Activation, Data, Linear, Norm, Stack, Trained, train
from seelearn.many.lanes import WIDTH, load, store
from seelearn.many.looks import Looks
from seelearn.microscope import watch
from tests.many.fingerprint import fingerprint

PLAIN: Stack = (
    Linear(1, 10, True), Activation("tanh"), Linear(10, 7, False), Activation("relu"), Linear(7, 2, True),
)  # fmt: skip
NORMED: Stack = (
    Norm(1, 1e-5), Linear(1, 10, True), Norm(10, 1e-5), Activation("tanh"), Linear(10, 10, True), Activation("selu"),
    Norm(10, 1e-3), Linear(10, 2, True),
)  # fmt: skip
DEEP: Stack = (
    Linear(1, 10, True), *[layer for _ in range(4) for layer in (Activation("tanh"), Linear(10, 10, True))],
    Activation("leaky_relu", 0.2), Linear(10, 2, True),
)  # fmt: skip
STEADY: Stack = (
    Linear(3, 10, False), Norm(10, 1e-5), Activation("tanh"), Linear(10, 10, True), Activation("selu"), Norm(10, 1e-3),
    Linear(10, 2, True),
)  # fmt: skip
"""No parameter's gradient is 0 but for rounding, as that of a bias before a Norm is, which Adam makes whole steps of."""
MODULES: dict[str, Callable[[float], nn.Module]] = {
    "tanh": lambda slope: nn.Tanh(),
    "relu": lambda slope: nn.ReLU(),
    "leaky_relu": nn.LeakyReLU,
    "sigmoid": lambda slope: nn.Sigmoid(),
    "selu": lambda slope: nn.SELU(),
}
ADAM = [0.01, 0.9, 0.999, 1e-8]


def sequential(stack: Stack, seed: int) -> nn.Sequential:
    torch.manual_seed(seed)
    modules: list[nn.Module] = []
    for layer in stack:
        if isinstance(layer, Linear):
            modules.append(nn.Linear(layer.inputs, layer.outputs, layer.bias))
        elif isinstance(layer, Norm):
            modules.append(nn.BatchNorm1d(layer.units, layer.eps))
        else:
            modules.append(MODULES[layer.kind](layer.slope))
    return nn.Sequential(*modules)


def flat(nets: list[nn.Sequential]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return parameters and buffers as the kernel takes them."""
    rows = [torch.cat([p.detach().flatten() for p in net.parameters()]) for net in nets]
    kept = [torch.cat([torch.zeros(0), *[b for b in net.buffers() if b.ndim]]) for net in nets]
    return torch.stack(rows).numpy(), torch.stack(kept).numpy()


def data(examples: int, epochs: int, *, classes: bool = False, inputs: int = 1) -> Data:
    """Return two data sets."""
    rng = np.random.default_rng(0)
    x, test_x = (rng.uniform(-1, 1, (2, n, inputs)).astype(np.float32) for n in (examples, 45))

    def answer(x: NDArray[np.float32]) -> NDArray[Any]:
        if classes:
            return (x[..., 0] > 0.1).astype(np.int64)
        return np.concatenate([np.sin(3 * x[..., :1]), x[..., :1] ** 2], -1).astype(np.float32)

    order = np.array([[rng.permutation(examples) for _ in range(epochs)] for _ in range(2)], np.int64)
    return Data(x, answer(x), test_x, answer(test_x), order.reshape(2, epochs, examples))


def fit(
    stack: Stack, nets: list[nn.Sequential], sets: Data, batch: int, *, loss: str = "mse", optimizer: str = "adam",
    hyper: list[list[float]] | None = None,
) -> tuple[Trained, Looks]:  # fmt: skip
    """Train copies of the networks with the kernel; the odd ones on the second data set."""
    copies, epochs = len(nets), sets.order.shape[1]
    looks = Looks.empty(copies, epochs, 1 + sum(isinstance(layer, Activation) for layer in stack))
    for copy, net in enumerate(nets):
        looks.ranges[copy] = [[[d["low"], d["high"]] for d in (v["before"], v["after"])] for v in seen(net, sets, copy)]
    trained = train(
        stack, *flat(nets), sets, np.arange(copies) % 2, batch, loss, optimizer,
        np.array(hyper or [ADAM] * copies, np.float64),
        np.full((copies, sum(isinstance(layer, Norm) for layer in stack)), 0.1), looks,
    )  # fmt: skip
    return trained, looks


def seen(net: nn.Sequential, sets: Data, copy: int) -> list[Any]:
    net.eval()
    with torch.no_grad(), watch(net) as layers:
        net(torch.from_numpy(sets.test_x[copy % 2]))
    net.train()
    return list(layers)


def torch_fit(net: nn.Sequential, sets: Data, copy: int, batch: int, optimizer: Any, loss: Any) -> list[float]:
    """Train in torch, in the network's own precision; return the test loss before and after every epoch."""
    kind = next(net.parameters()).dtype
    x, y, test_x, test_y = (
        torch.from_numpy(v[copy % 2]) for v in (sets.x, sets.y, sets.test_x, sets.test_y)
    )  # fmt: skip

    def cast(values: Tensor) -> Tensor:
        return values.to(kind) if values.is_floating_point() else values

    def test() -> float:
        net.eval()
        with torch.no_grad():
            value = loss(net(cast(test_x)), cast(test_y)).item()
        net.train()
        return float(value)

    losses = [test()]
    for order in torch.from_numpy(sets.order[copy % 2]):
        for part in order.split(batch):
            optimizer.zero_grad()
            loss(net(cast(x[part])), cast(y[part])).backward()
            optimizer.step()
        losses.append(test())
    return losses


def gradients(net: nn.Sequential, sets: Data, kind: torch.dtype, loss: Any) -> list[NDArray[np.float64]]:
    """Return the gradients over all examples of the first data set."""
    net.to(kind).zero_grad()
    y = torch.from_numpy(sets.y[0])
    loss(net(torch.from_numpy(sets.x[0]).to(kind)), y.to(kind) if y.is_floating_point() else y).backward()
    return [p.grad.double().numpy().ravel() for p in net.parameters() if p.grad is not None]


def first_step(stack: Stack, sets: Data, loss: str) -> tuple[Trained, list[NDArray[np.float64]]]:
    """Return the gradients that the kernel's first step used, from Adam's first moment."""
    nets = [sequential(stack, 0)]
    trained, _ = fit(stack, nets, sets, sets.x.shape[1], loss=loss)
    sizes = np.cumsum([p.numel() for p in nets[0].parameters()])[:-1]
    return trained, np.split(trained.moments[0, 0].astype(np.float64) / (1 - ADAM[1]), sizes)


@pytest.mark.parametrize("kind", ACTIVATIONS)
@pytest.mark.parametrize("examples", [64, 50, 129])
def test_gradients_of_a_plain_network(kind: str, examples: int) -> None:
    stack: Stack = (
        Linear(3, 9, True),
        Activation(kind, 0.2),
        Linear(9, 6, True),
        Activation(kind, 0.2),
        Linear(6, 2, True),
    )
    sets = data(examples, 1, inputs=3)
    _, ours = first_step(stack, sets, "mse")
    for mine, theirs in zip(ours, gradients(sequential(stack, 0), sets, torch.float64, F.mse_loss), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5 * np.abs(theirs).max(), rtol=0)


def test_gradients_of_the_cross_entropy() -> None:
    sets = data(64, 1, classes=True)
    _, ours = first_step(DEEP, sets, "cross_entropy")
    for mine, theirs in zip(ours, gradients(sequential(DEEP, 0), sets, torch.float64, F.cross_entropy), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5 * np.abs(theirs).max(), rtol=0)


@pytest.mark.parametrize("examples", [64, 50])
def test_gradients_and_running_statistics_with_batch_norm(examples: int) -> None:
    sets = data(examples, 1)
    trained, ours = first_step(NORMED, sets, "mse")
    exact, rounded = (
        gradients(sequential(NORMED, 0), sets, kind, F.mse_loss) for kind in (torch.float64, torch.float32)
    )  # fmt: skip
    largest = max(np.abs(e).max() for e in exact)
    for mine, torchs, true in zip(ours, rounded, exact, strict=True):
        assert np.abs(mine - true).max() <= 4 * np.abs(torchs - true).max() + 1e-5 * largest
    net = sequential(NORMED, 0)
    net(torch.from_numpy(sets.x[0]))
    np.testing.assert_allclose(trained.buffers, flat([net])[1], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("stack", "batch"), [(PLAIN, 64), (DEEP, 64), (PLAIN, 50)])
def test_training_follows_torch(stack: Stack, batch: int) -> None:
    sets = data(208, 3)
    nets = [sequential(stack, seed) for seed in range(3)]
    trained, _ = fit(stack, nets, sets, batch)
    for copy, net in enumerate(nets):
        adam = torch.optim.Adam(net.parameters(), lr=ADAM[0])
        np.testing.assert_allclose(trained.loss[copy], torch_fit(net, sets, copy, batch, adam, F.mse_loss), rtol=1e-4)
        np.testing.assert_allclose(trained.parameters[copy], flat([net])[0][0], atol=2e-4)


def test_training_with_batch_norm_follows_torch() -> None:
    sets = data(200, 3, inputs=3)
    nets = [sequential(STEADY, seed) for seed in range(3)]
    trained, _ = fit(STEADY, nets, sets, 64)
    for copy, net in enumerate(nets):
        adam = torch.optim.Adam(net.parameters(), lr=ADAM[0])
        np.testing.assert_allclose(trained.loss[copy], torch_fit(net, sets, copy, 64, adam, F.mse_loss), rtol=1e-3)
        np.testing.assert_allclose(trained.buffers[copy], flat([net])[1][0], atol=1e-3)


def test_sgd_with_momentum_and_cross_entropy_follow_torch() -> None:
    sets = data(208, 3, classes=True)
    nets = [sequential(PLAIN, seed) for seed in range(2)]
    trained, _ = fit(
        PLAIN, nets, sets, 64, loss="cross_entropy", optimizer="sgd", hyper=[[0.1, 0.9, 0, 0], [0.1, 0, 0, 0]]
    )
    for copy, net in enumerate(nets):
        sgd = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9 * (1 - copy))
        losses = torch_fit(net, sets, copy, 64, sgd, F.cross_entropy)
        np.testing.assert_allclose(trained.loss[copy], losses, rtol=1e-4)


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_looks_are_those_of_the_microscope(kind: str) -> None:
    stack: Stack = (
        Norm(1, 1e-5), Linear(1, 10, True), Activation(kind), Linear(10, 9, True), Norm(9, 1e-5), Activation(kind),
        Linear(9, 2, True),
    )  # fmt: skip
    sets, nets = data(64, 0), [sequential(stack, seed) for seed in range(3)]
    for net in nets:
        for p in net.parameters():
            p.data *= 4  # so that values saturate, units die, and some lie outside of the histograms
    trained, looks = fit(stack, nets, sets, 64)
    for copy, net in enumerate(nets):
        x = torch.from_numpy(sets.test_x[copy % 2])
        np.testing.assert_allclose(trained.prediction[copy, 0], net.eval()(x).detach(), rtol=1e-5, atol=1e-5)
        for mine, theirs in zip(looks.layers(copy, 0), seen(net, sets, copy), strict=True):
            same_look(mine, theirs)


@pytest.mark.parametrize("stack", [PLAIN, NORMED])
def test_the_last_look_is_that_of_the_trained_network(stack: Stack) -> None:
    sets, nets = data(100, 3), [sequential(stack, seed) for seed in range(2)]
    trained, looks = fit(stack, nets, sets, 64)
    for copy, net in enumerate(nets):
        load_flat(net, trained.parameters[copy], trained.buffers[copy])
        for mine, theirs in zip(looks.layers(copy, 3), seen(net, sets, copy), strict=True):
            same_look(mine, theirs)
        prediction = net.eval()(torch.from_numpy(sets.test_x[copy])).detach()
        np.testing.assert_allclose(trained.prediction[copy, 3], prediction, atol=1e-5)


def load_flat(net: nn.Sequential, parameters: NDArray[np.float32], buffers: NDArray[np.float32]) -> None:
    for tensors, row in ((list(net.parameters()), parameters), ([b for b in net.buffers() if b.ndim], buffers)):
        for tensor, part in zip(tensors, torch.from_numpy(row).split([t.numel() for t in tensors]), strict=True):
            tensor.data.copy_(part.reshape(tensor.shape))


def same_look(mine: Any, theirs: Any) -> None:
    for side in ("before", "after"):
        # A value on the edge between two bins may be rounded to either side of it.
        moved = np.abs(np.cumsum(np.subtract(mine[side]["counts"], theirs[side]["counts"])))
        assert moved.max() <= 1
        assert mine[side]["nan"] == theirs[side]["nan"]
        assert sum(mine[side]["counts"]) == sum(theirs[side]["counts"])
        for name in ("mean", "std"):
            assert mine[side][name] == near(theirs[side][name])
    for name in ("signal", "saturated", "dead"):
        assert mine[name] == near(theirs[name])


def near(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-5, abs=1e-5)


def test_histograms_are_exact_at_the_edges() -> None:
    """Values on the edges of bins, on both ends of the range, next to them, infinite and not numbers."""
    sets = data(64, 0)
    edges = np.linspace(-5, 5, 41)
    exact = np.concatenate([edges, np.nextafter(edges, 9, dtype=np.float32), np.nextafter(edges, -9, dtype=np.float32)])
    exact = np.concatenate([exact, [np.inf, -np.inf, np.nan, -0.0, 1e-30, -1e-30, 1e3, -1e3]]).astype(np.float32)
    sets = replace(sets, test_x=np.stack([exact[:, None]] * 2), test_y=np.zeros((2, len(exact), 2), np.float32))
    stack: Stack = (Linear(1, 1, False), Activation("relu"), Linear(1, 2, True))
    net = sequential(stack, 0)
    net.get_parameter("0.weight").data[:] = 1
    _, looks = fit(stack, [net], sets, 64)
    for mine, theirs in zip(looks.layers(0, 0), seen(net, sets, 0), strict=True):
        assert (mine["before"]["counts"], mine["after"]["counts"]) == (
            theirs["before"]["counts"],
            theirs["after"]["counts"],
        )
        same_look(mine, theirs)


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_looks_count_what_is_not_finite(kind: str) -> None:
    stack: Stack = (Linear(1, 4, True), Activation(kind), Linear(4, 2, True))
    sets, net = data(64, 0), sequential(stack, 0)
    net.get_parameter("0.bias").data[:2] = torch.tensor([np.nan, np.inf])
    trained, looks = fit(stack, [net], sets, 64)
    assert np.isnan(trained.loss).all()
    for mine, theirs in zip(looks.layers(0, 0), seen(net, sets, 0), strict=True):
        same_look(mine, theirs)


def test_a_copy_that_explodes_leaves_the_others_alone() -> None:
    sets, nets = data(100, 2), [sequential(NORMED, seed) for seed in range(4)]
    calm, looks = fit(NORMED, nets, sets, 64)
    wild, wild_looks = fit(NORMED, nets, sets, 64, hyper=[ADAM, [1e30, *ADAM[1:]], ADAM, ADAM])
    assert not np.isfinite(wild.loss[1, 1:]).any()
    assert wild_looks.nan[1, 1:].any()
    for place in (0, 2, 3):
        np.testing.assert_array_equal(wild.parameters[place], calm.parameters[place])
        np.testing.assert_array_equal(wild_looks.counts[place], looks.counts[place])


def test_a_copy_alone_is_bitwise_the_same_copy_among_others() -> None:
    sets, nets = data(100, 2), [sequential(NORMED, seed) for seed in range(5)]
    among, looks = fit(NORMED, nets, sets, 64)
    again, _ = fit(NORMED, nets, sets, 64)
    alone, alone_looks = fit(NORMED, nets[:1], sets, 64)
    for name in ("loss", "prediction", "parameters", "buffers", "moments"):
        np.testing.assert_array_equal(getattr(again, name), getattr(among, name))
        np.testing.assert_array_equal(getattr(alone, name)[0], getattr(among, name)[0])
    assert alone_looks.layers(0, 2) == looks.layers(0, 2)


def test_results_do_not_depend_on_the_processor_or_on_who_compiled(tmp_path: Path) -> None:
    # The other process compiles everything itself, for a processor without vectors or fused multiply-adds.
    other = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "NUMBA_CPU_NAME": "generic"}
    command = [sys.executable, "-m", "tests.many.fingerprint"]
    printed = subprocess.run(command, env=other, capture_output=True, text=True, check=True).stdout
    assert printed.strip() == fingerprint()


@pytest.mark.parametrize("slope", [-0.1, 1.5, np.nan])
def test_a_negative_slope_out_of_range_is_refused(slope: float) -> None:
    stack: Stack = (Linear(1, 4, True), Activation("leaky_relu", slope), Linear(4, 2, True))
    with pytest.raises(ValueError, match="from 0 to 1"):
        fit(stack, [sequential(stack, 0)], data(64, 0), 64)


def test_tanh_keeps_its_bound() -> None:
    from numba import njit

    @njit  # type: ignore[untyped-decorator]
    def over(values: Any) -> None:
        for i in range(0, len(values), WIDTH):
            store(values, i, tanh(load(values, i)))

    x = np.concatenate([np.linspace(-12, 12, 1 << 21), np.geomspace(1e-30, 1, 1 << 16)]).astype(np.float32)
    result = x.copy()
    over(result)
    assert np.abs(result - np.tanh(x.astype(np.float64))).max() < 4e-7
    assert np.abs(result).max() <= 1
    special = np.zeros(WIDTH, np.float32)
    special[:3] = np.nan, np.inf, -np.inf
    over(special)
    np.testing.assert_allclose(special[:3], [np.nan, 1, -1], atol=3e-7)
