"""What the seeds say of a lesson's claims: a badge on each sentence, and the table at the end of the page."""

import html
import math
import re
from typing import Any

from seelearn.engine.catalogue import Lesson
from seelearn.engine.parameters import Parameter, Value, text
from seelearn.evidence.evidence import Evidence, Proof
from seelearn.labels import choice_label, figure, parameter_label, whole, words
from seelearn.site.prose import Badge

SIGNS = {"holds": "✓", "refuted": "✗", "undecided": "?", "unmeasured": "○"}
"""So that no verdict is told by its colour alone."""


def badges(evidence: Evidence | None, language: str, *, stale: bool) -> Badge:
    """Return what puts the badge on a claim's sentence; `stale` says that the code has changed since."""

    def badge(name: str, first: bool) -> tuple[str, str]:
        place = name.replace(".", "-")
        proof = evidence.claims.get(name) if evidence else None
        verdict = proof["verdict"] if proof else "unmeasured"
        mark = f' id="claim-{place}"' if first else ""  # an id stands once on a page
        classes = f"claim {verdict} stale" if proof and stale else f"claim {verdict}"
        said = f"{SIGNS[verdict]}&nbsp;{_short(proof, language, stale=stale)}"
        if evidence and proof:
            title = html.escape(_long(evidence, proof, language))
            link = f'<a class="badge" href="#evidence-{place}" title="{title}">{said}</a>'
        else:
            link = f'<span class="badge">{said}</span>'
        before, after = ("<s>", "</s>") if verdict == "refuted" else ("", "")
        return f'<span class="{classes}"{mark}>{before}', f"{after} {link}</span>"

    return badge


def verdict(evidence: Evidence | None, name: str, language: str, *, stale: bool) -> tuple[str, str]:
    """Return what was found of a claim, and its badge as plain text, for where there is no page."""
    proof = evidence.claims.get(name) if evidence else None
    found = proof["verdict"] if proof else "unmeasured"
    said = html.unescape(re.sub("<[^>]+>", "", _short(proof, language, stale=stale)))
    return found, f"{SIGNS[found]} {said}"


def summary(evidence: Evidence, lesson: Lesson, sentences: dict[str, str], language: str) -> dict[str, Any]:
    """Return what the page says below the lesson: what was measured, and a row for every claim."""
    said = words(language, "evidence")
    versions = ", ".join(f"{name} {version}" for name, version in evidence.versions.items())
    about = said["about"].format(
        seeds=whole(evidence.seeds, language),
        last=whole(evidence.seeds - 1, language),
        date=evidence.date,
        versions=versions,
        machine=evidence.machine,
    )
    rows = []
    parameters = lesson.parameters(evidence.framework)
    order = [*sentences, *evidence.claims]  # as they stand on the page
    for name, proof in sorted(evidence.claims.items(), key=lambda item: order.index(item[0])):
        given = evidence.conditions[proof["condition"]]["parameters"]
        rows.append(
            {
                "name": name,
                "place": name.replace(".", "-"),
                "sentence": sentences.get(name),
                "condition": _condition(lesson, parameters, given, language),
                "promised": _promise(proof, language),
                "found": _found(proof, language),
                "sign": SIGNS[proof["verdict"]],
                "verdict": proof["verdict"],
            }
        )
    return {"about": about, "rows": rows, "stale": evidence.stale(lesson), "words": said}


def _short(proof: Proof | None, language: str, *, stale: bool) -> str:
    """Return the HTML on a badge; what a phone has no room for stands in `spare`."""
    said = words(language, "evidence")
    if proof is None:
        return html.escape(said["unmeasured"])
    verdict = proof["verdict"]
    kind = "median" if proof["median"] else f"share_{verdict}"
    prefix = "" if verdict == "holds" else said[f"prefix_{verdict}"]
    spare = "" if proof["median"] else f'<span class="spare">{html.escape(said["spare"])}</span>'
    found = html.escape(prefix + said[kind].format(**_numbers(proof, language)))
    return found + spare + html.escape(_gone(proof, language) + said["stale"] * stale)


def _long(evidence: Evidence, proof: Proof, language: str) -> str:
    """Return what a badge says when it is asked."""
    return words(language, "evidence")["title"].format(
        promised=_promise(proof, language),
        found=_found(proof, language),
        date=evidence.date,
        last=whole(proof["of"] - 1, language),
    )


def _promise(proof: Proof, language: str) -> str:
    said = words(language, "evidence")
    if proof["median"]:
        low, high = (figure(end, language) for end in proof["median"])
        return said["promised_median"].format(low=low, high=high)
    return said["promised_share"].format(share=_percent(proof["share"], round))


def _found(proof: Proof, language: str) -> str:
    key = "found_median" if proof["median"] else "found_share"
    return words(language, "evidence")[key].format(**_numbers(proof, language)) + _gone(proof, language)


def _gone(proof: Proof, language: str) -> str:
    said = words(language, "evidence")["nan"]
    return said.format(nan=whole(proof["nan"], language)) if proof["nan"] else ""


def _numbers(proof: Proof, language: str) -> dict[str, str]:
    """Return the numbers of a finding as they are written: the ends of a share's interval are rounded outwards."""
    of = whole(proof["of"], language)
    if proof["count"] is None:
        return {name: figure(value, language) for name, value in _ends(proof).items()} | {"of": of}
    return {
        "of": of,
        "count": whole(proof["count"], language),
        "value": _percent(proof["value"], round),
        "low": _percent(proof["low"], math.floor),
        "high": _percent(proof["high"], math.ceil),
    }


def _ends(proof: Proof) -> dict[str, float | None]:
    return {"value": proof["value"], "low": proof["low"], "high": proof["high"]}


def _percent(share: float | None, rounded: Any) -> str:
    """Return a share with one decimal; the inner rounding forgives 0.95 for not being 0.95 in binary."""
    return f"{rounded(round((share or 0) * 1000, 6)) / 10:g}%"


def _condition(lesson: Lesson, parameters: list[Parameter], given: dict[str, Value], language: str) -> str:
    """Name the parameters that differ from the lesson's own."""
    said = words(language, "evidence")
    parts = []
    for parameter in parameters:
        value = given.get(parameter.name, parameter.default)
        if value != parameter.default:
            shown = (
                choice_label(lesson.labels, parameter.name, value, language) if isinstance(value, str) else text(value)
            )
            parts.append(said["is"].format(label=parameter_label(lesson.labels, parameter.name, language), value=shown))
    return said["and"].join(parts) or said["defaults"]
