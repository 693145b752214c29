"""Measure a lesson over a grid of parameters."""

import csv
import io
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

from seelearn.engine.catalogue import Lesson
from seelearn.engine.claims import read_claims
from seelearn.engine.job import Job, make_job
from seelearn.engine.measure import SHARES, quantiles
from seelearn.engine.parameters import Parameter, Value, find_parameter, text
from seelearn.engine.pool import Pool
from seelearn.errors import UserError
from seelearn.evidence.statistics import median
from seelearn.show import numbers

FORMAT = 1
MOST_CELLS = 1000
ROWS = 2048
"""Seeds times cells in one job, for a lesson that trains many at once."""
CHUNK = 8
"""Seeds in one job, for a lesson that is run seed by seed."""

Cell = tuple[Value, ...]
"""One value for each axis."""
Table = dict[str, Any]
"""What a sweep found, as JSON: its axes, and for every cell and curve the median of the last value, with intervals."""


def read_axes(given: Sequence[str], parameters: Sequence[Parameter]) -> dict[str, list[Value]]:
    """Read `name=a,b,c` and `name=low:high:count`; return the values of every axis, without repetitions.

    Raises `UserError` for an axis that is empty, unknown, given twice or out of range, and for too many cells.
    """
    if not given or not parameters:
        name = parameters[0].name if parameters else "NAME"
        raise UserError(f"nothing to sweep: try --set {name}=… with some values")
    axes: dict[str, list[Value]] = {}
    for one in given:
        name, _, listed = one.partition("=")
        if name in axes:
            raise UserError(f"{name} is set twice: give all its values in one --set")
        parameter = find_parameter(parameters, name)
        axes[name] = list(dict.fromkeys(parameter.parse(value) for value in _values(parameter, listed)))
    cells = count_cells(axes)
    if cells > MOST_CELLS:
        sizes = " × ".join(str(len(values)) for values in axes.values())
        raise UserError(f"{sizes} = {cells:,} cells, but at most {MOST_CELLS:,} are allowed: take fewer values")
    return axes


def count_cells(axes: Mapping[str, Sequence[Value]]) -> int:
    """Return how many combinations of values there are."""
    return math.prod(len(values) for values in axes.values())


def _values(parameter: Parameter, given: str) -> list[Value]:
    """Return the values that an axis names: a list, or an interval with a count."""
    if parameter.range is None or ":" not in given:
        values: list[Value] = [value.strip() for value in given.split(",") if value.strip()]
        if not values:
            raise UserError(
                f"{parameter.name} has no values: it takes {parameter.allowed}, such as {parameter.default}"
            )
        return values
    try:
        low, high, count = given.split(":")
        first, last, many = float(low), float(high), int(count)
    except ValueError:
        raise UserError(
            f"{parameter.name}={given!r} is no interval: write LOW:HIGH:COUNT, such as -0.5:0.5:11"
        ) from None
    if not (math.isfinite(first) and math.isfinite(last)):
        raise UserError(f"{parameter.name}={given} does not end: it takes {parameter.allowed}")
    if many > MOST_CELLS:
        raise UserError(f"{parameter.name}={given} has {many:,} values, but at most {MOST_CELLS:,} are allowed")
    if not first < last or many < 2:
        raise UserError(f"{parameter.name}={given} is empty: LOW must be below HIGH, and COUNT at least 2")
    digits = 11 - math.floor(math.log10(last - first))  # of the distance, so that 0 is 0
    spaced = [round(first + (last - first) * k / (many - 1), digits) + 0.0 for k in range(many)]
    return [round(value) for value in spaced] if parameter.type is int else [*spaced]


def sweep(
    lesson: Lesson,
    framework: str,
    axes: Mapping[str, list[Value]],
    seeds: int,
    pool: Pool,
    tell: Callable[[int, int], None],
) -> tuple[Table, str]:
    """Measure every cell over the seeds 0 … seeds − 1; return the table of cells, and every seed's values as CSV.

    What `pool` has recorded is not measured again. `tell` is told how many runs are done, and of how many. A value that
    is not a number is counted, and taken as larger than any other.
    """
    jobs = list(_jobs(lesson, framework, axes, seeds))
    total = seeds * count_cells(axes)
    found: dict[tuple[Cell, str, str], dict[int, float | None]] = defaultdict(dict)
    done = 0
    for job, event in pool.run(jobs):
        if event["kind"] != "result":
            continue
        cell = tuple(event["cell"].get(name, job.parameters[name]) for name in axes)
        for chart, group in event["lines"].items():
            for series, line in group.items():
                found[cell, chart, series][event["seed"]] = line[-1]
        done += 1
        tell(done, total)
    if not found:
        raise UserError(f"{lesson.name} draws no growing curve: there is nothing to compare")
    ordered = [(key, found[key]) for cell in product(*axes.values()) for key in found if key[0] == cell]
    first = jobs[0]
    others = read_claims(lesson, framework).relevant(first.parameters)
    table = {
        "format": FORMAT,
        "lesson": lesson.name,
        "framework": framework,
        "code": first.code,
        "versions": first.versions,
        "date": datetime.now(UTC).date().isoformat(),
        "seeds": seeds,
        "axes": dict(axes),
        "parameters": {name: value for name, value in others.items() if name not in axes},
        "cells": [_cell(axes, key, values) for key, values in ordered],
    }
    return table, _csv(axes, ordered)


def _jobs(lesson: Lesson, framework: str, axes: Mapping[str, list[Value]], seeds: int) -> Iterator[Job]:
    """Yield as few jobs as can be: a stacked lesson takes all numbers and words at once, but one whole number a job.

    Whole numbers change the shape of what is trained; any other lesson gets a job for each cell.
    """
    stacked = read_claims(lesson, framework).stacked
    together = {name: values for name, values in axes.items() if stacked and not isinstance(values[0], int)}
    apart = {name: values for name, values in axes.items() if name not in together}
    size = max(1, ROWS // count_cells(together)) if stacked else CHUNK
    for combination in product(*apart.values()):
        fixed = {name: values[0] for name, values in together.items()} | dict(zip(apart, combination, strict=True))
        for first in range(0, seeds, size):
            given = {**fixed, "seed": first, "seeds": min(size, seeds - first)}
            yield replace(make_job(lesson, framework, given), axes=together)


def _cell(axes: Mapping[str, list[Value]], key: tuple[Cell, str, str], values: dict[int, float | None]) -> Table:
    cell, chart, series = key
    said = list(values.values())
    finding = median(said)
    low, mid, high = numbers(quantiles([[value] for value in said], SHARES))
    return {
        "cell": dict(zip(axes, cell, strict=True)),
        "chart": chart,
        "series": series,
        "seeds": len(said),
        "nan": finding["nan"],
        "mid": mid,
        "low": low,
        "high": high,
        "interval_low": finding["low"],
        "interval_high": finding["high"],
    }


def _csv(axes: Mapping[str, list[Value]], rows: Sequence[tuple[tuple[Cell, str, str], dict[int, float | None]]]) -> str:
    """Return one line for every seed, cell and curve; a value that is not a number is left empty."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*axes, "chart", "series", "seed", "last"])
    for (cell, chart, series), values in rows:
        for seed, value in sorted(values.items()):
            writer.writerow([*map(text, cell), chart, series, seed, "" if value is None else value])
    return file.getvalue()
