"""A lesson's calls become events."""

import base64
import io
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

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


def pixels(event: dict[str, Any]) -> Any:
    """Return the picture of an event, read by Pillow: [rows, columns, 4]."""
    head, _, body = event["url"].partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(body))))


def test_numbers_become_shades_from_white_to_black() -> None:
    (event,) = emitted(lambda show: show.image("look", "a", [[0.0, 5.0], [10.0, math.nan]]))
    assert (event["width"], event["height"], event["low"], event["high"]) == (2, 2, 0, 10)
    assert (event["x"], event["y"]) == (None, None)
    first, second = pixels(event)
    assert first.tolist() == [[255, 255, 255, 255], [128, 128, 128, 255]]
    assert second[0].tolist() == [0, 0, 0, 255]
    assert second[1].tolist() not in ([0, 0, 0, 255], [255, 255, 255, 255])  # NaN is neither


def test_signed_numbers_are_white_at_zero_and_of_two_colours_beside_it() -> None:
    (event,) = emitted(lambda show: show.image("look", "a", torch.tensor([[-1.0, 0.0, 2.0, 9.0]]), low=-2, high=2))
    (row,) = pixels(event).astype(int)
    assert row[1].tolist() == [255, 255, 255, 255]
    assert row[0][2] > row[0][0], "negative is blue"
    assert row[2][0] > row[2][2], "positive is orange"
    assert row[3].tolist() == row[2].tolist(), "beyond the range is its end"


def test_many_images_stand_side_by_side_with_a_clear_line_between_two() -> None:
    (event,) = emitted(lambda show: show.image("look", "a", np.ones((5, 3, 3)), low=0, high=1, x=(0, 1), y=(-1, 1)))
    seen = pixels(event)
    assert seen.shape == (event["height"], event["width"], 4)
    assert (seen[..., 3] == 255).sum() == 5 * 9
    assert (seen[3, :, 3] == 0).all()
    assert (event["x"], event["y"]) == ([0, 1], [-1, 1])


def test_colours_stay_as_they_are() -> None:
    colours = np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)
    (event,) = emitted(lambda show: show.image("look", "a", colours))
    assert pixels(event)[..., :3].tolist() == colours.tolist()
    assert event["low"] is event["high"] is None


@pytest.mark.parametrize(("shape", "said"), [((4,), "rows, columns"), ((2, 2000), "2000 × 2")])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        emitted(lambda show: show.image("look", "a", np.zeros(shape)))


def test_a_table_keeps_numbers_and_words_and_counts_what_has_no_name() -> None:
    (event,) = emitted(lambda show: show.table("t", "a", [[1.5, "yes"], [math.inf, "no"]], columns=["n", "said"]))
    assert event["values"] == [[1.5, "yes"], [None, "no"]]
    assert (event["rows"], event["columns"]) == (["0", "1"], ["n", "said"])
    (tensor,) = emitted(lambda show: show.table("t", "a", torch.eye(2)))
    assert tensor["values"] == [[1, 0], [0, 1]]
    with pytest.raises(ValueError, match="'t'"):
        emitted(lambda show: show.table("t", "a", [[1, 2]], columns=["one"]))


def test_points_may_have_words() -> None:
    (event,) = emitted(lambda show: show.points("p", "a", [1, 2], [3, 4], ["one", "two"]))
    assert event["labels"] == ["one", "two"]
    with pytest.raises(ValueError, match="2 points and 1 labels"):
        emitted(lambda show: show.points("p", "a", [1, 2], [3, 4], ["one"]))
