"""Check the sources of the assignments: what nbgrader would only find out when it grades.

Usage: python tools/check_assignments.py. Nothing is executed. Prints each problem as
`path:cell: message` and exits with status 1; says nothing and exits with 0 if there is none.

A task is four cells in this order, named after the function that it asks for: `NAME_task`, the
text; `NAME`, the only one to be edited; `NAME_check`, tests that the student sees; `NAME_grade`,
tests that are hidden. A question in words is the first two.
"""

import ast
import pathlib
import re
import sys

import nbformat

ROOT = pathlib.Path(__file__).parents[1]

POINTS = 100
MIN_TASKS = 8

SOLUTION = re.compile(
    r"^(?P<indent> *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION *(\n|$)", re.DOTALL | re.MULTILINE
)
HIDDEN = re.compile(
    r"^### BEGIN HIDDEN TESTS\n.*?^### END HIDDEN TESTS *(\n|$)", re.DOTALL | re.MULTILINE
)
#: Everything that nbgrader, or an author, could take for a marker.
MARKER = re.compile(r"(BEGIN|END) +(SOLUTION|HIDDEN +TESTS|MARK +SCHEME)|#+ *AUTOTEST", re.I)

#: What a kind of cell has in nbgrader's metadata.
KINDS = {
    "text": {"grade": False, "solution": False, "locked": True},
    "code": {"grade": False, "solution": True, "locked": False},
    "words": {"grade": True, "solution": True, "locked": False},
    "test": {"grade": True, "solution": False, "locked": True},
}
ALWAYS = {"schema_version": 3, "task": False}


def check(root=ROOT):
    """Return all problems of all assignments.

    Args:
        root: The repository.

    Returns:
        A list of strings.
    """
    sources = pathlib.Path(root) / "assignments" / "source"
    found = []
    header = nbformat.read(sources / "header.ipynb", as_version=4)
    for path in sorted(sources.glob("*/*.ipynb")):
        name = path.relative_to(root).as_posix()
        notebook = nbformat.read(path, as_version=4)
        found += [f"{name}:{cell}: {what}" for cell, what in problems(notebook, header)]
    return found


def problems(notebook, header):
    """Yield what is wrong with an assignment.

    Args:
        notebook: Its source.
        header: The notebook whose cells nbgrader puts before it.

    Yields:
        Pairs: the id of a cell, or an empty string; and what is wrong.
    """
    if (notebook.nbformat, notebook.nbformat_minor) != (4, 5):
        yield "", "is not in format 4.5, whose cells have ids"
        return
    ids = [cell.id for cell in [*header.cells, *notebook.cells]]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        yield name, "two cells have this id"
        return  # nbformat would invent another one
    try:
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        yield "", f"is no valid notebook: {error.message}"
        return
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "", "its kernel is not python3"
    kinds = {}
    for cell in notebook.cells:
        kind = kind_of(cell)
        kinds[cell.id] = kind
        if kind is None:
            yield cell.id, f"its metadata fit no kind of cell: {dict(cell.metadata)}"
        elif kind != "free" and cell.metadata.nbgrader.get("grade_id") != cell.id:
            yield cell.id, "its grade_id is not its id"
        yield from ((cell.id, what) for what in _markers(cell, kind))
    yield from _tasks(notebook, kinds)


def kind_of(cell):
    """Return what a cell is to nbgrader.

    Args:
        cell: A cell.

    Returns:
        `"free"`, a key of `KINDS`, or `None` if its metadata are not exactly those of one.
    """
    meta = dict(cell.metadata.get("nbgrader", {}))
    if not meta:
        return "free"
    meta.pop("grade_id", None)
    points = meta.pop("points", None)
    for kind, fixed in KINDS.items():
        if meta == {**fixed, **ALWAYS}:
            right_type = cell.cell_type == {"words": "markdown", "text": cell.cell_type}.get(
                kind, "code"
            )
            whole = isinstance(points, int) and points > 0
            return kind if right_type and (whole if fixed["grade"] else points is None) else None
    return None


def _markers(cell, kind):
    """Yield what is wrong with the marks around answers and hidden tests."""
    region = {"code": SOLUTION, "words": None, "test": HIDDEN}.get(kind)
    rest = cell.source
    if kind == "words":
        return  # all of it is replaced
    if region:
        found = list(region.finditer(cell.source))
        if kind == "code" and len(found) != 1:
            yield f"needs one `### BEGIN SOLUTION` with its end, has {len(found)}"
            return
        if len(found) > 1:
            yield "has its hidden tests in two places"
        rest = region.sub("", cell.source)
    if MARKER.search(rest):
        yield f"has a stray marker: {MARKER.search(rest).group()!r}"
    if kind == "code":
        yield from _stub(cell)


def _stub(cell):
    """Yield what is wrong with a solution cell when its answer is taken out."""
    stub = SOLUTION.sub(lambda match: f"{match['indent']}raise NotImplementedError\n", cell.source)
    try:
        body = ast.parse(stub).body
        whole = ast.parse(cell.source).body
    except SyntaxError as error:
        yield f"is no Python, with or without the answer: {error.msg}"
        return
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    if [node.name for node in functions] != [cell.id]:
        yield f"does not define {cell.id}, and only that, without the answer"
        return
    (function,) = functions
    solved = next(node for node in whole if getattr(node, "name", "") == cell.id)
    if not ast.get_docstring(function):
        yield "has no docstring outside the answer"
    if ast.dump(function.args) != ast.dump(solved.args):
        yield "has other arguments without the answer"
    if not isinstance(function.body[-1], ast.Raise) or len(function.body) != 2:
        yield "keeps part of the answer outside the markers"


def _tasks(notebook, kinds):
    """Yield what is wrong with the tasks, their points, and the table of them."""
    cells = {cell.id: cell for cell in notebook.cells}
    order = list(cells)
    rows, total = [], 0
    for name, kind in kinds.items():
        if kind == "test" and name.rpartition("_")[0] not in cells:
            yield name, "tests nothing: its name is not that of a task with _check or _grade"
        if kind not in ("code", "words"):
            continue
        parts = [f"{name}_task", name]
        parts += [f"{name}_check", f"{name}_grade"] if kind == "code" else []
        start = order.index(name) - 1
        if order[max(start, 0) : start + len(parts)] != parts:
            yield name, f"does not stand among {', '.join(parts)}, in this order"
            continue
        graded = [cells[part] for part in parts if kinds[part] in ("words", "test")]
        points = sum(cell.metadata.nbgrader.points for cell in graded)
        if kind == "code":
            if [kinds[part] for part in parts[2:]] != ["test", "test"]:
                yield name, "its tests are not graded cells"
            if HIDDEN.search(cells[parts[2]].source):
                yield parts[2], "hides what students are to see"
            if not HIDDEN.search(cells[parts[3]].source):
                yield parts[3], "has no hidden tests"
        else:
            rubric = re.findall(r"^- (\d+) points?\b", cells[name].source, re.MULTILINE)
            if sum(map(int, rubric)) != points:
                yield name, f"its rubric gives {sum(map(int, rubric))} of {points} points"
        what = f"`{name}`" if kind == "code" else "an answer in words"
        rows.append((str(len(rows) + 1), what, str(points)))
        heading = cells[parts[0]].source.partition("\n")[0]
        if not re.fullmatch(rf"## Task {len(rows)}: .+ \({points} points\b.*\)", heading):
            yield parts[0], f"is not headed `## Task {len(rows)}: ... ({points} points)`"
        total += points
    if total != POINTS:
        yield "", f"its points add up to {total}, not to {POINTS}"
    by_code = sum(kind == "code" for kind in kinds.values())
    if by_code < MIN_TASKS or by_code == len(rows):
        yield "", f"needs {MIN_TASKS} tasks and a question in words, has {by_code} of {len(rows)}"
    first = notebook.cells[0] if notebook.cells else None
    text = first.source if first and first.cell_type == "markdown" else ""
    if not re.search(r"^\*\*Time:\*\* \S", text, re.MULTILINE):
        yield order[0] if order else "", "does not say how long it takes: `**Time:** ...`"
    if re.findall(r"^\| (\d+) \| (.+?) \| (\d+) \|$", text, re.MULTILINE) != rows:
        yield order[0] if order else "", "its table is not that of the tasks and their points"


def main():
    """Print the problems and return the exit status."""
    found = check()
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
