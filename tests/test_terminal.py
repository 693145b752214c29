"""A run in the terminal."""

import io

from rich.console import Console

from seelearn.events import Event
from seelearn.terminal import Screen
from tests.conftest import COURSE


def band(seeds: int, mid: float) -> Event:
    return {"kind": "band", "chart": "loss", "series": "plain", "seeds": seeds, "x": [0, 1], "low": [1, 1],
            "mid": [9, mid], "high": [10, 10], "step": None, "t": 0.0}  # fmt: skip


def seed(done: int) -> list[Event]:
    return [
        {"kind": "result", "seed": done - 1, "cell": {}, "lines": {}, "claims": {}, "step": done, "t": 0.0},
        {"kind": "step", "total": 4, "step": done, "t": 0.0},
    ]


def test_many_seeds_are_counted_as_seeds_with_their_median() -> None:
    said = io.StringIO()
    screen = Screen(COURSE.lesson("batch_normalization").labels, "en", Console(file=said, width=200))
    for event in [*seed(1), band(1, 700.0), *seed(2), *seed(3), *seed(4), band(4, 650.0)]:
        screen.draw(event)
    screen.finish()
    assert said.getvalue() == "Seeds 1  Test loss[without BN] 700\nSeeds 4  Test loss[without BN] 650\n"
    assert screen.last() == {"loss": {"plain": 650.0}}
