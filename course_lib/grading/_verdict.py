"""The process that judges: test cells run here, where no student's code ever runs.

It is forked like a kernel and has a sandbox of its own. The grader sends it the instructor's
setup cells and the test cells; for each kernel of the student's it gets a new connection.
"""

import ast
import builtins
import contextlib
import io
import json
import math
import socket
import traceback
import warnings

from course_lib.grading import _channel, _names, _proxies
from course_lib.grading.wire import Bounds

#: Characters of a message that are kept.
MAX_MESSAGE = 4000


def main(options, descriptors):
    """Obey the grader until it closes the channel.

    Args:
        options: A `dict`: `"bounds"`, the arguments of `Bounds`.
        descriptors: One connected stream socket, to the grader.
    """
    channel = socket.socket(fileno=descriptors[0])
    judge = Judge(Bounds(**options["bounds"]))
    while True:
        try:
            request = json.loads(_channel.receive(channel, 1 << 30))
        except _channel.ChannelError:
            return
        if request["do"] == "connect":
            channel.send(b"+")
            _, (descriptor,), _, _ = socket.recv_fds(channel, 1, 1)
            judge.connect(socket.socket(fileno=descriptor))
            result = {}
        elif request["do"] == "setup":
            result = judge.setup(request["source"], request["only_imports"])
        else:
            result = judge.test(request["source"], set(request["students"]), request["points"])
        _channel.send(channel, json.dumps(result).encode())


class Judge:
    """Runs instructor's cells in one namespace, with proxies for what is the student's.

    Args:
        bounds: A `Bounds` for replies.
    """

    def __init__(self, bounds):
        self.bounds, self.connection = bounds, None
        self.namespace = {"__name__": "__main__", "__builtins__": builtins}

    def connect(self, connection):
        """Use another kernel from now on.

        Args:
            connection: A connected stream socket.
        """
        if self.connection:
            self.connection.close()
        self.connection = _proxies.Connection(connection, self.bounds)

    def setup(self, source, only_imports):
        """Run a cell of the instructor's that needs nothing of the student's.

        Args:
            source: Its text.
            only_imports: Whether to leave out all but imports.

        Returns:
            A `dict`: `"error"`, a text or `None`.
        """
        error = None
        with _quiet():
            try:
                tree = _names.imports(source) if only_imports else _names.python_of(source)
                exec(compile(tree, "<setup>", "exec"), self.namespace)
            except Exception as problem:
                error = f"{type(problem).__name__}: {problem}"[:MAX_MESSAGE]
        return {"error": error}

    def test(self, source, students, points):
        """Run a test cell.

        Args:
            source: Its text.
            students: Names that are the student's, whatever else they are here.
            points: What the cell is worth.

        Returns:
            A `dict`: `"points"`; `"name"` and `"message"` of an exception, or `None`; `"printed"`;
            `"line"` of the cell at which it failed; `"lost"`, whether the kernel is gone;
            `"answers"`, whether it answered at all.
        """
        result = {"points": 0.0, "name": None, "message": None, "line": None, "lost": False}
        result["answers"] = False
        printed = _Capped()
        try:
            with _quiet(printed):
                try:
                    self.connection.sync()
                    result["answers"] = True
                    self.bind(_names.taken(source), students)
                    result["points"] = self.run(source, points)
                finally:
                    self.connection.end()
        except _proxies.KernelLost as lost:
            result.update(name="KernelLost", message=str(lost), lost=True)
        except BaseException as error:
            result.update(name=type(error).__name__, message=_message(error, source))
            result["line"] = _line(error)
        result["lost"] |= self.connection.is_lost
        result["printed"] = printed.getvalue()
        return result

    def bind(self, names, students):
        """Look up in the student's kernel what a test cell needs from there.

        Args:
            names: Global names that the cell uses.
            students: Those that are the student's in any case.
        """
        for name in sorted(names):
            known = name in self.namespace or hasattr(builtins, name)
            if known and name not in students:
                continue
            self.namespace.pop(name, None)
            # A name that the cell itself binds first is in no notebook yet.
            with contextlib.suppress(NameError):
                value = self.connection.request("name", name)
                # A module of the student's must not compute what a test compares: without it
                # the test fails for everybody, and its author adds an import.
                if not _proxies.is_module(value):
                    self.namespace[name] = value

    def run(self, source, points):
        """Run the cell; return the points that it gives.

        Args:
            source: Its text.
            points: What it is worth.

        Returns:
            A number between 0 and `points`.

        Raises:
            ValueError: If the cell's last value is a number that cannot be its points.
        """
        tree = _names.python_of(source)
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<test>", "exec"), self.namespace)
        if last is None:
            return points
        value = eval(compile(ast.Expression(last.value), "<test>", "eval"), self.namespace)
        # As in nbgrader: a number is partial credit, anything else is not.
        if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0:
            value = value.item()
        if type(value) not in (int, float):
            return points
        if not (math.isfinite(value) and 0 <= value <= points):
            raise ValueError(
                f"This test gives {value} of {points:g} points, which is a mistake in the test: "
                "tell your instructor."
            )
        return float(value)


class _Capped(io.StringIO):
    """Keeps the beginning of what is printed."""

    def write(self, text):
        """Keep what fits."""
        super().write(text[: max(0, MAX_MESSAGE - self.tell())])
        return len(text)


@contextlib.contextmanager
def _quiet(out=None):
    with (
        contextlib.redirect_stdout(out or io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


def _message(error, source):
    text = str(error)
    if isinstance(error, KeyError) and not hasattr(error, "raised_by_student"):
        text = str(error.args[0]) if error.args else ""
    lines = getattr(error, "raised_by_student", "")
    if lines and type(error) is not NotImplementedError:
        text += f"\nRaised by your code: {lines.splitlines()[-1]}."
    return text.encode("utf-8", "replace").decode()[:MAX_MESSAGE]


def _line(error):
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == "<test>"]
    return lines[-1] if lines else None
