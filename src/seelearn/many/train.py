"""Train the copies: fused where they are small stacks, through torch.func where they are not."""

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Self

import torch
from torch import nn

from seelearn.events import Layer
from seelearn.many.copies import Adam, Build, Copy, Data, Optimizer, make_copies, make_rows
from seelearn.many.fused import Plan, read_plan, train_fused
from seelearn.many.outcome import Outcome
from seelearn.many.vectorised import Loss, StackError, train_vectorised
from seelearn.microscope import watch
from seelearn.microscope.statistics import reach

CHUNK = 128
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
    rows = make_rows(seeds, settings, each or {})
    copies = make_copies(net, data, optimizer, epochs, rows)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # drawing and reading small networks is all call overhead; more threads make it worse
    try:
        with torch.random.fork_rng(devices=[]), ThreadPoolExecutor(1) as background:
            trainer = _Trainer(loss, batch, epochs, [seed for seed, _ in rows], threads, background)
            while chunk := list(islice(copies, CHUNK)):
                trainer.train(chunk)
            trainer.finish()
    finally:
        torch.set_num_threads(threads)
    return trainer.outcome


@dataclass(frozen=True, slots=True)
class Structure:
    """All that makes one network compute like another with the same weights; `reason` is why it is not fused."""

    text: str
    reason: str

    @classmethod
    def read(cls, network: nn.Module, reason: str) -> Self:
        """Write down every layer, its type and its plain attributes."""
        lines = []
        for name, module in network.named_modules():
            plain = {k: v for k, v in vars(module).items() if not k.startswith("_") and k != "training"}
            lines.append(f"{name}: {type(module)} {plain}")
        return cls("\n".join(lines), reason)


class _Trainer:
    """Deals the copies out to the path that trains them fastest, in groups of one structure.

    The kernel trains in the background while the next copies are drawn; what goes through torch.func may use `threads`.
    """

    def __init__(
        self, loss: Loss, batch: int, epochs: int, seeds: list[int], threads: int, background: Executor
    ) -> None:
        self._loss, self._batch, self._epochs, self._seeds = loss, batch, epochs, seeds
        self._threads, self._background = threads, background
        self._under_way: Future[None] | None = None
        self._known: dict[nn.Module, tuple[Plan | Structure, list[Layer]]] = {}
        self._said: set[str] = set()
        self.outcome: Outcome

    def train(self, copies: list[Copy]) -> None:
        groups: dict[tuple[Plan | Structure, type[Optimizer]], list[Copy]] = defaultdict(list)
        for copy in copies:
            plan = self._meet(copy)
            groups[plan, type(copy.optimizer)].append(copy)
        self.finish()
        fused = [(plan, group) for (plan, _), group in groups.items() if isinstance(plan, Plan)]
        self._under_way = self._background.submit(self._train_fused, fused)
        for (plan, _), group in groups.items():
            if not isinstance(plan, Plan):
                torch.set_num_threads(self._threads)
                train_vectorised(group, self._loss, self._batch, self.outcome)
                torch.set_num_threads(1)

    def _train_fused(self, groups: list[tuple[Plan, list[Copy]]]) -> None:
        for plan, group in groups:
            train_fused(plan, group, self._batch, self.outcome)

    def finish(self) -> None:
        """Wait for what the kernel is training."""
        if self._under_way is not None:
            self._under_way.result()

    def _meet(self, copy: Copy) -> Plan | Structure:
        """Find out how a copy is trained, and write down what is known of it before."""
        if copy.network not in self._known:  # once for all that were built with the same settings
            self._known[copy.network] = self._read(copy)
        plan, layers = self._known[copy.network]
        looks = self.outcome.looks
        if looks.signal.shape[2] != len(layers):
            raise StackError(f"the networks have {looks.signal.shape[2]} and {len(layers)} layers: train them apart")
        self.outcome.networks[copy.index] = copy.network
        self.outcome.paths[copy.index] = "fused" if isinstance(plan, Plan) else f"torch.func, because {plan.reason}"
        looks.ranges[copy.index] = [
            [[side["low"], side["high"]] for side in (la["before"], la["after"])] for la in layers
        ]
        looks.ranges[copy.index, 0] = reach(copy.sample.test[0].numpy())
        return plan

    def _read(self, copy: Copy) -> tuple[Plan | Structure, list[Layer]]:
        x, _ = copy.sample.test
        norms = any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in copy.network.modules())
        if norms and len(copy.sample.train[0]) % self._batch == 1:
            raise StackError(f"with batch {self._batch} the last batch has one example, and a BatchNorm needs two")
        with torch.no_grad(), watch(copy.network.eval()) as layers:
            prediction = copy.network(x)
        copy.network.train()
        if not hasattr(self, "outcome"):
            self.outcome = Outcome.empty(self._seeds, self._epochs, len(layers), prediction.shape)
        plan = read_plan(copy.network, self._loss, copy.sample)
        if isinstance(plan, Plan):
            return plan, layers
        if plan not in self._said:
            self._said.add(plan)
            log.warning("through torch.func, because %s", plan)
        return Structure.read(copy.network, plan), layers
