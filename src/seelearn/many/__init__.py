"""Train many copies of one torch network at once: each seed with its own weights, data and batch order.

    outcome = many(deep_net, data, F.mse_loss, Adam, epochs=12, batch=64, seeds=range(64),
                   lr=0.03, noise=2.0, arm="plain", activation="tanh", depth=8, width=10, bias=-0.2, momentum=0.5)
    outcome.loss[:, -1]                     # the test loss of every seed at the end

Copy after copy, the random numbers are drawn in the order in which a lesson draws them (the data, then on the side the
network, then the batches), so copy `i` is the network that the plain loop trains with `seeds[i]`.
"""

from seelearn.many.copies import Adam, Optimizer, Sgd
from seelearn.many.outcome import Outcome
from seelearn.many.replay import StackError
from seelearn.many.train import many

__all__ = ["Adam", "Optimizer", "Outcome", "Sgd", "StackError", "many"]
