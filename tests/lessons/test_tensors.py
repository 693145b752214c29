"""The ledger against the documentation's list of views, and the sums against Python's exact one."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.conftest import COURSE, record

from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("tensors")
VIEWS = {"t", "t[1]", "t[:, 1]", "t.T", "t.reshape(-1)", "t.contiguous()", "t[1:2].expand_as(t)", "t.add_(1)"}


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    return vars(load_module(LESSON.file("torch")))


def ledger(run: Recording) -> dict[str, list[Any]]:
    last = [event for event in run.events if event["kind"] == "table" and event["chart"] == "ledger"][-1]
    return dict(zip((name.removeprefix("→ ") for name in last["rows"]), last["values"], strict=True))


def tables(run: Recording, chart: str) -> list[Any]:
    """The values of a table at every step, from the first operation to the last."""
    return [event["values"] for event in run.events if event["kind"] == "table" and event["chart"] == chart]


@pytest.mark.parametrize("write", ["result", "array"])
def test_the_write_arrives_where_memory_is_shared_and_nowhere_else(write: str, tmp_path: Path) -> None:
    said = ledger(record(LESSON, {"write": write, "seed": 1}, tmp_path / "run"))
    assert {name for name, row in said.items() if row[2] == "view"} == VIEWS
    assert {name for name, row in said.items() if row[3] == "yes"} == VIEWS


def test_float_is_a_view_of_what_is_float_already(tmp_path: Path) -> None:
    said = ledger(record(LESSON, {"dtype": "float32", "seed": 1}, tmp_path / "run"))
    assert said["t.float()"][2:] == ["view", "yes"]


def test_a_write_through_a_view_lands_where_the_shapes_say(code: dict[str, Any], tmp_path: Path) -> None:
    run = record(LESSON, {"rows": 2, "columns": 3, "value": 9, "seed": 1}, tmp_path / "run")
    arrays = dict(zip(code["OPERATIONS"], tables(run, "array"), strict=True))
    assert arrays["t"] == [[9, 9, 9], [3, 4, 5]]
    assert arrays["t.T"] == [[9, 1, 2], [9, 4, 5]]
    assert arrays["t[:, 1]"] == [[0, 9, 2], [3, 4, 5]]
    assert arrays["t[1:2].expand_as(t)"] == [[0, 1, 2], [9, 9, 9]]
    assert arrays["t.add_(1)"] == [[9, 9, 9], [4, 5, 6]]
    assert arrays["t.T.reshape(-1)"] == [[0, 1, 2], [3, 4, 5]]
    results = dict(zip(code["OPERATIONS"], tables(run, "result"), strict=True))
    assert results["t[1:2].expand_as(t)"] == [[9, 9, 9], [9, 9, 9]]
    assert results["t + t[1]"] == [[9, 9, 9], [6, 8, 10]]
    assert results["t @ t.T"] == [[9, 9], [14, 50]]


def test_the_errors_of_sums_are_those_of_plain_loops(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    x = torch.rand(1_000_000)
    found = code["relative_errors"](x)
    place = list(code["SIZES"]).index(1000)
    exact = math.fsum(x[:1000].tolist())
    for name, kind in (("float16", np.float16), ("float32", np.float32)):
        total = kind(0)
        for number in x[:1000].numpy():
            total = kind(total + kind(number))
        assert found[name][place] == pytest.approx(abs(float(total) - exact) / exact, rel=1e-9)
    assert found["torch.sum"][place] == pytest.approx(abs(x[:1000].sum().item() - exact) / exact, rel=1e-9)
