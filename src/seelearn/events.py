"""The events a lesson emits: what a recording holds and every reader draws.

An event is one flat JSON object, and it is also one row of a chart's data: the charts unfold the arrays inside it
themselves (see `seelearn.charts`), so the terminal, the page, the report and the picture need no code to translate.

Every event has `kind`, `step` (how many steps were done when it was emitted; null before the first look) and `t`
(seconds since the run began). `t` is the only part that differs between two runs of the same job. A number that is
not finite is null, because JSON has no other word for it.
"""

import json
from collections.abc import Iterable
from typing import Literal, NotRequired, TypedDict, get_args

Numbers = list[float | None]


class Stamp(TypedDict):
    """What every event carries."""

    step: int | None
    t: float


class Step(Stamp):
    """Progress: `step` of `total` steps are done."""

    kind: Literal["step"]
    total: int


class Line(Stamp):
    """One more value of a curve that grows with the steps, such as a loss."""

    kind: Literal["line"]
    chart: str
    series: str
    y: float | None


class Curve(Stamp):
    """A whole curve as it is at this step, such as a fit; x and y have equal lengths."""

    kind: Literal["curve"]
    chart: str
    series: str
    x: Numbers
    y: Numbers


class Points(Stamp):
    """A cloud of points; x and y have equal lengths, and so have the words that stand at them, if there are any."""

    kind: Literal["points"]
    chart: str
    series: str
    x: Numbers
    y: Numbers
    labels: NotRequired[list[str]]


class Image(Stamp):
    """A picture, or many side by side in one: `url` holds it as PNG, a pixel for each value.

    `width` and `height` count its pixels. `low` and `high` are the values that have the palest and the darkest colour;
    null for a picture that came in colours of its own. In a plot it lies below curves and points, from x[0] to x[1] and
    from y[0], its lower edge, to y[1].
    """

    kind: Literal["image"]
    chart: str
    series: str
    url: str
    width: int
    height: int
    low: float | None
    high: float | None
    x: list[float] | None
    y: list[float] | None


class Table(Stamp):
    """Numbers or words in rows and columns: values[row][column]; a word that is a series is shown by its label."""

    kind: Literal["table"]
    chart: str
    series: str
    rows: list[str]
    columns: list[str]
    values: list[list[float | str | None]]


class Distribution(TypedDict):
    """A histogram that loses nothing: equal bins on [low, high], and what lies outside them.

    `counts` holds the values below `low`, then one count a bin (the last bin includes `high`), then the values above
    `high`; `nan` counts what is not a number. `mean` and `std` are over the finite values, without Bessel's correction.
    """

    low: float
    high: float
    counts: list[int]
    nan: int
    mean: float | None
    std: float | None


class Layer(TypedDict):
    """One layer at one moment.

    `before` is what its activation function receives, `after` what it passes on. `signal` is the standard deviation of
    what a unit passes on over the examples, averaged over the units: at 0 the layer says the same whatever comes in,
    however wide its histogram. `saturated` is the share of values at which the activation's slope is below 5% of its
    steepest, `dead` the share of units for which that holds on every example looked at. Both are null for the input,
    which has no activation, and all three where values are not numbers.
    """

    name: str
    before: Distribution
    after: Distribution
    signal: float | None
    saturated: float | None
    dead: float | None


class Layers(Stamp):
    """Every layer of one network at this step, input first."""

    kind: Literal["layers"]
    chart: str
    series: str
    layers: list[Layer]


class Note(Stamp):
    """A sentence of the lesson, named by its key in lesson.toml, with the values that stand in it."""

    kind: Literal["note"]
    key: str
    values: dict[str, float | str | None]


class Result(Stamp):
    """What one of many seeds gave: every growing curve whole, and what each claim about it said.

    `cell` holds the parameters that a sweep has set for it. `claims` holds true or false, or a number; null is a number
    that is not finite.
    """

    kind: Literal["result"]
    seed: int
    cell: dict[str, int | float | str]
    lines: dict[str, dict[str, Numbers]]
    claims: dict[str, bool | float | None]


class Band(Stamp):
    """How a growing curve runs in many seeds: at each step of `x`, four fifths of them lie within [low, high].

    `mid` is the median; a value that is not a number counts as larger than any other. `seeds` says how many there
    are so far: a later band of the same series replaces an earlier one.
    """

    kind: Literal["band"]
    chart: str
    series: str
    seeds: int
    x: list[int]
    low: Numbers
    mid: Numbers
    high: Numbers


Event = Step | Line | Curve | Points | Image | Table | Layers | Note | Result | Band

KEYS: dict[str, frozenset[str]] = {
    get_args(event.__annotations__["kind"])[0]: event.__required_keys__ for event in get_args(Event)
}


def encode(message: object) -> bytes:
    """Return an event as it is recorded and sent: JSON on one line."""
    return json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def is_event(value: object) -> bool:
    """Whether a JSON value has the kind and the keys of an event."""
    return isinstance(value, dict) and KEYS.get(str(value.get("kind")), {""}) <= value.keys()


def without_times(events: Iterable[Event]) -> list[dict[str, object]]:
    """Return the events without `t`: equal for two runs of one job on one machine."""
    return [{key: value for key, value in event.items() if key != "t"} for event in events]
