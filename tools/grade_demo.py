"""Grade a small class with nbgrader and check that every mistake costs its own task only.

The class hands in the source's own solution, a blank notebook, other correct solutions and
one notebook for each mistake that `tests/assignments/<assignment>/` keeps. The commands are
nbgrader's own, run in a temporary folder: no gradebook of yours is touched.

Usage: python tools/grade_demo.py [ps1 ...] [--keep FOLDER] [--plain]
"""

import argparse
import ast
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

import nbformat

ROOT = pathlib.Path(__file__).resolve().parents[1]
COURSE = ROOT / "assignments"
CATALOGUE = ROOT / "tests" / "assignments"

#: Settings under which nbgrader grades by itself: nothing of the course's grader is in them.
PLAIN = """\
c = get_config()
c.CourseDirectory.course_id = "plain"
c.Execute.timeout = 600
"""

#: What each student writes into a cell that is graded by hand.
ANSWER_IN_WORDS = "My answer, to be read by a person."


@dataclass(frozen=True)
class Task:
    """A solution cell and the cells that carry its points.

    Args:
        name: `grade_id` of the solution cell, and the name of the function it defines.
        points: Maps the `grade_id` of each graded cell to its points.
        by_hand: Whether a person grades it.
    """

    name: str
    points: dict[str, float]
    by_hand: bool


class Assignment:
    """An assignment as its source notebook has it.

    Args:
        name: Folder below `assignments/source`, such as `"ps1"`.
    """

    def __init__(self, name):
        self.name = name
        (self.path,) = (COURSE / "source" / name).glob("*.ipynb")
        self.notebook = nbformat.read(self.path, as_version=4)
        self.tasks = {}
        for cell in self.notebook.cells:
            meta = cell.metadata.get("nbgrader", {})
            if meta.get("solution"):
                task = Task(meta["grade_id"], points={}, by_hand=meta["grade"])
                self.tasks[task.name] = task
            if meta.get("grade"):
                task.points[meta["grade_id"]] = meta["points"]

    @property
    def code_tasks(self):
        """Names of the tasks that are graded automatically."""
        return [task.name for task in self.tasks.values() if not task.by_hand]

    def reference(self):
        """Return the source's own solutions: a `dict` from task to text of its cell."""
        return {
            cell.id: "\n".join(
                line
                for line in cell.source.splitlines()
                if "### BEGIN SOLUTION" not in line and "### END SOLUTION" not in line
            )
            for cell in self.notebook.cells
            if cell.id in self.code_tasks
        }

    def variant(self, path):
        """Read a file of the catalogue: solutions of some tasks, one function each.

        Args:
            path: A Python file. Each function with the name of a task ends that task's cell;
                imports and helpers before it belong to the cell, too.

        Returns:
            A `dict` from task to text of its cell.
        """
        text = path.read_text("utf-8")
        tree = ast.parse(text)
        lines = text.splitlines()
        start = tree.body[0].end_lineno  # after the docstring
        cells = {}
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name in self.tasks:
                cells[node.name] = "\n".join(lines[start : node.end_lineno]).strip()
                start = node.end_lineno
        return cells

    def students(self):
        """Return the class: a `dict` from name to `Student`."""
        reference = self.reference()
        result = {
            "reference": Student(reference, breaks=frozenset()),
            "blank": Student({}, breaks=frozenset(self.tasks)),
        }
        for path in sorted((CATALOGUE / self.name / "correct").glob("*.py")):
            result[path.stem] = Student(self.variant(path), breaks=frozenset())
        for path in sorted((CATALOGUE / self.name / "wrong").glob("*.py")):
            wrong = self.variant(path)
            result[path.stem] = Student({**reference, **wrong}, breaks=frozenset(wrong))
        return result


@dataclass(frozen=True)
class Student:
    """What one student hands in, and the tasks that lose points by it.

    Args:
        cells: Maps a task to the text of its cell; a task left out stays blank.
        breaks: Tasks in which points must be lost. All others must get all points.
    """

    cells: dict[str, str]
    breaks: frozenset[str]


def fill_in(release, student):
    """Return a copy of a released notebook with a student's cells in it."""
    notebook = nbformat.from_dict(release)
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if not student.cells or not meta.get("solution"):
            continue
        cell.source = ANSWER_IN_WORDS if meta["grade"] else student.cells[meta["grade_id"]]
    return notebook


def nbgrader(folder, *arguments):
    """Run one nbgrader command in a course folder, away from all configuration of the user.

    Args:
        folder: The course folder.
        *arguments: Command and arguments, such as `"autograde", "ps1"`.

    Returns:
        What the command printed to stdout, as `str`.

    Raises:
        RuntimeError: If the command fails.
    """
    home = folder / ".home"
    home.mkdir(exist_ok=True)
    isolated = {
        # A configuration file in the user's home could name another course folder or gradebook.
        "HOME": str(home),
        "TMPDIR": str(home),
        "JUPYTER_NO_CONFIG": "1",
        # nbgrader calls `alembic` by its bare name.
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env={**os.environ, **isolated},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(
            f"nbgrader {' '.join(arguments)} exited with {done.returncode}:\n{done.stderr}"
        )
    return done.stdout


def make_course(folder, config=None):
    """Make a course folder without assignments.

    Args:
        folder: A folder that does not exist, or is empty.
        config: Text of `nbgrader_config.py`; by default this course's.
    """
    (folder / "source").mkdir(parents=True)
    shutil.copy(COURSE / "source" / "header.ipynb", folder / "source")
    if config is None:
        config = (COURSE / "nbgrader_config.py").read_text("utf-8")
    (folder / "nbgrader_config.py").write_text(config, "utf-8")


def grade_class(assignment, folder, students, report=print, config=None):
    """Grade a class with nbgrader's commands, from source to exported grades.

    Args:
        assignment: An `Assignment`.
        folder: An empty folder, which becomes the course folder.
        students: A `dict` from name to `Student`.
        report: Called with one line of text after each command.
        config: Text of `nbgrader_config.py`; by default this course's. Under `PLAIN` the
            notebooks run with your rights.

    Returns:
        A `dict` from student to a `dict` from task to points; `None` where a person has
        yet to grade.
    """
    make_course(folder, config)
    shutil.copytree(assignment.path.parent, folder / "source" / assignment.name)

    def run(*arguments):
        began = time.monotonic()
        nbgrader(folder, *arguments)
        report(f"nbgrader {' '.join(arguments)}: {time.monotonic() - began:.0f} s")

    run("generate_assignment", assignment.name)
    released = folder / "release" / assignment.name / assignment.path.name
    release = nbformat.read(released, as_version=4)
    for name, student in students.items():
        handed_in = folder / "submitted" / name / assignment.name / assignment.path.name
        handed_in.parent.mkdir(parents=True)
        nbformat.write(fill_in(release, student), handed_in)
    run("autograde", assignment.name)
    run("generate_feedback", assignment.name)
    run("export")
    return read_points(assignment, folder, students)


def read_points(assignment, folder, students):
    """Read the points of a class from the gradebook; see `grade_class`."""
    from nbgrader.api import Gradebook  # takes a second, and only this needs it

    points = {}
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        for name in students:
            submission = gradebook.find_submission_notebook(
                assignment.path.stem, assignment.name, name
            )
            scores = {grade.cell.name: grade.auto_score for grade in submission.grades}
            points[name] = {
                task.name: None
                if None in (cells := [scores[cell] for cell in task.points])
                else sum(cells)
                for task in assignment.tasks.values()
            }
    return points


def surprises(assignment, students, points):
    """Compare points with what the catalogue lists.

    Args:
        assignment: An `Assignment`.
        students: A `dict` from name to `Student`.
        points: What `grade_class` returned.

    Returns:
        A list of pairs `(student, task)` whose points are not as listed.
    """
    wrong = []
    for name, student in students.items():
        for task in assignment.tasks.values():
            got, full = points[name][task.name], sum(task.points.values())
            if not student.cells:
                as_listed = got == 0
            elif task.by_hand:
                as_listed = got is None
            elif task.name in student.breaks:
                as_listed = got < full
            else:
                as_listed = got == full
            if not as_listed:
                wrong.append((name, task.name))
    return wrong


def print_table(assignment, students, points, unexpected):
    """Print students x tasks; `*` marks what is listed to lose points, `?` a surprise."""
    tasks = list(assignment.tasks.values())
    width = max(map(len, students)) + 2
    columns = range(1, len(tasks) + 1)
    print(" " * width + "".join(f"{i:>6} " for i in columns) + "   total")
    full = [sum(task.points.values()) for task in tasks]
    print(f"{'possible':{width}}" + "".join(f"{x:>6g} " for x in full) + f"{sum(full):>8g}")
    for name, student in students.items():
        row = ""
        for task in tasks:
            got = points[name][task.name]
            mark = "?" if (name, task.name) in unexpected else " *"[task.name in student.breaks]
            row += f"{'-' if got is None else format(got, 'g'):>6}{mark}"
        total = sum(got for got in points[name].values() if got is not None)
        print(f"{name:{width}}{row}{total:>8g}")
    print()
    for i, task in zip(columns, tasks, strict=True):
        print(f"{i:>3}  {task.name}{', graded by hand (-)' if task.by_hand else ''}")
    print("  *  listed to lose points        ?  not as listed\n")


def main(arguments=None):
    """Grade the class of each assignment; return 0 if all points are as listed, else 1."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    known = sorted(path.name for path in (COURSE / "source").iterdir() if path.is_dir())
    parser.add_argument(
        "assignments", nargs="*", metavar="ASSIGNMENT", help=f"one of {', '.join(known)}; or all"
    )
    parser.add_argument(
        "--keep", type=pathlib.Path, metavar="FOLDER", help="a new folder that keeps the class"
    )
    parser.add_argument(
        "--plain", action="store_true", help="by nbgrader alone, without sandbox: ten times slower"
    )
    options = parser.parse_args(arguments)
    for name in options.assignments:
        if name not in known:
            parser.error(f"no such assignment: {name}. There are: {', '.join(known)}")
    if options.keep and options.keep.exists():
        parser.error(f"{options.keep} exists already")

    n_surprises = 0
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.assignments or known:
            assignment = Assignment(name)
            students = assignment.students()
            print(f"{name}: {len(students)} students, a few seconds each", flush=True)
            folder = (options.keep or pathlib.Path(scratch)).resolve() / name
            points = grade_class(
                assignment,
                folder,
                students,
                report=lambda line: print(line, flush=True),
                config=PLAIN if options.plain else None,
            )
            unexpected = surprises(assignment, students, points)
            print()
            print_table(assignment, students, points, unexpected)
            n_surprises += len(unexpected)
    print("All points are as listed." if not n_surprises else f"{n_surprises} not as listed.")
    return 1 if n_surprises else 0


if __name__ == "__main__":
    sys.exit(main())
