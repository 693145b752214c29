"""A run in the terminal: a live table where there is a screen, plain lines where there is none."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from seelearn.events import Event
from seelearn.events import Table as TableEvent
from seelearn.labels import words

BARS = "▁▂▃▄▅▆▇█"


class Screen:
    """Draws a run's progress and its growing curves, of many seeds their medians; feed it every event."""

    def __init__(self, labels: dict[str, Any], language: str, console: Console) -> None:
        self._labels = labels
        self._language = language
        self._console = console
        self._lines: dict[tuple[str, str], list[float | None]] = {}
        self._tables: dict[tuple[str, str], TableEvent] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self._unit = labels["steps"][language]
        self._task = self._progress.add_task(self._unit, total=None)
        self._step = ""
        self._measured = False

    def live(self) -> AbstractContextManager[object]:
        """Return the block within which the table is drawn again and again; without a screen, nothing is."""
        if not self._console.is_terminal:
            return nullcontext()
        return Live(get_renderable=self._table, console=self._console, refresh_per_second=10)

    def draw(self, event: Event) -> None:
        """Take one event."""
        if event["kind"] == "step":
            self._print_step()
            self._progress.update(self._task, completed=event["step"], total=event["total"], description=self._unit)
            if not self._measured:
                self._step = f"{self._unit} {event['step']}/{event['total']}"
        elif event["kind"] == "result":  # many seeds are measured, and a step is one of them
            self._measured = True
            self._unit = words(self._language, "measure")["unit"]
        elif event["kind"] == "band":
            self._lines[event["chart"], event["series"]] = event["mid"]
            self._step = f"{self._unit} {event['seeds']}"
        elif event["kind"] == "line":
            self._lines.setdefault((event["chart"], event["series"]), []).append(event["y"])
        elif event["kind"] == "table":
            self._tables[event["chart"], event["series"]] = event

    def finish(self) -> None:
        """Print what is left to print, and every table as it is in the end."""
        self._print_step()
        for key, event in self._tables.items():
            self._console.print(self._grid(self._name(*key), event))

    def _grid(self, title: str, event: TableEvent) -> Table:
        def name(word: str) -> str:
            return escape(str(self._labels["series"].get(word, {}).get(self._language, word)))

        grid = Table("", *map(name, event["columns"]), title=title, title_justify="left", box=box.SIMPLE)
        for row, values in zip(event["rows"], event["values"], strict=True):
            grid.add_row(name(row), *(name(v) if isinstance(v, str) else _number(v) for v in values))
        return grid

    def last(self) -> dict[str, dict[str, float | None]]:
        """Return the last value of every growing curve, or their median: {chart: {series: value}}."""
        values: dict[str, dict[str, float | None]] = {}
        for (chart, series), line in self._lines.items():
            values.setdefault(chart, {})[series] = line[-1]
        return values

    def _print_step(self) -> None:
        """Without a screen: one line for the step that is over."""
        if self._console.is_terminal or not self._step:
            return
        parts = [f"{self._name(*key)} {_number(line[-1])}" for key, line in self._lines.items()]
        self._console.print("  ".join([self._step, *parts]), soft_wrap=True, highlight=False)
        self._step = ""

    def _name(self, chart: str, series: str) -> str:
        title = self._labels["charts"].get(chart, {}).get("title", {}).get(self._language, chart)
        label = self._labels["series"].get(series, {}).get(self._language, series)
        return f"{title}[{label}]".replace("[", "\\[")

    def _table(self) -> RenderableType:
        table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
        for (chart, series), line in list(self._lines.items()):  # drawn by another thread than `draw`
            table.add_row(self._name(chart, series), _number(line[-1]), spark(line))
        return Group(self._progress, table)


def spark(line: list[float | None]) -> str:
    """Draw the last forty values as little bars, × where one is not a number."""
    shown = line[-40:]
    real = [value for value in shown if value is not None]
    low, high = (min(real), max(real)) if real else (0.0, 0.0)
    scale = (len(BARS) - 1) / (high - low or 1)
    return "".join("×" if v is None else BARS[round((v - low) * scale)] for v in shown)


def _number(value: float | None) -> str:
    return "NaN" if value is None else f"{value:.5g}"
