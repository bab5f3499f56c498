"""The test's side of a test: what the student's notebook defines, as a test cell sees it.

A function of the student's is a `CallableProxy`. Calling it sends plain data to the
student's kernel and returns plain data. An object that is no data stays there and is a
proxy here: its methods can be called, and that is all. It cannot be compared, has no truth
value and is no array, so nothing that the student wrote takes part in a verdict.
"""

import builtins
import secrets
import sys
import types

import numpy as np

from course_lib.grading import _channel
from course_lib.grading.wire import Bounds, Reference, WireError, decode, encode

#: Exceptions that cross as themselves; all others become a `StudentError`.
_EXCEPTIONS = {
    kind.__name__: kind
    for kind in (
        *(ArithmeticError, AssertionError, AttributeError, EOFError, FileNotFoundError),
        *(FloatingPointError, ImportError, IndexError, KeyError, LookupError, MemoryError),
        *(ModuleNotFoundError, NameError, NotImplementedError, OSError, OverflowError),
        *(PermissionError, RecursionError, RuntimeError, StopIteration, TypeError),
        *(UnboundLocalError, ValueError, ZeroDivisionError),
    )
}

#: Modules whose functions and classes may be passed by name.
_KNOWN = ("builtins", "math", "numpy", "keras", "tensorflow", "course_lib", "scipy", "operator")

#: Seconds in which a kernel that has nothing else to do must answer.
SYNC_SECONDS = 10

#: Answers to nothing that are skipped before a test.
MAX_STRAY = 1000


class StudentError(RuntimeError):
    """The student's code raised something that has no plain counterpart here."""


class KernelLost(BaseException):
    """The student's kernel is gone; no error of the test's, so `except Exception` lets it by."""


class Connection:
    """Sends requests to the student's kernel and decodes its replies.

    Args:
        socket: A connected stream socket.
        bounds: A `Bounds` for replies.
    """

    def __init__(self, socket, bounds=Bounds()):  # noqa: B008
        self.socket, self.bounds = socket, bounds
        self.functions = {}
        self.is_lost = False
        #: What was called last, for messages.
        self.last = None

    def close(self):
        """Forget the kernel; its objects can no longer be used."""
        self.is_lost = True
        self.socket.close()

    def sync(self):
        """Skip what the kernel may have sent since the last test, unasked.

        Raises:
            KernelLost: If there is no end of it, or no kernel any more.
        """
        if self.is_lost:
            raise KernelLost
        number = secrets.randbits(64)
        expected = encode(("value", number))
        self.socket.settimeout(SYNC_SECONDS)
        try:
            _channel.send(self.socket, encode(("sync", number, [])))
            for _ in range(MAX_STRAY):
                if _channel.receive(self.socket, self.bounds.size + (1 << 16)) == expected:
                    self.socket.settimeout(None)
                    return
        except _channel.ChannelError:
            pass
        self.is_lost = True
        raise KernelLost

    def end(self):
        """Tell the kernel that the test is over."""
        self.functions.clear()
        try:
            _channel.send(self.socket, encode(("end", [])))
        except _channel.ChannelError:
            self.is_lost = True

    def request(self, operation, *arguments):
        """Ask for something; return the answer.

        Args:
            operation: Name of a method `on_...` of `Agent`.
            *arguments: Its arguments.

        Returns:
            Plain data or a proxy.

        Raises:
            KernelLost: If there is no kernel any more.
            StudentError: Or another exception, if the student's code raised one.
        """
        if self.is_lost:
            raise KernelLost
        extras = []
        everything = Bounds(size=1 << 30, depth=100, items=1 << 40)
        body = encode(arguments, everything, refer=lambda value: self.describe(value, extras))
        # Packed by hand: `extras` is complete only when the arguments have been encoded.
        message = _join(operation, body, len(arguments), encode(extras, everything))
        try:
            _channel.send(self.socket, message)
            return self.answer()
        except _channel.ChannelError as error:
            self.is_lost = True
            if str(error) == "too large":
                raise KernelLost(f"more than {self.bounds.size / 2**20:g} MiB") from None
            raise KernelLost from None

    def answer(self):
        """Receive the answer, serving what the student's code asks for in between."""
        while True:
            data = _channel.receive(self.socket, self.bounds.size + (1 << 16))
            loose = Bounds(self.bounds.size + (1 << 16), self.bounds.depth + 2, self.bounds.items)
            try:
                reply = decode(data, loose, resolve=self.proxy)
            except WireError as error:
                raise StudentError(f"What your code returned cannot be used: {error}.") from None
            kind, *content = reply if type(reply) is tuple and reply else (None,)
            if kind == "value" and len(content) == 1:
                return content[0]
            if kind == "refused" and len(content) == 1:
                raise StudentError(f"What your code returned cannot be used: {content[0]}.")
            if kind == "raise" and len(content) == 3:
                raise _exception(*content)
            if kind == "callback" and len(content) == 3:
                self.call_back(*content)
            else:
                raise StudentError("What your code returned cannot be used: it is no reply.")

    def call_back(self, number, args, kwargs):
        """Call a function that the test has passed, for the student's code."""
        everything = Bounds(size=1 << 30, depth=100, items=1 << 40)
        try:
            value = self.functions[number](*args, **kwargs)
            reply = encode(("returned", value, []), everything, refer=_array_or_refuse)
        except Exception as error:
            reply = encode(("raised", f"{type(error).__name__}: {error}"[:4000], []))
        _channel.send(self.socket, reply)

    def proxy(self, reference):
        """Return what stands for an object of the student's."""
        return (CallableProxy if reference.is_callable else Proxy)(self, reference)

    def describe(self, value, extras):
        """Say how to make an argument that is no plain data, at the other side.

        Args:
            value: The argument.
            extras: List that gets the description.

        Returns:
            A `Reference`, or plain data to send in its place.
        """
        if isinstance(value, Proxy):
            if object.__getattribute__(value, "_connection") is not self:
                raise KernelLost
            return object.__getattribute__(value, "_reference")
        if (known := _known(value)) is not None:
            extra = ("name", *known)
        elif isinstance(value, np.random.Generator):
            extra = ("generator", value.bit_generator.state)
        elif (made := _keras(value)) is not None:
            if isinstance(made, np.ndarray):
                return made
            extra = ("keras", *made)
        elif callable(value):
            self.functions[len(self.functions)] = value
            extra = ("callback", len(self.functions) - 1)
        elif isinstance(value, (list, tuple, dict, range)):
            base = list if isinstance(value, range) else _base(value)
            return base(value)
        else:
            raise TypeError(f"A test cannot pass an object of type {type(value).__name__}.")
        extras.append(extra)
        return Reference(len(extras) - 1, "!extra", True)


class Proxy:
    """An object of the student's that stays in the student's kernel.

    Args:
        connection: A `Connection`.
        reference: A `Reference`.
    """

    __slots__ = ("_connection", "_reference")

    def __init__(self, connection, reference):
        object.__setattr__(self, "_connection", connection)
        object.__setattr__(self, "_reference", reference)

    def _request(self, operation, *arguments):
        return object.__getattribute__(self, "_connection").request(operation, self, *arguments)

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._request("get", name)

    def __setattr__(self, name, value):
        self._request("set", name, value)

    def __getitem__(self, key):
        return self._request("item", key)

    def __len__(self):
        n = self._request("length")
        if type(n) is not int or n < 0:
            raise _no_data(self)
        return n

    def __iter__(self):
        items = self._request("list")
        if type(items) is not list:
            raise _no_data(self)
        return iter(items)

    def __repr__(self):
        return f"<{self._reference.type_name} of the notebook>"

    def _refuse(self, *_args, **_kwargs):
        raise _no_data(self)

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = _refuse
    __array__ = __float__ = __int__ = __index__ = __complex__ = __reduce_ex__ = _refuse
    __hash__ = object.__hash__


class CallableProxy(Proxy):
    """An object of the student's that can be called, such as a function."""

    __slots__ = ()

    def __call__(self, *args, **kwargs):
        """Call it in the student's kernel."""
        return self._request("call", list(args), kwargs)


def _no_data(proxy):
    name = proxy._reference.type_name
    return TypeError(
        f"Your notebook gives an object of type {name} where data is needed: a number, text, "
        "a list, a dict or an array."
    )


def is_module(value):
    """Return whether a value is a proxy of a module.

    Args:
        value: Any object.
    """
    return isinstance(value, Proxy) and value._reference.type_name == "module"


def find_proxy(values):
    """Return the first proxy among values and the lists and tuples in them, or `None`.

    Args:
        values: A sequence.
    """
    for value in values:
        if isinstance(value, Proxy):
            return value
        if type(value) in (list, tuple) and (found := find_proxy(value)) is not None:
            return found
    return None


def _exception(names, text, lines):
    """Return an exception of a plain type for one that the student's code raised."""
    names = [n for n in names if type(n) is str] if type(names) is list else []
    text = text if type(text) is str else ""
    kind = next((_EXCEPTIONS[name] for name in names if name in _EXCEPTIONS), None)
    if kind is None or (names[0] not in _EXCEPTIONS and kind is RuntimeError):
        error = StudentError(f"{names[0] if names else 'An exception'}: {text}")
    else:
        error = kind(text)
    error.raised_by_student = lines if type(lines) is str else ""
    return error


def _join(operation, body, n_arguments, extras):
    """Return the encoding of `(operation, *arguments, extras)` from its encoded parts."""
    # The encoding of a tuple: a tag, a length of eight bytes, its items.
    length = (n_arguments + 2).to_bytes(8, "little")
    return b"t" + length + encode(operation) + body[9:] + extras


def _known(value):
    """Return module and name of something that the other side can import, else `None`."""
    if isinstance(value, types.ModuleType):
        name = value.__name__
        return (name, "") if name.partition(".")[0] in _KNOWN else None
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if isinstance(value, np.ufunc):
        module, name = "numpy", value.__name__
    if not (isinstance(module, str) and isinstance(name, str)):
        return None
    if module.partition(".")[0] not in _KNOWN or "<" in name:
        return None
    found = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return (module, name) if found is value else None


def _keras(value):
    """Return how to make a Keras object anew, or an array for a tensor; else `None`."""
    root = type(value).__module__.partition(".")[0]
    if root not in ("keras", "tensorflow", "jax", "jaxlib", "torch", "course_lib"):
        return None
    import keras

    if keras.ops.is_tensor(value) or isinstance(value, keras.Variable):
        return np.asarray(keras.ops.convert_to_numpy(value))
    if isinstance(value, keras.layers.Layer) or hasattr(value, "get_config"):
        serialized = keras.saving.serialize_keras_object(value)
        weights = value.get_weights() if getattr(value, "built", False) else None
        return serialized, weights or None
    return None


def _array_or_refuse(value):
    array = _keras(value)
    if not isinstance(array, np.ndarray):
        raise TypeError(f"A test's function cannot return an object of type {type(value).__name__}")
    return array


def _base(value):
    return next(base for base in (list, tuple, dict) if isinstance(value, base))


assert all(getattr(builtins, name) is kind for name, kind in _EXCEPTIONS.items())
