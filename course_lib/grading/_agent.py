"""The student's side of a test: runs in the student's kernel, and so proves nothing.

A test cell runs elsewhere. What it calls arrives here as a request; the answer goes back as
plain data. The student's code can see and change all of this. It gains nothing by it: what
matters is what the answers are, and those it computes anyhow.
"""

import builtins
import collections
import importlib
import itertools
import socket
import sys
import traceback
import types

import numpy as np

from course_lib.grading import _channel
from course_lib.grading._channel import ChannelError
from course_lib.grading.wire import Bounds, Reference, WireError, decode, encode

_STANDARD_DICTS = (collections.Counter, collections.OrderedDict, collections.defaultdict)
_VIEWS = (
    *(range, map, zip, filter, enumerate, reversed, collections.deque, types.GeneratorType),
    *(type({}.keys()), type({}.values()), type({}.items()), types.MappingProxyType),
)
_PLAIN = (bool, int, float, complex, str, bytes, list, tuple, dict, set, frozenset)

#: Requests are the grader's own; this only keeps an accident from filling the memory.
MAX_REQUEST = 1 << 30

_agent = None


def take_socket(descriptor, bounds=None):
    """Set what `serve` talks through.

    Args:
        descriptor: A connected stream socket.
        bounds: A `dict` with the arguments of `Bounds`.
    """
    global _agent
    _agent = Agent(socket.socket(fileno=descriptor), Bounds(**(bounds or {})))


def serve(namespace):
    """Answer the requests of one test cell.

    Args:
        namespace: The notebook's variables, a `dict`.
    """
    _agent.serve(namespace)


class Agent:
    """Keeps the objects that a test cell holds on to, and does what it asks with them.

    Args:
        connection: A connected stream socket.
        bounds: A `Bounds` for what it sends.
    """

    def __init__(self, connection, bounds):
        self.connection, self.bounds = connection, bounds
        self.objects = {}

    def serve(self, namespace):
        """Answer requests until one says that the test is over."""
        while True:
            operation, *arguments, extras = self.receive()
            if operation == "end":
                return
            arguments = _replace(arguments, [self.rebuild(extra) for extra in extras])
            try:
                value = getattr(self, f"on_{operation}")(namespace, *arguments)
                reply = self.encoded(("value", value))
            except WireError as error:
                reply = encode(("refused", str(error)))
            except ChannelError:
                raise
            except BaseException as error:
                reply = encode(("raise", *_described(error)))
            _channel.send(self.connection, reply)

    def receive(self):
        """Return the next request, arguments decoded."""
        data = _channel.receive(self.connection, MAX_REQUEST)
        everything = Bounds(size=MAX_REQUEST, depth=100, items=1 << 40)
        return decode(data, everything, resolve=self.resolve)

    def encoded(self, value):
        """Return a reply as bytes."""
        return encode(value, self.bounds, refer=self.refer)

    def resolve(self, reference):
        """Return the object that a request refers to."""
        if reference.type_name == "!extra":
            return _Extra(reference.number)
        return self.objects[reference.number]

    def refer(self, value):
        """Return plain data for a value that is nearly that, else a reference to it."""
        kind = type(value)
        if kind in _STANDARD_DICTS:
            return dict(value)
        if kind in _VIEWS:
            if kind is types.MappingProxyType:
                return dict(value)
            items = list(itertools.islice(value, self.bounds.items + 1))
            if len(items) > self.bounds.items:
                raise WireError(f"the value has more than {self.bounds.items} elements")
            return items
        if isinstance(value, tuple) and hasattr(kind, "_fields"):
            return tuple(value)  # a named tuple
        if isinstance(value, np.ndarray):
            if kind is np.memmap:
                return np.array(value)
            raise WireError(f"an array of the subclass {kind.__name__} is no plain data")
        if isinstance(value, _PLAIN):
            base = next(base for base in _PLAIN if isinstance(value, base))
            raise WireError(
                f"an object of the subclass {kind.__name__} of {base.__name__} is no plain data"
            )
        if (array := _as_array(value)) is not None:
            return array
        number = len(self.objects) + 1
        self.objects[number] = value
        return Reference(number, kind.__name__, callable(value))

    def rebuild(self, extra):
        """Make an argument that is no plain data from its description."""
        what, *details = extra
        if what == "name":
            module, name = details
            value = importlib.import_module(module)
            for part in name.split(".") if name else ():
                value = getattr(value, part)
            return value
        if what == "keras":
            import keras

            serialized, weights = details
            value = keras.saving.deserialize_keras_object(serialized)
            if weights is not None:
                value.set_weights(weights)
            return value
        if what == "generator":
            generator = np.random.default_rng()
            generator.bit_generator.state = details[0]
            return generator
        (number,) = details
        return self.callback(number)

    def callback(self, number):
        """Return a function that calls one of the test's, over there."""

        def function(*args, **kwargs):
            request = self.encoded(("callback", number, list(args), kwargs))
            _channel.send(self.connection, request)
            status, value, _extras = self.receive()
            if status == "raised":
                raise RuntimeError(f"the function that the test passed raised {value}")
            return value

        return function

    def on_sync(self, namespace, number):
        """Return a number, so that the test knows which answers are to come."""
        return number

    def on_name(self, namespace, name):
        """Return a variable of the notebook."""
        if name not in namespace:
            raise NameError(f"name {name!r} is not defined")
        return namespace[name]

    def on_call(self, namespace, function, args, kwargs):
        """Call an object."""
        return function(*args, **kwargs)

    def on_helper(self, namespace, module, name, args, kwargs):
        """Call a function of a module."""
        return getattr(importlib.import_module(module), name)(*args, **kwargs)

    def on_get(self, namespace, target, name):
        """Return an attribute."""
        return getattr(target, name)

    def on_set(self, namespace, target, name, value):
        """Set an attribute."""
        setattr(target, name, value)

    def on_item(self, namespace, target, key):
        """Return an element."""
        return target[key]

    def on_length(self, namespace, target):
        """Return the number of elements."""
        return len(target)

    def on_list(self, namespace, target):
        """Return all elements."""
        return list(itertools.islice(target, self.bounds.items + 1))


class _Extra:
    """Stands in a request for an argument that is described beside it."""

    def __init__(self, number):
        self.number = number


def _replace(value, extras):
    """Put the rebuilt arguments where `_Extra` stands for them."""
    if isinstance(value, _Extra):
        return extras[value.number]
    if type(value) in (list, tuple):
        return type(value)(_replace(item, extras) for item in value)
    if type(value) is dict:
        return {key: _replace(item, extras) for key, item in value.items()}
    return value


def _as_array(value):
    """Return an array for a tensor or variable of any backend; `None` for other objects."""
    root = type(value).__module__.partition(".")[0]
    if root not in ("tensorflow", "keras", "jax", "jaxlib", "torch"):
        return None
    try:
        import keras

        is_tensor = keras.ops.is_tensor(value) or isinstance(value, keras.Variable)
        if not (is_tensor or hasattr(value, "numpy")):  # the last for tf.Variable
            return None
        array = np.asarray(keras.ops.convert_to_numpy(value))
    except Exception:
        return None
    if array.dtype.kind == "V":  # bfloat16 and its like are NumPy's to extend, not to know
        array = array.astype("float32")
    return array if array.dtype.kind != "O" else None


def _described(error):
    """Return names of types, message and traceback of an exception, as plain text."""
    names = [
        kind.__name__
        for kind in type(error).__mro__
        if getattr(builtins, kind.__name__, None) is kind
    ]
    try:
        text = str(error)
    except Exception:
        text = "its message cannot be shown"
    if isinstance(error, KeyError) and len(error.args) == 1:
        text = repr(error.args[0])
    frames = traceback.extract_tb(error.__traceback__)
    ours = sys.modules[__name__].__file__
    lines = [f"line {f.lineno}, in {f.name}" for f in frames if f.filename != ours]
    clean = [part.encode("utf-8", "replace").decode()[:4000] for part in (text, "\n".join(lines))]
    return [type(error).__name__[:200], *names], *clean
