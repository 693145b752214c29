"""What the prose claims. One seed gives both networks the same pictures, batches and moves.

The promises were written after a look at eight other seeds, 5000 to 5007. Those eight flattered the
CNN: four promises were left undecided by the first 64 seeds, and what is promised instead says so.
"""

from seelearn.claims import Trial, claim

CONDITIONS = {"still": {}, "moved": {"jitter": 2}, "random": {"filters": "random"}}


def right(trial: Trial, name: str, by: int) -> float:
    """Return the share read correctly at the end of test pictures moved by so many pixels."""
    return float(trial.curves["moved"][name][-1, by])


def lead(trial: Trial, by: int) -> float:
    return right(trial, "cnn", by) - right(trial, "mlp", by)


@claim("still", share=0.95, refuted=True)
def cnn_beats_plain(trial: Trial) -> bool:
    """Promised for 75% at first: 43 of 64 seeds showed it. People say it without a share."""
    return lead(trial, 0) > 0


@claim("still", median=(0.0, 0.02))  # at first from 0.003 to 0.025
@claim("moved", median=(0.02, 0.08))
def lead_centred(trial: Trial) -> float:
    """How far the CNN is ahead on pictures that are not moved."""
    return lead(trial, 0)


@claim("still", share=0.75)
def moved_hurts_plain_more(trial: Trial) -> bool:
    """On pictures moved by one pixel, and by two, the CNN is more than ten points ahead.

    Promised for 95% at first: 60 of 64 seeds showed it.
    """
    return lead(trial, 1) > 0.1 and lead(trial, 2) > 0.1


@claim("still", median=(0.6, 0.72))
@claim("moved", median=(0.91, 0.97))
def cnn_moved_by_one(trial: Trial) -> float:
    return right(trial, "cnn", 1)


@claim("still", median=(0.38, 0.5))
def plain_moved_by_one(trial: Trial) -> float:
    return right(trial, "mlp", 1)


@claim("still", share=0.95, refuted=True)
def cnn_does_not_mind(trial: Trial) -> bool:
    """A move by one pixel costs it less than five points."""
    return right(trial, "cnn", 0) - right(trial, "cnn", 1) < 0.05


@claim("moved", share=0.85)
def cnn_leads_everywhere(trial: Trial) -> bool:
    """Over pictures moved by 0, 1 and 2 pixels, the CNN is ahead on average.

    Promised for 95% at first: 62 of 64 seeds showed it.
    """
    return sum(lead(trial, by) for by in (0, 1, 2)) > 0


@claim("random", share=0.95, refuted=True)
def random_is_enough(trial: Trial) -> bool:
    """Nine in ten right, with filters that stay as they were drawn."""
    return right(trial, "cnn", 0) >= 0.9


@claim("random", median=(0.75, 0.88))
def random_filters(trial: Trial) -> float:
    return right(trial, "cnn", 0)
