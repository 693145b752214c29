"""The lesson's works, verdict and spread against hand computation, and the same game played out again."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from tests.conftest import COURSE, record

from seelearn.engine.measure import trial_of
from seelearn.engine.module import load_module
from seelearn.engine.recording import Recording

LESSON = COURSE.lesson("gan")
SEED = 3


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """The names in the lesson's file."""
    return vars(load_module(LESSON.file("torch")))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return record(LESSON, {"epochs": 2, "seed": SEED}, tmp_path_factory.mktemp("gan") / "run")


def test_real_works_are_parabolas_between_a_bowl_and_an_arch(code: dict[str, Any]) -> None:
    torch.manual_seed(0)
    works = code["masters"]("curves").numpy()
    x = np.linspace(-1, 1, 15)
    bend, tilt, height = np.polyfit(x, works.T, 2)
    fitted = np.polyval([bend, tilt, height], x[:, None]).T
    assert fitted == pytest.approx(works, abs=1e-5)
    assert height == pytest.approx(2 * (1 - bend) / 1.5, abs=1e-5), "the deeper the bowl, the lower its middle"
    assert (bend.min(), bend.max()) == pytest.approx((-0.5, 1), abs=0.01)
    assert (tilt.min(), tilt.max()) == pytest.approx((-0.5, 0.5), abs=0.01)


def test_mistaken_is_the_cross_entropy_of_the_verdict(code: dict[str, Any]) -> None:
    scores = torch.tensor([[0.0], [2.0], [-3.0]])
    sure = [1 / (1 + math.exp(-score)) for score in (0.0, 2.0, -3.0)]
    real, made = code["mistaken"](scores, real=True).item(), code["mistaken"](scores, real=False).item()
    assert real == pytest.approx(-sum(math.log(p) for p in sure) / 3, rel=1e-5)
    assert made == pytest.approx(-sum(math.log(1 - p) for p in sure) / 3, rel=1e-5)


def test_spread_is_0_for_one_trick_and_the_deviation_of_pixels_else(code: dict[str, Any]) -> None:
    works = torch.randn(50, 15, generator=torch.Generator().manual_seed(0))
    assert code["spread"](works[:1].repeat(50, 1)) == 0
    assert code["spread"](works).item() == pytest.approx(np.std(works.numpy(), axis=0, ddof=1).mean(), rel=1e-5)


def test_the_cloud_shows_the_two_directions_of_sklearns_pca(run: Recording) -> None:
    torch.manual_seed(SEED)
    works = load_module(LESSON.file("torch")).masters("curves").numpy()
    expected = np.abs(PCA(2, svd_solver="full").fit(works).transform(works[:300]))
    drawn: Any = next(e for e in run.events if e["kind"] == "points" and e["series"] == "real")
    places = np.abs([drawn["x"], drawn["y"]]).T
    assert places == pytest.approx(expected, abs=1e-3)


def test_the_first_epoch_is_the_game_of_the_paper(code: dict[str, Any], run: Recording) -> None:
    """Play it again, with the painter's gradient taken apart from the critic's, by torch.autograd.grad."""
    torch.manual_seed(SEED)
    real = code["masters"]("curves")
    painter, critic = code["network"](5, 15), code["network"](15, 1)
    sides = [list(painter.parameters()), list(critic.parameters())]
    painters, critics = (torch.optim.Adam(side, 0.001, betas=(0.5, 0.999)) for side in sides)
    torch.randn(500, 5)
    torch.randperm(len(real))
    for _ in range(code["STEPS"]):
        shown, made = real[torch.randint(len(real), (64,))], painter(torch.randn(64, 5))
        value = critic(shown).sigmoid().log().mean() + (1 - critic(made).sigmoid()).log().mean()
        for p, gradient in zip(sides[1], torch.autograd.grad(value, sides[1]), strict=True):
            p.grad = -gradient  # the critic climbs
        critics.step()
        fooled = critic(painter(torch.randn(64, 5))).sigmoid().log().mean()
        for p, gradient in zip(sides[0], torch.autograd.grad(fooled, sides[0]), strict=True):
            p.grad = -gradient
        painters.step()
    with torch.no_grad():
        made, shown = painter(torch.randn(500, 5)), real[torch.randperm(len(real))[:500]]
        right = ((critic(made) < 0).float().mean() + (critic(shown) > 0).float().mean()).item() / 2
    lines = trial_of(SEED, run.events).lines
    assert lines["spread"]["made"][1] == pytest.approx(
        (made.std(dim=0).mean() / real.std(dim=0).mean()).item(), abs=0.01
    )
    assert lines["verdict"]["critic"][1] == pytest.approx(right, abs=0.03)


def test_digits_are_drawn_as_digits(tmp_path: Any) -> None:
    events = record(LESSON, {"epochs": 1, "data": "digits", "seed": SEED}, tmp_path / "run").events
    pictures: list[Any] = [e for e in events if e["kind"] == "image"]
    assert {(e["series"], e["width"], e["height"]) for e in pictures} == {("made", 44, 44), ("real", 44, 44)}
    curve: Any = next(e for e in events if e["kind"] == "curve" and e["series"] == "made")
    assert len(curve["x"]) == 15 * 9, "fifteen profiles of eight columns, with gaps"
    assert [value is None for value in curve["y"]] == ([False] * 8 + [True]) * 15
