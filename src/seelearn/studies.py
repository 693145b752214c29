"""What `verify` and `sweep` do: many runs of one lesson, counted."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from seelearn.commands import new_folder
from seelearn.engine.catalogue import Lesson
from seelearn.engine.claims import read_claims
from seelearn.engine.parameters import SEEDS, text
from seelearn.engine.pool import JobError, make_pool
from seelearn.errors import UserError

if TYPE_CHECKING:
    from seelearn.evidence.evidence import Evidence, Proof
    from seelearn.evidence.sweep import Table

ENDS = ("mid", "interval_low", "interval_high", "low", "high")


def verify_lesson(options: argparse.Namespace) -> int:
    """Measure what a lesson claims, and write it down beside the lesson."""
    from seelearn.evidence.verify import contradictions, verify  # noqa: PLC0415 (NumPy, which `list` need not load)

    lesson, framework = _named(options)
    folder = Path("runs", f"verify-{lesson.name}")
    seeds = int(SEEDS.parse(options.seeds))
    with _progress(lesson.name, folder) as tell:
        pool = make_pool(lesson, framework, folder, options.ray)
        evidence = verify(lesson, framework, seeds, pool, tell)
    if not options.check:
        path = Path(options.out) if options.out else lesson.evidence
        try:
            evidence.write(path)
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}: give another file with --out FILE") from None
        pool.forget()
    if options.json:
        print(json.dumps(asdict(evidence), ensure_ascii=False, indent=1))
    else:
        _print_claims(evidence)
        print(f"\n  {path}" if not options.check else "")
    wrong = contradictions(evidence)
    for name in wrong:
        said = "is marked refuted, but holds" if evidence.claims[name]["refuted"] else "is refuted"
        print(f"seelearn: {name} {said}: change the sentence and its claim, not the evidence", file=sys.stderr)
    return 1 if wrong else 0


def sweep_lesson(options: argparse.Namespace) -> int:
    """Measure a lesson over a grid of parameters; draw the map and write the table."""
    from seelearn.evidence.sweep import read_axes, sweep  # noqa: PLC0415 (NumPy and Altair)
    from seelearn.export.sweeps import sweep_picture, sweep_report  # noqa: PLC0415

    lesson, framework = _named(options)
    axes = read_axes(options.set, lesson.parameters(framework))
    for name in read_claims(lesson, framework).irrelevant & set(axes):
        raise UserError(f"{name} changes what a run shows, not what is measured: sweep another parameter")
    seeds = int(SEEDS.parse(options.seeds))
    folder = new_folder(options.out, f"{lesson.name}-sweep")
    kept = Path("runs", f"sweep-{lesson.name}")
    with _progress(lesson.name, kept) as tell:
        pool = make_pool(lesson, framework, kept, options.ray)
        table, rows = sweep(lesson, framework, axes, seeds, pool, tell)
    files = {
        "sweep.json": _compact(table).encode(),
        "sweep.csv": rows.encode(),
        "sweep.html": sweep_report(table, lesson, options.lang).encode(),
        "sweep.png": sweep_picture(table, lesson, options.lang),
    }
    try:
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        if options.map:
            lesson.map.write_bytes(files["sweep.json"])
    except OSError as error:
        raise UserError(f"cannot write {error.filename}: {error.strerror}: try --out DIR") from None
    pool.forget()
    if options.json:
        print(files["sweep.json"].decode(), end="")
    else:
        _print_cells(table)
        print("\n" + "\n".join(f"  {folder / name}" for name in files))
    return 0


def _named(options: argparse.Namespace) -> tuple[Lesson, str]:
    lesson: Lesson = options.catalogue.lesson(options.lesson)
    framework = lesson.framework(options.framework)
    framework.require()
    return lesson, framework.name


@contextmanager
def _progress(name: str, folder: Path) -> Iterator[Callable[[int, int], None]]:
    """Draw a bar on a screen, or a line for every tenth without one; say what is kept of a try that is stopped."""
    from rich.console import Console  # noqa: PLC0415 (0.1 s)
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tenths = 0

    def tell(done: int, total: int) -> None:
        nonlocal tenths
        bar.update(task, completed=done, total=total)
        if not console.is_terminal and done * 10 // total > tenths:
            tenths = done * 10 // total
            print(f"{name}  {done}/{total}", file=sys.stderr)

    try:
        with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
            task = bar.add_task(name, total=None)
            yield tell
    except (KeyboardInterrupt, JobError):
        if folder.is_dir():
            print(f"what is measured is kept in {folder}: the same command goes on from there", file=sys.stderr)
        raise


def _print_claims(evidence: "Evidence") -> None:
    """Print a line for every claim: the verdict, what was found, and what was promised."""
    width = max(map(len, evidence.claims))
    for name, proof in evidence.claims.items():
        print(f"{proof['verdict']:10} {name:{width}}  {_found(proof)}  ({_promised(proof)})")


def _found(proof: "Proof") -> str:
    gone = f", {proof['nan']} not a number" if proof["nan"] else ""
    low, high = proof["low"], proof["high"]
    if proof["count"] is not None:
        return f"{proof['count']:,} of {proof['of']:,} seeds [{low:.1%}, {high:.1%}]{gone}"
    value, low, high = (float("inf") if end is None else end for end in (proof["value"], low, high))
    return f"median {value:.4g} [{low:.4g}, {high:.4g}] over {proof['of']:,} seeds{gone}"


def _promised(proof: "Proof") -> str:
    if proof["share"] is not None:
        return f"promised: at least {proof['share']:.0%}" + (", known to be refuted" if proof["refuted"] else "")
    assert proof["median"] is not None  # noqa: S101 (a claim promises one of the two)
    return f"promised: from {proof['median'][0]:g} to {proof['median'][1]:g}"


def _print_cells(table: "Table") -> None:
    """Print a line for every cell and curve: the median with its interval, and where four fifths lie."""
    for row in table["cells"]:
        place = "  ".join(f"{name}={text(value)}" for name, value in row["cell"].items())
        mid, *ends = (float("inf") if row[end] is None else row[end] for end in ENDS)
        gone = f"  {row['nan']} not a number" if row["nan"] else ""
        interval, spread = "[{:.4g}, {:.4g}]".format(*ends[:2]), "{:.4g} to {:.4g}".format(*ends[2:])
        print(f"{place}  {row['chart']}[{row['series']}]  median {mid:.4g} {interval}  80%: {spread}{gone}")


def _compact(table: "Table") -> str:
    """Return JSON with one cell a line."""
    cells = ",\n".join(f"  {json.dumps(cell, ensure_ascii=False)}" for cell in table["cells"])
    head = json.dumps({**table, "cells": []}, ensure_ascii=False, indent=1)
    return head.replace('"cells": []', f'"cells": [\n{cells}\n ]') + "\n"
