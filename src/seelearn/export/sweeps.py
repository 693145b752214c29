"""A sweep as a chart and a table, as a page of its own, and as a picture."""

from typing import Any

from seelearn.charts.heatmap import Table, heatmap, map_rows
from seelearn.engine.catalogue import Lesson
from seelearn.engine.parameters import text
from seelearn.export.pictures import render
from seelearn.export.report import paper
from seelearn.labels import choice_label, parameter_label, whole, words


def sweep_map(table: Table, lesson: Lesson, language: str, *, link: bool) -> dict[str, Any]:
    """Return what a page shows of a sweep; with `link`, its cells lead to their runs."""
    said = words(language, "map")
    chart = lesson.labels["charts"][table["cells"][0]["chart"]]
    cells: dict[str, tuple[str, list[str]]] = {}
    rows = map_rows(table, lesson.labels, language)
    for row in rows:
        name = said["and"].join(part for part in (row["y"], row["x"]) if part)
        cells.setdefault(row["href"], (name, []))[1].append(f"{row['median']} [{row['interval']}]")
    across, *others = sorted(table["axes"], key=lambda name: -len(table["axes"][name]))
    axes = said["and"].join(parameter_label(lesson.labels, name, language) for name in (*others, across))
    about = said["about" if others else "about_line"].format(
        seeds=whole(table["seeds"], language), title=chart["title"][language]
    )
    return {
        "words": said,
        "about": about + (said["click" if others else "click_line"] if link else ""),
        "titles": [axes, *dict.fromkeys(row["arm"] for row in rows)],
        "rows": [(href, name, medians) for href, (name, medians) in cells.items()],
        "spec": heatmap(table, lesson.labels, language, link=link),
    }


def sweep_report(table: Table, lesson: Lesson, language: str) -> str:
    """Return a sweep as one HTML file that opens offline."""
    labels = lesson.labels
    axes = [f"--set {name}={','.join(map(text, values))}" for name, values in table["axes"].items()]
    return paper(
        "sweep.html",
        lesson,
        language,
        map=sweep_map(table, lesson, language, link=False),
        ending="",
        parameters=[
            (
                parameter_label(labels, name, language),
                name,
                choice_label(labels, name, value, language) if isinstance(value, str) else text(value),
            )
            for name, value in table["parameters"].items()
        ],
        versions=table["versions"],
        stamp=table["date"],
        command=" ".join(["seelearn sweep", lesson.name, *axes, f"--seeds {table['seeds']}"]),
    )


def sweep_picture(table: Table, lesson: Lesson, language: str) -> bytes:
    """Draw a sweep; return it as PNG."""
    spec = heatmap(table, lesson.labels, language, link=False)
    chart = lesson.labels["charts"][table["cells"][0]["chart"]]
    about = sweep_map(table, lesson, language, link=False)["about"]
    return render({**spec, "title": {"text": chart["title"][language], "subtitle": about}})
