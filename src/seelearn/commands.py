"""What each command of the command line does. What draws is imported only where something is drawn."""

import argparse
import json
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from seelearn.engine.catalogue import Lesson
from seelearn.engine.contents import read_contents
from seelearn.engine.job import make_job
from seelearn.engine.local import Engine, Run
from seelearn.engine.recording import Recording
from seelearn.errors import UserError
from seelearn.labels import LANGUAGES, words

GIVEN = "parameter "
"""What the names of a lesson's own options begin with."""


def list_lessons(options: argparse.Namespace) -> int:
    """Name the courses and how much of each is written, and the lessons, a line each."""
    courses = read_contents(options.catalogue)
    lessons: list[Lesson] = options.catalogue.lessons
    if options.json:
        result = {
            "courses": [
                {
                    "slug": course.slug,
                    "title": course.title,
                    "written": len(course.written),
                    "rows": [{**asdict(row), "written": row.written} for row in course.rows],
                }
                for course in courses
            ],
            "lessons": [
                {"name": one.name, "title": one.labels["title"], "frameworks": one.frameworks} for one in lessons
            ],
        }
        print(json.dumps(result, ensure_ascii=False, indent=1))
        return 0
    for course in courses:
        print(f"{course.slug:24} {len(course.written):3} of {len(course.rows):3}  {_both(course.title)}")
    written, rows = (sum(map(len, parts)) for parts in ([c.written for c in courses], [c.rows for c in courses]))
    print(f"{'all':24} {written:3} of {rows:3} rows written\n")
    for one in lessons:
        print(f"{one.name:24} {_both(one.labels['title'])} ({', '.join(one.frameworks)})")
    print(f"\nseelearn run {lessons[0].name if lessons else 'LESSON'}")
    return 0


def _both(title: Mapping[str, str]) -> str:
    return " · ".join(dict.fromkeys(title[language] for language in LANGUAGES))


def run_lesson(options: argparse.Namespace) -> int:
    """Run a lesson, record it, and draw the recording."""
    lesson = options.catalogue.lesson(options.lesson)
    given = {k.removeprefix(GIVEN): v for k, v in vars(options).items() if k.startswith(GIVEN)}
    job = make_job(lesson, options.framework, given)
    folder = new_folder(options.out, lesson.name)
    _load_vega()
    run = Engine().start(job, lesson.file(job.framework), folder)
    try:
        values = _follow(run, lesson, options)
    except OSError as error:
        if run.end.status != "running":
            raise  # it had begun: this is about our own output
        raise UserError(f"cannot write to {folder}: {error.strerror}: try --out DIR") from None
    recording = Recording.read(folder)
    files = [folder / "run.json", folder / "events.jsonl"]
    if run.end.status != "stopped":  # who pressed Ctrl-C does not want to wait for pictures
        files += _draw(recording, lesson, options.lang)
    if options.json:
        _print_json(recording, lesson, files, values, options.lang)
    else:
        _conclude(recording, lesson, files, options.lang)
    return {"finished": 0, "stopped": 130}.get(run.end.status, 1)


def report_run(options: argparse.Namespace) -> int:
    """Draw a recording again."""
    recording = Recording.read(Path(options.run))
    lesson = options.catalogue.lesson(recording.job.lesson)
    files = _draw(recording, lesson, options.lang)
    _conclude(recording, lesson, files, options.lang)
    return 0 if files else 1


def write_notebook(options: argparse.Namespace) -> int:
    """Write a lesson as a Jupyter notebook, in one language and one framework."""
    from seelearn.site.notebook import notebook  # noqa: PLC0415

    lesson = options.catalogue.lesson(options.lesson)
    framework = lesson.framework(options.framework).name
    path = Path(options.out or f"{lesson.name}-{framework}.ipynb")
    text = notebook(lesson, framework, options.lang)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:  # it may hold somebody's work
        raise UserError(f"{path} exists already: give --out a file that does not") from None
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}: try --out FILE") from None
    print(path)
    return 0


def examine(options: argparse.Namespace) -> int:
    """Say what is installed, what is missing, and what to type."""
    from seelearn.doctor import examine as examine_machine  # noqa: PLC0415

    return examine_machine(options.catalogue)


def new_folder(given: str | None, lesson: str) -> Path:
    """Return the folder that the user named, or the next free one below runs/."""
    if given is not None:
        folder = Path(given)
        if os.path.lexists(folder):
            raise UserError(f"{folder} exists already: give --out a folder that does not")
        return folder
    number = 1
    while (folder := Path("runs", f"{lesson}-{number}")).exists():
        number += 1
    return folder


def _load_vega() -> None:
    """Make Vega's script while the worker trains: it takes 2 s and the report needs it."""
    from seelearn.assets import vega  # noqa: PLC0415

    threading.Thread(target=vega, daemon=True).start()


def _follow(run: Run, lesson: Lesson, options: argparse.Namespace) -> dict[str, dict[str, float | None]]:
    """Draw a run in the terminal as it happens; return the last value of every growing curve."""
    from rich.console import Console  # noqa: PLC0415

    from seelearn.terminal import Screen  # noqa: PLC0415

    screen = Screen(lesson.labels, options.lang, Console(quiet=options.json))
    try:
        with closing(iter(run)) as events, screen.live():
            for event in events:
                screen.draw(event)
    except KeyboardInterrupt:
        if run.end.status == "running":
            raise  # it had not begun, and there is nothing to say
        # Otherwise the run has closed its recording, and its end says so.
    screen.finish()
    return screen.last()


def _draw(recording: Recording, lesson: Lesson, language: str) -> list[Path]:
    """Write the report and the pictures beside the recording; return the files that could be written."""
    from seelearn.export.pictures import picture  # noqa: PLC0415
    from seelearn.export.report import report  # noqa: PLC0415

    files: list[Path] = []
    try:
        _save(files, recording.folder / "report.html", report(recording, lesson, language).encode())
        drawn = {event.get("chart") for event in recording.events}
        for key, chart in lesson.labels["charts"].items():
            if chart.get("of", key) not in drawn:
                continue  # the run ended before it had anything to show there
            _save(files, recording.folder / f"{key}.png", picture(recording, lesson, key, language))
    except OSError as error:
        print(f"seelearn: {error.filename} could not be written: {error.strerror}", file=sys.stderr)
    return files


def _save(files: list[Path], path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        path.unlink(missing_ok=True)  # no half a file
        raise OSError(error.errno, error.strerror, str(path)) from None
    files.append(path)


def _print_json(
    recording: Recording,
    lesson: Lesson,
    files: list[Path],
    values: dict[str, dict[str, float | None]],
    language: str,
) -> None:
    """Print what came out, and where it is, for a script."""
    from seelearn.export.report import sentences  # noqa: PLC0415

    result = {
        **recording.header,
        "conclusion": sentences(recording, lesson, language),
        "last": values,
        "files": [str(file) for file in files],
    }
    print(json.dumps(result, ensure_ascii=False, indent=1))


def _conclude(recording: Recording, lesson: Lesson, files: list[Path], language: str) -> None:
    """Say in words what came out, and where it is."""
    from seelearn.export.report import sentences  # noqa: PLC0415

    print()
    for text in sentences(recording, lesson, language):
        print(text)
    if recording.end.status != "finished":
        print(words(language)[recording.end.status].format(reason=recording.end.reason), file=sys.stderr)
    print("\n".join(f"  {file}" for file in files))
