"""The pages of the site, as HTML."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from seelearn import __version__, assets, charts
from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.engine.contents import Course, find_course, read_contents
from seelearn.engine.frameworks import FRAMEWORKS, MissingError
from seelearn.engine.parameters import SEED, Parameter, ParameterError, text
from seelearn.errors import UserError
from seelearn.export.conclusions import known
from seelearn.labels import LANGUAGES, choice_label, parameter_label, words
from seelearn.site.badges import badges, summary
from seelearn.site.compare import compare
from seelearn.site.links import Links
from seelearn.site.maps import lesson_map
from seelearn.site.prose import render, show_code
from seelearn.site.recordings import Recorded

EMPTY: Mapping[str, str] = MappingProxyType({})

SEEDS = 64
"""How many seeds the button beside Run measures."""


def home(catalogue: Catalogue, language: str, links: Links) -> str:
    """Return the page that lists the courses."""
    courses = read_contents(catalogue)
    starts = [(row, catalogue.lesson(row.lesson)) for course in courses for row in course.written if row.start]
    return _page("home.html", language, links, ("home",), courses=courses, starts=starts)


def course(catalogue: Catalogue, slug: str, language: str, links: Links) -> str:
    """Return the page that lists the rows of one course."""
    found = find_course(read_contents(catalogue), slug)
    return _page("course.html", language, links, ("course", slug), course=found)


def lesson(
    catalogue: Catalogue,
    lesson: Lesson,
    framework: str,
    language: str,
    links: Links,
    query: Mapping[str, str] = EMPTY,
    error: str = "",
    recordings: Sequence[Recorded] | None = None,
    discussion: str | None = "",
) -> str:
    """Return a lesson's page: prose, code, and the lab with the parameters of `query` filled in.

    With `recordings` the lab replays these instead of running anything. `discussion` is the address of the server that
    has the comments: empty for the page's own, None for a page without any.
    """
    labels = lesson.labels
    evidence = known(lesson)
    if evidence is not None and evidence.framework != framework:
        evidence = None  # it is about other code
    badge = badges(evidence, language, stale=evidence is not None and evidence.stale(lesson))
    prose = render(lesson.prose(language), lesson.file(framework), language, badge)
    parameters = [*lesson.parameters(framework), SEED]
    courses, page = _courses(catalogue, lesson, framework)
    return _page(
        "lesson.html",
        language,
        links,
        ("lesson", *lesson.place(framework)),
        lesson=lesson,
        framework=framework,
        titles={name: FRAMEWORKS[name].title for name in lesson.frameworks},
        courses=courses,
        row=page,
        labels=labels,
        title=lesson.title(language),
        before=Markup(prose.before),  # noqa: S704 (Markdown with HTML turned off, from the course's own folder)
        after=Markup(prose.after),  # noqa: S704
        knobs=[_knob(p, labels, language, query.get(p.name)) for p in parameters],
        specs=_specs(lesson, language, (lesson.folder / "lesson.toml").stat().st_mtime_ns),
        evidence=evidence and summary(evidence, lesson, prose.sentences, language),
        claims_code=Markup(show_code(lesson.claims, [], language)) if lesson.claims.exists() else "",  # noqa: S704
        map=lesson_map(lesson, framework, language),
        seeds=SEEDS,
        measure=words(language, "measure"),
        error=error,
        autorun=bool(query) and not error,
        recordings=recordings,
        discussion=discussion,
        edition=words(language, "edition"),
    )


def languages(links: Links) -> str:
    """Return the page that leads to the home pages of all languages."""
    said = {language: words(language) for language in LANGUAGES}
    return assets.templates().get_template("languages.html").render(said=said, links=links)


def comparison(lesson: Lesson, names: tuple[str, str], language: str, links: Links) -> str:
    """Return the page that shows a lesson's code in two frameworks side by side."""
    titles = {name: lesson.framework(name).title for name in names}
    left, right = names
    shown = {"title": lesson.title(language), "left": titles[left], "right": titles[right]}
    return _page(
        "compare.html",
        language,
        links,
        ("compare", lesson.name, *names),
        lesson=lesson,
        names=names,
        titles=titles,
        heading=words(language, "course")["compare_title"].format(**shown),
        about=words(language, "course")["compare_about"],
        pairs=compare(lesson.file(left), lesson.file(right)),
    )


def missing(language: str, links: Links, message: str) -> str:
    """Return the page for what does not exist, or with a message for what cannot be done."""
    return _page("missing.html", language, links, (), message=message)


def refusal(error: UserError, labels: dict[str, Any], language: str) -> str:
    """Say in the reader's language why a value cannot be used, or what is not installed."""
    if isinstance(error, MissingError):
        return words(language)["not_installed"].format(title=error.framework.title, command=error.framework.command)
    if not isinstance(error, ParameterError):
        return str(error)
    said, parameter = words(language), error.parameter
    if parameter.range is None:
        shown = [choice_label(labels, parameter.name, c, language) for c in parameter.choices]
        allowed = said["allowed_choice"].format(choices=", ".join(shown))
    else:
        bounds = {"low": text(parameter.range.low), "high": text(parameter.range.high)}
        allowed = said[f"allowed_{parameter.type.__name__}"].format(**bounds)
    label = parameter_label(labels, parameter.name, language)
    return said["refused"].format(label=label, given=error.given, allowed=allowed, suggestion=error.suggestion)


@lru_cache(maxsize=256)
def _specs(lesson: Lesson, language: str, changed: int) -> dict[str, charts.Spec]:
    """Return a lesson's charts; Altair takes 50 ms for each, so they are drawn once for each change of lesson.toml."""
    return {key: charts.draw(key, lesson.labels, language) for key in lesson.labels["charts"]}


def _knob(parameter: Parameter, labels: dict[str, Any], language: str, given: str | None) -> dict[str, Any]:
    """Return what the form needs to draw one parameter."""
    name = parameter.name
    return {
        "name": name,
        "label": parameter_label(labels, name, language),
        "value": given if given is not None else text(parameter.default),
        "whole": parameter.type is int,
        "range": parameter.range and {"low": text(parameter.range.low), "high": text(parameter.range.high)},
        "choices": [(c, choice_label(labels, name, c, language)) for c in parameter.choices],
    }


def _courses(catalogue: Catalogue, lesson: Lesson, framework: str) -> tuple[list[Course], tuple[str, str]]:
    """Return the courses with a row for a page, and that page: without a row it stands with the lesson's first page."""
    for name in (framework, lesson.frameworks[0]):
        page = lesson.name, name
        if found := [course for course in read_contents(catalogue) if page in course.pages]:
            return found, page
    return [], page


def _page(template: str, language: str, links: Links, place: tuple[str, ...], **values: Any) -> str:
    """Render a page; `place` is its kind and its names (see `Links`), or empty where there is none."""
    return (
        assets.templates()
        .get_template(template)
        .render(
            language=language,
            languages={other: words(other)["language"] for other in LANGUAGES},
            words=words(language),
            said=words(language, "course"),
            links=links,
            place=place,
            version=__version__,
            **values,
        )
    )
