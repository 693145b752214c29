"""One HTML file that shows a recording: it opens offline, with the slider and everything else inside."""

from typing import Any

from markupsafe import Markup

from seelearn import __version__, assets, charts
from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import Job
from seelearn.engine.parameters import Value, text
from seelearn.engine.recording import Recording
from seelearn.export.conclusions import conclusions, under
from seelearn.labels import choice_label, parameter_label, sentence, words


def report(recording: Recording, lesson: Lesson, language: str) -> str:
    """Return the report of a recording, as HTML, in one language."""
    labels, header, end = lesson.labels, recording.header, recording.end
    drawn = {event.get("chart") for event in recording.events}
    return paper(
        "report.html",
        lesson,
        language,
        measure=words(language, "measure"),
        sentences=sentences(recording, lesson, language),
        ending=words(language)[end.status].format(reason=end.reason) if end.status != "finished" else "",
        specs={
            key: charts.draw(key, labels, language)
            for key, about in labels["charts"].items()
            if about.get("of", key) in drawn
        },
        bands=under(recording.job, lesson),
        parameters=_parameters(recording, lesson, language),
        versions={**header["versions"], "python": header["python"]},
        stamp=f"{header['started']} · {header['machine']} · {header['seconds']:.1f} s",
        command=command(recording),
        events=recording.events,
    )


def paper(template: str, lesson: Lesson, language: str, **values: Any) -> str:
    """Return a page about a lesson that needs nothing but itself: styles, scripts and Vega are inside."""
    page = assets.templates().get_template(template)
    return page.render(
        language=language,
        words=words(language),
        title=lesson.title(language),
        labels=lesson.labels,
        version=__version__,
        style=assets.inline("style.css"),
        player=assets.inline("player.js"),
        # A script ends at the first "</script", wherever it stands.
        vega=Markup(assets.vega().replace("</script", "<\\/script")),  # noqa: S704
        **values,
    )


def sentences(recording: Recording, lesson: Lesson, language: str) -> list[str]:
    """Return what the run concluded, in words, and what many seeds say of it."""
    notes = [sentence(lesson.labels, event, language) for event in recording.events if event["kind"] == "note"]
    finished = recording.end.status == "finished"
    return notes + conclusions(recording.events, recording.job, lesson, language, finished=finished)


def command(recording: Recording) -> str:
    """Return the command line that makes this run again."""
    job = recording.job
    values = {"framework": job.framework, **_values(job)}
    return " ".join(["seelearn run", job.lesson, *(f"--{name}={text(value)}" for name, value in values.items())])


def _parameters(recording: Recording, lesson: Lesson, language: str) -> list[tuple[str, str, str]]:
    rows = []
    for name, value in _values(recording.job).items():
        shown = choice_label(lesson.labels, name, value, language) if isinstance(value, str) else text(value)
        rows.append((parameter_label(lesson.labels, name, language), name, shown))
    return rows


def _values(job: Job) -> dict[str, Value]:
    """Return all that the job was given."""
    return {**job.parameters, "seed": job.seed, **({"seeds": job.seeds} if job.seeds is not None else {})}
