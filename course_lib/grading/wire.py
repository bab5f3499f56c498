"""Plain data as bytes, and back: all that ever crosses between student and verdict.

A value is a tag of one byte and its content; numbers are little-endian. Decoding builds
exact plain types and nothing else: it calls no code that the sender could choose, and stops at
the first thing that is too large, too deep or not in the format. Nothing is unpickled.

Objects that are no data, such as a Keras model, cross as a number that only the other
side can look up; see `Reference`.
"""

import math
import struct
from dataclasses import dataclass

import numpy as np

#: Largest integer, in bytes. Python's own conversion to text stops at about this size.
MAX_INT_BYTES = 1024

#: Kinds of array elements that may cross: booleans, numbers, text.
ARRAY_KINDS = "biufcU"

_LENGTH = struct.Struct("<Q")
_FLOAT = struct.Struct("<d")


class WireError(ValueError):
    """A value that may not cross, or bytes that are no value; its text is for the student.

    Example:
        >>> raise WireError("a set of sets")
        Traceback (most recent call last):
            ...
        course_lib.grading.wire.WireError: a set of sets
    """


@dataclass(frozen=True)
class Reference:
    """Stands for an object that stays where it is.

    Args:
        number: What its owner knows it by.
        type_name: Name of its type, for messages.
        is_callable: Whether it can be called.

    Example:
        >>> Reference(3, "Functional", True).type_name
        'Functional'
    """

    number: int
    type_name: str
    is_callable: bool


@dataclass(frozen=True)
class Bounds:
    """What a reply may hold.

    Args:
        size: Bytes in all.
        depth: Containers inside containers.
        items: Elements of all containers together, elements of arrays not counted.

    Example:
        >>> Bounds(depth=2).depth
        2
    """

    size: int = 64 * 2**20
    depth: int = 20
    items: int = 1_000_000


def encode(value, bounds=Bounds(), refer=None):
    """Turn a value into bytes.

    Args:
        value: Plain data: `None`, numbers, text, bytes, NumPy scalars and arrays, and lists,
            tuples, dicts and sets of such.
        bounds: A `Bounds`.
        refer: Called with a value that is no plain data; returns a `Reference`, or another
            value to send in its place. Without it such a value is refused.

    Returns:
        Bytes that `decode` reads.

    Raises:
        WireError: If the value is no plain data, or too large or deep.

    Example:
        >>> decode(encode({("a", 1): [2.5, None]}))
        {('a', 1): [2.5, None]}
    """
    encoder = _Encoder(bounds, refer)
    encoder.add(value, 0)
    return b"".join(encoder.parts)


def decode(data, bounds=Bounds(), resolve=None):
    r"""Turn bytes into a value of exact plain types.

    Args:
        data: Bytes, whoever wrote them.
        bounds: A `Bounds`.
        resolve: Called with a `Reference`; returns what stands for it. Without it a reference
            is refused.

    Returns:
        The value.

    Raises:
        WireError: If the bytes are no value, or one too large or deep.

    Example:
        >>> decode(encode((True, -3, float("-inf"))))
        (True, -3, -inf)
        >>> decode(b"\x80\x04")
        Traceback (most recent call last):
            ...
        course_lib.grading.wire.WireError: the reply is not in the format of plain data
    """
    if len(data) > bounds.size:
        raise _too_large(bounds)
    decoder = _Decoder(data, bounds, resolve)
    try:
        value = decoder.value(0)
    except WireError:
        raise
    except (ValueError, TypeError, LookupError, OverflowError, struct.error) as error:
        raise _malformed() from error
    if decoder.at != len(data):
        raise _malformed()
    return value


def _malformed():
    return WireError("the reply is not in the format of plain data")


def _too_large(bounds):
    return WireError(f"the value is larger than {bounds.size / 2**20:g} MiB")


class _Encoder:
    def __init__(self, bounds, refer):
        self.bounds, self.refer = bounds, refer
        self.parts, self.size, self.items = [], 0, 0

    def add(self, value, depth):
        kind = type(value)
        method = self._exact.get(kind)
        if method is None:
            if isinstance(value, np.generic) and kind.__module__ == "numpy":
                self._array(np.asarray(value), scalar=True)
            elif self.refer is None:
                raise WireError(f"an object of type {kind.__name__} is no plain data")
            else:
                replaced = self.refer(value)
                if type(replaced) is Reference:
                    self._reference(replaced)
                elif depth > self.bounds.depth:  # the replacement could be itself, for ever
                    raise self._too_deep()
                else:
                    self.add(replaced, depth + 1)
            return
        method(self, value, depth)

    def _put(self, *parts):
        self.size += sum(map(len, parts))
        if self.size > self.bounds.size:
            raise _too_large(self.bounds)
        self.parts.extend(parts)

    def _too_deep(self):
        return WireError(f"the value is nested more than {self.bounds.depth} levels deep")

    def _none(self, value, depth):
        self._put(b"N")

    def _bool(self, value, depth):
        self._put(b"T" if value else b"F")

    def _int(self, value, depth):
        n = value.bit_length() // 8 + 1
        if n > MAX_INT_BYTES:
            raise WireError(f"an integer has more than {MAX_INT_BYTES} bytes")
        self._put(b"i", _LENGTH.pack(n), value.to_bytes(n, "little", signed=True))

    def _float(self, value, depth):
        self._put(b"f", _FLOAT.pack(value))

    def _complex(self, value, depth):
        self._put(b"c", _FLOAT.pack(value.real), _FLOAT.pack(value.imag))

    def _str(self, value, depth):
        try:
            data = value.encode("utf-8")
        except UnicodeEncodeError:
            raise WireError("a text has characters that are no Unicode") from None
        self._put(b"s", _LENGTH.pack(len(data)), data)

    def _bytes(self, value, depth):
        self._put(b"b", _LENGTH.pack(len(value)), value)

    def _sequence(self, value, depth):
        self._begin(_SEQUENCE_TAGS[type(value)], len(value), depth)
        for item in value:
            self.add(item, depth + 1)

    def _dict(self, value, depth):
        self._begin(b"d", len(value), depth)
        for key, item in value.items():
            self.add(key, depth + 1)
            self.add(item, depth + 1)

    def _begin(self, tag, n, depth):
        if depth >= self.bounds.depth:
            raise self._too_deep()
        self.items += n
        if self.items > self.bounds.items:
            raise WireError(f"the value has more than {self.bounds.items} elements")
        self._put(tag, _LENGTH.pack(n))

    def _ndarray(self, value, depth):
        self._array(value, scalar=False)

    def _array(self, value, scalar):
        dtype = value.dtype
        if (
            dtype.kind not in ARRAY_KINDS
            or dtype.itemsize == 0
            or dtype.kind + str(dtype.itemsize) in ("f16", "c32")
        ):
            if dtype.kind == "U":  # an array of empty texts; NumPy cannot store a width of 0
                value = value.astype("U1")
                dtype = value.dtype
            else:
                raise WireError(
                    f"an array of dtype {dtype} is no plain data: use numbers, booleans or text"
                )
        if value.nbytes > self.bounds.size:
            raise _too_large(self.bounds)
        name = dtype.newbyteorder("<").str.encode("ascii")
        data = np.ascontiguousarray(value, dtype=dtype.newbyteorder("<")).tobytes()
        shape = b"".join(map(_LENGTH.pack, value.shape))
        self._put(b"g" if scalar else b"a", bytes([len(name)]), name)
        self._put(bytes([value.ndim]), shape, _LENGTH.pack(len(data)), data)

    def _reference(self, value):
        self._put(b"r", _LENGTH.pack(value.number), b"T" if value.is_callable else b"F")
        self._str(value.type_name[:200], 0)

    _exact = {  # noqa: RUF012  a table, never changed
        type(None): _none,
        bool: _bool,
        int: _int,
        float: _float,
        complex: _complex,
        str: _str,
        bytes: _bytes,
        list: _sequence,
        tuple: _sequence,
        set: _sequence,
        frozenset: _sequence,
        dict: _dict,
        np.ndarray: _ndarray,
    }


_SEQUENCE_TAGS = {list: b"l", tuple: b"t", set: b"e", frozenset: b"z"}
_SEQUENCE_TYPES = {ord(tag): kind for kind, tag in _SEQUENCE_TAGS.items()}


class _Decoder:
    def __init__(self, data, bounds, resolve):
        self.data, self.bounds, self.resolve = data, bounds, resolve
        self.at, self.items = 0, 0

    def take(self, n):
        if n > len(self.data) - self.at:
            raise _malformed()
        part = self.data[self.at : self.at + n]
        self.at += n
        return part

    def length(self):
        return _LENGTH.unpack(self.take(8))[0]

    def value(self, depth):
        tag = self.take(1)[0]
        if tag in _SEQUENCE_TYPES:
            n = self.begin(depth)
            return _SEQUENCE_TYPES[tag]([self.value(depth + 1) for _ in range(n)])
        method = self._by_tag.get(tag)
        if method is None:
            raise _malformed()
        return method(self, depth)

    def begin(self, depth):
        if depth >= self.bounds.depth:
            raise WireError(f"the value is nested more than {self.bounds.depth} levels deep")
        n = self.length()
        self.items += n
        # Every element takes a byte at least, so a length beyond the data is a lie.
        if self.items > self.bounds.items or n > len(self.data) - self.at:
            raise WireError(f"the value has more than {self.bounds.items} elements")
        return n

    def _int(self, depth):
        n = self.length()
        if not 0 < n <= MAX_INT_BYTES:
            raise _malformed()
        return int.from_bytes(self.take(n), "little", signed=True)

    def _float(self, depth):
        return _FLOAT.unpack(self.take(8))[0]

    def _complex(self, depth):
        return complex(self._float(depth), self._float(depth))

    def _str(self, depth):
        return str(self.take(self.length()), "utf-8")

    def _bytes(self, depth):
        return bytes(self.take(self.length()))

    def _dict(self, depth):
        n = self.begin(depth)
        # Keys are built by this decoder: a list or array among them raises a TypeError.
        return {self.value(depth + 1): self.value(depth + 1) for _ in range(n)}

    def _array(self, depth):
        name = str(self.take(self.take(1)[0]), "ascii")
        if name[:1] not in ("<", "|") or name[1:2] not in ARRAY_KINDS or not name[2:].isdigit():
            raise _malformed()
        dtype = np.dtype(name)
        shape = [self.length() for _ in range(self.take(1)[0])]
        data = self.take(self.length())
        if dtype.itemsize == 0 or math.prod(shape) * dtype.itemsize != len(data):
            raise _malformed()
        if dtype.kind == "U":
            # Code points beyond Unicode, or halves of a pair, would raise in the test cell.
            codes = np.frombuffer(data, "<u4")
            if np.any((codes > 0x10FFFF) | ((codes >= 0xD800) & (codes < 0xE000))):
                raise _malformed()
        if dtype.kind == "b" and np.any(np.frombuffer(data, "u1") > 1):
            raise _malformed()
        return np.frombuffer(data, dtype).reshape(shape).astype(dtype.newbyteorder("="))

    def _scalar(self, depth):
        array = self._array(depth)
        if array.ndim:
            raise _malformed()
        return array[()]

    def _reference(self, depth):
        number, flag = self.length(), self.take(1)
        if self.take(1) != b"s":
            raise _malformed()
        reference = Reference(number, self._str(depth), flag == b"T")
        if self.resolve is None:
            raise WireError(f"an object of type {reference.type_name} is no plain data")
        return self.resolve(reference)

    _by_tag = {  # noqa: RUF012  a table, never changed
        ord("N"): lambda self, depth: None,
        ord("T"): lambda self, depth: True,
        ord("F"): lambda self, depth: False,
        ord("i"): _int,
        ord("f"): _float,
        ord("c"): _complex,
        ord("s"): _str,
        ord("b"): _bytes,
        ord("d"): _dict,
        ord("a"): _array,
        ord("g"): _scalar,
        ord("r"): _reference,
    }
