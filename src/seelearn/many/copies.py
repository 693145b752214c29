"""The copies of a network before training: each with its own weights, data and batch order."""

import inspect
import pickle
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import groupby, product
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from seelearn.many.replay import Replay, Weights, stack

Pair = tuple[Tensor, Tensor]
Build = Callable[..., nn.Module]
Data = Callable[..., tuple[Pair, Pair]]


@dataclass(frozen=True, slots=True)
class Adam:
    """The optimizer of Kingma and Ba (2015), as `torch.optim.Adam` computes it."""

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8


@dataclass(frozen=True, slots=True)
class Sgd:
    """Gradient descent, with momentum if asked, as `torch.optim.SGD` computes it."""

    lr: float = 1e-3
    momentum: float = 0.0


Optimizer = Adam | Sgd


@dataclass(frozen=True, slots=True)
class Sample:
    """What one seed draws before any network: data, and the order of the training examples in every epoch."""

    train: Pair
    test: Pair
    order: Tensor
    """[epochs, examples]"""


@dataclass(frozen=True, slots=True)
class Copy:
    """One network to train; `index` is its place among all that were asked for."""

    index: int
    network: nn.Module
    """The first network that was built with the same settings: this one has the same layers"""
    weights: Weights
    sample: Sample
    optimizer: Optimizer


def stack_states(copies: list[Copy]) -> dict[str, Tensor]:
    """Return the states of copies of one structure, [copies, …]; sorts the copies by how they were built."""
    copies.sort(key=lambda copy: (id(copy.network), copy.index))
    alike = [stack([copy.weights for copy in group]) for _, group in groupby(copies, lambda copy: id(copy.network))]
    return {name: torch.cat([state[name] for state in alike]) for name in alike[0]}


Row = tuple[int, dict[str, Any]]
"""A seed, and the settings of one copy."""


def make_rows(seeds: Sequence[int], settings: Mapping[str, Any], each: Mapping[str, Sequence[Any]]) -> list[Row]:
    """Return one row a copy: for every seed in turn, one with each combination of the values in `each`."""
    columns = {}
    for name, value in settings.items():
        column = value.tolist() if isinstance(value, np.ndarray) else value
        column = list(column) if isinstance(column, Sequence) and not isinstance(column, str) else [value] * len(seeds)
        if len(column) != len(seeds):
            raise ValueError(f"{name} has {len(column)} values for {len(seeds)} seeds: give one, or one for each seed")
        columns[name] = column
    for name, values in each.items():
        if not values:
            raise ValueError(f"each: {name} has no values")
    arms = [dict(zip(each, values, strict=True)) for values in product(*each.values())]
    return [
        (seed, {name: column[place] for name, column in columns.items()} | arm)
        for place, seed in enumerate(seeds)
        for arm in arms
    ]


def make_copies(
    net: Build, data: Data, optimizer: Callable[..., Optimizer], epochs: int, rows: Sequence[Row]
) -> Iterator[Copy]:
    """Draw the copies one after the other.

    `net`, `data` and `optimizer` are called with those of the settings that they name. Copies with one seed and the
    same data share their sample if they stand next to each other.
    """
    networks: dict[Any, Replay] = {}
    last: Any = None
    for index, (seed, row) in enumerate(rows):
        about_data, about_net = _named(data, row), _named(net, row)
        if last != (seed, about_data):
            last = seed, about_data
            sample, state = _draw(data, about_data, epochs, seed)
        torch.set_rng_state(state)
        replay = networks.setdefault(_key(about_net), Replay(partial(net, **about_net)))
        weights = replay()
        assert replay.network is not None  # noqa: S101 (built by the first call)
        yield Copy(index, replay.network, weights, sample, optimizer(**_named(optimizer, row)))


def _draw(data: Data, settings: dict[str, Any], epochs: int, seed: int) -> tuple[Sample, Tensor]:
    """Return the sample of a seed, and the state of the generator that its networks start from."""
    random.seed(seed)
    np.random.seed(seed)
    torch.default_generator.manual_seed(seed)
    train, test = data(**settings)
    state = torch.get_rng_state()
    order = torch.stack([torch.randperm(len(train[0])) for _ in range(epochs)]) if epochs else torch.empty(0, 0)
    return Sample(train, test, order), state


def _key(settings: dict[str, Any]) -> object:
    """Return what two settings share if they are equal; of those that cannot be written down, none are."""
    try:
        return pickle.dumps(settings)
    except (pickle.PicklingError, TypeError, AttributeError):
        return object()


def _named(function: Callable[..., Any], row: Mapping[str, Any]) -> dict[str, Any]:
    names, everything = _parameters(function)
    return {name: value for name, value in row.items() if everything or name in names}


@cache
def _parameters(function: Callable[..., Any]) -> tuple[set[str], bool]:
    """Return the names that a function takes, and whether it takes any."""
    parameters = inspect.signature(function).parameters
    return set(parameters), any(one.kind is one.VAR_KEYWORD for one in parameters.values())


def check_names(functions: Sequence[Callable[..., Any]], names: Iterable[str]) -> None:
    """Raise ValueError for a setting that no function takes."""
    taken = [_parameters(function) for function in functions]
    for name in names:
        if not any(everything or name in known for known, everything in taken):
            known = sorted(set().union(*(names for names, _ in taken)))
            raise ValueError(f"nothing takes the setting {name}: the functions take {', '.join(known)}")
