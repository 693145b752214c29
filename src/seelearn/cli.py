"""The command line."""

import argparse
import difflib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import NoReturn

from seelearn import __version__, commands, publishing, studies
from seelearn.engine.catalogue import Catalogue, Lesson
from seelearn.engine.parameters import SEED
from seelearn.errors import UserError
from seelearn.labels import LANGUAGES, parameter_label
from seelearn.site.settings import WORKERS

USER_ERROR = 2
INTERRUPTED = 130

EXAMPLES = """examples:
  seelearn list
  seelearn run batch_normalization
  seelearn run batch_normalization --activation relu --bias 0 --seed 7
  seelearn run batch_normalization --help        its parameters
  seelearn run batch_normalization --seeds 64     many seeds at once: the band they make
  seelearn verify batch_normalization            measure what the lesson claims
  seelearn sweep batch_normalization --set activation=tanh,relu --set bias=-0.5:0.5:11 --seeds 32
  seelearn report runs/batch_normalization-1
  seelearn notebook batch_normalization          the lesson as a Jupyter notebook
  seelearn serve
  seelearn publish site
  seelearn doctor
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 the run failed, 2 a mistake in what was typed."""
    signal.signal(signal.SIGTERM, _interrupt)
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        parser = _parser(_catalogue(arguments), arguments)
        options, rest = parser.parse_known_args(arguments)
        if rest:
            raise _unknown(rest[0], arguments, parser)
        return int(options.command(options))
    except UserError as error:
        print(f"seelearn: {error}", file=sys.stderr)
        return USER_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has gone, as in `seelearn list | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message}: `{self.prog} --help` shows what is allowed")


def _parser(catalogue: Catalogue, arguments: list[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="seelearn",
        description="Machine learning you can see, run and check.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"seelearn {__version__}")
    parser.add_argument("--lessons", metavar="DIR", help="a folder of lessons other than the course's own")
    parser.set_defaults(catalogue=catalogue)
    names = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Callable[[argparse.Namespace], int], about: str) -> argparse.ArgumentParser:
        sub = names.add_parser(name, help=about, description=about, allow_abbrev=False)
        sub.set_defaults(command=command)
        return sub

    add("list", commands.list_lessons, "name the courses and the lessons").add_argument(
        "--json", action="store_true", help="print JSON"
    )
    run = add("run", commands.run_lesson, "run a lesson, record it and draw it")
    run.add_argument("lesson", help="the name of a lesson")
    run.add_argument("--framework", help="the framework to run it in (default: the lesson's first)")
    run.add_argument("--out", metavar="DIR", help="a new folder for the recording (default: below runs/)")
    _add_language(run)
    run.add_argument("--json", action="store_true", help="print only the result, as JSON")
    run.add_argument(
        "--seeds",
        dest=f"{commands.GIVEN}seeds",
        metavar="COUNT",
        default=argparse.SUPPRESS,
        help="measure so many seeds at once, and draw the band they make, instead of one run",
    )
    _add_parameters(run, catalogue, arguments)
    notebook = add("notebook", commands.write_notebook, "write a lesson as a Jupyter notebook")
    notebook.add_argument("lesson", help="the name of a lesson")
    notebook.add_argument("--framework", help="the framework of its code (default: the lesson's first)")
    notebook.add_argument("--out", metavar="FILE", help="a new file (default: LESSON-FRAMEWORK.ipynb)")
    _add_language(notebook)
    _add_studies(add)
    report = add("report", commands.report_run, "draw a recording again")
    report.add_argument("run", metavar="RUN", help="the folder of a recording")
    _add_language(report)
    _add_publishing(add)
    add("doctor", commands.examine, "say what is installed, what is missing, and what to type")
    return parser


def _add_studies(add: Callable[..., argparse.ArgumentParser]) -> None:
    verify = add("verify", studies.verify_lesson, "measure what a lesson claims, over many seeds")
    verify.add_argument("lesson", help="the name of a lesson")
    verify.add_argument("--framework", help="the framework to measure it in (default: the lesson's first)")
    verify.add_argument("--seeds", default="1024", help="how many seeds, from 0 on (default: 1024)")
    verify.add_argument("--out", metavar="FILE", help="where the evidence goes (default: the lesson's evidence.json)")
    verify.add_argument("--check", action="store_true", help="write nothing; fail if a claim is contradicted")
    verify.add_argument("--json", action="store_true", help="print only the evidence, as JSON")
    _add_cluster(verify)
    sweep = add("sweep", studies.sweep_lesson, "measure a lesson over a grid of parameters")
    sweep.add_argument("lesson", help="the name of a lesson")
    sweep.add_argument("--framework", help="the framework to measure it in (default: the lesson's first)")
    sweep.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUES",
        help="a parameter and its values: bias=-0.2, activation=tanh,relu, or bias=LOW:HIGH:COUNT for equal distances",
    )
    sweep.add_argument("--seeds", default="32", help="how many seeds in each cell, from 0 on (default: 32)")
    sweep.add_argument("--out", metavar="DIR", help="a folder for the results (default: below runs/)")
    sweep.add_argument("--map", action="store_true", help="also keep it as the map on the lesson's page")
    sweep.add_argument("--json", action="store_true", help="print only the cells, as JSON")
    _add_cluster(sweep)
    _add_language(sweep)


def _add_publishing(add: Callable[..., argparse.ArgumentParser]) -> None:
    serve = add("serve", publishing.serve_course, "serve the course at http://127.0.0.1:PORT")
    serve.add_argument("--port", default="8000", help="default: 8000")
    serve.add_argument("--runs", default="runs", metavar="DIR", help="where recordings go (default: runs/)")
    serve.add_argument("--keep", default="2", metavar="GIB", help="what recordings may take together (default: 2)")
    serve.add_argument("--workers", default=WORKERS, help=f"how many runs at a time (default: {WORKERS})")
    serve.add_argument("--ray", metavar="ADDRESS", default="", help="run on a Ray cluster: its address, or auto")
    serve.add_argument("--url", default="", help="the address by which readers know it, for links from other sites")
    serve.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets others connect (default: this machine only)")
    serve.add_argument(
        "--allow", action="append", default=[], metavar="NAME", help="a name under which others may ask for it"
    )
    publish = add("publish", publishing.publish_course, "write the course as files for any web host, or none")
    publish.add_argument(
        "folder", metavar="DIR", help="where the edition goes: a new or empty folder, or an earlier edition"
    )
    publish.add_argument("--url", default="", help="the address that it will have: search engines want to know it")
    publish.add_argument("--discussion", default="", metavar="URL", help="a live site whose comments its pages show")


def _add_cluster(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ray", metavar="ADDRESS", help="measure on a Ray cluster: its address, auto or local")


def _add_language(parser: argparse.ArgumentParser) -> None:
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    default = "zh" if locale.startswith("zh") else "en"
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        default=default,
        help=f"language (default: {default}, from LANG)",
    )


def _add_parameters(parser: argparse.ArgumentParser, catalogue: Catalogue, arguments: list[str]) -> None:
    """Add the parameters of the lesson that is named on the command line, so `--help` shows them."""
    lesson = next((one for one in catalogue.lessons if one.name in arguments), None)
    group = parser.add_argument_group("parameters of the lesson")
    if lesson is None:
        group.description = "name a lesson to see them: seelearn run LESSON --help"
        return
    language = parser.get_default("lang")
    for parameter in [*lesson.parameters(_framework(lesson, arguments)), SEED]:
        label = parameter_label(lesson.labels, parameter.name, language).replace("%", "%%")
        group.add_argument(
            f"--{parameter.name}",
            dest=commands.GIVEN + parameter.name,
            metavar="VALUE",
            default=argparse.SUPPRESS,
            help=f"{label}: {parameter.allowed} (default: {parameter.default})",
        )


def _framework(lesson: Lesson, arguments: list[str]) -> str:
    pairs = pairwise(arguments)
    named = next((value for flag, value in pairs if flag == "--framework"), None)
    return named if named in lesson.frameworks else lesson.frameworks[0]


def _catalogue(arguments: list[str]) -> Catalogue:
    first = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    first.add_argument("--lessons")
    folder = first.parse_known_args(arguments)[0].lessons
    return Catalogue(Path(folder) if folder else None)


def _unknown(word: str, arguments: list[str], parser: argparse.ArgumentParser) -> UserError:
    choices = next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction)).choices
    name = next(word for word in arguments if word in choices)
    known = [flag for action in choices[name]._actions for flag in action.option_strings]
    near = difflib.get_close_matches(word.split("=", maxsplit=1)[0], known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"`seelearn {name} --help` lists them"
    return UserError(f"no option {word[:60]!r}: {hint}")


def _interrupt(signum: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
