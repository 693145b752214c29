"""Whatever a person, or a program, gives as a parameter."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from seelearn.engine.parameters import Parameter, ParameterError, text
from seelearn.show import Range

NUMBERS = st.floats(-1e300, 1e300)
VALUES = st.one_of(
    st.integers(),
    st.floats(),
    st.text(),
    st.booleans(),
    st.integers().map(str),
    st.floats().map(str),
    NUMBERS.map(text),
)


@st.composite
def parameters(draw: st.DrawFn) -> Parameter:
    kind = draw(st.sampled_from([int, float, str]))
    if kind is str:
        choices = tuple(draw(st.lists(st.text(min_size=1), min_size=1, max_size=4, unique=True)))
        return Parameter("p", str, draw(st.sampled_from(choices)), choices=choices)
    if kind is int:
        low, high = sorted(draw(st.tuples(st.integers(-(2**40), 2**40), st.integers(-(2**40), 2**40))))
        return Parameter("p", int, draw(st.integers(low, high)), Range(low, high))
    # As people write ranges: with at most six digits.
    bounds = st.tuples(NUMBERS, NUMBERS).map(lambda pair: sorted(float(f"{one:.6g}") for one in pair))
    least, most = draw(bounds)
    return Parameter("p", float, draw(st.sampled_from([least, most])), Range(least, most))


@settings(max_examples=500, derandomize=True, deadline=None)
@given(parameters(), VALUES)
def test_a_value_is_allowed_or_refused_with_one_that_is(parameter: Parameter, value: Any) -> None:
    refused: ParameterError | None = None
    taken: int | float | str = 0
    try:
        taken = parameter.parse(value)
    except ParameterError as error:
        refused = error
    if refused is not None:
        assert parameter.parse(refused.suggestion) is not None, "what we suggest must be allowed"
        assert parameter.allowed in str(refused)
    elif parameter.range is None:
        assert taken in parameter.choices
    else:
        assert not isinstance(value, bool)
        assert type(taken) is parameter.type
        assert not isinstance(taken, str)
        assert math.isfinite(taken)
        assert parameter.range.low <= taken <= parameter.range.high
