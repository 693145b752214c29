"""One contender of many.py: trains whenever a line comes in, and prints seconds and median losses as JSON.

python benchmarks/contender.py NAME SEEDS
"""

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from contenders import CONTENDERS  # type: ignore[import-not-found]
from seelearn.engine.catalogue import Catalogue
from seelearn.engine.module import load_module
from seelearn.many import Adam, many


def ours(seeds: int) -> Any:
    """Train the lesson's own network with `many`; return the last losses, [4, seeds]."""
    lesson = load_module(Catalogue().lesson("batch_normalization").file("torch"))

    def data(noise: float) -> Any:
        return lesson.parabola(2000, noise), lesson.parabola(200, noise)

    outcome = many(
        lesson.deep_net,
        data,
        F.mse_loss,
        Adam,
        epochs=12,
        batch=64,
        seeds=range(seeds),
        each={"activation": ["tanh", "relu"], "arm": ["plain", "batch norm"]},
        weights="small",
        bias=-0.2,
        depth=8,
        width=10,
        momentum=0.5,
        lr=0.03,
        noise=2.0,
    )
    return outcome.loss[:, -1].reshape(seeds, 4).T


def main() -> None:
    """Train once for every line on the standard input."""
    contenders: dict[str, Callable[[int], Any]] = {**CONTENDERS, "many": ours}
    train, seeds = contenders[sys.argv[1]], int(sys.argv[2])
    for _ in sys.stdin:
        start = time.perf_counter()
        losses = train(seeds)
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "losses": np.median(losses, axis=1).tolist()}), flush=True)


if __name__ == "__main__":
    torch.manual_seed(0)
    main()
