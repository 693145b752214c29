"""Sine in, cosine out: with a memory that is carried on, one that is cut, and none at all."""

import math
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn

from seelearn.show import Range, Show, play

STEP = 0.3  # radians from one point to the next: a period has about 21 points
WAVES = 16  # the same sine sixteen times, each wave at another place of its period
SEEN = 60  # points in the pictures
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
ARMS = ["none", "cut", "carried"]


def begin() -> Tensor:
    places = torch.arange(WAVES) / WAVES + torch.rand(1)  # spread evenly over a period
    return 2 * math.pi * places.unsqueeze(1)


def stretch(number: int, length: int, start: Tensor) -> tuple[Tensor, Tensor]:
    angle = start + STEP * torch.arange(number * length, (number + 1) * length)
    return angle.sin().unsqueeze(-1), angle.cos().unsqueeze(-1)  # [waves, points, 1]


class Net(nn.Module):
    def __init__(self, cell: str, hidden: int) -> None:
        super().__init__()
        self.memory = CELLS[cell](1, hidden, batch_first=True)
        self.answer = nn.Linear(hidden, 1)

    def forward(self, x: Tensor, state: Any = None) -> Any:
        states, last = self.memory(x, state)  # the hidden state at every point, and the last one
        return self.answer(states), states, last


def predict(arm: str, net: nn.Module, x: Tensor, state: Any) -> Any:
    if arm == "carried":
        return net(x, state)  # go on with the state that the last stretch has left
    if arm == "cut":
        return net(x)  # begin this stretch with a state of zeros
    answer, states, last = net(x.reshape(-1, 1, 1))  # every point is a sequence of its own
    return answer.view_as(x), states.view(*x.shape[:2], -1), last


def detach(state: Any) -> Any:  # keep the numbers, forget how they were computed
    return tuple(map(detach, state)) if isinstance(state, tuple) else state.detach()


def run(
    show: Show,
    cell: Literal["rnn", "gru", "lstm"] = "rnn",
    hidden: Annotated[int, Range(1, 64)] = 16,
    length: Annotated[int, Range(1, 50)] = 10,
    lr: Annotated[float, Range(1e-4, 0.3)] = 0.01,
    stretches: Annotated[int, Range(10, 2000)] = 150,
) -> None:
    start, state = begin(), None
    past = dict.fromkeys(["sine", "cosine", *ARMS], torch.zeros(0))  # of the first wave
    past |= {f"state of {arm}": torch.zeros(0, hidden) for arm in ARMS}
    nets, optimizers, losses = {}, {}, {}
    for arm in ARMS:
        with torch.random.fork_rng():  # all three start from the same weights
            nets[arm] = Net(cell, hidden)
        optimizers[arm] = torch.optim.Adam(nets[arm].parameters(), lr)
    for number in show.steps(stretches):
        x, y = stretch(number, length, start)
        now = {"sine": x[0, :, 0], "cosine": y[0, :, 0]}
        for arm, net in nets.items():
            answer, states, last = predict(arm, net, x, state)
            if arm == "carried":
                state = detach(last)
            errors = (answer - y).square().mean(dim=(0, 2))  # at each place of the stretch
            loss = errors.mean()
            losses[arm] = loss.item()
            show.line("loss", arm, losses[arm])
            show.curve("place", arm, range(1, length + 1), errors.detach())
            now |= {arm: answer[0, :, 0].detach(), f"state of {arm}": states[0].detach()}
            if number < stretches:  # look first, learn after
                optimizers[arm].zero_grad()
                loss.backward()
                optimizers[arm].step()
        past = {name: torch.cat([past[name], new])[-SEEN:] for name, new in now.items()}
        ago = range(1 - len(past["sine"]), 1)
        fresh = [point for point in ago if (point - 1) % length == 0]  # the first of each stretch
        for name in ("sine", "cosine", *ARMS):
            show.curve("wave", name, ago, past[name])
        show.points("wave", "fresh", fresh, past["cut"][[point - 1 for point in fresh]])
        for arm in ("cut", "carried"):
            picture, edges = past[f"state of {arm}"].T, (ago[0] - 0.5, 0.5)
            show.image(f"state_{arm}", arm, picture, low=-1, high=1, x=edges, y=(0, hidden))
            show.points(f"state_{arm}", "fresh", fresh, [0] * len(fresh))
        show.line("loss", "floor", 0.5 / length)
    show.note("end", **losses, floor=0.5 / length)


if __name__ == "__main__":
    play(run)
