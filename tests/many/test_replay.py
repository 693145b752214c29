"""Weights drawn again without building the modules again."""

from collections.abc import Callable

import pytest
import torch
from torch import nn

from seelearn.many.replay import Replay, StackError, Weights, stack


def orthogonal() -> nn.Module:
    layer = nn.Linear(6, 6)
    nn.init.orthogonal_(layer.weight)  # a QR decomposition: its random numbers go through other tensors
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.GRU(4, 5), layer, nn.BatchNorm1d(6))


def scaled() -> nn.Module:
    layer = nn.Linear(3, 2)
    layer.weight = nn.Parameter(0.1 * torch.randn(2, 3))
    with torch.no_grad():
        layer.bias.copy_(layer.weight.sum(1))
    return layer


def by_hand() -> nn.Module:
    """Its draws depend on its draws: how often it asks for random numbers is itself random."""
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        while torch.rand(1).item() < 0.7:
            layer.bias.add_(torch.randn(2))
    return layer


def seldom() -> nn.Module:
    """What it draws depends on what it has drawn, but seldom; and one layer is the same for every seed."""
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        while torch.rand(1).item() < 0.15:
            layer.bias.add_(torch.randn(2))
    return nn.Sequential(layer, nn.BatchNorm1d(2))


def test_copies_of_a_builder_that_cannot_be_repeated_can_be_stacked() -> None:
    replay = Replay(seldom)
    torch.manual_seed(100)
    together = stack([replay() for _ in range(12)])
    torch.manual_seed(100)
    alone = [seldom().state_dict() for _ in range(12)]
    assert all(torch.equal(together[name], torch.stack([state[name] for state in alone])) for name in alone[0])


def test_randomness_that_the_state_does_not_hold_is_refused() -> None:
    class Features(nn.Linear):
        def __init__(self) -> None:
            super().__init__(2, 2)
            self.frequencies = torch.randn(1, 8)

    with pytest.raises(StackError, match=r"0\.frequencies is random, but not in the state_dict"):
        Replay(lambda: nn.Sequential(Features()))()


@pytest.mark.parametrize("build", [orthogonal, scaled, by_hand, seldom])
def test_it_draws_what_building_would_draw(build: Callable[[], nn.Module]) -> None:
    replay = Replay(build)
    for seed in range(100, 130):
        torch.manual_seed(seed)
        drawn, after = unstacked(replay()), torch.rand(1)
        torch.manual_seed(seed)
        built = build().state_dict()
        assert drawn.keys() == built.keys()
        assert all(torch.equal(drawn[name], built[name]) for name in built)
        assert torch.equal(after, torch.rand(1)), "it leaves the generator elsewhere"


def test_what_it_gave_stays_as_it_was() -> None:
    replay = Replay(scaled)
    given = [replay() for _ in range(4)]
    kept = [unstacked(weights) for weights in given]
    replay()
    for weights, state in zip(given, kept, strict=True):
        assert all(torch.equal(tensor, state[name]) for name, tensor in unstacked(weights).items())
    assert not torch.equal(kept[2]["weight"], kept[3]["weight"])


def unstacked(weights: Weights) -> dict[str, torch.Tensor]:
    return {name: tensor[0] for name, tensor in stack([weights]).items()}


def test_the_modules_are_built_twice_at_most() -> None:
    calls = 0

    def build() -> nn.Module:
        nonlocal calls
        calls += 1
        return scaled()

    replay = Replay(build)
    for _ in range(10):
        replay()
    assert calls == 2
