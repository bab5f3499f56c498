"""What test cells may ask of a student's function besides calling it.

A test cell runs twice: in the student's notebook under *Validate*, and again when it is
graded, in a process where the student's functions are out of reach but for calls. These
helpers do the same in both. All else that a test does with a result must be done on data:

- A tensor arrives as a NumPy array. Under *Validate* it is still a tensor, so begin with
  `np.asarray(got)`.
- A named tuple arrives as a tuple, a generator as a list, a `Counter` as a `dict`. Objects of
  other types, such as a model, stay where they are: call them and their methods, but do not
  compare them or ask for their type.
- Arguments may be plain data, objects that the student's code returned, functions by name
  (`keras.ops.tanh`), Keras layers and models (a copy is sent, with its weights), a NumPy
  `Generator` (a copy: draws there do not advance it here), and functions of the test. These
  are called back with plain data and so have no gradient.
- An exception of Python's own arrives as such, with its message.
"""

import functools
import importlib

from course_lib.grading import _proxies


def beside_the_student(function):
    """Make a function run where the student's objects are, whichever process that is.

    The function must stand at the top level of a module of `course_lib`.

    Args:
        function: The function.

    Returns:
        A function with the same arguments.

    Example:
        >>> gradient(lambda x: x**2, [3.0]).tolist()
        [6.0]
    """

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        proxy = _proxies.find_proxy([*args, *kwargs.values()])
        if proxy is None:
            return function(*args, **kwargs)
        connection = object.__getattribute__(proxy, "_connection")
        module, name = function.__module__, function.__qualname__
        return connection.request("helper", module, name, list(args), kwargs)

    return wrapper


@beside_the_student
def gradient(function, *args, argument=0):
    """Differentiate a function of arrays, on whichever backend Keras uses.

    Args:
        function: Takes arrays; returns an array, whose sum is differentiated.
        *args: Its arguments: numbers, lists or arrays.
        argument: Which of them to differentiate by.

    Returns:
        A NumPy array of the shape of that argument, float32; zeros where the function does not
        depend on it.

    Raises:
        TypeError: If `function` cannot be called.

    Example:
        >>> gradient(lambda x, y: x * y, [1.0, 2.0], [5.0, 7.0], argument=1).tolist()
        [1.0, 2.0]
    """
    import keras
    import numpy as np
    from keras import ops

    if not callable(function):
        raise TypeError(f"function must be callable. Received: {type(function).__name__}")
    tensors = [ops.convert_to_tensor(np.asarray(arg, dtype="float32")) for arg in args]

    def total(x):
        return ops.sum(function(*tensors[:argument], x, *tensors[argument + 1 :]))

    x = tensors[argument]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            result = total(x)
        found = tape.gradient(result, x)
    elif keras.backend.backend() == "jax":
        import jax

        found = jax.grad(total)(x)
    else:
        x = x.detach().clone().requires_grad_()
        total(x).backward()
        found = x.grad
    if found is None:
        return np.zeros(np.shape(args[argument]), "float32")
    return np.asarray(ops.convert_to_numpy(found))


@beside_the_student
def is_a(value, name):
    """Return whether an object is of a type, given by name, for a message to the student.

    The answer comes from the student's process. Do not give points for it alone.

    Args:
        value: Any object.
        name: Such as `"keras.Model"`.

    Returns:
        A `bool`.

    Example:
        >>> is_a(3, "builtins.int")
        True
    """
    module, _, attribute = name.rpartition(".")
    return isinstance(value, getattr(importlib.import_module(module), attribute))
