"""The decoder of replies, against whatever Hypothesis can think of."""

import contextlib
import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from course_lib.grading.wire import (
    ARRAY_KINDS,
    MAX_INT_BYTES,
    Bounds,
    Reference,
    WireError,
    decode,
    encode,
)

# The same examples every time: a test of this repository fails for a change, not for bad luck.
modest = settings(derandomize=True, max_examples=200, deadline=None, database=None)

TAGS = b"NTFifcsbltezdagr"
PLAIN = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset, type(None))
SMALL = Bounds(size=4096, depth=6, items=200)

kinds_of_dtypes, orders = st.sampled_from("OVMmSx"), st.sampled_from("<|>=")
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
hashable = st.one_of(
    *(st.none(), st.booleans(), st.integers(-(2**200), 2**200), texts, st.binary(max_size=20)),
    *(st.floats(allow_nan=False), st.complex_numbers(allow_nan=False)),
)
dtypes = st.sampled_from([*"?bBhHiIqQefdFD", "<U3", ">f4", ">i8"]).map(np.dtype)
arrays = dtypes.flatmap(
    lambda dtype: arrays_of.arrays(
        dtype,
        arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
        elements=st.text("abcé", max_size=3) if dtype.kind == "U" else None,
    )
)
values = st.recursive(
    st.one_of(hashable, arrays),
    lambda inner: st.one_of(
        *(st.lists(inner, max_size=4), st.lists(inner, max_size=4).map(tuple)),
        *(st.sets(hashable, max_size=4), st.frozensets(hashable, max_size=4)),
        st.dictionaries(st.one_of(hashable, st.tuples(hashable, hashable)), inner, max_size=4),
    ),
    max_leaves=12,
)


def same(a, b):
    """Return whether two values are alike: type, dtype, bit for bit."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        native = a.dtype.newbyteorder("=")
        return b.dtype == native and a.astype(native).tobytes() == b.tobytes()
    if type(a) is float:
        return struct.pack("d", a) == struct.pack("d", b)
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is dict:
        return list(a) == list(b) and all(map(same, a.values(), b.values()))
    return a == b


def is_plain(value):
    """Return whether a value is of exact plain types, all the way down."""
    if type(value) is np.ndarray or (type(value).__module__ == "numpy" and np.isscalar(value)):
        return value.dtype.kind in ARRAY_KINDS and not value.dtype.hasobject
    if type(value) in (list, tuple, set, frozenset):
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(map(is_plain, [*value, *value.values()]))
    return type(value) in PLAIN


@modest
@given(values)
def test_all_accepted_values_come_back(value):
    assert same(value, decode(encode(value)))


@modest
@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_or_plain(data):
    with contextlib.suppress(WireError):
        assert is_plain(decode(data, SMALL))


@st.composite
def messages(draw):
    """Bytes that look like a message: tags, lengths that may lie, and what may follow them."""
    parts = []
    for _ in range(draw(st.integers(1, 12))):
        parts.append(bytes([draw(st.sampled_from(TAGS))]))
        if draw(st.booleans()):
            number = st.one_of(st.integers(0, 5), st.integers(0, 2**64 - 1))
            parts.append(draw(number).to_bytes(8, "little"))
        if draw(st.booleans()):
            name = draw(st.sampled_from([b"<f8", b"|O8", b"<O8", b"|V8", b"<M8", b"|b1", b"<U2"]))
            parts.append(bytes([len(name)]) + name + bytes([draw(st.integers(0, 3))]))
        parts.append(draw(st.binary(max_size=12)))
    return b"".join(parts)


@modest
@given(messages())
def test_what_looks_like_a_message_is_refused_or_plain(data):
    with contextlib.suppress(WireError):
        assert is_plain(decode(data, SMALL))


@modest
@given(values, st.data())
def test_a_message_that_was_changed_is_refused_or_plain(value, data):
    message = bytearray(encode(value))
    at = data.draw(st.integers(0, len(message) - 1))
    message[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=9))
    with contextlib.suppress(WireError):
        assert is_plain(decode(bytes(message), SMALL))


@modest
@given(values)
def test_no_beginning_of_a_message_is_one(value):
    message = encode(value)
    for end in range(0, len(message), max(1, len(message) // 10)):
        with pytest.raises(WireError):
            decode(message[:end])


@modest
@given(st.integers(1, 40), st.sampled_from([list, tuple, frozenset, dict]), st.integers(1, 20))
def test_nesting_is_bounded_on_both_sides(levels, kind, most):
    value = 0
    for _ in range(levels):
        value = {0: value} if kind is dict else kind([value])
    bounds = Bounds(depth=most)
    if levels <= most:
        assert decode(encode(value, bounds), bounds) == value
        return
    with pytest.raises(WireError, match="levels deep"):
        encode(value, bounds)
    with pytest.raises(WireError, match="levels deep"):
        decode(encode(value, Bounds(depth=40)), bounds)


@modest
@given(values, st.integers(1, 400))
def test_the_size_is_bounded_on_both_sides(value, most):
    message, bounds = encode(value), Bounds(size=most)
    if len(message) <= most:
        assert same(value, decode(encode(value, bounds), bounds))
        return
    with pytest.raises(WireError, match="larger than"):
        encode(value, bounds)
    with pytest.raises(WireError, match="larger than"):
        decode(message, bounds)


@modest
@given(
    st.sampled_from("OVMmSx"), st.sampled_from("<|>="), st.integers(0, 99), st.binary(max_size=64)
)
def test_no_other_dtype_crosses(kind, order, width, data):
    name = f"{order}{kind}{width}".encode()
    message = b"a" + bytes([len(name)]) + name + b"\x01" + (1).to_bytes(8, "little")
    message += len(data).to_bytes(8, "little") + data
    with pytest.raises(WireError):
        decode(message)


@modest
@given(st.integers(0, 2**64 - 1), texts, st.booleans())
def test_references_cross_and_need_somebody_who_knows_them(number, name, flag):
    reference = Reference(number, name, flag)
    data = encode([object()], refer=lambda value: reference)
    assert decode(data, resolve=lambda found: found) == [reference]
    with pytest.raises(WireError, match="no plain data"):
        decode(data)


@modest
@given(st.integers(-(2 ** (8 * MAX_INT_BYTES + 9)), 2 ** (8 * MAX_INT_BYTES + 9)))
def test_integers_are_exact_or_refused(value):
    if -(2 ** (8 * MAX_INT_BYTES - 1)) < value < 2 ** (8 * MAX_INT_BYTES - 1):
        assert decode(encode(value)) == value
    elif abs(value) >= 2 ** (8 * MAX_INT_BYTES - 1):
        with contextlib.suppress(WireError):
            assert decode(encode(value)) == value


@modest
@given(st.floats(), st.complex_numbers())
def test_not_a_number_stays_one(value, z):
    found = decode(encode([value, z]))
    assert same(found[0], value) or (math.isnan(value) and math.isnan(found[0]))
    assert repr(found[1]) == repr(z)
