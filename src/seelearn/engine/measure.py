"""Measure a lesson over many seeds: what a worker does with a job that names how many."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product, zip_longest
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seelearn.claims import Depths, Trial
from seelearn.engine.catalogue import Lesson
from seelearn.engine.claims import Claim, Claims, read_claims
from seelearn.engine.frameworks import Framework, seed_everything
from seelearn.engine.module import load_module
from seelearn.engine.parameters import Value
from seelearn.events import Event, Numbers, Stamp
from seelearn.show import Show, numbers

CHUNK = 64
"""How many rows are measured at once, at least; progress is drawn after each such part."""
SEEDS = 4
"""How many seeds of every cell of a sweep are measured at once: each cell is a network to be read first."""
PAUSE = 0.2
"""Seconds between two drawings of the bands, at least: many seeds take long to sum up."""
SHARES = (0.1, 0.5, 0.9)
"""The quantiles of a band."""

Cell = dict[str, Value]
"""The parameters of one cell of a sweep that differ between the cells; none without a sweep."""
Row = tuple[int, Cell]
Measure = Callable[[Sequence[Row]], Iterable[Trial]]


def measured(
    framework: Framework,
    path: Path,
    parameters: Mapping[str, Value],
    axes: Mapping[str, Sequence[Value]],
    seeds: Sequence[int],
) -> Iterator[Event]:
    """Measure the lesson in `path`: yield the result of every seed as it comes, progress, and the bands they make.

    With axes, every seed is measured in every cell of their grid.
    """
    lesson = Lesson(path.parent.name, path.parent)
    read = read_claims(lesson, framework.name)
    claims = load_module(lesson.claims) if lesson.claims.exists() else None
    if claims is not None and read.stacked:
        trials = stacked_trials(claims, read, parameters)
    else:
        trials = run_trials(framework, load_module(path).run, parameters)
    judges = [] if axes else read.on(parameters)
    cells = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    rows = [(seed, cell) for seed in seeds for cell in cells]
    start = time.perf_counter()
    lines: dict[tuple[str, str], list[Numbers]] = defaultdict(list)
    due = 0.0
    for done, ((_, cell), trial) in enumerate(_trials(trials, rows, max(CHUNK, SEEDS * len(cells))), 1):
        stamp: Stamp = {"step": done, "t": round(time.perf_counter() - start, 3)}
        yield _result(trial, cell, claims, judges, stamp)
        for chart, series, line in _lines(trial):
            lines[chart, series].append(line)
        yield {"kind": "step", "total": len(rows), **stamp}
        del trial  # or its whole part of the measurement would stay in memory while the next is trained
        if not cell and (stamp["t"] > due or done == len(rows)):
            begun = time.perf_counter()
            yield from bands(lines, stamp["t"])
            due = time.perf_counter() - start + max(PAUSE, 10 * (time.perf_counter() - begun))


def _trials(trials: Measure, rows: Sequence[Row], size: int) -> Iterator[tuple[Row, Trial]]:
    for first in range(0, len(rows), size):
        chunk = rows[first : first + size]
        yield from zip(chunk, trials(chunk), strict=True)


def bands(rows: Mapping[tuple[str, str], list[Numbers]], t: float) -> Iterator[Event]:
    """Yield the band of every growing curve, from its values [seeds][steps]."""
    for (chart, series), lines in rows.items():
        low, mid, high = quantiles(lines, SHARES)
        yield {
            "kind": "band",
            "chart": chart,
            "series": series,
            "seeds": len(lines),
            "x": list(range(len(low))),
            "low": numbers(low),
            "mid": numbers(mid),
            "high": numbers(high),
            "step": None,
            "t": t,
        }


def quantiles(rows: Sequence[Numbers], shares: Sequence[float]) -> NDArray[np.float64]:
    """Return the quantiles over the rows, [shares, columns]; what is not a number counts as larger than all others.

    No two values are averaged (a mean with infinity would be infinite), so each is a value that one seed had.
    """
    # A run that has ended early has no values for the rest: they count as not a number, too.
    table = np.array(list(zip_longest(*rows)), dtype=np.float64).T
    table[np.isnan(table)] = np.inf
    found: NDArray[np.float64] = np.quantile(table, shares, axis=0, method="inverted_cdf")
    return found


def run_trials(framework: Framework, run: Callable[..., None], parameters: Mapping[str, Any]) -> Measure:
    """Return a function that runs the lesson seed by seed, for one that cannot be stacked."""

    def trials(rows: Sequence[Row]) -> Iterator[Trial]:
        for seed, cell in rows:
            events: list[Event] = []
            seed_everything(framework, seed)
            run(Show(events.append), **{**parameters, **cell})
            yield trial_of(seed, events)

    return trials


def stacked_trials(claims: ModuleType, read: Claims, parameters: Mapping[str, Any]) -> Measure:
    """Return a function that calls the lesson's own `measure`, with those of the parameters that it takes.

    What differs between the cells of a sweep is given as a list, one value a row.
    """

    def trials(rows: Sequence[Row]) -> Iterable[Trial]:
        columns = {name: [cell[name] for _, cell in rows] for name in rows[0][1]}
        taken = read.relevant({**parameters, **columns})
        found: Iterable[Trial] = claims.measure([seed for seed, _ in rows], **taken)
        return found

    return trials


def trial_of(seed: int, events: Iterable[Event]) -> Trial:
    """Return what a run's events say, as a claim looks at it."""
    lines: Any = defaultdict(lambda: defaultdict(list))
    curves: Any = defaultdict(lambda: defaultdict(list))
    layers: Any = defaultdict(lambda: defaultdict(list))
    tables: Any = defaultdict(lambda: defaultdict(list))
    notes: Any = {}
    for event in events:
        if event["kind"] == "line":
            lines[event["chart"]][event["series"]].append(event["y"])
        elif event["kind"] == "curve":
            curves[event["chart"]][event["series"]].append(event["y"])
        elif event["kind"] == "layers":
            layers[event["chart"]][event["series"]].append(event["layers"])
        elif event["kind"] == "table":
            tables[event["chart"]][event["series"]].append(event["values"])
        elif event["kind"] == "note":
            notes[event["key"]] = event["values"]
    depths = {chart: {name: _depths(looks) for name, looks in group.items()} for chart, group in layers.items()}
    return Trial(seed, _arrays(lines), _arrays(_filled(curves)), depths, tables, notes)


def _arrays(tree: Any) -> dict[str, dict[str, NDArray[Any]]]:
    return {chart: {name: np.array(rows, np.float64) for name, rows in group.items()} for chart, group in tree.items()}


def _filled(tree: Any) -> Any:
    """Fill up curves that had fewer points at one time than at another."""
    for group in tree.values():
        for rows in group.values():
            longest = max(map(len, rows))
            rows[:] = [row + [None] * (longest - len(row)) for row in rows]
    return tree


def _depths(looks: list[list[Any]]) -> Depths:
    columns = (
        np.array([[layer[name] for layer in look] for look in looks], np.float64)
        for name in ("signal", "saturated", "dead")
    )
    return Depths(*columns)


def _result(trial: Trial, cell: Cell, claims: ModuleType | None, judges: list[Claim], stamp: Stamp) -> Event:
    lines: dict[str, dict[str, Numbers]] = defaultdict(dict)
    for chart, series, line in _lines(trial):
        lines[chart][series] = line
    said = {claim.judge: _say(claim, getattr(claims, claim.judge)(trial)) for claim in judges}
    return {"kind": "result", "seed": trial.seed, "cell": cell, "lines": lines, "claims": said, **stamp}


def _lines(trial: Trial) -> Iterator[tuple[str, str, Numbers]]:
    for chart, group in trial.lines.items():
        for series, line in group.items():
            yield chart, series, numbers(line)


def _say(claim: Claim, value: Any) -> bool | float | None:
    """Turn what a claim says, a NumPy or torch scalar perhaps, into JSON."""
    plain = value.item() if hasattr(value, "item") else value
    if claim.share is not None:
        if not isinstance(plain, bool):
            raise TypeError(f"{claim.judge} promises a share, so it must return True or False, not {plain!r}")
        return plain
    return float(plain) if np.isfinite(plain) else None
