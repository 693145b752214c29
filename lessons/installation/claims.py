"""What the prose claims. The promises were decided before any of these seeds was trained."""

from seelearn.claims import Trial, claim

CONDITIONS = {"default": {"lr": 0.01}}


def largest(trial: Trial, row: int) -> float:
    """Return how far the weights of "again" (0) or "next" (1) end from those of "first"."""
    return float(trial.tables["bits"]["first"][-1][row][1])


@claim("default", share=0.95)
def paints(trial: Trial) -> bool:
    """The loss ends below 0.1; whoever answers "half" everywhere has 0.69."""
    return trial.last("loss", "first") < 0.1


@claim("default", share=0.95)
def repeats(trial: Trial) -> bool:
    """The second training with the same seed ends in exactly the same weights."""
    return largest(trial, 0) == 0


@claim("default", share=0.95, refuted=True)
def one_seed_is_enough(trial: Trial) -> bool:
    """The next network, made without seeding again, ends in exactly the same weights."""
    return largest(trial, 1) == 0


@claim("default", share=0.95)
def next_paints_too(trial: Trial) -> bool:
    return trial.last("loss", "next") < 0.1


@claim("default", median=(1.1, 2))
def luck(trial: Trial) -> float:
    """The higher final loss of the two differently seeded networks, divided by the lower."""
    ends = [trial.last("loss", "first"), trial.last("loss", "next")]
    return max(ends) / min(ends)
