"""The two products of small matrices that training needs, a block of sums held in registers.

Every matrix is a part of one flat float32 array, `work`, so a tile takes offsets; a row of activations holds one unit
over the whole batch. Blocking as in Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication" (2008).
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from seelearn.many.lanes import FLOAT, INDEX, VECTOR, WIDTH, fused, pointer, read, spread

QUARTER = 4
"""Rows and columns of a block of `pair_sums`: its sixteen sums fill one vector."""


def _index(number: int) -> Any:
    return ir.Constant(INDEX, number)


class _Loop:
    """A loop of at least one turn that carries a list of vectors: `sums` inside it, the result of `close` after it."""

    def __init__(self, builder: Any, turns: Any, first: list[Any]) -> None:
        self._builder, self._turns = builder, turns
        before = builder.block
        self._body = builder.append_basic_block("turn")
        builder.branch(self._body)
        builder.position_at_end(self._body)
        self.turn = builder.phi(INDEX)
        self.turn.add_incoming(_index(0), before)
        self.sums = [builder.phi(VECTOR) for _ in first]
        for value, start in zip(self.sums, first, strict=True):
            value.add_incoming(start, before)

    def close(self, sums: list[Any]) -> list[Any]:
        builder = self._builder
        following = builder.add(self.turn, _index(1))
        self.turn.add_incoming(following, self._body)
        for value, new in zip(self.sums, sums, strict=True):
            value.add_incoming(new, self._body)
        after = builder.append_basic_block("after")
        builder.cbranch(builder.icmp_signed("<", following, self._turns), self._body, after)
        builder.position_at_end(after)
        return sums


def _product(rows: int, vectors: int) -> Any:
    """Return the compiled out[r, :] = start[r] + Σₖ w[r, k]·a[k, :] for so many rows and vectors of 16 columns."""

    @intrinsic
    def tile(
        typing: Any, work: Any, out: Any, w: Any, row: Any, step: Any, inner: Any, start: Any, skip: Any, a: Any,
        stride: Any,
    ) -> Any:  # fmt: skip
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array, out, w, row, step, inner, start, skip, a, stride = args

            def at(offset: Any, kind: Any) -> Any:
                return pointer(context, builder, signature.args[0], array, offset, kind)

            def number(offset: Any, index: int, distance: Any) -> Any:
                return spread(
                    builder, read(builder, at(builder.add(offset, builder.mul(_index(index), distance)), FLOAT))
                )

            def part(offset: Any, vector: int) -> Any:
                return at(builder.add(offset, _index(vector * WIDTH)), VECTOR)

            first = [number(start, r, skip) for r in range(rows) for _ in range(vectors)]
            loop = _Loop(builder, inner, first)
            values = [read(builder, part(builder.add(a, builder.mul(loop.turn, stride)), v)) for v in range(vectors)]
            column = builder.add(w, builder.mul(loop.turn, step))
            weights = [number(column, r, row) for r in range(rows)]
            sums = [
                fused(builder, weights[i // vectors], values[i % vectors], value) for i, value in enumerate(loop.sums)
            ]
            for i, value in enumerate(loop.close(sums)):
                target = builder.add(out, builder.mul(_index(i // vectors), stride))
                builder.store(value, part(target, i % vectors)).align = 4
            return context.get_dummy_value()

        return types.void(work, *[types.int64] * 9), build

    return tile


def _halves(builder: Any, left: Any, right: Any, size: int) -> Any:
    """Add the halves of every group of `size` lanes, those of `left` and `right` side by side."""
    half, groups = size // 2, range(0, WIDTH, size)
    # Inside a quarter of the vector the two operands alternate, which is one cheap instruction on x86.
    if size > QUARTER:
        order = [(side, group) for side in (0, WIDTH) for group in groups]
    else:
        order = [
            (side, quarter + group)
            for quarter in range(0, WIDTH, QUARTER)
            for side in (0, WIDTH)
            for group in range(0, QUARTER, size)
        ]
    low = [side + group + lane for side, group in order for lane in range(half)]
    mask = ir.VectorType(ir.IntType(32), WIDTH)
    shuffled = [
        builder.shuffle_vector(left, right, ir.Constant(mask, [lane + far for lane in low])) for far in (0, half)
    ]
    return builder.fadd(*shuffled)


def _reduce(builder: Any, sums: list[list[Any]]) -> Any:
    """Return the sums over the lanes of 4 × 4 vectors, row by row, in one vector."""
    columns = []
    for column in range(QUARTER):
        one, two, three, four = (sums[row][column] for row in range(QUARTER))
        upper, lower = _halves(builder, one, two, 16), _halves(builder, three, four, 16)
        columns.append(_halves(builder, upper, lower, 8))
    return _halves(builder, _halves(builder, columns[0], columns[1], 4), _halves(builder, columns[2], columns[3], 4), 2)


def _pairs(rows: int) -> Any:
    """Return the compiled out[r, c] = Σ d[r, :]·a[c, :] for so many rows and four columns."""

    @intrinsic
    def tile(typing: Any, work: Any, out: Any, row: Any, d: Any, a: Any, stride: Any, vectors: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            array, out, row, d, a, stride, vectors = args

            def at(offset: Any, index: int, distance: Any, kind: Any) -> Any:
                place = builder.add(offset, builder.mul(_index(index), distance))
                return pointer(context, builder, signature.args[0], array, place, kind)

            zero = ir.Constant(VECTOR, [0.0] * WIDTH)
            loop = _Loop(builder, vectors, [zero] * (rows * QUARTER))
            shift = builder.mul(loop.turn, _index(WIDTH))
            left = [read(builder, at(builder.add(d, shift), r, stride, VECTOR)) for r in range(rows)]
            right = [read(builder, at(builder.add(a, shift), c, stride, VECTOR)) for c in range(QUARTER)]
            sums = loop.close(
                [fused(builder, left[i // QUARTER], right[i % QUARTER], s) for i, s in enumerate(loop.sums)]
            )
            grid = [sums[r * QUARTER : (r + 1) * QUARTER] for r in range(rows)] + [[zero] * QUARTER] * (QUARTER - rows)
            result = _reduce(builder, grid)
            mask = ir.VectorType(ir.IntType(32), QUARTER)
            for r in range(rows):
                lanes = ir.Constant(mask, [r * QUARTER + c for c in range(QUARTER)])
                four = builder.shuffle_vector(result, result, lanes)
                builder.store(four, at(out, r, row, ir.VectorType(FLOAT, QUARTER))).align = 4
            return context.get_dummy_value()

        return types.void(work, *[types.int64] * 6), build

    return tile


_p54, _p44, _p34, _p24, _p14 = (_product(rows, 4) for rows in (5, 4, 3, 2, 1))
_p51, _p11 = _product(5, 1), _product(1, 1)
_s4, _s2, _s1 = _pairs(4), _pairs(2), _pairs(1)


@njit(error_model="numpy")
def product(
    work: Any, out: int, w: int, row: int, step: int, inner: int, start: int, skip: int, a: int, stride: int,
    rows: int, vectors: int,
) -> None:  # fmt: skip
    """Set out[r, c] = start[r·skip] + Σₖ w[r·row + k·step]·a[k, c]; out and a have rows `stride` apart."""
    at = 0
    while at + 4 <= vectors:
        c, r = WIDTH * at, 0
        while r + 5 <= rows:
            _p54(work, out + r * stride + c, w + r * row, row, step, inner, start + r * skip, skip, a + c, stride)
            r += 5
        o, x, b = out + r * stride + c, w + r * row, start + r * skip
        if rows - r == 4:
            _p44(work, o, x, row, step, inner, b, skip, a + c, stride)
        elif rows - r == 3:
            _p34(work, o, x, row, step, inner, b, skip, a + c, stride)
        elif rows - r == 2:
            _p24(work, o, x, row, step, inner, b, skip, a + c, stride)
        elif rows - r == 1:
            _p14(work, o, x, row, step, inner, b, skip, a + c, stride)
        at += 4
    while at < vectors:
        c, r = WIDTH * at, 0
        while r + 5 <= rows:
            _p51(work, out + r * stride + c, w + r * row, row, step, inner, start + r * skip, skip, a + c, stride)
            r += 5
        while r < rows:
            _p11(work, out + r * stride + c, w + r * row, row, step, inner, start + r * skip, skip, a + c, stride)
            r += 1
        at += 1


@njit(error_model="numpy")
def pair_sums(
    work: Any, out: int, row: int, d: int, a: int, stride: int, rows: int, columns: int, vectors: int
) -> None:
    """Set out[r·row + c] = Σ d[r, :]·a[c, :] over all columns; `columns` is rounded up to a multiple of four."""
    for c in range(0, columns, QUARTER):
        r = 0
        while r + 4 <= rows:
            _s4(work, out + r * row + c, row, d + r * stride, a + c * stride, stride, vectors)
            r += 4
        if r + 2 <= rows:
            _s2(work, out + r * row + c, row, d + r * stride, a + c * stride, stride, vectors)
            r += 2
        if r < rows:
            _s1(work, out + r * row + c, row, d + r * stride, a + c * stride, stride, vectors)
