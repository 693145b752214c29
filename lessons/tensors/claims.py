"""What the prose claims. Each seed draws a table of its own size, and its own million numbers."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from seelearn.claims import Trial, claim

from .with_torch import OPERATIONS, SIZES, broadcasting

CONDITIONS = {"default": {"dtype": "float64"}}
VIEWS = {"t", "t[1]", "t[:, 1]", "t.T", "t.reshape(-1)", "t.contiguous()", "t.add_(1)",
         "t[1:2].expand_as(t)"}  # fmt: skip


def random_array(seed: int) -> NDArray[np.float64]:
    """2 to 9 rows and columns of random numbers."""
    generator = np.random.default_rng(seed)
    return generator.standard_normal(generator.integers(2, 10, 2))


def million(seed: int) -> Tensor:
    """The numbers that a run with this seed adds."""
    torch.manual_seed(seed)
    return torch.rand(SIZES[-1])


@claim("default", share=0.95)
def one_memory(trial: Trial) -> bool:
    """A number written into the tensor is in the array, and the other way round."""
    a = random_array(trial.seed)
    t = torch.from_numpy(a)
    t[0, 1] = 50
    a[1, 0] = -50
    return bool(a[0, 1] == 50 and t[1, 0] == -50)


def shared(seed: int) -> dict[str, bool]:
    """Say of each operation whether its result lies in the memory of the array."""
    return {
        name: np.shares_memory(a := random_array(seed), operation(torch.from_numpy(a)).numpy())
        for name, operation in OPERATIONS.items()
    }


@claim("default", share=0.95)
def views_share(trial: Trial) -> bool:
    found = shared(trial.seed)
    return all(found[name] for name in VIEWS)


@claim("default", share=0.95)
def copies_do_not(trial: Trial) -> bool:
    found = shared(trial.seed)
    return not any(found[name] for name in OPERATIONS if name not in VIEWS)


@claim("default", share=0.95, refuted=True)
def reshape_is_a_view(trial: Trial) -> bool:
    """Of a tensor with three axes of 2 to 5, in a random order."""
    torch.manual_seed(trial.seed)
    sizes = torch.randint(2, 6, (3,)).tolist()
    t = torch.rand(sizes).permute(torch.randperm(3).tolist())
    return t.reshape(-1).untyped_storage().data_ptr() == t.untyped_storage().data_ptr()


@claim("default", share=0.95)
def broadcasting_is_a_loop(trial: Trial) -> bool:
    """To the last bit, in float32, for random numbers too."""
    rows, columns = random_array(trial.seed).shape
    parts = broadcasting(rows, columns)
    torch.manual_seed(trial.seed)
    column, row = torch.randn(rows, 1), torch.randn(1, columns)
    return all(
        total[i, j] == left[i, 0] + above[0, j]
        for left, above, total in [tuple(parts.values()), (column, row, column + row)]
        for i in range(rows)
        for j in range(columns)
    )


@claim("default", share=0.95, refuted=True)
def six_digits(trial: Trial) -> bool:
    """Added one by one in float32, a million numbers are off by less than a millionth."""
    return bool(trial.curves["sums"]["float32"][-1][-1] < 1e-6)


@claim("default", median=(3, 30))
def loop_error(trial: Trial) -> float:
    """How far off the same sum is, in millionths of it."""
    return float(trial.curves["sums"]["float32"][-1][-1] * 1e6)


@claim("default", share=0.95)
def torch_sum_keeps_six(trial: Trial) -> bool:
    error = trial.curves["sums"]["torch.sum"][-1][-1]
    return bool(np.isnan(error) or error < 1e-6)  # NaN is no error at all


@claim("default", share=0.95)
def order_matters(trial: Trial) -> bool:
    x = million(trial.seed).numpy()
    return bool(np.cumsum(x)[-1] != np.cumsum(x[::-1])[-1])


@claim("default", share=0.95, refuted=True)
def order_matters_in_float64(trial: Trial) -> bool:
    x = million(trial.seed).double().numpy()
    return bool(np.cumsum(x)[-1] != np.cumsum(x[::-1])[-1])


@claim("default", share=0.95)
def float16_stops(trial: Trial) -> bool:
    """At 2,048, where the next number is 2,050."""
    x = million(trial.seed).numpy()
    return bool(np.cumsum(x, dtype=np.float16)[-1] == 2048)
