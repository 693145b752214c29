"""How the course is found: the sitemap, the feed of new lessons, robots.txt, and the picture beside a link."""

import json
from functools import lru_cache

from seelearn import assets
from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.engine.contents import read_contents
from seelearn.export.sweeps import sweep_picture
from seelearn.labels import LANGUAGES, words
from seelearn.site.links import Links

FEED_LENGTH = 30


def places(catalogue: Catalogue) -> list[tuple[str, ...]]:
    """Return every page of the site, but for its language: its kind and its names, as `Links` takes them."""
    courses = [("course", course.slug) for course in read_contents(catalogue)]
    lessons = [("lesson", *one.place(name)) for one in catalogue.lessons for name in one.frameworks]
    pairs = [
        ("compare", one.name, left, right)
        for one in catalogue.lessons
        for left in one.frameworks
        for right in one.frameworks
        if left != right
    ]
    return [("home",), *courses, *lessons, *pairs]


def sitemap(catalogue: Catalogue, links: Links) -> str:
    """Return every page in every language, as XML."""
    return _xml("sitemap.xml", links, places=places(catalogue), languages=LANGUAGES)


def feed(catalogue: Catalogue, language: str, links: Links) -> str:
    """Return the newest lessons as an Atom feed; a lesson.toml says when its lesson last changed."""
    newest = dated(catalogue)[:FEED_LENGTH]
    return _xml("feed.xml", links, lessons=newest, language=language, words=words(language))


def dated(catalogue: Catalogue) -> list[Lesson]:
    """Return the lessons whose lesson.toml has a date, the newest first."""
    return sorted((one for one in catalogue.lessons if one.date), key=lambda one: (one.date, one.name), reverse=True)


def robots(links: Links) -> str:
    """Return what crawlers may read: all but runs."""
    return f"User-agent: *\nDisallow: /*/runs/\nSitemap: {links.absolute('sitemap', '')}\n"


def picture(lesson: Lesson, language: str) -> bytes:
    """Return what stands beside a link to the lesson: its map, or the picture that all of them share."""
    if not lesson.map.exists():
        return (assets.STATIC / f"card-{language}.png").read_bytes()
    return _draw(lesson, language, lesson.map.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _draw(lesson: Lesson, language: str, changed: int) -> bytes:
    return sweep_picture(json.loads(lesson.map.read_text(encoding="utf-8")), lesson, language)


def _xml(template: str, links: Links, **values: object) -> str:
    return assets.templates().get_template(template).render(links=links, **values)
