"""Formulas against Python's own arithmetic, the network against one built by hand, and graphs that are counted."""

import itertools
from typing import Any

import pytest
import torch
from tests.conftest import COURSE, record
from torch import Tensor

from seelearn.engine.catalogue import Lesson
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

SIGNS = {"and": "&", "or": "|", "xor": "^"}


@pytest.fixture(scope="module")
def lesson() -> Lesson:
    return COURSE.lesson("dynamic_graphs")


@pytest.fixture(scope="module")
def code(lesson: Lesson) -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(lesson.file("torch")))


@pytest.fixture(scope="module")
def run(lesson: Lesson, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(lesson, {"seed": 1}, tmp_path_factory.mktemp("dynamic") / "run")


def written(formula: list[Any]) -> str:
    """Write a formula with brackets, as Python would read it."""
    stack: list[str] = []
    for symbol, inputs, _ in formula:
        if inputs:
            right, left = stack.pop(), stack.pop()
            stack.append(f"({left} {SIGNS[symbol]} {right})")
        else:
            stack.append(symbol)
    (text,) = stack
    return text


def test_a_formula_is_worth_what_python_says(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    for gates in (1, 2, 3, 8, 12) * 20:
        formula = code["grow"](gates)
        assert len(formula) == 2 * gates + 1
        assert formula[-1][2] == eval(written(formula))


def test_the_network_is_the_one_that_the_formula_spells(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    net = code["TreeNet"](16)
    gates = net.gates
    zero, one = net.bits.weight

    def join(gate: str, left: Tensor, right: Tensor) -> Tensor:
        hidden = torch.relu(gates[gate][0](torch.cat([left, right])))
        return torch.tanh(gates[gate][2](hidden))

    # (0 or 1) and (1 xor 1)
    formula = [("0", [], 0), ("1", [], 1), ("or", [-2, -1], 1), ("1", [], 1), ("1", [], 1),
               ("xor", [-2, -1], 0), ("and", [-4, -1], 0)]  # fmt: skip
    either, same = join("or", zero, one), join("xor", one, one)
    states = [zero, one, either, one, one, same, join("and", either, same)]
    expected = torch.stack([net.output(state).squeeze() for state in states])
    assert torch.allclose(net(formula), expected, atol=1e-6)


def test_the_rivals_are_of_one_size(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    flat = code["FlatNet"](torch.nn.Linear(150, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1))
    sizes = [sum(p.numel() for p in net.parameters()) for net in (flat, code["TreeNet"](16))]
    assert sizes == [2433, 2449]  # what the prose says
    assert len(code["grow"](12)) * 6 == flat[0].in_features  # no blanks left


def test_structure_carries_what_was_learned_to_longer_formulas(run: Recording) -> None:
    last = {(e["chart"], e["series"]): e for e in run.events if e["kind"] == "curve"}
    tree, flat = (last["accuracy", net] for net in ("tree", "flat"))
    assert tree["x"] == flat["x"] == [1, 2, 3, 5, 8, 12]
    assert all(y is not None and y >= 0.9 for y in tree["y"])
    assert flat["y"][-1] is not None
    assert flat["y"][-1] < 0.8


def test_a_drawing_has_every_symbol_at_its_height(run: Recording) -> None:
    for chart, gates in (("small", 2), ("large", 5)):
        dots = [e for e in run.events if e["kind"] == "points" and (e["chart"], e["step"]) == (chart, 10)]
        places = [(x, y) for e in dots for x, y in zip(e["x"], e["y"], strict=True)]
        words = list(itertools.chain.from_iterable(e["labels"] for e in dots))
        assert len(places) == len(set(places)) == 2 * gates + 1
        assert [word in ("0", "1") for word in words] == [y == 0 for _, y in places]
        (edges,) = [e for e in run.events if e["kind"] == "curve" and (e["chart"], e["step"]) == (chart, 10)]
        ends = [end for end in zip(edges["x"], edges["y"], strict=True) if end != (None, None)]
        assert len(ends) == 2 * 2 * gates  # each gate has two edges, each edge two ends
        assert set(ends) == set(places)


def test_the_compiler_makes_eight_graphs_and_no_more(run: Recording) -> None:
    made = [e["y"] or 0 for e in run.events if e["kind"] == "line"]
    assert made[0] == 1
    assert made[-1] == 8
    assert all(later in (earlier, earlier + 1) for earlier, later in itertools.pairwise(made))
