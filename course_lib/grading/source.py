"""The instructor's notebook of an assignment, as it was released, hidden tests included."""

import os

from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import SaveCells


class Sources:
    """Reads instructors' notebooks, each once.

    Args:
        coursedir: nbgrader's `CourseDirectory`.
        config: The configuration that `nbgrader generate_assignment` would read.

    Example:
        >>> Sources(None, None).known
        {}
    """

    def __init__(self, coursedir, config):
        self.coursedir, self.config = coursedir, config
        self.known = {}

    def folder(self, assignment):
        """Return the folder of an assignment's source.

        Args:
            assignment: Its name.
        """
        directory = self.coursedir.source_directory
        return self.coursedir.format_path(directory, ".", assignment)

    def notebook(self, assignment, name):
        """Return a notebook with solutions cleared and hidden tests left in; do not change it.

        Args:
            assignment: The assignment's name.
            name: The notebook's name.

        Returns:
            A notebook.

        Raises:
            NbGraderException: If there is none, or if it is not what the gradebook knows.
        """
        key = (assignment, name)
        if key not in self.known:
            notebook = self._read(assignment, name)
            self._compare(notebook, assignment, name)
            self.known[key] = notebook
        return self.known[key]

    def _read(self, assignment, name):
        path = os.path.join(self.folder(assignment), f"{name}.ipynb")
        if not os.path.isfile(path):
            raise NbGraderException(f"The grader needs the assignment's source, {path}.")
        exporter = NotebookExporter(config=self.config)
        exporter._preprocessors = []
        steps = GenerateAssignment(coursedir=self.coursedir, config=self.config).preprocessors
        for step in steps:
            step_name = step if isinstance(step, str) else step.__name__
            if step_name.rpartition(".")[2] == SaveCells.__name__:
                break
            exporter.register_preprocessor(step, enabled=True)
        resources = {
            "nbgrader": {
                "notebook": name,
                "assignment": assignment,
                "student": ".",
                "db_url": self.coursedir.db_url,
            }
        }
        return _Node(exporter).read(path, resources)

    def _compare(self, notebook, assignment, name):
        """Raise unless the gradebook has the same cells with the same points."""
        ours = {}
        for cell in notebook.cells:
            meta = cell.metadata.get("nbgrader", {})
            if meta.get("grade") or meta.get("task"):
                ours[meta["grade_id"]] = float(meta["points"])
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                known = gradebook.find_notebook(name, assignment)
            except MissingEntry:
                theirs = None
            else:
                cells = [*known.grade_cells, *known.task_cells]
                theirs = {cell.name: float(cell.max_score) for cell in cells}
        if ours != theirs:
            raise NbGraderException(
                f"The source of {assignment}/{name} is not what was released: its graded cells or "
                f"their points have changed. Run `nbgrader generate_assignment {assignment}` again."
            )


class _Node:
    """Runs an exporter's preprocessors and keeps the notebook, not its text."""

    def __init__(self, exporter):
        self.exporter = exporter

    def read(self, path, resources):
        import nbformat

        notebook = nbformat.read(path, as_version=4)
        resources = self.exporter._init_resources(resources)
        notebook, _ = self.exporter._preprocess(notebook, resources)
        return notebook
