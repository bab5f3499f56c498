"""The step of `nbgrader autograde` that runs and judges: takes the place of `Execute`."""

import os

from nbformat.v4 import new_output
from nbgrader.converters import Autograde
from nbgrader.preprocessors import NbGraderPreprocessor

from course_lib.grading.exporter import METADATA, nothing_to_grade
from course_lib.grading.grader import Grader, is_test
from course_lib.grading.source import Sources


class JudgeCells(NbGraderPreprocessor):
    """Runs the student's cells in the sandbox and the test cells beside it.

    `SaveAutoGrades`, which follows, reads points from the outputs that this leaves.

    Example:
        >>> JudgeCells().enabled
        True
    """

    _sources = None

    def preprocess(self, nb, resources):
        """Grade a notebook that `RebuildingExporter` has written.

        Args:
            nb: The notebook.
            resources: nbgrader's.

        Returns:
            The pair, with outputs in the notebook.

        Raises:
            RuntimeError: If it was called by something else than `nbgrader autograde`.
        """
        names = resources["nbgrader"]
        sources = self._find_sources()
        if METADATA not in nb.metadata:
            raise RuntimeError(
                "This notebook was not rebuilt: set c.Autograde.exporter_class to "
                "course_lib.grading.exporter.RebuildingExporter."
            )
        reason = nothing_to_grade(nb)
        if reason:
            for cell in nb.cells:
                if is_test(cell):
                    cell.outputs = [
                        new_output("error", ename="NotRun", evalue=reason, traceback=[reason])
                    ]
            return nb, resources
        source = sources.notebook(names["assignment"], names["notebook"])
        texts = {
            cell.metadata.nbgrader.grade_id: cell.source
            for cell in source.cells
            if cell.metadata.get("nbgrader")
        }
        for cell in nb.cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                cell["instructor_source"] = texts[cell.metadata.nbgrader.grade_id]
        folder = sources.folder(names["assignment"])
        Grader(parent=self).grade(nb, folder if _has_files(folder) else None)
        for cell in nb.cells:
            cell.pop("instructor_source", None)
        return nb, resources

    def _find_sources(self):
        """Return the `Sources` of the batch."""
        exporter = self.parent
        if getattr(exporter, "sources", None) is not None:
            return exporter.sources
        if self._sources is None:
            converter = exporter
            while converter is not None and not isinstance(converter, Autograde):
                converter = converter.parent
            if converter is None:
                raise RuntimeError("JudgeCells runs as a part of nbgrader autograde.")
            self._sources = Sources(converter.coursedir, converter.config)
        return self._sources


def _has_files(folder):
    return any(
        not name.endswith(".ipynb")
        for place, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".")
    )
