"""Many seeds of the flagship in JAX, on one device or on two: two contenders of many.py.

    python benchmarks/with_jax.py "JAX, one device"|"JAX, two devices" SEEDS

It trains whenever a line comes in, and prints seconds and median losses as JSON. The first time it compiles.

One device is jit(vmap(scan)) over all seeds. Two devices split the seeds over two host devices and train 32 at a time
on each. Either is a single compiled program of the same network, the fastest we found for XLA on a CPU: examples in the
last axis, sums over them as products with ones (XLA does not vectorize a float sum over the last axis), and
batch norm derived by hand. With values as [examples, units] and jax.numpy's mean and var, it takes three times as long.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

TWO = "JAX, two devices" in sys.argv[1:2]
if TWO:  # has to be set before JAX is imported
    os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=2 --xla_cpu_multi_thread_eigen=false"

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
from jax import Array, lax  # noqa: E402
from jax.sharding import AxisType, PartitionSpec  # noqa: E402

DEPTH, WIDTH, EPOCHS, BATCH, POINTS, BINS = 8, 10, 12, 64, 2000, 40
FULL = POINTS // BATCH * BATCH  # the last batch is smaller, and a compiled step has one shape
SIZES = [1, *[WIDTH] * DEPTH, 1]
CHUNK = 32
"""How many seeds are trained at a time on each device: their values fit in the cache."""

Activation = Callable[[Array], Array]
ARMS: list[tuple[Activation, bool]] = [(f, norm) for f in (jnp.tanh, jax.nn.relu) for norm in (False, True)]


class Network:
    """One network, whose values are [units, examples]."""

    def __init__(self, activation: Activation, norm: bool) -> None:
        self.activation, self.norm = activation, norm
        self.reach = (-1.1, 1.1) if activation is jnp.tanh else (-0.25, 5.25)

    def linear(self, weight: Array, bias: Array, values: Array) -> Array:
        """Return the values of the next layer."""
        return weight.T @ values + bias[:, None]

    def spread(self, values: Array, low: float, high: float) -> dict[str, Array]:
        """Return the histogram with what lies below and above, the mean, the std and the std within a unit."""
        means = _mean(values)
        variances, mean = _mean((values - means[:, None]) ** 2), means.mean()
        std = jnp.sqrt((variances + (means - mean) ** 2).mean())
        counts = _count(_bins(values, low, high))
        return {"counts": counts, "mean": mean, "std": std, "signal": jnp.sqrt(variances).mean()}

    def flat(self, where: Array) -> tuple[Array, Array]:
        """Return the share of saturated values and of dead units."""
        counts = where.sum(1, dtype=jnp.int32)
        return counts.mean() / where.shape[1], (counts == where.shape[1]).mean()

    def normalize(self, values: Array, affine: Any, running: Any, train: bool) -> tuple[Array, Any]:
        """Normalize by the batch and move the running statistics, or by the running statistics."""
        if not train:
            factor = lax.rsqrt(running[1] + 1e-5) * affine[0]
            return (values - running[0][:, None]) * factor[:, None] + affine[1][:, None], running
        result, mean, variance = _standardize(values, *affine)
        count = values.shape[1]
        return result, (0.5 * running[0] + 0.5 * mean, 0.5 * running[1] + 0.5 * count / (count - 1) * variance)

    def forward(self, params: Any, running: Any, x: Array, train: bool) -> tuple[Array, Any, list[tuple[Array, Array]]]:
        """Return the prediction, the running statistics and what every layer received and passed on."""
        received = x[None]
        moved, seen, values = [], [], received
        for depth in range(DEPTH + 1):
            if depth:
                values = received = self.linear(params["weight"][depth - 1], params["bias"][depth - 1], values)
            if self.norm:
                values, now = self.normalize(values, params["norm"][depth], running[depth], train)
                received = values if depth else received
                moved.append(now)
            values = self.activation(values) if depth else values
            seen.append((received, values))
        return self.linear(params["weight"][-1], params["bias"][-1], values).ravel(), moved, seen

    def look(self, params: Any, running: Any, y: Array) -> dict[str, Any]:
        """Return the test loss, the prediction and the statistics of every layer."""
        prediction, _, seen = self.forward(params, running, jnp.linspace(-7, 10, len(y)), False)
        layers = []
        for depth, (before, after) in enumerate(seen):
            ranges = ((-5.0, 5.0), self.reach) if depth else ((-7.85, 10.85),) * 2
            where = 1 - after * after < 0.05 if self.activation is jnp.tanh else before <= 0
            flat = self.flat(where) if depth else None
            layers.append((self.spread(before, *ranges[0]), self.spread(after, *ranges[1]), flat))
        return {"loss": ((prediction - y) ** 2).mean(), "prediction": prediction, "layers": layers}

    def step(self, state: Any, rows: tuple[Array, Array]) -> tuple[Any, None]:
        """Take one step of Adam on one batch."""
        params, first, second, running, time_ = state

        def loss(params: Any) -> tuple[Array, Any]:
            prediction, moved, _ = self.forward(params, running, rows[0], True)
            return ((prediction - rows[1]) ** 2).mean(), moved

        slopes, running = jax.grad(loss, has_aux=True)(params)
        each, time_ = jax.tree.map, time_ + 1
        rate, correction = 0.03 / (1 - 0.9**time_), lax.rsqrt(1 - 0.999**time_)
        first = each(lambda m, g: 0.9 * m + 0.1 * g, first, slopes)
        second = each(lambda v, g: 0.999 * v + 0.001 * g * g, second, slopes)
        params = each(lambda p, m, v: p - rate * m / (jnp.sqrt(v) * correction + 1e-8), params, first, second)
        return (params, first, second, running, time_), None

    def train(self, draws: Any) -> dict[str, Any]:
        """Train for twelve epochs and return what was seen before each and after the last."""
        weights, test_y, xs, ys = draws
        params = {"weight": weights, "bias": [jnp.full(size, -0.2) for size in SIZES[1:]]}
        running = [(jnp.zeros(size), jnp.ones(size)) for size in SIZES[:-1]] if self.norm else []
        params["norm"] = [(variance, mean) for mean, variance in running]
        zeros = jax.tree.map(jnp.zeros_like, params)

        def epoch(state: Any, rows: tuple[Array, Array]) -> tuple[Any, Any]:
            seen = self.look(state[0], state[3], test_y)
            x, y = rows
            full = (x[:FULL].reshape(-1, BATCH), y[:FULL].reshape(-1, BATCH))
            state, _ = lax.scan(self.step, state, full)
            state, _ = self.step(state, (x[FULL:], y[FULL:]))
            return state, seen

        state, seen = lax.scan(epoch, (params, zeros, zeros, running, jnp.float32(0)), (xs, ys))
        last = self.look(state[0], state[3], test_y)
        return jax.tree.map(lambda all_, one: jnp.concatenate([all_, one[None]]), seen, last)  # type: ignore[no-any-return]


def _bins(values: Array, low: float, high: float) -> Array:
    place = jnp.floor((values - low) * (BINS / (high - low))) + 1
    return jnp.clip(place, 0, BINS + 1).astype(jnp.int32)


def _count(bins: Array) -> Array:
    return jnp.zeros(BINS + 2, jnp.int32).at[bins.ravel()].add(1)


def _mean(values: Array) -> Array:
    return values @ jnp.full(values.shape[1], 1 / values.shape[1], values.dtype)


@jax.custom_vjp
def _standardize(values: Array, scale: Array, shift: Array) -> tuple[Array, Array, Array]:
    return _standardize_forward(values, scale, shift)[0]


def _standardize_forward(values: Array, scale: Array, shift: Array) -> tuple[tuple[Array, Array, Array], Any]:
    mean = _mean(values)
    centred = values - mean[:, None]
    variance = _mean(centred * centred)
    factor = lax.rsqrt(variance + 1e-5)
    unit = centred * factor[:, None]
    return (unit * scale[:, None] + shift[:, None], mean, variance), (unit, factor * scale)


def _standardize_backward(kept: Any, slopes: Any) -> tuple[Array, Array, Array]:
    (unit, factor), slope = kept, slopes[0]  # nothing is learned through the running statistics
    shift, scale = _mean(slope), _mean(slope * unit)
    back = factor[:, None] * (slope - shift[:, None] - unit * scale[:, None])
    return back, scale * unit.shape[1], shift * unit.shape[1]


_standardize.defvjp(_standardize_forward, _standardize_backward)


def draw(key: Array) -> tuple[list[Array], Array, Array, Array]:
    """Return the weights, the test values and the training points in their order of every epoch, for one seed."""
    keys = jax.random.split(key, 3 + len(SIZES))
    x, test_x = jnp.linspace(-7, 10, POINTS), jnp.linspace(-7, 10, 200)
    y = x**2 - 5 + 2 * jax.random.normal(keys[0], x.shape)
    test_y = test_x**2 - 5 + 2 * jax.random.normal(keys[1], test_x.shape)
    shapes = zip(keys[3:], SIZES[:-1], SIZES[1:], strict=False)
    weights = [0.1 * jax.random.normal(one, (inputs, outputs)) for one, inputs, outputs in shapes]
    # A permutation is what sorting random numbers with the row's own number in their last bits leaves there.
    mixed = jax.random.bits(keys[2], (EPOCHS, POINTS), jnp.uint32) & jnp.uint32(2**32 - 2048)
    rows = (jnp.sort(mixed | jnp.arange(POINTS, dtype=jnp.uint32)) & 2047).astype(jnp.int32)
    return weights, test_y, x[rows], y[rows]


def one_device(keys: Array) -> list[Any]:
    """Train all seeds of every arm at once."""
    draws = jax.vmap(draw)(keys)
    return [jax.vmap(Network(*arm).train)(draws) for arm in ARMS]


def each_device(keys: Array) -> list[Any]:
    """Train the seeds of one device, chunk by chunk."""

    def chunk(keys: Array) -> list[Any]:
        draws = jax.vmap(draw)(keys)
        return [jax.vmap(Network(*arm).train)(draws) for arm in ARMS]

    size = min(CHUNK, len(keys))
    results = lax.map(chunk, keys.reshape(-1, size, *keys.shape[1:]))
    return jax.tree.map(lambda result: result.reshape(-1, *result.shape[2:]), results)  # type: ignore[no-any-return]


def main() -> None:
    """Train once for every line on the standard input."""
    seeds = int(sys.argv[2])
    if TWO and (seeds % 2 or seeds // 2 % min(CHUNK, seeds // 2)):
        raise SystemExit(f"SEEDS has to be even, and a multiple of {2 * CHUNK} from {2 * CHUNK} on")
    train: Callable[[Any], list[Any]] = jax.jit(one_device)
    if TWO:
        mesh, split = jax.make_mesh((2,), ("seeds",), axis_types=(AxisType.Auto,)), PartitionSpec("seeds")  # type: ignore[no-untyped-call]
        train = jax.jit(jax.shard_map(each_device, mesh=mesh, in_specs=split, out_specs=split, check_vma=False))
    for index, _ in enumerate(sys.stdin):
        start = time.perf_counter()
        results = train(np.asarray(jax.random.split(jax.random.PRNGKey(index), seeds)))
        jax.block_until_ready(results)  # type: ignore[no-untyped-call]
        seconds = time.perf_counter() - start
        losses = [float(np.median(arm["loss"][:, -1])) for arm in results]
        print(json.dumps({"seconds": seconds, "losses": losses}), flush=True)


if __name__ == "__main__":
    main()
