"""The notebook that runs: the instructor's, with the text of the student's solutions in it.

Of what a student hands in, only that text is taken. Tags, metadata, outputs, locked cells,
extra cells and their order cannot matter, since nobody looks at them. The file is read
as a stranger's: whatever it holds, the result is text by cell and a list of problems.
"""

import ast
import copy
import json
import os
import stat
from dataclasses import dataclass, field

import nbformat

#: Bytes of the largest file that is read. JSON takes some twenty times as much in memory.
MAX_FILE_BYTES = 32 * 2**20

#: Characters of the longest solution.
MAX_CELL_CHARACTERS = 200_000

#: Cell of the rebuilt notebook that tells what was wrong with the file.
NOTES_ID = "grading-notes"


@dataclass
class Submission:
    """What a handed-in file says.

    Args:
        texts: Maps the `grade_id` of a solution cell to the student's text.
        problems: Sentences for the student, about what could not be read.

    Example:
        >>> Submission(texts={"task": "x = 1"}).problems
        []
    """

    texts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def read_submission(path, source, max_bytes=MAX_FILE_BYTES):
    """Read the solutions out of a file that a stranger wrote.

    Args:
        path: The file, which need not exist.
        source: The instructor's notebook, solutions cleared.
        max_bytes: Larger files are not read.

    Returns:
        A `Submission`; it never raises because of what the file holds.

    Example:
        >>> read_submission("no/such/file.ipynb", nbformat.v4.new_notebook()).problems
        ['The notebook file.ipynb was not handed in.']
    """
    name = os.path.basename(path).encode("utf-8", "replace").decode("utf-8")
    try:
        data = _read_regular_file(path, max_bytes)
    except FileNotFoundError:
        return Submission(problems=[f"The notebook {name} was not handed in."])
    except _Refused as problem:
        return Submission(problems=[f"The notebook {name} {problem}."])
    except OSError as error:
        return Submission(problems=[f"The notebook {name} cannot be opened: {error.strerror}."])
    try:
        content = json.loads(data.decode(json.detect_encoding(data)))
    except (ValueError, RecursionError):
        return Submission(
            problems=[
                f"The notebook {name} is damaged: it is not in the format of Jupyter notebooks. "
                f"Open it in Jupyter, save it, and hand it in again."
            ]
        )
    return extract(content, source)


class _Refused(Exception):
    pass


def _read_regular_file(path, max_bytes):
    # A link would be read with the instructor's rights, a pipe would never end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_NOFOLLOW", 0))
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _Refused("is not an ordinary file")
        if status.st_size > max_bytes:
            raise _Refused(
                f"has {status.st_size / 2**20:.0f} MB, more than {max_bytes / 2**20:.0f}: clear "
                "its outputs and hand it in again"
            )
        return file.read(max_bytes)


def extract(content, source):
    """Find the student's solutions in what a notebook file holds.

    A solution is known by the `grade_id` in its metadata; failing that, by the id of its cell;
    failing that, by being the only code cell that defines the name the task asks for.

    Args:
        content: What JSON made of the file: anything.
        source: The instructor's notebook, solutions cleared.

    Returns:
        A `Submission`.

    Example:
        >>> extract(["not", "a", "notebook"], nbformat.v4.new_notebook()).problems
        ['The file holds no cells.']
    """
    cells = list(_cells(content))
    if not cells:
        return Submission(problems=["The file holds no cells."])
    result = Submission()
    by_grade_id, by_id, by_name = {}, {}, {}
    for grade_id, cell_id, text in cells:
        if grade_id:
            by_grade_id.setdefault(grade_id, []).append(text)
        elif cell_id:
            by_id.setdefault(cell_id, []).append(text)
        if not grade_id:
            for name in defined_functions(text):
                by_name.setdefault(name, []).append(text)
    for cell in solution_cells(source):
        grade_id = cell.metadata.nbgrader.grade_id
        found = by_grade_id.get(grade_id) or by_id.get(grade_id)
        if not found:
            named = [by_name[n] for n in defined_functions(cell.source) if n in by_name]
            found = named[0] if len(named) == 1 and len(named[0]) == 1 else None
            if found:
                result.problems.append(f"The cell of {grade_id} was found by what it defines.")
        if not found:
            result.problems.append(f"The cell of {grade_id} is missing: it counts as blank.")
            continue
        written = [text for text in found if text.strip() != cell.source.strip()] or found
        if len(set(written)) > 1:
            result.problems.append(
                f"There are {len(written)} different cells of {grade_id}: the last one counts."
            )
        if len(written[-1]) > MAX_CELL_CHARACTERS:
            result.problems.append(
                f"The cell of {grade_id} has more than {MAX_CELL_CHARACTERS} characters: it counts "
                "as blank."
            )
            continue
        result.texts[grade_id] = written[-1]
    if not result.texts and list(solution_cells(source)):
        result.problems = ["The notebook holds no solution cell of this assignment."]
    return result


def solution_cells(notebook):
    """Yield the cells that the student fills in.

    Args:
        notebook: An instructor's notebook.

    Yields:
        Cells.

    Example:
        >>> list(solution_cells(nbformat.v4.new_notebook()))
        []
    """
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            yield cell


def rebuild(source, submission):
    """Put the student's solutions into the instructor's notebook.

    Args:
        source: The instructor's notebook, solutions cleared; it stays as it is.
        submission: A `Submission`.

    Returns:
        A notebook.

    Example:
        >>> cell = nbformat.v4.new_code_cell("raise NotImplementedError")
        >>> cell.metadata.nbgrader = {"grade_id": "task", "solution": True}
        >>> source = nbformat.v4.new_notebook(cells=[cell])
        >>> rebuild(source, Submission({"task": "x = 1"})).cells[0].source
        'x = 1'
    """
    notebook = copy.deepcopy(source)
    for cell in solution_cells(notebook):
        cell.source = submission.texts.get(cell.metadata.nbgrader.grade_id, cell.source)
    if submission.problems:
        text = "\n".join(["**About the file you handed in**", "", *submission.problems])
        cell = nbformat.v4.new_markdown_cell(text.replace("\n", "  \n"), id=NOTES_ID)
        if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
            del cell["id"]  # these notebooks' cells have none
        notebook.cells.insert(0, cell)
    return notebook


def defined_functions(text):
    """Return the names of the functions and classes that a cell defines, at its top level.

    Args:
        text: Python, or anything else.

    Returns:
        A list of strings; empty if the text is no Python.

    Example:
        >>> defined_functions("def f(): ...")
        ['f']
    """
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return [node.name for node in body if isinstance(node, kinds)]


def _cells(content):
    """Yield `(grade_id, cell id, text)` of what looks like a cell; the first two may be `""`."""
    if not isinstance(content, dict):
        return
    cells = content.get("cells")
    if not isinstance(cells, list):  # nbformat 3 keeps its cells in worksheets
        sheets = content.get("worksheets")
        sheets = sheets if isinstance(sheets, list) else []
        cells = [
            cell
            for sheet in sheets
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    for cell in cells:
        if not isinstance(cell, dict):
            continue
        text = cell.get("source", cell.get("input"))
        if isinstance(text, list) and all(isinstance(line, str) for line in text):
            text = "".join(text)
        if not isinstance(text, str):
            continue
        # Halves of surrogate pairs are legal in JSON and cannot be written to a file.
        text = text.encode("utf-8", "replace").decode("utf-8").replace("\r\n", "\n")
        metadata = cell.get("metadata")
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        cell_id = cell.get("id")
        yield (
            grade_id if isinstance(grade_id, str) else "",
            cell_id if isinstance(cell_id, str) else "",
            text,
        )
