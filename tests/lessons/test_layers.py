"""The four ways: what torch itself knows of each, and what a run shows of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import COURSE, record

from seelearn.engine.catalogue import Lesson
from seelearn.engine.module import load_module

HEALTHY = ["sequential", "attributes", "module list"]


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return COURSE.lesson("layers")


@pytest.fixture(scope="module")
def nets(lesson: Lesson) -> dict[str, Any]:
    """The four networks with the same weights."""
    built = {}
    for way, build in vars(load_module(lesson.file("torch")))["WAYS"].items():
        torch.manual_seed(4)
        built[way] = build(7)
    return built


def test_all_ways_compute_what_numpy_computes(nets: dict[str, Any]) -> None:
    x = np.linspace(-2, 2, 9)[:, None]
    state = [tensor.double().numpy() for tensor in nets["sequential"].state_dict().values()]
    signal = x
    for weight, bias in zip(state[0:6:2], state[1:6:2], strict=True):
        signal = np.tanh(signal @ weight.T + bias)
    expected = signal @ state[6].T + state[7]
    for net in nets.values():
        assert net(torch.tensor(x, dtype=torch.float32)).detach().numpy() == pytest.approx(expected, abs=1e-6)


def test_only_the_plain_list_hides_its_layers(nets: dict[str, Any]) -> None:
    numbers = {way: sum(p.numel() for p in net.parameters()) for way, net in nets.items()}
    every = (1 * 7 + 7) + (7 * 7 + 7) + (7 * 7 + 7) + (7 * 1 + 1)
    assert numbers == {"plain list": 8} | dict.fromkeys(HEALTHY, every)
    for way in HEALTHY:
        shapes = [tuple(tensor.shape) for tensor in nets[way].state_dict().values()]
        assert shapes == [(7, 1), (7,), (7, 7), (7,), (7, 7), (7,), (1, 7), (1,)]
    assert list(nets["plain list"].state_dict()) == ["output.weight", "output.bias"]


def test_a_run_shows_which_layers_stand_still_and_what_a_file_gives_back(lesson: Lesson, tmp_path: Path) -> None:
    run = record(lesson, {"epochs": 3, "width": 12, "seed": 4}, tmp_path / "run")
    last = {(e["chart"], e["series"]): e["y"] for e in run.events if e["kind"] == "curve"}
    assert last["moved", "plain list"][:3] == [0, 0, 0]
    for way in HEALTHY:
        assert all(distance is not None and distance > 0.01 for distance in last["moved", way])
    for way in HEALTHY:
        assert last["copy", way] == last["fit", way] == last["fit", "sequential"]
    assert last["copy", "plain list"] != last["fit", "plain list"]
    (table,) = [e for e in run.events if e["kind"] == "table"]
    assert table["rows"] == ["plain list", *HEALTHY]
    assert [row[1] for row in table["values"]] == [2, 8, 8, 8]
    (note,) = [e for e in run.events if e["kind"] == "note"]
    assert note["values"] == {"all": table["values"][1][0], "some": 13}
