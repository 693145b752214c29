"""What every kind of chart starts from and ends with."""

import json
from typing import Any

import altair as alt

from seelearn.labels import words

PALETTE = ["#e07000", "#0072b2", "#009e73", "#b04a8f", "#8c6d31", "#7a7a7a"]
"""Okabe and Ito's colours for any eye, darkened to a contrast of 3:1 on white and on the page's dark ground."""

WIDTH, HEIGHT = 440, 260
"""The size of a chart in pixels; the page narrows it to its own width."""

NOW = "datum.step == null || datum.step == now"
"""Keeps the events of the step that is looked at, and those that belong to none."""


class Panel:
    """What a chart needs of its lesson: words in one language, and the colours of its series."""

    def __init__(self, key: str, about: dict[str, Any], labels: dict[str, Any], language: str) -> None:
        self.key = key
        self.about = about
        self.source = about.get("of", key)
        self.language = language
        self.words = words(language, "charts")
        self.names = {s: labels["series"][s][language] for s in about["series"]}
        self.every = {series: label[language] for series, label in labels["series"].items()}

    def label(self, name: str) -> str:
        """Return one of the chart's own words, such as the title of an axis."""
        return str(self.about[name][self.language])

    @property
    def _arm(self) -> str:
        """An expression that gives the label of a row's series."""
        return f"{json.dumps(self.names, ensure_ascii=False)}[datum.series]"

    def base(self) -> alt.Chart:
        """Return a chart of the panel's events, each with the label of its series in `arm`."""
        return alt.Chart(alt.NamedData(name=self.key)).transform_calculate(arm=self._arm)

    @staticmethod
    def named(field: str) -> alt.Tooltip:
        """Return a line of the tooltip that needs no title."""
        return alt.Tooltip(field, title=" ")

    def colour(self, **options: Any) -> alt.Color:
        """Return the colour of a series, with a legend that names only what is `shown`."""
        legend = alt.Legend(title=None, orient="top", values=alt.ExprRef("shown"), columns=3, symbolOpacity=1)
        scale = alt.Scale(domain=list(self.names.values()), range=PALETTE[: len(self.names)])
        return alt.Color("arm:N", **{"scale": scale, "legend": legend, **options})

    def finish(self, chart: Any) -> Any:
        """Add what all kinds share: the signals, and in `usermeta` the labels of the series."""
        chart = chart.add_params(
            alt.param(name="now", value=0),
            alt.param(name="total", value=1),
            alt.param(name="shown", value=[]),
        )
        return chart.properties(name=self.key, usermeta={"names": self.names, "source": self.source}).configure_view(
            stroke=None
        )
