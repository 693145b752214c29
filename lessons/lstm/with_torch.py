"""Remember the first of many numbers: a plain RNN, and two LSTMs that differ in one bias."""

from typing import Annotated

import torch
from torch import Tensor, nn

from seelearn.show import Range, Show, play

LONG = 100  # steps over which gradient and memory are looked at
ARMS = ["rnn", "half", "chosen"]


def sequences(n: int, lag: int, noise: float) -> tuple[Tensor, Tensor]:
    x, y = noise * torch.randn(n, 1 + lag, 1), torch.arange(n) % 2
    x[:, 0, 0] = 2.0 * y - 1  # the first number is 1 or -1: which? asked after the last
    return x, y.float()


class RNNCell(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.mix = nn.Linear(1 + hidden, hidden)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
        return self.mix(torch.cat([x, h], dim=1)).tanh(), c  # it has no use for c


class LSTMCell(nn.Module):
    def __init__(self, hidden: int, forget: float) -> None:
        super().__init__()
        self.gates = nn.Linear(1 + hidden, 4 * hidden)
        nn.init.constant_(self.gates.bias[hidden : 2 * hidden], forget)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, ...]:
        i, f, g, o = self.gates(torch.cat([x, h], dim=1)).chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()  # keep of the old, write of the new
        return o.sigmoid() * c.tanh(), c, f.sigmoid(), i.sigmoid(), o.sigmoid()


class Net(nn.Module):
    def __init__(self, arm: str, hidden: int, forget: float) -> None:
        super().__init__()
        self.hidden, bias = hidden, forget if arm == "chosen" else 0.0
        self.cell = RNNCell(hidden) if arm == "rnn" else LSTMCell(hidden, bias)
        self.answer = nn.Linear(hidden, 1)

    def trace(self, x: Tensor) -> list[Tensor]:  # h, c and the gates: [examples, steps, units]
        h = c = x.new_zeros(len(x), self.hidden)
        kept = []
        for now in x.unbind(dim=1):
            h, c, *gates = self.cell(now, h, c)
            kept.append([h, c, *gates])
        return [torch.stack(part, dim=1) for part in zip(*kept, strict=True)]

    def forward(self, x: Tensor) -> Tensor:
        return torch.squeeze(self.answer(self.trace(x)[0]), 2)  # after every step: above 0 is a 1


def run(
    show: Show,
    lag: Annotated[int, Range(2, 100)] = 40,
    forget: Annotated[float, Range(-2, 6)] = 3.0,
    hidden: Annotated[int, Range(1, 32)] = 16,
    noise: Annotated[float, Range(0, 1)] = 0.3,
    lr: Annotated[float, Range(1e-4, 0.1)] = 0.01,
    epochs: Annotated[int, Range(1, 30)] = 6,
) -> None:
    (x, y), (test_x, test_y) = sequences(500, lag, noise), sequences(200, LONG, noise)
    nets, optimizers, last = {}, {}, {}
    for arm in ARMS:
        with torch.random.fork_rng():
            nets[arm] = Net(arm, hidden, forget)
        optimizers[arm] = torch.optim.Adam(nets[arm].parameters(), lr)
    for epoch in show.steps(epochs):
        for arm, net in nets.items():
            heard = test_x.clone().requires_grad_()
            answer = net(heard)
            (slope,) = torch.autograd.grad(answer[:, -1].sum(), heard)  # of the last answer
            right = ((answer > 0) == test_y[:, None]).float().mean(dim=0)
            last[arm] = right[lag].item()
            show.line("accuracy", arm, last[arm])
            show.curve("asked", arm, range(LONG + 1), right)
            show.curve("gradient", arm, range(LONG, -1, -1), slope.abs().mean(dim=0).clamp(1e-12))
        for name, part in zip("hcfio", net.trace(test_x[1:2]), strict=True):  # the last net, a 1
            picture = part[0].detach().T.repeat_interleave(3, dim=0)  # three pixels for every unit
            show.image("gates", name, picture, low=-1 if name in "hc" else 0, high=1)
        if epoch == epochs:
            break
        for rows in torch.randperm(len(x)).split(50):  # the same batches for all
            for arm, net in nets.items():
                loss = nn.functional.binary_cross_entropy_with_logits(net(x[rows])[:, -1], y[rows])
                optimizers[arm].zero_grad()
                loss.backward()
                optimizers[arm].step()
    show.note("end", lag=lag, **last)


if __name__ == "__main__":
    play(run)
