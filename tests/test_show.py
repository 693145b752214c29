"""A lesson's calls become events."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from seelearn.events import Event, without_times
from seelearn.show import Show


def emitted(draw: Callable[[Show], object]) -> list[dict[str, Any]]:
    events: list[Event] = []
    draw(Show(events.append))
    return without_times(events)


def test_steps_look_before_the_first_and_after_the_last() -> None:
    assert emitted(lambda show: list(show.steps(2))) == [{"kind": "step", "step": n, "total": 2} for n in (0, 1, 2)]


def test_events_carry_the_step_they_belong_to() -> None:
    def draw(show: Show) -> None:
        show.points("data", "train", [1], [2])
        for _ in show.steps(1):
            show.line("loss", "a", 0.5)

    assert [(event["kind"], event["step"]) for event in emitted(draw)] == [
        ("points", None), ("step", 0), ("line", 0), ("step", 1), ("line", 1),
    ]  # fmt: skip


def test_arrays_of_any_kind_are_flattened_and_cut_to_six_digits() -> None:
    x = torch.tensor([[1 / 3], [2 / 3]], dtype=torch.float64)
    (event,) = emitted(lambda show: show.curve("fit", "a", x, np.array([1e-9 / 3, 12345678.9])))
    assert event["x"] == [0.333333, 0.666667]
    assert event["y"] == [3.33333e-10, 12345700.0]


def test_a_loss_keeps_all_its_digits() -> None:
    (event,) = emitted(lambda show: show.line("loss", "a", 0.1234567890123))
    assert event["y"] == 0.1234567890123


def test_what_is_not_finite_is_null() -> None:
    def draw(show: Show) -> None:
        show.line("loss", "a", math.nan)
        show.curve("fit", "a", [0, 1, 2], [math.inf, -math.inf, 1])
        show.note("end", value=math.nan, arm="a")

    line, curve, note = emitted(draw)
    assert line["y"] is None
    assert curve["y"] == [None, None, 1.0]
    assert note["values"] == {"value": None, "arm": "a"}


def test_unequal_lengths_name_the_chart() -> None:
    with pytest.raises(ValueError, match="'fit': x has 2 values and y has 3"):
        emitted(lambda show: show.curve("fit", "a", [1, 2], [1, 2, 3]))
