"""NumPy and torch look at the same bytes: some operations share them, and some copy."""

from collections.abc import Callable
from typing import Annotated, Literal

import numpy as np
import torch
from torch import Tensor

from seelearn.show import Range, Show, play

OPERATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "t": lambda t: t,
    "t[1]": lambda t: t[1],
    "t[:, 1]": lambda t: t[:, 1],
    "t[[0, 1]]": lambda t: t[[0, 1]],
    "t.T": lambda t: t.T,
    "t.reshape(-1)": lambda t: t.reshape(-1),
    "t.T.reshape(-1)": lambda t: t.T.reshape(-1),
    "t.contiguous()": lambda t: t.contiguous(),
    "t.T.contiguous()": lambda t: t.T.contiguous(),
    "t[1:2].expand_as(t)": lambda t: t[1:2].expand_as(t),  # one row, again and again
    "t + t[1]": lambda t: t + t[1],  # a row, added to every row
    "t + t[:, 1:2]": lambda t: t + t[:, 1:2],  # a column, added to every column
    "t @ t.T": lambda t: t @ t.T,
    "t.add_(1)": lambda t: t.add_(1),  # in place, like t += 1
    "t.float()": lambda t: t.float(),
    "t.clone()": lambda t: t.clone(),
    "torch.tensor(a)": lambda t: torch.tensor(t.numpy()),
}
SIZES = np.logspace(1, 6, 41).astype(int)  # 10 … 1,000,000


def relative_errors(x: Tensor) -> dict[str, list[float]]:
    """Sum the first n numbers in three ways, for every n of SIZES; return how far off each is."""
    half, single = (np.cumsum(x.numpy(), dtype=kind) for kind in (np.float16, np.float32))
    errors: dict[str, list[float]] = {"float16": [], "float32": [], "torch.sum": []}
    for n in SIZES:
        exact = x[:n].double().sum().item()
        sums = {"float16": half[n - 1], "float32": single[n - 1], "torch.sum": x[:n].sum()}
        for name, found in sums.items():
            errors[name].append(abs(float(found) - exact) / exact)
    return errors


def broadcasting(rows: int, columns: int) -> dict[str, Tensor]:
    column = torch.arange(rows).reshape(-1, 1)  # [rows, 1]
    row = 10 * torch.arange(columns).reshape(1, -1)  # [1, columns]
    return {"column": column, "row": row, "column + row": column + row}


def run(
    show: Show,
    rows: Annotated[int, Range(2, 6)] = 3,
    columns: Annotated[int, Range(2, 8)] = 4,
    dtype: Literal["float32", "float64"] = "float64",
    write: Literal["result", "array"] = "result",
    value: Annotated[float, Range(-99, 99)] = 50.0,
) -> None:
    for name, part in broadcasting(rows, columns).items():
        show.table("broadcasting", name, part)
    letter = torch.full((9, 16), 0.2)
    letter[1:8, 3:5] = letter[1:3, 3:13] = letter[4:6, 3:10] = 1  # an F
    for name, picture in {"F": letter, "F.T": letter.T, "F.reshape": letter.reshape(16, 9)}.items():
        show.image("letter", name, picture, low=0)
    errors = relative_errors(torch.rand(SIZES[-1]))
    for name, error in errors.items():
        show.curve("sums", name, SIZES, [e or np.nan for e in error])  # a log axis has no 0

    ledger = [[""] * 4 for _ in OPERATIONS]
    for step in show.steps(len(OPERATIONS) - 1):
        name, operation = list(OPERATIONS.items())[step]
        a = np.arange(rows * columns, dtype=dtype).reshape(rows, columns)
        t = torch.from_numpy(a)
        result = operation(t)

        other = t if write == "result" else result
        before = other.clone()
        if write == "result":
            result[0] = value  # its first row, or its first number
        else:
            a[1] = value  # the second row
        arrived = "no" if torch.equal(before, other) else "yes"

        memory = "view" if np.shares_memory(a, result.numpy()) else "copy"
        ledger[step] = [str(tuple(result.shape)), str(result.stride()), memory, arrived]
        marked = [f"→ {one}" if one == name else one for one in OPERATIONS]
        show.table("array", "a", a)
        show.table("result", "b", torch.atleast_2d(result))
        show.table("ledger", "b", ledger, marked, ["shape", "stride", "memory", "arrived"])

    copies = sum(row[2] == "copy" for row in ledger)
    show.note("memory", views=len(ledger) - copies, copies=copies)
    show.note("sums", loop=errors["float32"][-1] * 1e6, torch=errors["torch.sum"][-1] * 1e6)


if __name__ == "__main__":
    play(run)
