"""Train the copies: fused where they are small stacks, through torch.func where they are not."""

import logging
import random
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import cache
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from seelearn.many.copies import Adam, Build, Copy, Data, Optimizer, check_names, make_copies, make_rows
from seelearn.many.fused import Plan, read_plan, train_fused
from seelearn.many.outcome import Outcome
from seelearn.many.replay import StackError
from seelearn.many.vectorised import Loss, train_vectorised
from seelearn.microscope import watch
from seelearn.microscope.statistics import reach

CHUNK = 256
"""How many copies are drawn while the kernel trains as many."""

log = logging.getLogger("seelearn.many")


def many(
    net: Build,
    data: Data,
    loss: Loss,
    optimizer: Callable[..., Optimizer] = Adam,
    *,
    epochs: int,
    batch: int,
    seeds: Sequence[int],
    each: Mapping[str, Sequence[Any]] | None = None,
    **settings: Any,
) -> Outcome:
    """Train one copy of a network for every seed, and look into every layer after every epoch.

    `net`, `data` and `optimizer` are functions; each is called with those `settings` that it names. A setting is one
    value for all seeds, or a list, tuple, range or array with one value for each. With `each`, every seed is trained
    once with each of these values: `each={"arm": ["plain", "batch norm"]}` makes two copies a seed, side by side.

    `net` returns a torch module; `data` returns (x, y) to train on and (x, y) to test on, tensors whose first axis is
    the examples; `loss` takes a prediction and y and returns their mean loss. The last batch of an epoch is shorter
    where `batch` does not divide the examples.

    Raises `StackError` where the copies do not fit together or torch cannot vectorise the network, and `ValueError` for
    settings that do not match the seeds.
    """
    seeds = list(seeds)
    for name, number, least in (("the number of seeds", len(seeds), 1), ("epochs", epochs, 0), ("batch", batch, 1)):
        if number < least:
            raise ValueError(f"{name} is {number}, but must be at least {least}")
    check_names([net, data, optimizer], [*settings, *(each or {})])
    rows = make_rows(seeds, settings, each or {})
    copies = make_copies(net, data, optimizer, epochs, rows)
    threads, others = torch.get_num_threads(), (random.getstate(), np.random.get_state())
    torch.set_num_threads(1)  # drawing and reading small networks is all call overhead; more threads make it worse
    try:
        with torch.random.fork_rng(devices=[]), ThreadPoolExecutor(2) as background:
            trainer = _Trainer(loss, batch, epochs, [seed for seed, _ in rows], threads, background)
            while chunk := list(islice(copies, CHUNK)):
                trainer.train(chunk)
            trainer.finish()
    finally:
        torch.set_num_threads(threads)
        random.setstate(others[0])
        np.random.set_state(others[1])
    return trainer.outcome


class _Trainer:
    """Deals the copies out to the path that trains them fastest, in groups of one structure.

    The kernel trains in the background while the next copies are drawn; what goes through torch.func may use `threads`.
    """

    def __init__(
        self, loss: Loss, batch: int, epochs: int, seeds: list[int], threads: int, background: Executor
    ) -> None:
        self._loss, self._batch, self._epochs, self._seeds = loss, batch, epochs, seeds
        self._threads, self._background = threads, background
        self._under_way: deque[list[Future[None]]] = deque()
        self._known: dict[nn.Module, tuple[Plan | str, NDArray[np.float64]]] = {}
        self._sizes: list[torch.Size]
        self.outcome: Outcome

    def train(self, copies: list[Copy]) -> None:
        groups: dict[tuple[Plan | nn.Module, type[Optimizer]], list[Copy]] = defaultdict(list)
        for copy in copies:
            plan = self._meet(copy)
            # Only the kernel knows all that a network computes; of another, those built with equal settings are alike.
            groups[plan if isinstance(plan, Plan) else copy.network, type(copy.optimizer)].append(copy)
        self._under_way.append(
            [
                self._background.submit(train_fused, kind, group, self._batch, self.outcome)
                for (kind, _), group in groups.items()
                if isinstance(kind, Plan)
            ]
        )
        for (kind, _), group in groups.items():
            if not isinstance(kind, Plan):
                torch.set_num_threads(self._threads)
                train_vectorised(group, self._loss, self._batch, self.outcome)
                torch.set_num_threads(1)
        self.finish(but=1)  # so the kernel never waits for copies, and few of them wait for the kernel

    def finish(self, but: int = 0) -> None:
        """Wait for what the kernel is training, all but the last parts."""
        while len(self._under_way) > but:
            for part in self._under_way.popleft():
                part.result()

    def _meet(self, copy: Copy) -> Plan | str:
        """Find out how a copy is trained, and write down what is known of it before."""
        if copy.network not in self._known:  # once for all that were built with the same settings
            self._known[copy.network] = self._read(copy)
        plan, ranges = self._known[copy.network]
        looks = self.outcome.looks
        if looks.signal.shape[2] != len(ranges):
            raise StackError(f"the networks have {looks.signal.shape[2]} and {len(ranges)} layers: train them apart")
        if [tensor.shape for tensor in (*copy.sample.train, *copy.sample.test)] != self._sizes:
            raise StackError("the seeds have data of different sizes: train them apart")
        self.outcome.networks[copy.index] = copy.network
        self.outcome.paths[copy.index] = "fused" if isinstance(plan, Plan) else f"torch.func, because {plan}"
        looks.ranges[copy.index] = ranges
        looks.ranges[copy.index, 0] = reach(copy.sample.test[0].numpy())
        return plan

    def _read(self, copy: Copy) -> tuple[Plan | str, NDArray[np.float64]]:
        """Return the plan of a network, and the ranges of its histograms: [layers, side, low and high]."""
        x, _ = copy.sample.test
        norms = any(isinstance(module, nn.BatchNorm1d) for module in copy.network.modules())
        if norms and self._epochs and (self._batch == 1 or len(copy.sample.train[0]) % self._batch == 1):
            raise StackError(f"with batch {self._batch} the last batch has one example, and BatchNorm1d needs two")
        with torch.no_grad(), watch(copy.network.eval()) as layers:
            prediction = copy.network(x)
        copy.network.train()
        if not hasattr(self, "outcome"):
            self._sizes = [tensor.shape for tensor in (*copy.sample.train, *copy.sample.test)]
            self.outcome = Outcome.empty(self._seeds, self._epochs, len(layers), prediction.shape)
        sides = [(layer["before"], layer["after"]) for layer in layers]
        ranges = np.array([[[side["low"], side["high"]] for side in pair] for pair in sides])
        plan = read_plan(copy.network, self._loss, copy.sample)
        if isinstance(plan, str):
            _say(f"through torch.func, because {plan}")
        return plan, ranges


@cache
def _say(line: str) -> None:
    """Say it once, however often `many` is called."""
    log.warning(line)
