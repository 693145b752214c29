"""Sixteen numbers side by side, as a type of its own in compiled code.

LLVM seldom vectorises a network's small loops well by itself: it cannot know that two parts of one array do not overlap
and keeps no block of sums in registers. With an explicit vector type the code says what it means, and LLVM still picks
the instructions: one AVX-512 register, two of AVX2, or four of SSE or NEON hold sixteen float32 numbers.

Every operation rounds once, `fma` too, and in the order in which it is written: LLVM has no licence to fuse a product
with a sum or to change an order. So the result does not depend on what was inlined where, and is the same everywhere.

An index here is a plain offset into a flat array; nothing checks its bounds.
"""

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.extending import intrinsic, overload, register_model

WIDTH = 16
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
VECTOR, WIDE = ir.VectorType(FLOAT, WIDTH), ir.VectorType(DOUBLE, WIDTH)
INDEX = ir.IntType(64)
SHIFT = 1.5 * 2.0**23
"""Added to a float32 number below 2**22, it leaves no place for a fraction: the sum is rounded to a whole number."""


class Lanes(types.Type):
    """The Numba type of sixteen float32 or float64 numbers."""

    def __init__(self, kind: ir.VectorType) -> None:
        self.kind = kind
        super().__init__(name=f"Lanes({kind})")


lanes, wide = Lanes(VECTOR), Lanes(WIDE)


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.kind)


def pointer(context: Any, builder: Any, array_type: Any, array: Any, at: Any, kind: Any) -> Any:
    """Return the address of element `at` of a flat array as a pointer to `kind`."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), kind.as_pointer())


def spread(builder: Any, value: Any) -> Any:
    """Return a vector with the same scalar in every lane."""
    vector = ir.Constant(ir.VectorType(value.type, WIDTH), ir.Undefined)
    first = builder.insert_element(vector, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, first, zeros)


def read(builder: Any, address: Any) -> Any:
    """Load from an address that need not be a multiple of the vector's size."""
    value = builder.load(address)
    value.align = 4
    return value


@intrinsic
def load(typing: Any, array: Any, at: Any) -> Any:
    """Return array[at : at + 16]."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return read(builder, pointer(context, builder, signature.args[0], args[0], args[1], VECTOR))

    return lanes(array, types.int64), build


@intrinsic
def store(typing: Any, array: Any, at: Any, value: Any) -> Any:
    """Set array[at : at + 16]."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        address = pointer(context, builder, signature.args[0], args[0], args[1], VECTOR)
        builder.store(args[2], address).align = 4
        return context.get_dummy_value()

    return types.void(array, types.int64, lanes), build


@intrinsic
def splat(typing: Any, value: Any) -> Any:
    """Return a number, float32 or float64, in every lane."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return spread(builder, args[0])

    return (wide if value == types.float64 else lanes)(value), build


@intrinsic
def widen(typing: Any, value: Any) -> Any:
    """Return float32 numbers as float64."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fpext(args[0], WIDE)

    return wide(lanes), build


@intrinsic
def total(typing: Any, value: Any) -> Any:
    """Return the sum of the lanes, added pairwise."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vector, width = args[0], WIDTH
        while width > 1:
            half = width // 2
            mask = ir.VectorType(ir.IntType(32), half)
            parts = [
                builder.shuffle_vector(vector, vector, ir.Constant(mask, [first + lane for lane in range(half)]))
                for first in (0, half)
            ]
            vector, width = builder.fadd(*parts), half
        return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))

    return (types.float64 if value == wide else types.float32)(value), build


@intrinsic
def pick(typing: Any, left: Any, right: Any, if_less: Any, otherwise: Any) -> Any:
    """Return `if_less` in the lanes where left < right and `otherwise` in the others, NaN among them."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[2], args[3])

    return otherwise(left, right, if_less, otherwise), build


def fused(builder: Any, left: Any, right: Any, added: Any) -> Any:
    """Return left·right + added, rounded once."""
    kind, full = ir.FunctionType(left.type, [left.type] * 3), f"llvm.fma.v{WIDTH}f{32 if left.type == VECTOR else 64}"
    return builder.call(
        builder.module.globals.get(full) or ir.Function(builder.module, kind, full), (left, right, added)
    )


@intrinsic
def fma(typing: Any, left: Any, right: Any, added: Any) -> Any:
    """Return left·right + added, rounded once."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return fused(builder, *args)

    return left(left, right, added), build


def _unary(name: str) -> Any:
    """Return LLVM's function of that name, applied to every lane."""

    @intrinsic
    def apply(typing: Any, value: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind, full = ir.FunctionType(VECTOR, [VECTOR]), f"llvm.{name}.v{WIDTH}f32"
            function = builder.module.globals.get(full) or ir.Function(builder.module, kind, full)
            return builder.call(function, args)

        return lanes(lanes), build

    return apply


root = _unary("sqrt")
nearest = _unary("rint")


@intrinsic
def ramp(typing: Any, step: Any) -> Any:
    """Return the multiples of a step: 0 in the first lane, 15 of them in the last."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fmul(spread(builder, args[0]), ir.Constant(VECTOR, [float(lane) for lane in range(WIDTH)]))

    return lanes(types.float32), build


@intrinsic
def store_whole(typing: Any, array: Any, at: Any, value: Any) -> Any:
    """Set array[at : at + 16], of int32, to whole numbers; they must not be NaN or infinite."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = ir.VectorType(ir.IntType(32), WIDTH)
        address = pointer(context, builder, signature.args[0], args[0], args[1], whole)
        builder.store(builder.fptosi(args[2], whole), address).align = 4
        return context.get_dummy_value()

    return types.void(array, types.int64, lanes), build


@intrinsic
def power_of_two(typing: Any, value: Any) -> Any:
    """Return 2**n, given SHIFT + n for a whole number n from -126 to 127; any number where it is given NaN."""

    def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        whole = ir.VectorType(ir.IntType(32), WIDTH)
        # The sum's last bits are n itself; moved to the exponent's place they are 2**n.
        biased = builder.add(builder.bitcast(args[0], whole), ir.Constant(whole, [127] * WIDTH))
        return builder.bitcast(builder.shl(biased, ir.Constant(whole, [23] * WIDTH)), VECTOR)

    return lanes(lanes), build


def _operator(symbol: Callable[..., Any], instruction: str) -> None:
    """Let `symbol` work on two Lanes."""

    @intrinsic
    def apply(typing: Any, left: Any, right: Any) -> Any:
        def build(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return getattr(builder, instruction)(*args)

        return left(left, right), build

    def both(a: Any, b: Any) -> Any:
        return apply(a, b)

    @overload(symbol)
    def choose(a: Any, b: Any) -> Any:
        return both if isinstance(a, Lanes) and isinstance(b, Lanes) else None


for _symbol, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _operator(_symbol, _instruction)
