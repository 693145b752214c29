"""The map of a lesson: a recorded sweep whose cells are links to their runs."""

import json
from functools import lru_cache
from typing import Any

from seelearn.charts.heatmap import Table
from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import code_hash
from seelearn.export.sweeps import sweep_map


def lesson_map(lesson: Lesson, framework: str, language: str) -> dict[str, Any] | None:
    """Return what the page shows of a lesson's map.json.

    It is None without one, with one that cannot be read, and with one that was measured in another framework.
    """
    path = lesson.map
    if not path.exists():
        return None
    labels = (lesson.folder / "lesson.toml").stat().st_mtime_ns
    try:
        found, table = _draw(lesson, language, path.stat().st_mtime_ns, labels)
        if table["framework"] != framework:
            return None
        stale = table["code"] != code_hash(lesson, table["framework"], claims=True)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, OSError):
        return None  # the rest of the page is worth showing
    return {**found, "stale": stale}


@lru_cache(maxsize=64)
def _draw(lesson: Lesson, language: str, changed: int, relabelled: int) -> tuple[dict[str, Any], Table]:
    """Read and draw the map; Altair takes its time, so once for each change of map.json or lesson.toml."""
    table = json.loads(lesson.map.read_text(encoding="utf-8"))
    return sweep_map(table, lesson, language, link=True), table
