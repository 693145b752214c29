"""Where the pages of the site are: every link of a page is made here."""

PATHS = {
    "home": "/{language}/",
    "course": "/{language}/courses/{names}",
    "lesson": "/{language}/lessons/{names}",
    "compare": "/{language}/compare/{names}",
    "script": "/{language}/lessons/{names}.py",
    "notebook": "/{language}/lessons/{names}.ipynb",
    "picture": "/{language}/lessons/{names}.png",
    "runs": "/{language}/lessons/{names}/runs",
    "search": "/{language}/index.js",
    "feed": "/{language}/feed.xml",
    "card": "/static/card-{language}.png",
    "sitemap": "/sitemap.xml",
}


class Links:
    """The addresses of a live site; `base` is its public address, without a slash at the end.

    A page is named by its kind, its language and its names: `links("lesson", "en", "regression", "numpy")`. An edition
    whose files lie elsewhere gives its pages a `Links` of its own.
    """

    def __init__(self, base: str) -> None:
        self._base = base

    def __call__(self, kind: str, language: str, *names: str) -> str:
        """Return the address of a page or file as another page of the site links to it."""
        return PATHS[kind].format(language=language, names="/".join(names))

    def static(self, name: str) -> str:
        """Return the address of one of the files that all pages share."""
        return f"/static/{name}"

    def absolute(self, kind: str, language: str, *names: str) -> str:
        """Return the address of a page or file as another site would link to it."""
        return self._base + self(kind, language, *names)
