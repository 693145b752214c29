"""The map of a lesson: what a sweep found, as a chart whose cells are links, and as a table."""

import json
from functools import lru_cache
from typing import Any

from seelearn.charts.heatmap import heatmap, map_rows
from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import code_hash
from seelearn.labels import parameter_label, whole, words


def sweep_map(lesson: Lesson, language: str) -> dict[str, Any] | None:
    """Return what the page shows of a lesson's map.json; None without one, or with one that cannot be read."""
    path = lesson.map
    if not path.exists():
        return None
    labels = (lesson.folder / "lesson.toml").stat().st_mtime_ns
    try:
        found = _draw(lesson, language, path.stat().st_mtime_ns, labels)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None  # the rest of the page is worth showing
    table = found["table"]
    return {**found, "stale": table["code"] != code_hash(lesson, table["framework"], claims=True)}


@lru_cache(maxsize=64)
def _draw(lesson: Lesson, language: str, changed: int, relabelled: int) -> dict[str, Any]:
    """Read and draw the map; Altair takes its time, so once for each change of map.json or lesson.toml."""
    table = json.loads(lesson.map.read_text(encoding="utf-8"))
    said = words(language, "map")
    chart = lesson.labels["charts"][table["cells"][0]["chart"]]
    cells: dict[str, tuple[str, list[str]]] = {}
    rows = map_rows(table, lesson.labels, language)
    for row in rows:
        name = said["and"].join(part for part in (row["y"], row["x"]) if part)
        cells.setdefault(row["href"], (name, []))[1].append(f"{row['median']} [{row['interval']}]")
    across, *others = sorted(table["axes"], key=lambda name: -len(table["axes"][name]))
    axes = said["and"].join(parameter_label(lesson.labels, name, language) for name in (*others, across))
    return {
        "table": table,
        "words": said,
        "about": said["about" if others else "about_line"].format(
            seeds=whole(table["seeds"], language), title=chart["title"][language]
        ),
        "titles": [axes, *dict.fromkeys(row["arm"] for row in rows)],
        "rows": [(href, name, medians) for href, (name, medians) in cells.items()],
        "spec": heatmap(table, lesson.labels, language, link=True),
    }
