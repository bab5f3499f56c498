"""Which names a cell takes and gives: tells the student's from the instructor's."""

import ast
import symtable

from IPython.core.inputtransformer2 import TransformerManager


def python_of(source):
    """Return a cell's text as Python: magics and shell commands, which no test needs, left out.

    Args:
        source: Text of a cell.

    Returns:
        An `ast.Module`.

    Raises:
        SyntaxError: If it is no Python.
    """
    tree = ast.parse(TransformerManager().transform_cell(source))
    tree.body = [node for node in tree.body if not _asks_ipython(node)]
    return tree


def _asks_ipython(node):
    return isinstance(node, (ast.Expr, ast.Assign)) and any(
        isinstance(part, ast.Name) and part.id == "get_ipython" for part in ast.walk(node)
    )


def taken(source):
    """Return the global names that a cell reads, in functions too, builtins among them.

    Args:
        source: Text of a cell.

    Returns:
        A set of strings; empty if it is no Python.
    """
    return _global(source, "is_referenced")


def given(source):
    """Return the global names that a cell binds, those of imports apart.

    Args:
        source: Text of a cell.

    Returns:
        A set of strings; empty if it is no Python.
    """
    return _global(source, "is_assigned") - imported(source)


def imported(source):
    """Return the names that the imports of a cell bind at its top level.

    Args:
        source: Text of a cell.

    Returns:
        A set of strings.
    """
    return {
        (alias.asname or alias.name).partition(".")[0]
        for node in imports(source).body
        for alias in node.names
    }


def imports(source):
    """Return the imports at the top level of a cell, alone.

    Args:
        source: Text of a cell.

    Returns:
        An `ast.Module`.
    """
    try:
        tree = python_of(source)
    except (SyntaxError, ValueError, RecursionError):
        return ast.Module(body=[], type_ignores=[])
    tree.body = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return tree


def _global(source, method):
    try:
        tree = python_of(source)
        table = symtable.symtable(ast.unparse(tree), "cell", "exec")
    except (SyntaxError, ValueError, RecursionError):
        return set()
    names, tables = set(), [table]
    while tables:
        table = tables.pop()
        tables.extend(table.get_children())
        at_top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if (at_top or symbol.is_global()) and getattr(symbol, method)():
                names.add(symbol.get_name())
            if at_top and method == "is_assigned" and symbol.is_imported():
                names.add(symbol.get_name())
    return names
