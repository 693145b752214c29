"""With batch normalization two correct trainings part at the last digit: what must agree is the distribution."""

from typing import Any

import pytest
import torch
from scipy.stats import ks_2samp
from torch import nn
from torch.nn import functional as F

from seelearn.engine.catalogue import Lesson
from seelearn.engine.module import load_module
from seelearn.many import Adam, many
from tests.many.plain_loop import plain_loop

SEEDS = 256


@pytest.fixture(scope="module")
def code(lesson: Lesson) -> dict[str, Any]:
    return vars(load_module(lesson.file("torch")))


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_losses_with_batch_normalization_are_distributed_as_the_plain_loops(
    activation: str, code: dict[str, Any]
) -> None:
    """Kolmogorov and Smirnov's two-sample test on disjoint seeds; alarm below 1 in 10,000."""

    def build() -> nn.Sequential:
        net: nn.Sequential = code["deep_net"]("batch norm", activation, "small", -0.2, 4, 10, 0.5)
        return net

    def data() -> Any:
        return code["parabola"](400, 2.0), code["parabola"](100, 2.0)

    ours = many(build, data, F.mse_loss, lambda: Adam(0.03), epochs=1, batch=64, seeds=range(SEEDS)).loss[:, -1]
    theirs = [
        plain_loop(seed, build, data, lambda p: torch.optim.Adam(p, 0.03), 1, 64)[0][-1]
        for seed in range(SEEDS, 2 * SEEDS)
    ]
    assert ks_2samp(ours, theirs).pvalue > 1e-4
    assert ks_2samp(ours, [1.1 * loss for loss in theirs]).pvalue < 1e-4, "it would notice a loss 10% too large"
