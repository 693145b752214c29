"""Networks fully trained a second: `many` against what else one could use, interleaved in one run.

    python benchmarks/many.py [SEEDS …] [--rounds 3]

Every contender does the same work on the flagship with recording on (see contenders.py): four networks a seed, twelve
epochs, losses, predictions and the histograms and health of every layer before the first epoch and after each. Each
runs in a process of its own, with what it wants of the machine's cores; one after the other trains, round after round.
"First call" is the first training in a new process, with whatever is compiled then: `many` finds its kernel in a cache
on disk, unless this is the first time ever; that figure has a row of its own.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
OLD, JAX, OURS = "2017-style script", "JAX, two devices", "many"
SLOW = {OLD: 1, "PyTorch, one network at a time": 2, "torch.func": 64, "PyTorch, stacked by hand": 256}
"""The most seeds for those who train at one rate however many there are: more would only take longer."""
NAMES = [*SLOW, "JAX, one device", JAX, OURS]


class Contender:
    """A process that trains so many seeds whenever it is told to."""

    def __init__(self, name: str, seeds: int, environment: dict[str, str] | None = None) -> None:
        self.name, self.seeds = name, min(seeds, SLOW.get(name, seeds))
        self.seconds: list[float] = []
        self.losses: list[float] = []
        script = "with_jax.py" if name.startswith("JAX") else "contender.py"
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / script), name, str(self.seeds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(environment or {})},
        )

    def train(self) -> None:
        """Let it train once, and note what it says: seconds, and the median loss of every arm."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        self.seconds.append(said["seconds"])
        self.losses = said["losses"]

    def __enter__(self) -> "Contender":
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    @property
    def first(self) -> float:
        """Networks a second in the first call."""
        return 4 * self.seeds / self.seconds[0]

    @property
    def later(self) -> float:
        """Networks a second in the median of the later calls."""
        return 4 * self.seeds / statistics.median(self.seconds[1:])


def measure(seeds: int, rounds: int) -> Iterator[str]:
    """Yield the table for one number of seeds."""
    with ExitStack() as stack:
        contenders = [stack.enter_context(Contender(name, seeds)) for name in NAMES]
        for _ in range(rounds + 1):
            for contender in contenders:
                contender.train()
    by_name = {contender.name: contender for contender in contenders}
    yield f"| {seeds:,} seeds, {rounds} rounds | networks/s | first call | × 2017 | × JAX's best | median losses |"
    yield "|---|---|---|---|---|---|"
    best = max(one.later for name, one in by_name.items() if name.startswith("JAX"))
    for name, one in by_name.items():
        losses = ", ".join(f"{loss:.0f}" for loss in one.losses)
        ratios = f"{one.later / by_name[OLD].later:,.0f} | {one.later / best:.2f}"
        yield f"| {name} | {one.later:,.1f} | {one.first:,.1f} | {ratios} | {losses} |"


def compile_anew(seeds: int) -> str:
    """Return a row for `many` on a machine where it has never run: its kernel is compiled first."""
    with tempfile.TemporaryDirectory() as cache, Contender(OURS, seeds, {"NUMBA_CACHE_DIR": cache}) as ours:
        ours.train()
    return f"| many, the first time ever | | {ours.first:,.1f} ({ours.seconds[0]:.1f} s) | | | |"


def main() -> None:
    """Print a table for every number of seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", nargs="*", type=int, default=[64, 256, 1024])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    for seeds in options.seeds:
        for line in [*measure(seeds, options.rounds), compile_anew(seeds)]:
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
