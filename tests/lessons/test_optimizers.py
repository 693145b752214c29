"""The optimizers against closed forms and the papers' own formulas, and what a run shows of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import COURSE, record

from seelearn.engine.catalogue import Lesson
from seelearn.engine.module import load_module
from seelearn.events import Event

MOVES = 60


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return COURSE.lesson("optimizers")


@pytest.fixture(scope="module")
def code(lesson: Lesson) -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(lesson.file("torch")))


def walked(code: dict[str, Any], name: str, lr: float, valley: str) -> tuple[Any, Any, Any]:
    """Return the path, the curvature and the start, in float64."""
    curvature, start = (part.double() for part in code["narrow_valley"](valley, 30.0))
    p = start.clone()
    path = code["walk"](p, code["OPTIMIZERS"][name]([p], lr, 0.9), curvature, MOVES)
    return path.numpy(), curvature.numpy(), start.numpy()


@pytest.mark.parametrize("valley", ["straight", "turned"])
def test_sgd_walks_as_the_closed_form_says(code: dict[str, Any], valley: str) -> None:
    path, curvature, start = walked(code, "sgd", 1.8, valley)
    for move in (1, 7, MOVES):
        matrix = np.linalg.matrix_power(np.eye(2) - 1.8 * curvature, move)
        assert path[move] == pytest.approx(matrix @ start, abs=1e-12)


@pytest.mark.parametrize("valley", ["straight", "turned"])
def test_momentum_walks_as_the_closed_form_says(code: dict[str, Any], valley: str) -> None:
    path, curvature, start = walked(code, "momentum", 0.3, valley)
    # (p, v) → (p − lr (0.9 v + C p), 0.9 v + C p), a matrix of four rows.
    one = np.eye(2)
    step = np.block([[one - 0.3 * curvature, -0.27 * one], [curvature, 0.9 * one]])
    for move in (1, 7, MOVES):
        state = np.linalg.matrix_power(step, move) @ np.concatenate([start, [0, 0]])
        assert path[move] == pytest.approx(state[:2], abs=1e-12)


@pytest.mark.parametrize("name", ["adagrad", "rmsprop", "adam"])
def test_the_others_walk_as_their_formulas_say(code: dict[str, Any], name: str) -> None:
    path, curvature, p = walked(code, name, 0.05, "turned")
    m, v = np.zeros(2), np.zeros(2)
    for move in range(1, MOVES + 1):
        g = curvature @ p
        if name == "adagrad":
            v = v + g**2
            p = p - 0.05 * g / (np.sqrt(v) + 1e-10)
        elif name == "rmsprop":
            v = 0.99 * v + 0.01 * g**2
            p = p - 0.05 * g / (np.sqrt(v) + 1e-8)
        else:
            m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
            p = p - 0.05 * (m / (1 - 0.9**move)) / (np.sqrt(v / (1 - 0.999**move)) + 1e-8)
        assert path[move] == pytest.approx(p, abs=1e-9)


def test_the_valley_is_as_narrow_as_it_says(code: dict[str, Any]) -> None:
    for valley in ("straight", "turned"):
        curvature, start = code["narrow_valley"](valley, 50.0)
        assert np.linalg.eigvalsh(curvature.numpy()) == pytest.approx([0.02, 1], rel=1e-4)
        assert start.norm().item() == pytest.approx(3.2**0.5)


def curve(events: list[Event], chart: str, name: str) -> Any:
    """Return the last curve of a series."""
    return [e for e in events if e["kind"] == "curve" and (e["chart"], e["series"]) == (chart, name)][-1]


def test_the_finder_needs_a_far_higher_rate_for_sgd_than_for_adam(lesson: Lesson, tmp_path: Path) -> None:
    events = record(lesson, {"epochs": 1, "seed": 3}, tmp_path / "run").events

    def foot(name: str) -> float:
        """Return the first rate at which the loss is below 2."""
        found = curve(events, "finder", name)
        return next(float(x) for x, y in zip(found["x"], found["y"], strict=True) if y is not None and y < 2)

    assert foot("sgd") > 10 * foot("adam")


def test_an_optimizer_far_too_fast_leaves_the_map_and_the_run_goes_on(lesson: Lesson, tmp_path: Path) -> None:
    run = record(lesson, {"epochs": 2, "lr": 3.0, "seed": 3}, tmp_path / "run")
    sgd = curve(run.events, "valley", "sgd")
    assert max(abs(y) for y in sgd["y"]) == 2
    assert len(sgd["x"]) == 51
    assert run.events[-1]["kind"] == "note"


def test_claims_train_the_very_nets_of_a_run(lesson: Lesson, tmp_path: Path) -> None:
    claims = vars(load_module(lesson.claims))
    for rates in ("same", "own"):
        run = record(lesson, {"epochs": 2, "rates": rates, "seed": 9}, tmp_path / rates)
        (trial,) = claims["measure"]([9], rates, 0.01, 0.9, 32, 2)
        for name in ("sgd", "momentum", "adam"):
            drawn = [e["y"] for e in run.events if e["kind"] == "line" and e["series"] == name]
            assert trial.lines["loss"][name] == pytest.approx(drawn, rel=1e-3)
