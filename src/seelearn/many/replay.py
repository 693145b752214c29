"""Draw the weights of a network again without building its modules again.

Building the flagship takes over a millisecond, most of it Python, which is longer than training it takes the fused
path. What depends on the seed are a few dozen random fills. So they are noted while the network is built once, and
repeated on the same tensors for every further seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

Build = Callable[[], nn.Module]


class StackError(ValueError):
    """The copies cannot be trained together; the message says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The state of one network: what its seed has drawn, and what is the same for all that were built like it."""

    shared: dict[str, Tensor]
    """A `state_dict`, to be read only"""
    names: list[str]
    """Which of its tensors are this network's own"""
    own: Tensor
    """Those, one after the other in one row"""

    def state(self) -> dict[str, Tensor]:
        """Return the `state_dict` of this network."""
        return {name: tensor[0] for name, tensor in stack([self]).items()}


def stack(weights: Sequence[Weights]) -> dict[str, Tensor]:
    """Return the states of networks that were built alike, each tensor with one more axis in front."""
    first, copies = weights[0], len(weights)
    if any(one.names != first.names for one in weights):  # the first ones, of a builder that cannot be repeated
        states = [one.state() for one in weights]
        return {name: torch.stack([state[name] for state in states]) for name in first.shared}
    parts = torch.stack([one.own for one in weights]).split([first.shared[name].numel() for name in first.names], dim=1)
    own = dict(zip(first.names, parts, strict=True))
    return {
        name: own[name].reshape(copies, *tensor.shape).to(tensor.dtype)
        if name in own
        else tensor.expand(copies, *tensor.shape)
        for name, tensor in first.shared.items()
    }


class Replay:
    """Draws one network after another from torch's generator, as calling `build` again and again would."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self.network: nn.Module | None = None
        """The first network that was built: the template of all others."""
        self._state: dict[str, Tensor] = {}
        self._random: list[str] = []
        self._operations: list[_Operation] = []
        self._proven: bool | None = None

    def __call__(self) -> Weights:
        """Draw the next network."""
        if self.network is None:
            with _Recorder() as recorder:
                self.network = self._build()
            self._operations = recorder.random
            self._state = self.network.state_dict()
            self._random = [name for name, tensor in self._state.items() if recorder.touched(tensor)]
            _refuse_hidden(self.network, recorder)
            if recorder.decided:
                self._give_up()
            return self._weights(self._state)
        if self._proven is None:  # once, both ways from the same generator: a builder may do what cannot be repeated
            before = torch.get_rng_state()
            self._repeat()
            repeated, after = {name: tensor.clone() for name, tensor in self._state.items()}, torch.get_rng_state()
            torch.set_rng_state(before)
            built = self._build().state_dict()
            self._proven = torch.equal(after, torch.get_rng_state()) and _equal(built, repeated)
            if not self._proven:
                self._give_up()
            return self._weights(built)
        if not self._proven:
            return self._weights(self._build().state_dict())
        self._repeat()
        return self._weights(self._state)

    def _give_up(self) -> None:
        """Build every further network: any of its tensors may differ."""
        self._proven, self._random = False, list(self._state)

    def _repeat(self) -> None:
        """Fill the tensors of the first network with the next random numbers."""
        with torch.no_grad():
            for function, args, kwargs, outputs in self._operations:
                result = function(*args, **kwargs)
                for old, new in zip(outputs, tree_leaves(result) if outputs else [], strict=True):
                    old.copy_(new)

    def _weights(self, state: dict[str, Tensor]) -> Weights:
        """Copy what differs from network to network."""
        return Weights(self._state, self._random, _row([state[name] for name in self._random]))


_Operation = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any], list[Tensor]]
"""A function, what it is called with, and the tensors it makes; none where it writes into its first argument."""


class _Recorder(TorchDispatchMode):
    """Notes every operation that draws random numbers, and every one that touches what such a one has written."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.random: list[_Operation] = []
        self.decided = False
        """Whether a random number has left torch, and may have decided what was done next"""
        self._touched: set[int] = set()

    def touched(self, tensor: Tensor) -> bool:
        """Whether a random number has gone into this tensor's memory."""
        return tensor.untyped_storage().data_ptr() in self._touched

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        random = torch.Tag.nondeterministic_seeded in func.tags and not func.is_view
        if random or any(self.touched(tensor) for tensor in tensors):
            outputs = [leaf for leaf in tree_leaves(result) if isinstance(leaf, Tensor)]
            self._touched.update(tensor.untyped_storage().data_ptr() for tensor in outputs)
            self.decided |= not outputs or torch.Tag.dynamic_output_shape in func.tags
            self.random.append((func, args, kwargs, [] if result is args[0] else outputs))
        return result


def _refuse_hidden(network: nn.Module, recorder: "_Recorder") -> None:
    """Raise `StackError` for a random tensor that belongs to the network but not to its state."""
    known = {tensor.data_ptr() for tensor in network.state_dict().values()}
    for name, module in network.named_modules():
        hidden = {**vars(module), **dict(module.named_buffers(recurse=False))}
        for key, value in hidden.items():
            if isinstance(value, Tensor) and recorder.touched(value) and value.data_ptr() not in known:
                where = f"{name}.{key}" if name else key
                raise StackError(f"{where} is random, but not in the state_dict: make it a persistent buffer")


def _equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def _row(tensors: list[Tensor]) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors]) if tensors else torch.empty(0)
