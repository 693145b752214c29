"""What training many copies gave."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from seelearn.many.looks import Looks

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The copies in the order of `seeds`, after every epoch; epoch 0 is the untrained network.

    A loss that is not a number is left as it is: count it, never drop it.
    """

    seeds: list[int]
    loss: Array
    """The loss on the test data: [copies, epochs + 1]"""
    prediction: Array
    """What the networks say to the test data: [copies, epochs + 1, examples, …]"""
    looks: Looks
    """What the microscope sees in every layer"""
    states: list[tuple[dict[str, Tensor], int]]
    """The trained states of all that were trained together, [copies, …], and the place of each copy among them"""
    networks: list[nn.Module]
    """A network with the layers of each copy, but not its weights; copies share it"""
    paths: list[str]
    """How each was trained: "fused", or "torch.func" and why it was not fused"""

    @classmethod
    def empty(cls, seeds: list[int], epochs: int, layers: int, prediction: Sequence[int]) -> Self:
        """Return an outcome to be filled; `prediction` is the shape of what one network says, the input is a layer."""
        copies = len(seeds)
        return cls(
            seeds,
            np.full((copies, epochs + 1), np.nan, np.float32),
            np.full((copies, epochs + 1, *prediction), np.nan, np.float32),
            Looks.empty(copies, epochs, layers),
            [({}, 0)] * copies,
            [nn.Identity()] * copies,
            [""] * copies,
        )

    def network(self, copy: int) -> nn.Module:
        """Return one trained network, in evaluation mode."""
        network = deepcopy(self.networks[copy])
        network.load_state_dict(self.state(copy))
        return network.eval()

    def state(self, copy: int) -> dict[str, Tensor]:
        """Return the `state_dict` of one trained network."""
        state, place = self.states[copy]
        return {name: tensor[place] for name, tensor in state.items()}
