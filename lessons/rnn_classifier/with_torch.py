"""A digit read row by row: what the network keeps in mind, and what it guesses so far."""

from typing import Annotated, Literal

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional as F

from seelearn.show import Range, Show, play

CELLS = {"rnn": nn.RNNCell, "gru": nn.GRUCell, "lstm": nn.LSTMCell}
BATCH = 50


def digits(order: str) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    images, labels = load_digits(return_X_y=True)
    x, y = torch.tensor(images / 16).float().view(-1, 8, 8), torch.tensor(labels)
    rows, pixels = torch.randperm(8), torch.randperm(64)  # the same for every digit
    if order == "columns":
        x = x.transpose(1, 2)
    elif order == "shuffled":
        x = x[:, rows]
    elif order == "scattered":
        x = x.flatten(1)[:, pixels].view(-1, 8, 8)
    mixed = torch.randperm(len(x))
    x, y = x[mixed], y[mixed]
    return (x[:1000], y[:1000]), (x[1000:], y[1000:])


class Reader(nn.Module):
    def __init__(self, cell: str, hidden: int) -> None:
        super().__init__()
        self.cell = CELLS[cell](8, hidden)
        self.guess = nn.Linear(hidden, 10)

    def read(self, x: Tensor) -> Tensor:
        state, kept = None, []
        for row in x.unbind(dim=1):
            state = self.cell(row, state)  # the same weights for every row
            kept.append(state[0] if isinstance(state, tuple) else state)  # an LSTM has two states
        return torch.stack(kept, dim=1)  # [digits, rows, units]

    def forward(self, x: Tensor) -> Tensor:
        scores: Tensor = self.guess(self.read(x))
        return scores  # ten scores after every row: [digits, rows, 10]


def cost(scores: Tensor, y: Tensor, asked: str) -> Tensor:
    if asked == "end":
        return F.cross_entropy(scores[:, -1], y)
    return F.cross_entropy(scores.transpose(1, 2), y[:, None].expand(-1, 8))  # after every row


def run(
    show: Show,
    gated: Literal["lstm", "gru"] = "lstm",
    order: Literal["rows", "columns", "shuffled", "scattered"] = "rows",
    asked: Literal["end", "always"] = "end",
    hidden: Annotated[int, Range(2, 128)] = 32,
    lr: Annotated[float, Range(1e-4, 0.3)] = 0.01,
    epochs: Annotated[int, Range(1, 30)] = 8,
    digit: Annotated[int, Range(0, 9)] = 3,
) -> None:
    (x, y), (test_x, test_y) = digits(order)
    one = test_x[test_y == digit][:1]  # a digit to look at
    show.image("reading", "digit", one[0], low=0, high=1)
    nets, optimizers, last = {}, {}, {}
    for cell in ("rnn", gated):
        with torch.random.fork_rng():
            nets[cell] = Reader(cell, hidden)
        optimizers[cell] = torch.optim.Adam(nets[cell].parameters(), lr)
    for epoch in show.steps(epochs):
        for cell, net in nets.items():
            with torch.no_grad():
                scores, mind, guess = net(test_x), net.read(one)[0], net(one)[0].softmax(dim=1)
            right = (scores.argmax(dim=2) == test_y[:, None]).float().mean(dim=0)
            last[cell] = right[-1].item()
            show.line("accuracy", cell, last[cell])
            show.line("loss", cell, F.cross_entropy(scores[:, -1], test_y).item())
            show.curve("by_rows", cell, range(1, 9), right)
            wide = mind.T.repeat_interleave(hidden // 8 + 1, dim=1)  # about as wide as high
            show.image("reading", cell, wide, low=-1, high=1)
            rows_read = [str(row) for row in range(1, 9)]
            show.table("guess", cell, (100 * guess.T).round(), columns=rows_read)
        if epoch == epochs:
            break
        for rows in torch.randperm(len(x)).split(BATCH):  # the same batches for both
            for cell, net in nets.items():
                loss = cost(net(x[rows]), y[rows], asked)
                optimizers[cell].zero_grad()
                loss.backward()
                optimizers[cell].step()
    show.note("end", plain=last["rnn"], cell=gated, gated=last[gated])


if __name__ == "__main__":
    play(run)
