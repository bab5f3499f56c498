"""What the book is made from, as hashes: they tell when a result or a page is out of date."""

import hashlib
import pathlib

from course_lib.data import current_edition

ROOT = pathlib.Path(__file__).resolve().parent.parent

#: What a chapter's numbers depend on, besides its own text and the data edition.
RESULT_INPUTS = ("course_lib", "requirements.lock")

#: The part of the package that no chapter imports.
NO_RESULT_INPUT = "course_lib/grading/"

#: All that the finished pages depend on.
BOOK_INPUTS = (
    *RESULT_INPUTS,
    "_config.yml",
    "_toc.yml",
    "_static",
    "chapters",
    "intro.md",
    "references.bib",
    "tools/book_inputs.py",
    "tools/build_book.py",
    "tools/course_sphinx.py",
)


def results_key(root=ROOT):
    """Return a name for the results of this package, lock and data edition.

    jupyter-cache compares the text of a page's cells and nothing else. A key that changes
    with all the rest has to pick the cache's folder.
    """
    return _key(root, RESULT_INPUTS, NO_RESULT_INPUT)


def book_key(root=ROOT):
    """Return a name for the finished book."""
    return _key(root, BOOK_INPUTS)


def _key(root, inputs, ignored=()):
    edition = current_edition()
    digest = hashlib.sha256()
    for name in inputs:
        path = root / name
        files = path.rglob("*") if path.is_dir() else [path]
        for file in sorted(file for file in files if file.is_file()):
            inside = file.relative_to(root).as_posix()
            if "__pycache__" not in file.parts and not inside.startswith(ignored):
                digest.update(inside.encode() + b"\0")
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return f"{edition}-{digest.hexdigest()[:16]}"
