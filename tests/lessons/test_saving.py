"""Files read by others than those who wrote them, a trap that must not open, and trainings that go on."""

import io
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import torch
from tests.conftest import COURSE, record

from seelearn.engine.catalogue import Lesson
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return COURSE.lesson("saving")


@pytest.fixture(scope="module")
def code(lesson: Lesson) -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(lesson.file("torch")))


def losses(run: Recording, arm: str) -> list[float | None]:
    return [e["y"] for e in run.events if e["kind"] == "line" and e["series"] == arm]


def test_numpy_reads_what_safetensors_wrote(code: dict[str, Any]) -> None:
    model = code["start"]("adam", 0.01)[0]
    file = safetensors.torch.save(model.state_dict())
    read = safetensors.numpy.load(file)
    x = np.linspace(-2, 2, 7, dtype=np.float32)[:, None]
    signal = np.tanh(x @ read["0.weight"].T + read["0.bias"])
    signal = np.tanh(signal @ read["2.weight"].T + read["2.bias"])
    expected = signal @ read["4.weight"].T + read["4.bias"]
    assert model(torch.from_numpy(x)).detach().numpy() == pytest.approx(expected, abs=1e-6)
    (header,) = struct.unpack("<Q", file[:8])
    assert len(file) == 8 + header + 4 * 1153  # a list of names, then nothing but the numbers


def test_the_trap_is_refused_and_would_have_run(code: dict[str, Any]) -> None:
    file = code["save"](code["Trap"]())
    with pytest.raises(pickle.UnpicklingError, match="eval"):
        torch.load(io.BytesIO(file), weights_only=True)
    assert torch.load(io.BytesIO(file), weights_only=False) == 42


def test_what_the_table_marks_is_what_torch_refuses(code: dict[str, Any], lesson: Lesson, tmp_path: Path) -> None:
    run = record(lesson, {"epochs": 2, "seed": 3}, tmp_path / "run")
    table = [e for e in run.events if e["kind"] == "table"][-1]
    marked = {
        name: {row for row, cells in zip(table["rows"][1:], table["values"][1:], strict=True) if cells[place]}
        for place, name in enumerate(table["columns"])
    }
    assert marked == {
        "state_dict": set(),
        "checkpoint": set(),
        "module": {"Sequential", "Linear", "Tanh"},
        "trap": {"eval"},
        "safetensors": set(),
    }
    module = code["save"](code["start"]("adam", 0.01)[0])
    with pytest.raises(pickle.UnpicklingError):
        torch.load(io.BytesIO(module), weights_only=True)


@pytest.mark.parametrize("rule", ["adam", "sgd"])
def test_only_what_is_missing_from_the_file_makes_a_difference(lesson: Lesson, tmp_path: Path, rule: str) -> None:
    run = record(lesson, {"rule": rule, "stop": 3, "epochs": 6, "seed": 3}, tmp_path / "run")
    whole = losses(run, "never stopped")
    assert losses(run, "everything") == whole
    for arm, differs in (("no optimizer", rule == "adam"), ("no generator", True)):
        assert losses(run, arm)[:4] == whole[:4]
        assert (losses(run, arm)[4] != whole[4]) is differs


def test_a_whole_training_is_that_of_torch_without_files(code: dict[str, Any], lesson: Lesson, tmp_path: Path) -> None:
    run = record(lesson, {"stop": 2, "epochs": 4, "seed": 3}, tmp_path / "run")
    torch.manual_seed(3)
    x = torch.linspace(-2, 2, 100).unsqueeze(1)
    y = torch.sin(3 * x) + 0.1 * torch.randn(100, 1)
    model, optimizer, generator = code["start"]("adam", 0.01)
    for _ in range(4):
        for rows in torch.randperm(100, generator=generator).split(20):
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
            optimizer.step()
    end = torch.nn.functional.mse_loss(model(x), y).item()
    assert losses(run, "everything")[-1] == pytest.approx(end, rel=1e-6)
