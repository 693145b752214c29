"""All that a lesson needs to be seen: `Show`, the ranges of its parameters, and `play`.

A lesson draws through the `show` it is handed. Each call emits one event (see `seelearn.events`); what becomes of it,
a line in the terminal, a chart on the page or a row in a file, is not the lesson's business.
"""

import math
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seelearn.events import Event, Layer, Numbers, Points, Stamp

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Range:
    """The values a parameter may take, ends included.

    Stands in a signature: `lr: Annotated[float, Range(1e-4, 1)] = 0.03`.
    """

    low: float
    high: float


class Show:
    """What a lesson draws through.

    `emit` is called with each event, in order. `chart` and `series` are keys that the lesson's `lesson.toml` gives a
    title, a label and a colour. Arrays may be NumPy arrays or torch tensors on the CPU; they are flattened.
    """

    def __init__(self, emit: Callable[[Event], None]) -> None:
        self._emit = emit
        self._step: int | None = None
        self._start = time.perf_counter()

    def steps(self, total: int) -> Iterator[int]:
        """Yield 0, 1, … `total`: the state before any step, then after each one.

        So a loop looks first and trains after, and its last look sees the finished network.
        """
        for step in range(total + 1):
            self._step = step
            self._emit({"kind": "step", "total": total, **self._stamp()})
            yield step

    def line(self, chart: str, series: str, y: float) -> None:
        """Add the value of this step to a curve that grows, such as a loss."""
        self._emit({"kind": "line", "chart": chart, "series": series, "y": finite(y), **self._stamp()})

    def curve(self, chart: str, series: str, x: "ArrayLike", y: "ArrayLike") -> None:
        """Draw a whole curve as it is now; it replaces the one of the step before."""
        xs, ys = _pair(chart, x, y)
        self._emit({"kind": "curve", "chart": chart, "series": series, "x": xs, "y": ys, **self._stamp()})

    def points(
        self, chart: str, series: str, x: "ArrayLike", y: "ArrayLike", labels: Sequence[str] | None = None
    ) -> None:
        """Draw a cloud of points, with a word at each if there are `labels`."""
        xs, ys = _pair(chart, x, y)
        stamp = self._stamp()
        event: Points = {
            "kind": "points",
            "chart": chart,
            "series": series,
            "x": xs,
            "y": ys,
            "step": stamp["step"],
            "t": stamp["t"],
        }
        if labels is not None:
            if len(labels) != len(xs):
                raise ValueError(f"chart {chart!r}: there are {len(xs)} points and {len(labels)} labels")
            event["labels"] = list(labels)
        self._emit(event)

    def image(
        self,
        chart: str,
        series: str,
        values: "ArrayLike",
        *,
        low: float | None = None,
        high: float | None = None,
        x: tuple[float, float] | None = None,
        y: tuple[float, float] | None = None,
    ) -> None:
        """Draw numbers as a picture, [rows, columns], or as many side by side, [images, rows, columns].

        The first row is on top. From `low` to `high`, the smallest and the largest number unless given, white turns to
        black; where they have different signs, 0 is white, and it turns to blue below and to orange above. Values of
        type uint8 whose last axis is 3 are colours (red, green, blue). In a plot, `x` and `y` say where its edges are.
        """
        from seelearn.pixels import picture  # noqa: PLC0415 (a run without pictures needs no Pillow)

        xs, ys = (None if edges is None else [float(edge) for edge in edges] for edges in (x, y))
        drawn = picture(values, low, high)
        self._emit({"kind": "image", "chart": chart, "series": series, **drawn, "x": xs, "y": ys, **self._stamp()})

    def table(
        self,
        chart: str,
        series: str,
        values: "ArrayLike | Sequence[Sequence[Any]]",
        rows: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> None:
        """Draw numbers or words in rows and columns; rows and columns without names are counted from 0."""
        lists: Any = values.tolist() if hasattr(values, "tolist") else values
        cells = [[value if isinstance(value, str) else finite(value) for value in row] for row in lists]
        names = [list(rows or map(str, range(len(cells)))), list(columns or map(str, range(len(cells[0]))))]
        if len(names[0]) != len(cells) or any(len(names[1]) != len(row) for row in cells):
            shape = f"{len(names[0])} rows of {len(names[1])} columns"
            raise ValueError(f"chart {chart!r}: its names are those of {shape}, and its values have another shape")
        self._emit({"kind": "table", "chart": chart, "series": series, "rows": names[0], "columns": names[1],
                    "values": cells, **self._stamp()})  # fmt: skip

    def layers(self, chart: str, series: str, layers: list[Layer]) -> None:
        """Draw what the microscope saw in every layer of one network."""
        self._emit({"kind": "layers", "chart": chart, "series": series, "layers": layers, **self._stamp()})

    def note(self, key: str, **values: float | str) -> None:
        """Say a sentence of `lesson.toml`, with these values in it; text values name a series."""
        shown = {name: value if isinstance(value, str) else finite(value) for name, value in values.items()}
        self._emit({"kind": "note", "key": key, "values": shown, **self._stamp()})

    def _stamp(self) -> Stamp:
        return {"step": self._step, "t": round(time.perf_counter() - self._start, 3)}


def finite(value: float) -> float | None:
    """Return the number, or None for NaN and ±infinity, for which JSON has no word."""
    return float(value) if math.isfinite(value) else None


def numbers(values: "ArrayLike") -> Numbers:
    """Flatten an array to a list of six significant digits each: what a picture needs."""
    import numpy as np  # noqa: PLC0415 (0.08 s that `seelearn list` need not pay)

    flat = np.asarray(values, dtype=np.float64).ravel().tolist()
    return [float(f"{value:.6g}") if math.isfinite(value) else None for value in flat]


def _pair(chart: str, x: "ArrayLike", y: "ArrayLike") -> tuple[Numbers, Numbers]:
    xs, ys = numbers(x), numbers(y)
    if len(xs) != len(ys):
        raise ValueError(f"chart {chart!r}: x has {len(xs)} values and y has {len(ys)}; they must be equal")
    return xs, ys


def play(run: Callable[..., None]) -> None:
    """Run the lesson that `run` belongs to, as `seelearn run` would, when its file is run directly."""
    path = Path(run.__code__.co_filename).resolve()
    framework = path.stem.removeprefix("with_")
    course = ["--lessons", str(path.parent.parent)]
    command = ["run", path.parent.name, "--framework", framework, *sys.argv[1:]]
    # A process of its own: a lesson knows `show` and nothing above it.
    process = subprocess.Popen([sys.executable, "-m", "seelearn", *course, *command])  # noqa: S603
    while True:
        try:
            raise SystemExit(process.wait())
        except KeyboardInterrupt:  # it has got the Ctrl-C too, and is closing its recording
            continue
