"""Measure what a lesson claims."""

import os
import platform
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from seelearn.engine.catalogue import Lesson
from seelearn.engine.claims import Claim, Claims, read_claims
from seelearn.engine.job import Job, code_hash, make_job
from seelearn.engine.measure import SHARES, quantiles
from seelearn.engine.pool import Pool
from seelearn.errors import UserError
from seelearn.events import Result
from seelearn.evidence.evidence import Condition, Evidence, Proof
from seelearn.evidence.statistics import judge_median, judge_share, median, share
from seelearn.show import numbers

CHUNK = {True: 128, False: 8}
"""Seeds in one job: for a lesson that trains many at once, and for one that is run seed by seed."""


def verify(lesson: Lesson, framework: str, seeds: int, pool: Pool, tell: Callable[[int, int], None]) -> Evidence:
    """Measure every condition of a lesson's claims over the seeds 0 … seeds − 1, and judge the claims.

    What `pool` has recorded is not measured again, so a second call goes on where the first was stopped. `tell` is told
    how many seeds are done, and of how many.

    Raises `UserError` if the lesson claims nothing, and `JobError` if a run fails.
    """
    claims = read_claims(lesson, framework)
    if not claims.claims:
        raise UserError(f"{lesson.name} claims nothing: write {lesson.claims}")
    jobs = {name: _jobs(lesson, framework, claims, name, seeds) for name in claims.conditions}
    total = seeds * len(jobs)
    results: dict[str, list[Result]] = defaultdict(list)
    done = 0
    for job, event in pool.run([job for group in jobs.values() for job in group]):
        if event["kind"] == "result":
            results[job.id].append(event)
            done += 1
            tell(done, total)
    measured = {name: [one for job in group for one in results[job.id]] for name, group in jobs.items()}
    first = next(iter(jobs.values()))[0]
    if first.code != code_hash(lesson, framework, claims=True):
        raise UserError(f"{lesson.name} was changed while it was measured: verify it again")
    return Evidence(
        lesson=lesson.name,
        framework=framework,
        code=first.code,
        versions=first.versions,
        python=platform.python_version(),
        machine=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        date=datetime.now(UTC).date().isoformat(),
        seeds=seeds,
        conditions={k: _condition(claims.relevant(claims.conditions[k]), rows) for k, rows in measured.items()},
        claims={claim.name: _prove(claim, measured[claim.condition]) for claim in claims.claims},
    )


def contradictions(evidence: Evidence) -> list[str]:
    """Return the names of the claims whose evidence excludes what the lesson says of them."""
    return [
        name
        for name, proof in evidence.claims.items()
        if proof["verdict"] == ("holds" if proof["refuted"] else "refuted")
    ]


def _jobs(lesson: Lesson, framework: str, claims: Claims, condition: str, seeds: int) -> list[Job]:
    size = CHUNK[claims.stacked]
    parameters = claims.conditions[condition]
    return [
        make_job(lesson, framework, {**parameters, "seed": first, "seeds": min(size, seeds - first)})
        for first in range(0, seeds, size)
    ]


def _condition(parameters: dict[str, Any], results: list[Result]) -> Condition:
    condition: Condition = {"parameters": parameters, "seeds": len(results), "bands": {}, "last": {}, "nan": {}}
    for chart, group in results[0]["lines"].items():
        for series in group:
            rows = [result["lines"][chart][series] for result in results]
            low, mid, high = (numbers(row) for row in quantiles(rows, SHARES))
            last = [[row[-1]] for row in rows]
            ranks = quantiles(last, [k / 100 for k in range(101)])
            condition["bands"].setdefault(chart, {})[series] = {"low": low, "mid": mid, "high": high}
            condition["last"].setdefault(chart, {})[series] = numbers(ranks)
            condition["nan"].setdefault(chart, {})[series] = sum(value is None for [value] in last)
    return condition


def _prove(claim: Claim, results: list[Result]) -> Proof:
    said = [result["claims"][claim.judge] for result in results]
    if claim.share is not None:
        finding = share(said)
        verdict = judge_share(finding, claim.share)
    else:
        assert claim.median is not None  # noqa: S101 (claim() takes one of the two)
        finding = median(said)
        verdict = judge_median(finding, claim.median)
    return {
        **finding,
        "condition": claim.condition,
        "share": claim.share,
        "median": list(claim.median) if claim.median else None,
        "refuted": claim.refuted,
        "verdict": verdict,
    }
