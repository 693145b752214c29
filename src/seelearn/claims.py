"""What a lesson's claims.py is written with: `claim`, and the `Trial` that a claim looks at.

    CONDITIONS = {"tanh": {"activation": "tanh"}, "relu": {"activation": "relu"}}

    @claim("tanh", "relu", share=0.95)
    def norm_wins(trial: Trial) -> bool:
        return trial.last("loss", "batch norm") < trial.last("loss", "plain")

The prose puts its sentence into `{{ claim norm_wins.tanh: … }}`, and `seelearn verify` measures it over many seeds. The
decorator's arguments are plain literals, read without importing the file; what a claim promises is written down before
it is measured, and a claim that the evidence refutes is kept, marked `refuted=True`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

Judge = Callable[["Trial"], bool | float]


@dataclass(frozen=True, slots=True)
class Depths:
    """What the microscope said of one network: [steps + 1, layers], layer 0 the input; NaN where it said nothing."""

    signal: "NDArray[Any]"
    saturated: "NDArray[Any]"
    dead: "NDArray[Any]"


@dataclass(frozen=True, slots=True)
class Trial:
    """What one seed gave, by chart and series, as a run of the lesson draws it; step 0 is before any training."""

    seed: int
    lines: "Mapping[str, Mapping[str, NDArray[Any]]]"
    """Growing curves: [steps + 1]"""
    curves: "Mapping[str, Mapping[str, NDArray[Any]]]" = field(default_factory=dict)
    """The y of whole curves: [steps + 1, points]; one that has grown ends in NaN while it was shorter"""
    layers: Mapping[str, Mapping[str, Depths]] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The values of tables, as a list over the times that each was drawn: [times][rows][columns]"""
    notes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The values that stand in the sentences a run ends with, by the sentence's key; None is not a number"""
    networks: Mapping[str, Callable[[], Any]] = field(default_factory=dict)
    """Functions that return the trained network of a series, where `measure` keeps them"""

    def last(self, chart: str, series: str) -> float:
        """Return the last value of a growing curve; NaN counts as infinite, because a loss that is gone is not low."""
        value = float(self.lines[chart][series][-1])
        return value if value == value else float("inf")  # noqa: PLR0124 (NaN alone is not itself)


def claim(
    *conditions: str,
    share: float | None = None,
    median: tuple[float, float] | None = None,
    refuted: bool = False,
) -> Callable[[Judge], Judge]:
    """Promise something of many seeds under each of these conditions, keys of `CONDITIONS`.

    With `share`, the function says whether a seed shows it, and at least this share of all seeds must. With `median`,
    it returns a number, and the median over all seeds must lie in this range.
    """
    if (share is None) == (median is None):
        raise ValueError("a claim promises either share=… or median=(low, high)")

    def keep(judge: Judge) -> Judge:
        return judge

    return keep
