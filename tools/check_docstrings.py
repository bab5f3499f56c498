"""The gate for docstrings: what every public name of `course_lib` has to say of itself.

Read from the source, without importing it, so that it takes no time in `make lint`. That
the arguments are those of the signature is checked by the tests, which import it.
"""

import ast
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[1]

#: Programs of minutes to hours, run by one command each: no example of a function is short.
PROGRAMS = "course_lib/reproduce/"


def problems(root=ROOT):
    """Yield `path:line: what is missing` for each public function and class.

    Args:
        root: The repository.

    Yields:
        Strings.
    """
    for path in sorted((root / "course_lib").rglob("*.py")):
        if path.name.startswith("_") and path.name != "__init__.py":
            continue  # a private module
        name = path.relative_to(root).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        if not ast.get_docstring(tree):
            yield f"{name}:1: the module has no docstring"
        for node in tree.body:
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
                for what in missing(node, example=not name.startswith(PROGRAMS)):
                    yield f"{name}:{node.lineno}: {node.name} {what}"


def missing(node, example=True):
    """Yield what the docstring of a public function or class lacks.

    Args:
        node: The definition, an `ast.FunctionDef` or `ast.ClassDef`.
        example: Whether it needs one.

    Yields:
        Strings that follow the name.
    """
    docstring = ast.get_docstring(node) or ""
    if not docstring:
        yield "has no docstring"
        return
    summary = docstring.split("\n\n")[0]
    if "\n" in summary or not summary.endswith((".", ":")):
        yield "has a docstring whose first line is no sentence of one line"
    sections = {
        line[:-1] for line in docstring.splitlines() if line.endswith(":") and line[0] != " "
    }
    is_function = isinstance(node, ast.FunctionDef)
    if is_function and any(a.arg != "self" for a in arguments(node)) and "Args" not in sections:
        yield "has arguments and no `Args:`"
    returns = any(
        isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node)
    )
    if is_function and returns and not sections & {"Returns", "Yields"}:
        yield "returns something and has no `Returns:`"
    raises = any(isinstance(part, ast.Raise) for part in ast.walk(node))
    if is_function and raises and "Raises" not in sections:
        yield "raises an error and has no `Raises:`"
    # A named tuple is what a function returns; that function's example shows it.
    is_result = any(
        getattr(base, "id", None) == "NamedTuple" for base in getattr(node, "bases", ())
    )
    if example and ">>>" not in docstring and not is_result:
        yield "has no `Example:` that runs"


def arguments(node):
    """Return the arguments of a function, as a list of `ast.arg`."""
    a = node.args
    return [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found), end="\n" if found else "")
    sys.exit(bool(found))
