"""Watching a torch network: what is seen is what was computed, and watching changes nothing."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from seelearn.events import Layer
from seelearn.microscope import watch
from seelearn.microscope.statistics import BINS, SATURATED
from seelearn.microscope.with_torch import ACTIVATIONS, slopes


def net(activation: type[nn.Module] = nn.Tanh) -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.BatchNorm1d(3), nn.Linear(3, 8), activation(), nn.Linear(8, 6), nn.BatchNorm1d(6), activation(),
        nn.Linear(6, 1),
    )  # fmt: skip


def look(network: nn.Module, x: Tensor) -> list[Layer]:
    with torch.no_grad(), watch(network) as layers:
        network(x)
    return layers


def counts(values: Tensor, low: float, high: float) -> list[int]:
    flat = values.detach().double().numpy().ravel()
    inside = np.histogram(flat, BINS, (low, high))[0].tolist()
    return [int((flat < low).sum()), *inside, int((flat > high).sum())]


@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU, nn.Sigmoid])
def test_histograms_equal_numpy_on_the_same_tensors(activation: type[nn.Module]) -> None:
    network, x = net(activation), 4 * torch.randn(64, 3)
    steps = [x]
    for module in network:
        steps.append(module(steps[-1]))
    network, received = net(activation), {"input": (0, 1), "1": (2, 3), "2": (5, 6)}
    for seen in look(network, x):
        before, after = received[seen["name"]]
        for part, index in (("before", before), ("after", after)):
            found = seen[part]  # type: ignore[literal-required]
            assert found["counts"] == counts(steps[index], found["low"], found["high"])


def test_the_layers_are_the_input_and_every_activation_in_order() -> None:
    assert [seen["name"] for seen in look(net(), torch.randn(5, 3))] == ["input", "1", "2"]


def test_saturation_equals_the_formula_of_tanh() -> None:
    network, x = net(), 10 * torch.randn(64, 3)
    hidden = network[1](network[0](x))
    expected = (1 - torch.tanh(hidden.double()) ** 2) < SATURATED
    network = net()
    first = look(network, x)[1]
    assert first["saturated"] == pytest.approx(expected.double().mean().item())
    assert first["dead"] == pytest.approx(expected.all(dim=0).double().mean().item())


def test_a_relu_unit_that_is_silent_on_every_example_is_dead() -> None:
    network = net(nn.ReLU)
    linear = network[1]
    assert isinstance(linear, nn.Linear)
    with torch.no_grad():
        linear.weight[:2] = 0
        linear.bias[:2] = -1
    assert look(network, torch.randn(50, 3))[1]["dead"] == 2 / 8


@pytest.mark.parametrize("activation", [nn.ReLU(inplace=True), nn.LeakyReLU(0.2, inplace=True)])
def test_an_in_place_activation_is_seen_before_and_after(activation: nn.Module) -> None:
    network = nn.Sequential(nn.Linear(3, 4), activation)
    layer = look(network, torch.randn(100, 3))[1]
    assert layer["before"]["mean"] != layer["after"]["mean"]
    assert sum(layer["before"]["counts"][:15]) > 0  # the negative values are still there


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_slopes_equal_finite_differences(kind: type[nn.Module]) -> None:
    activation = kind().double()
    x = torch.linspace(-4, 4, 40, dtype=torch.float64)  # none of the kinks is on this grid
    with torch.no_grad():
        expected = (activation(x + 1e-6) - activation(x - 1e-6)) / 2e-6
    assert torch.allclose(slopes(activation, x), expected, atol=1e-6)


def test_watching_changes_neither_the_output_nor_the_random_state() -> None:
    x = torch.randn(16, 3)
    plain = net()(x)
    network = net()
    state = torch.get_rng_state()
    with watch(network):
        watched = network(x)
    assert torch.equal(plain, watched)
    assert watched.requires_grad
    assert torch.equal(state, torch.get_rng_state())
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_hooks_go_even_when_the_network_fails() -> None:
    network = net()
    with pytest.raises(RuntimeError), watch(network):
        network(torch.randn(4, 99))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())


def test_a_block_without_a_forward_pass_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="call the network"), watch(net()):
        pass


def test_another_kind_of_model_is_refused() -> None:
    with pytest.raises(TypeError, match=r"torch nn\.Module"):
        watch("a model")


def test_a_network_that_has_diverged_is_seen_as_it_is() -> None:
    layers = look(net(), torch.full((4, 3), torch.nan))
    assert layers[1]["before"]["nan"] == 4 * 8
    assert (layers[1]["saturated"], layers[1]["dead"], layers[1]["signal"]) == (None, None, None)


def test_it_works_in_double_precision_and_in_inference_mode() -> None:
    x = torch.randn(6, 3, dtype=torch.float64)
    network = net().double().eval()
    with torch.inference_mode(), watch(network) as layers:
        network(x)
    assert layers == look(network, x)


def test_a_single_example_is_refused_in_words() -> None:
    network = nn.Sequential(nn.Linear(3, 2), nn.Tanh())
    with pytest.raises(ValueError, match=r"needs a batch of examples.*\[3\]"):
        look(network, torch.randn(3))
