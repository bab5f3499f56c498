"""The linter of assignments lets the course's pass, and finds each thing that it looks for."""

import copy
import pathlib

import check_assignments
import nbformat
import pytest

SOURCES = pathlib.Path(check_assignments.ROOT) / "assignments" / "source"


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(SOURCES / "ps1" / "movie_critic.ipynb", as_version=4)


@pytest.fixture(scope="module")
def header():
    return nbformat.read(SOURCES / "header.ipynb", as_version=4)


def test_the_assignments_pass():
    assert check_assignments.check() == []


def test_problems_name_file_and_cell(tmp_path, notebook, header):
    folder = tmp_path / "assignments" / "source"
    (folder / "ps9").mkdir(parents=True)
    nbformat.write(header, folder / "header.ipynb")
    broken = copy.deepcopy(notebook)
    named(broken, "perplexity_check").metadata.nbgrader.locked = False
    nbformat.write(broken, folder / "ps9" / "work.ipynb")
    found = check_assignments.check(tmp_path)
    assert found[0].startswith("assignments/source/ps9/work.ipynb:perplexity_check: its metadata")


def named(notebook, name):
    (cell,) = (cell for cell in notebook.cells if cell.id == name)
    return cell


def meta(name, **changes):
    """Return a change of a cell's metadata; `None` drops a key."""

    def change(notebook):
        data = named(notebook, name).metadata.nbgrader
        for key, value in changes.items():
            if value is None:
                del data[key]
            else:
                data[key] = value

    return change


def text(name, old, new):
    """Return a change of a cell's text."""

    def change(notebook):
        cell = named(notebook, name)
        assert old in cell.source
        cell.source = cell.source.replace(old, new)

    return change


def move(name):
    def change(notebook):
        cell = named(notebook, name)
        notebook.cells.remove(cell)
        notebook.cells.append(cell)

    return change


def drop(*names):
    def change(notebook):
        notebook.cells = [cell for cell in notebook.cells if cell.id not in names]

    return change


def same_id(notebook):
    named(notebook, "look_reviews").id = "together"


def id_of_header(notebook):
    named(notebook, "look_reviews").id = "header"


def kernel(notebook):
    notebook.metadata.kernelspec.name = "ir"


def old_format(notebook):
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]


def new_id(notebook):
    named(notebook, "setup").id = "start"


BEGIN, END = "    ### BEGIN SOLUTION\n", "    ### END SOLUTION"

CHANGES = {
    "is no valid notebook": [lambda notebook: named(notebook, "setup").update(outputs=None)],
    "two cells have this id": [same_id, id_of_header],
    "kernel is not python3": [kernel],
    "not in format 4.5": [old_format],
    "grade_id is not its id": [new_id],
    "fit no kind of cell": [
        meta("perplexity_check", locked=False),
        meta("perplexity_check", points=None),
        meta("perplexity_check", points=-3),
        meta("perplexity_check", points=2.5),
        meta("perplexity", locked=True),
        meta("perplexity", points=3),
        meta("perplexity_task", solution=True),
        meta("setup", schema_version=2),
        meta("setup", task=True),
        meta("smoothing", points=0),
    ],
    "needs one `### BEGIN SOLUTION`": [
        text("perplexity", BEGIN, ""),
        text("perplexity", END, "    pass"),
        text("perplexity", END, f"{END}\n{BEGIN}    pass\n{END}"),
    ],
    "stray marker": [
        text("setup", "import", "### BEGIN SOLUTION\nimport"),
        text("perplexity_check", "\n", "\n# END SOLUTION\n"),
        text("perplexity_task", "Task", "### BEGIN HIDDEN TESTS\nTask"),
        text("perplexity_grade", "### END HIDDEN TESTS", ""),
        lambda notebook: setattr(named(notebook, "together"), "source", "### AUTOTEST 1"),
    ],
    "is no Python": [text("perplexity", BEGIN, f"    if:\n{BEGIN}")],
    "does not define perplexity, and only that": [
        text("perplexity", "def perplexity", "def perplexities"),
        text("perplexity", "def perplexity", "def helper():\n    pass\n\n\ndef perplexity"),
    ],
    "keeps part of the answer": [
        text("perplexity", BEGIN, f"    total = 0\n{BEGIN}"),
        text("perplexity", END, f"{END}\n    return 1"),
    ],
    "tests nothing": [drop("perplexity_task", "perplexity")],
    "does not stand among": [move("perplexity_check"), move("perplexity_task")],
    "hides what students are to see": [
        lambda notebook: setattr(
            named(notebook, "perplexity_check"),
            "source",
            "### BEGIN HIDDEN TESTS\nassert perplexity\n### END HIDDEN TESTS",
        )
    ],
    "has no hidden tests": [
        lambda notebook: setattr(named(notebook, "perplexity_grade"), "source", "assert perplexity")
    ],
    "its rubric gives": [
        text("smoothing", "- 3 points", "- 2 points"),
        meta("smoothing", points=9),
    ],
    "is not headed `## Task 4: ... (8 points)`": [
        text("perplexity_task", "## Task 4", "## Task 5"),
        text("perplexity_task", "(8 points)", "(9 points)"),
    ],
    "points add up to 99": [meta("perplexity_check", points=2)],
    "needs 8 tasks and a question": [
        drop("perplexity_task", "perplexity", "perplexity_check", "perplexity_grade"),
        drop("smoothing_task", "smoothing"),
    ],
    "does not say how long it takes": [text("intro", "**Time:**", "Time:")],
    "its table is not that of the tasks": [
        text("intro", "| 4 | `perplexity` | 8 |", "| 4 | `perplexity` | 9 |"),
        text("intro", "| 4 | `perplexity` | 8 |\n", ""),
        meta("perplexity_check", points=2),
    ],
}


@pytest.mark.parametrize(
    ("message", "change"), [(m, change) for m, changes in CHANGES.items() for change in changes]
)
def test_what_is_wrong_is_found(notebook, header, message, change):
    broken = copy.deepcopy(notebook)
    change(broken)
    found = [f"{cell}: {what}" for cell, what in check_assignments.problems(broken, header)]
    assert any(message in line for line in found), found
