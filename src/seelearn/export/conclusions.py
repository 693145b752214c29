"""What a run comes to, in words: where it stands among many seeds, or what many seeds gave."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from seelearn.engine.catalogue import Lesson
from seelearn.engine.job import Job, code_hash
from seelearn.errors import LessonError
from seelearn.events import Band, Event, Line
from seelearn.evidence.evidence import Condition, Evidence, bands
from seelearn.labels import figure, whole, words


@dataclass(frozen=True, slots=True)
class Standing:
    """The last value of one curve, and the shares of the seeds whose last value is smaller or larger.

    They are counted among a hundred and one quantiles, from the smallest seed's to the largest's: 0 is none, 1 is all.
    Four fifths of the seeds lie within [low, high]. A value that is not a number is None, and larger than any other.
    """

    chart: str
    series: str
    value: float | None
    smaller: float
    larger: float
    seeds: int
    low: float | None
    high: float | None
    nan: int


def known(lesson: Lesson) -> Evidence | None:
    """Return a lesson's evidence; a damaged one is none, for a page has more to show."""
    try:
        return Evidence.read(lesson)
    except LessonError:
        return None


def under(job: Job, lesson: Lesson) -> list[Band]:
    """Return the bands that belong under this run: measured with the same parameters and the same code."""
    condition = _condition(job, lesson)
    return list(bands(condition)) if condition and job.seeds is None else []


def standings(condition: Condition, events: Iterable[Event]) -> Iterator[Standing]:
    """Yield where each growing curve of a finished run has ended among the seeds of a condition."""
    last = {(event["chart"], event["series"]): event["y"] for event in events if event["kind"] == "line"}
    for (chart, series), value in last.items():
        quantiles = condition["last"].get(chart, {}).get(series)
        if not quantiles:
            continue
        band = condition["bands"][chart][series]
        inf = float("inf")
        ranks = [inf if one is None else one for one in quantiles]
        place = inf if value is None else value
        yield Standing(
            chart=chart,
            series=series,
            value=value,
            smaller=sum(one < place for one in ranks) / len(ranks),
            larger=sum(one > place for one in ranks) / len(ranks),
            seeds=condition["seeds"],
            low=band["low"][-1],
            high=band["high"][-1],
            nan=condition["nan"][chart][series],
        )


def conclusions(events: Iterable[Event], job: Job, lesson: Lesson, language: str, *, finished: bool) -> list[str]:
    """Return what many seeds say: of themselves if they were measured, of the run if it is finished."""
    charts = lesson.labels["charts"]
    labelled = [e for e in events if (e["kind"] == "line" or e["kind"] == "band") and _has(charts, e)]
    if job.seeds is not None:
        found = {(event["chart"], event["series"]): event for event in labelled if event["kind"] == "band"}
        return [_spread(band, lesson, language) for band in found.values()]
    condition = _condition(job, lesson) if finished else None
    return [_place(one, lesson, language) for one in standings(condition, labelled)] if condition else []


def _has(charts: dict[str, Any], event: Line | Band) -> bool:
    """Whether the lesson still has this chart and this series: a recording may be older."""
    return event["series"] in charts.get(event["chart"], {}).get("series", [])


def shaded(seeds: int, language: str) -> str:
    """Say what a band under a curve is."""
    return words(language, "measure")["shaded"].format(seeds=whole(seeds, language))


def _condition(job: Job, lesson: Lesson) -> Condition | None:
    evidence = known(lesson)
    if evidence is None or evidence.framework != job.framework or evidence.stale(lesson):
        return None
    if job.code != code_hash(lesson, job.framework, claims=job.seeds is not None):
        return None  # a recording of other code
    return evidence.condition(job.parameters)


def _place(one: Standing, lesson: Lesson, language: str) -> str:
    key, share = ("lower", one.larger) if one.larger >= one.smaller else ("higher", one.smaller)
    if one.value is None:
        key = "nan"
    elif share == 0:
        key = "same"
    elif share == 1:
        key += "_all"
    numbers = {"value": one.value, "low": one.low, "high": one.high}
    return _say(key, lesson, one.chart, one.series, language, numbers, seeds=one.seeds, nan=one.nan, share=share)


def _spread(band: Band, lesson: Lesson, language: str) -> str:
    numbers = {"mid": band["mid"][-1], "low": band["low"][-1], "high": band["high"][-1]}
    return _say("median", lesson, band["chart"], band["series"], language, numbers, seeds=band["seeds"])


def _say(
    key: str,
    lesson: Lesson,
    chart: str,
    series: str,
    language: str,
    numbers: dict[str, float | None],
    *,
    seeds: int,
    nan: int = 0,
    share: float = 0,
) -> str:
    """Return one of the sentences of words.toml about a growing curve."""
    said = words(language, "measure")
    labels = lesson.labels
    what = said["what"].format(
        title=labels["charts"][chart]["title"][language], series=labels["series"][series][language]
    )
    shown = {n: figure(value, language, 3 if n in ("low", "high") else 4) for n, value in numbers.items()}
    return said[key].format(
        what=what, seeds=whole(seeds, language), nan=whole(nan, language), share=f"{share:.0%}", **shown
    )
