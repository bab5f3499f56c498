"""Attacks on the grader, each the text of a solution cell.

Each is the solution of the task `square` of `small_course` and gives no right answer, unless
its entry says so.
"""

WRONG = "\ndef square(x):\n    return 0\n"

#: For a wrong answer: nothing for the first task.
FORGERIES = {
    "transformer that drops asserts": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node):
        return ast.copy_location(ast.Pass(), node)
get_ipython().ast_transformers.append(Drop())
"""
    + WRONG,
    "transformer that makes the last value 5": """
import ast
class Five(ast.NodeTransformer):
    def visit_Module(self, node):
        self.generic_visit(node)
        node.body.append(ast.Expr(ast.Constant(5)))
        return ast.fix_missing_locations(node)
get_ipython().ast_transformers.append(Five())
"""
    + WRONG,
    "transformer of a test cell's text": """
def replace(lines):
    return ["5"] if any("assert" in line for line in lines) else lines
get_ipython().input_transformers_cleanup.append(replace)
"""
    + WRONG,
    "object that equals everything": """
class Any:
    __hash__ = None
    def __eq__(self, other): return True
    def __bool__(self): return True
    def __float__(self): return 11.0
    def __array__(self, *args, **kwargs):
        import numpy
        return numpy.zeros(5)
    def __getattr__(self, name): return self
    def __call__(self, *args): return self
def square(x): return Any()
""",
    "float that equals everything": """
class Any(float):
    __hash__ = None
    def __eq__(self, other): return True
def square(x): return Any(1)
""",
    "array that equals everything": """
import numpy
class Any(numpy.ndarray):
    def __eq__(self, other): return True
    def __array_ufunc__(self, *args, **kwargs): return True
    def __array_function__(self, *args, **kwargs): return True
def square(x): return numpy.zeros(5).view(Any)
""",
    "object array": """
import numpy
class Any:
    def __eq__(self, other): return True
def square(x): return numpy.array([Any()] * 5, dtype=object)
""",
    "pickle": """
import pickle
class Evil:
    def __reduce__(self): return (print, ("owned",))
def square(x): return pickle.dumps(Evil())
""",
    "patches": """
import builtins, math, numpy, numpy.testing
numpy.isclose = numpy.allclose = math.isclose = lambda *a, **k: True
numpy.testing.assert_allclose = lambda *a, **k: None
numpy.random.default_rng = lambda *a: None
builtins.all = builtins.any = lambda *a: True
"""
    + WRONG,
    "names that the test uses": """
class Fake:
    def __getattr__(self, name): return lambda *a, **k: True
np = math = Fake()
OFFSET = -9
"""
    + WRONG,
    "the caller's frames": """
import gc, sys
def square(x):
    frame, seen = sys._getframe(), []
    while frame:
        seen.append(str(frame.f_locals) + str(frame.f_globals.get("In")))
        frame = frame.f_back
    seen += [str(o) for o in gc.get_objects() if type(o) is str]
    # Written in two parts, or this text would find itself.
    if any("BEGIN HIDDEN" + " TESTS" in text for text in seen):
        return x * x + 2
    return 0
""",
    "the visible example": "def square(x):\n    return 11 if type(x) is int else 0",
    "forged replies": """
from course_lib.grading import _agent, _channel, wire
connection = _agent._agent.connection
def square(x):
    for reply in (("value", True), ("end", []), ("returned", 5, [])):
        _channel.send(connection, wire.encode(reply))
    _channel.send(connection, b"\\x80\\x04junk")
    return 0
""",
    "points as a reply": """
from course_lib.grading import _agent
_agent.encode = lambda *a, **k: b"T"
"""
    + WRONG,
    "shadowed module": """
open("numpy.py", "w").write("raise SystemExit")
open("sitecustomize.py", "w").write("raise SystemExit")
"""
    + WRONG,
    "exit": "import sys\ndef square(x): sys.exit(0)",
    "hard exit": "import os\ndef square(x): os._exit(0)",
    "hard exit in the cell": "import os\nos._exit(0)",
    "kill all": "import os\ndef square(x):\n    os.kill(-1, 9)\n    os.kill(os.getpid(), 9)",
    "crash": "import ctypes\ndef square(x): ctypes.string_at(0)",
    "raises the test's own kind of error": "def square(x): raise AssertionError('5')",
    "raises what nobody catches": """
class Odd(BaseException):
    def __str__(self): raise ValueError
def square(x): raise Odd
""",
    "null bytes": "def square(x):\n    return 0\x00",
    "syntax error": "def square(x) return 11",
}

#: The same, of those that use something up.
EXHAUSTION = {
    "endless loop": """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
def square(x):
    while True: pass
""",
    "endless loop in the cell": """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
while True: pass
""",
    "sleeps through a long call": "import time\ndef square(x): time.sleep(1e6)",
    "memory": """
def square(x):
    kept = []
    while True: kept.append(bytearray(10**7))
""",
    "memory of many processes": """
import os, time
def square(x):
    for _ in range(3):
        if not os.fork():
            kept = bytearray(7 * 10**8)
            time.sleep(1e6)
    time.sleep(1e6)
""",
    "disk": """
def square(x):
    for i in range(1000):
        with open(f"/tmp/{i}", "wb") as file: file.write(bytes(10**7))
""",
    "shared memory": """
def square(x):
    for i in range(1000):
        with open(f"/dev/shm/{i}", "wb") as file: file.write(bytes(10**7))
""",
    "files": "def square(x): return [open('/dev/null') for _ in range(10**6)]",
    "prints in the cell": "while True: print('x' * 1000)",
    "prints in a call": "def square(x):\n    while True: print('x' * 10**5)",
    "enormous array": "import numpy\ndef square(x): return numpy.zeros((10**4, 10**4), 'u1')",
    "enormous text": "def square(x): return 'x' * 10**9",
    "enormous integer": "def square(x): return 1 << 10**6",
    "endless generator": "import itertools\ndef square(x): return (i for i in itertools.count())",
    "many elements": "def square(x): return [0] * 10**7",
    "deep list": """
def square(x):
    result = []
    for _ in range(10**5): result = [result]
    return result
""",
    "list of itself": """
def square(x):
    result = []
    result.append(result)
    return result
""",
    "announces more than it sends": """
from course_lib.grading import _agent
def square(x):
    _agent._agent.connection.sendall((1 << 60).to_bytes(8, "little"))
    return 0
""",
}
