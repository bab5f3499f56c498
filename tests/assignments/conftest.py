import ast
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tools"))

import grade_demo

# The catalogue of solutions is data: nothing to collect there.
collect_ignore_glob = ["ps*/*"]

ASSIGNMENTS = sorted(path.name for path in grade_demo.CATALOGUE.iterdir() if path.is_dir())


@pytest.fixture(scope="session", params=[n for n in ASSIGNMENTS if n.startswith("ps")])
def assignment(request):
    return grade_demo.Assignment(request.param)


@pytest.fixture(scope="session")
def students(assignment):
    return assignment.students()


@pytest.fixture(scope="session")
def handed_in(students):
    """Return the class that nbgrader grades.

    Mistakes in different tasks share a notebook: each still has to cost its own task, and a
    notebook takes seconds. That a mistake alone costs no other task is tested in one process.
    """
    reference = students["reference"]
    class_ = {name: s for name, s in students.items() if not (s.cells and s.breaks)}
    groups = []
    for student in students.values():
        if student.cells and student.breaks:
            mistakes = {task: student.cells[task] for task in student.breaks}
            fitting = (group for group in groups if not group.keys() & mistakes.keys())
            group = next(fitting, None)
            if group is None:
                groups.append(group := {})
            group |= mistakes
    for n, group in enumerate(groups, start=1):
        cells = {**reference.cells, **group}
        class_[f"mistakes-{n}"] = grade_demo.Student(cells, breaks=frozenset(group))
    return class_


@pytest.fixture(scope="session")
def run_cells():
    """Return a function that runs cells in this process: no kernel, so many times a second."""

    def run(assignment, cells, only=None):
        """Run the setup cells and the given solutions; return the namespace."""
        namespace = {}
        for cell in assignment.notebook.cells:
            meta = cell.metadata.get("nbgrader", {})
            is_setup = meta and not meta["grade"] and not meta["solution"]
            if cell.cell_type == "code" and (is_setup or cell.id in cells):
                source = cells.get(cell.id, cell.source)
                exec(compile(ast.parse(source), cell.id, "exec"), namespace)
        return namespace

    return run


@pytest.fixture(scope="session")
def graded(assignment, handed_in, tmp_path_factory):
    """Grade the class with nbgrader, once; return its course folder and its points."""
    folder = tmp_path_factory.mktemp("class") / assignment.name
    before = sorted(grade_demo.COURSE.rglob("*"))
    points = grade_demo.grade_class(assignment, folder, handed_in, report=lambda line: None)
    assert sorted(grade_demo.COURSE.rglob("*")) == before, "grading left files in the repository"
    return folder, points
