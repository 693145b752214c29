"""What a browser gets, the page and the report alike: templates, our scripts and styles, and Vega."""

import re
from functools import cache
from pathlib import Path
from threading import Lock

import jinja2
from markupsafe import Markup

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"


@cache
def templates() -> jinja2.Environment:
    """Return the templates; what they print is escaped, and a missing name is an error."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def inline(name: str) -> Markup:
    """Return one of our own scripts or styles, to stand inside a page."""
    return Markup((STATIC / name).read_text(encoding="utf-8"))  # noqa: S704 (our own file)


def bundle(*names: str) -> str:
    """Return Vega and some of our modules as one plain script: from a disk a browser loads no modules."""
    ours = "".join(
        re.sub(r"^(import .*|export )", "", (STATIC / name).read_text(encoding="utf-8"), flags=re.M) for name in names
    )
    return f'(() => {{ "use strict";\n{vega()}\n}})();\n(() => {{ "use strict";\n{ours}\n}})();\n'


_BUNDLING = Lock()


def vega() -> str:
    """Return Vega, Vega-Lite and vega-embed as one script; the first call takes about 2 s, and others wait for it."""
    with _BUNDLING:
        return _bundle()


@cache
def _bundle() -> str:
    import vl_convert  # noqa: PLC0415 (only where something is drawn)

    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return script
