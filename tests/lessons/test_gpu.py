"""What a step costs, counted by torch itself; and what 16-bit numbers swallow."""

from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import COURSE, record
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from seelearn.engine.module import load_module

VIEWS = {"t", "view", "detach", "expand"}
"""Operations that compute nothing."""


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(COURSE.lesson("gpu").file("torch")))


class Calls(TorchDispatchMode):
    """Counts the operations that torch calls."""

    number = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.number += str(function).split(".")[1] not in VIEWS
        return function(*args, **(kwargs or {}))


def test_the_estimate_counts_what_torch_counts(code: dict[str, Any]) -> None:
    net, x = code["network"](48), torch.randn(32, 64)
    calls = Calls()  # type: ignore[no-untyped-call]
    with FlopCounterMode(display=False) as arithmetic, calls:
        net(x).square().mean().backward()
    assert calls.number == code["CALLS"]
    estimate = code["estimate"](48, 32, launch=10, link=25, speed=20)
    assert estimate["arithmetic"] * 20e12 == pytest.approx(arithmetic.get_total_flops())
    assert estimate["copy"] * 25e9 == pytest.approx(x.numel() * x.element_size())
    assert estimate["launch"] == pytest.approx(22 * 10e-6)


def test_small_steps_are_swallowed_as_numpy_would_round_them(code: dict[str, Any]) -> None:
    # bfloat16 is the upper half of float32, rounded to even.
    weights = np.linspace(0.06, 0.24, 400, dtype=np.float32)
    there = torch.tensor(weights).bfloat16()
    step = torch.tensor(3e-4).bfloat16()
    moved = (there + step).float().numpy()
    bits = (there.float().numpy() + np.float32(step.item())).view(np.uint32).astype(np.uint64)
    rounded = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16 << 16).astype(np.uint32).view(np.float32)
    assert np.array_equal(moved, rounded)
    swallowed = moved == there.float().numpy()
    assert swallowed[weights > 0.13].all()  # between 0.125 and 0.25 numbers are 0.001 apart
    assert not swallowed[weights < 0.12].any()


def test_every_batch_is_timed_on_every_device(code: dict[str, Any], tmp_path: Any) -> None:
    run = record(COURSE.lesson("gpu"), {"epochs": 3, "seed": 2}, tmp_path / "run")
    timed = [e for e in run.events if e["kind"] == "curve" and e["chart"] == "seconds" and e["series"] == "cpu"]
    assert [e["x"] for e in timed] == [[1, 2, 4, 8][:n] for n in (1, 2, 3, 4)]
    assert all(second is not None and second > 0 for second in timed[-1]["y"])
    estimated = next(e for e in run.events if e["kind"] == "curve" and e["series"] == "estimate")
    parts = [e["y"] for e in run.events if e["kind"] == "curve" and e["chart"] == "parts"]
    assert estimated["y"] == pytest.approx(np.sum(np.array(parts, float), axis=0).tolist(), rel=1e-5)
