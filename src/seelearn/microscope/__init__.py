"""Look into the layers of a network while it computes.

    with torch.no_grad(), watch(net) as layers:
        prediction = net(x)
    layers[3]["dead"]                       # share of dead units in hidden layer 3

`watch` knows a framework only when the network it is given belongs to it, so importing this package imports none.
"""

from contextlib import AbstractContextManager
from typing import Any

from seelearn.events import Layer


def watch(network: Any) -> AbstractContextManager[list[Layer]]:
    """Watch one forward pass of `network` (a torch `nn.Module`).

    The list it gives fills as the network runs: the input and, in that order, every activation function: what went in,
    what came out, how much of it is saturated and which units are dead.

    Raises `TypeError` for a network of a framework it does not know, and `ValueError` at the end of a block in which
    nothing was computed.
    """
    roots = {cls.__module__.partition(".")[0] for cls in type(network).__mro__}
    if "torch" in roots:
        from seelearn.microscope.with_torch import TorchWatch  # noqa: PLC0415

        return TorchWatch(network)
    raise TypeError(f"watch() takes a torch nn.Module, not {type(network).__name__}")
