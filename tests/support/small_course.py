"""A small assignment, and a grader that really runs it: for tests of the grading."""

import copy
import time

import nbformat
from nbgrader.utils import determine_grade
from traitlets.config import Config

from course_lib.grading import rebuild
from course_lib.grading.grader import Grader, is_test

SETUP = """\
import math

import numpy as np

OFFSET = 2
"""

#: For each task: the solution, the check that the student has, and the hidden one.
TASKS = {
    "square": (
        'def square(x):\n    """Return x squared, plus OFFSET."""\n    return x * x + OFFSET',
        "assert square(3) == 11, 'square(3) is 11.'",
        "x = np.random.default_rng().normal(size=5)\n"
        "assert np.allclose(square(x), x**2 + OFFSET), 'Some squares are wrong.'",
    ),
    "mean": (
        "def mean(values):\n    return sum(values) / len(values)",
        "assert mean([1, 2]) == 1.5, 'mean([1, 2]) is 1.5.'",
        "values = np.random.default_rng().normal(size=7).tolist()\n"
        "assert math.isclose(mean(values), math.fsum(values) / 7), 'A mean is wrong.'",
    ),
}

#: Points of the visible and of the hidden check of each task.
VISIBLE, HIDDEN = 2, 3


def cell(kind, grade_id, source, **properties):
    """Return a cell with nbgrader's metadata."""
    new = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    meta = {
        **{"grade": False, "solution": False, "locked": True, "task": False},
        **{"grade_id": grade_id, "schema_version": 3},
        **properties,
    }
    return new(source, id=grade_id, metadata={"nbgrader": meta})


def make_source(tasks=TASKS, setup=SETUP):
    """Return an instructor's notebook, with solutions and hidden tests."""
    cells = [cell("code", "setup", setup)]
    for name, (solution, visible, hidden) in tasks.items():
        head, _, body = solution.partition("\n")
        text = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        hidden = f"### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
        cells += [
            cell("markdown", f"{name}_task", f"## Task: {name}"),
            cell("code", name, text, solution=True, locked=False),
            cell("code", f"{name}_check", visible, grade=True, points=VISIBLE),
            cell("code", f"{name}_grade", hidden, grade=True, points=HIDDEN),
        ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {
        **{"name": "python3", "language": "python"},
        "display_name": "Python 3",
    }
    return notebook


def release(source):
    """Return what the grader works with: solutions cleared, hidden tests left in."""
    notebook = copy.deepcopy(source)
    for item in rebuild.solution_cells(notebook):
        head = item.source.partition("\n")[0]
        item.source = f"{head}\n    raise NotImplementedError('Not written yet.')"
    return notebook


class Graded:
    """A notebook that was graded: its points, messages and outputs."""

    def __init__(self, notebook, seconds):
        self.notebook, self.seconds = notebook, seconds
        self.cells = {item.id: item for item in notebook.cells}
        self.points = {c.id: determine_grade(c)[0] for c in notebook.cells if is_test(c)}

    def message(self, name):
        return " ".join(o.evalue for o in self.cells[name].outputs if o.output_type == "error")

    def text(self, name):
        outputs = self.cells[name].outputs
        return "".join(o.text for o in outputs if o.output_type == "stream")

    def task(self, name):
        return self.points[f"{name}_check"] + self.points[f"{name}_grade"]


def limits(**values):
    config = Config()
    for name, value in {
        **{"cell_seconds": 10, "idle_cell_seconds": 5, "notebook_seconds": 120},
        **values,
    }.items():
        config.Limits[name] = value
    return config


def grade_texts(texts, source=None, config=None, support=None):
    """Grade solutions; `texts` maps a task to the text of its cell."""
    source = release(source or make_source())
    notebook = rebuild.rebuild(source, rebuild.Submission(texts))
    for item, original in zip(notebook.cells, source.cells, strict=True):
        if item.metadata.nbgrader.solution:
            item["instructor_source"] = original.source
    began = time.monotonic()
    Grader(config=config or limits()).grade(notebook, support)
    return Graded(notebook, time.monotonic() - began)


def right(tasks=TASKS):
    """Return right solutions."""
    return {name: solution for name, (solution, _, _) in tasks.items()}
