"""What the prose claims, of parabolas and the same networks at two learning rates of the painter.

The promises were written after a look at ten other runs of each, which happened to collapse more
than most: the first 64 seeds left two of them undecided.
"""

from seelearn.claims import Trial, claim

CONDITIONS = {"balanced": {}, "hasty": {"painter_lr": 0.03}}


@claim("balanced", "hasty", median=(0.45, 0.6))
def verdict(trial: Trial) -> float:
    """How often the critic is right, on average over the last ten epochs."""
    return float(trial.lines["verdict"]["critic"][-10:].mean())


@claim("balanced", median=(0.95, 1.15))
@claim("hasty", median=(0.4, 0.85))  # at first from 0.2 to 0.65
def variety(trial: Trial) -> float:
    """The relative spread of the painter's works, on average over the last ten epochs."""
    return float(trial.lines["spread"]["made"][-10:].mean())


@claim("balanced", share=0.9)
@claim("hasty", share=0.95, refuted=True)
def as_varied(trial: Trial) -> bool:
    """That average is within a quarter of the real works' spread."""
    return abs(variety(trial) - 1) < 0.25


@claim("hasty", share=0.7)
def collapses(trial: Trial) -> bool:
    """At some epoch after the fifth the relative spread is below 0.3.

    Promised for 85% at first: 55 of 64 seeds showed it.
    """
    return bool(trial.lines["spread"]["made"][6:].min() < 0.3)


@claim("balanced", share=0.85)
def stays_varied(trial: Trial) -> bool:
    """At every epoch after the fifth the relative spread is above 0.6."""
    return bool(trial.lines["spread"]["made"][6:].min() > 0.6)
