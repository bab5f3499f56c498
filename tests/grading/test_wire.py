"""Plain data crosses unchanged; whatever else comes is refused, and nothing is run."""

import contextlib
import math
import pickle
import random

import numpy as np
import pytest

from course_lib.grading.wire import Bounds, Reference, WireError, decode, encode

SCALARS = [
    *(None, True, False, 0, -1, 2**70, -(2**70), 0.0, -0.0, 1.5, math.inf, -math.inf),
    *(2 - 1j, "", "äé\n", b"", b"\x00x"),
    *(np.float32(0.5), np.float64(-2), np.int8(-3), np.bool_(True), np.str_("x"), np.complex64(1j)),
]
ARRAYS = [
    *(np.zeros((2, 0)), np.arange(6.0).reshape(2, 3)[:, ::2], np.array(3), np.array([True])),
    *(np.array(["a", "bcd"]), np.array([1, 2], ">i4"), np.array([1j]), np.float16([1, 2])),
]


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.shape == b.shape and np.array_equal(a, b)
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is dict:
        return list(a) == list(b) and all(map(same, a.values(), b.values()))
    return a == b


@pytest.mark.parametrize("value", [*SCALARS, *ARRAYS], ids=repr)
def test_values_cross_unchanged(value):
    assert same(decode(encode(value)), value)


def test_nan_crosses():
    assert math.isnan(decode(encode(math.nan)))
    assert math.copysign(1, decode(encode(-0.0))) == -1


def random_value(rng, depth=0):
    kind = rng.randrange(6 if depth < 4 else 2)
    if kind < 2:
        return rng.choice(SCALARS)
    if kind == 2:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    if kind == 3:
        return tuple(random_value(rng, depth + 1) for _ in range(rng.randrange(4)))
    if kind == 4:
        return {("key", i): random_value(rng, depth + 1) for i in range(rng.randrange(4))}
    return rng.choice(ARRAYS)


@pytest.mark.parametrize("seed", range(200))
def test_nested_values_cross_unchanged(seed):
    value = random_value(random.Random(seed))
    assert same(decode(encode(value)), value)


@pytest.mark.parametrize("seed", range(300))
def test_damaged_bytes_are_a_value_or_an_error_for_the_student(seed):
    rng = random.Random(seed)
    data = bytearray(encode(random_value(rng)))
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data))
        action = rng.randrange(3)
        if action == 0:
            data[at] = rng.randrange(256)
        elif action == 1:
            del data[at:]
            data = data or bytearray(b"l")
        else:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
    small = Bounds(size=10_000, depth=6, items=1000)
    try:
        value = decode(bytes(data), small)
    except WireError:
        return
    encode(value)  # what came through is plain data


@pytest.mark.parametrize("seed", range(300))
def test_random_bytes_are_refused_or_plain(seed):
    rng = random.Random(seed)
    with contextlib.suppress(WireError):
        encode(decode(rng.choice(b"NTFifcsbltezdagr").to_bytes(1, "big") + rng.randbytes(40)))


class Float(float):
    pass


@pytest.mark.parametrize(
    "value",
    [
        *(
            Float(1),
            object(),
            len,
            {1, 2}.__iter__(),
            np.array([None]),
            np.array(["2020"], "M8[Y]"),
        ),
        *(np.zeros(2, [("a", "i4")]), np.zeros(1, "V4"), np.zeros(2).view(np.matrix), [Float(2)]),
        *(1 << 10_000, "\ud800"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_plain_data_is_refused(value):
    with pytest.raises(WireError):
        encode(value)


def test_bounds():
    deep = []
    for _ in range(5):
        deep = [deep]
    for value, bounds in [
        (deep, Bounds(depth=5)),
        ([0] * 11, Bounds(items=10)),
        ("x" * 100, Bounds(size=50)),
        (np.zeros(100), Bounds(size=50)),
        ([[0] * 6] * 2, Bounds(items=10)),
    ]:
        with pytest.raises(WireError):
            encode(value, bounds)
        with pytest.raises(WireError):
            decode(encode(value), bounds)


def test_lengths_that_lie_take_no_memory():
    for tag in b"sbltezdi":
        with pytest.raises(WireError):
            decode(bytes([tag]) + (1 << 40).to_bytes(8, "little"))


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"Nx", pickle.dumps(1), b"\xff", b"l" + bytes(7), b"i" + bytes(8)),
        b"a\x03<O8\x00" + bytes(8),  # objects
        b"a\x03|O8\x00" + bytes(8),
        b"a\x03<M8\x00" + (8).to_bytes(8, "little") + bytes(8),
        b"a\x03<U1\x00" + (4).to_bytes(8, "little") + b"\xff" * 4,  # no Unicode
        b"a\x03|b1\x00" + (1).to_bytes(8, "little") + b"\x07",  # neither true nor false
        b"d" + (1).to_bytes(8, "little") + b"l" + bytes(8) + b"N",  # a list as a key
    ],
)
def test_malformed_bytes_are_refused(data):
    with pytest.raises(WireError):
        decode(data)


def test_references_need_somebody_who_knows_them():
    data = encode([object()], refer=lambda value: Reference(7, "Thing", False))
    with pytest.raises(WireError, match="Thing"):
        decode(data)
    assert decode(data, resolve=lambda reference: reference.number) == [7]


def test_a_replacement_of_itself_ends():
    with pytest.raises(WireError, match="deep"):
        encode(object(), refer=lambda value: value)
