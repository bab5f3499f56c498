"""Turns what was handed in into the notebook that is graded, whatever was handed in.

`c.Autograde.exporter_class`: nbgrader makes one for a batch, and then gives it file after file.
"""

import fnmatch
import glob
import os
import stat

from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from traitlets import Integer

from course_lib.grading import rebuild
from course_lib.grading.source import Sources

#: Where the rebuilt notebook says whether there was anything to grade.
METADATA = "course_grading"


class RebuildingExporter(NotebookExporter):
    """Reads a submission as a stranger's file; writes the instructor's notebook with its text.

    Example:
        >>> RebuildingExporter().max_file_bytes
        33554432
    """

    max_file_bytes = Integer(
        rebuild.MAX_FILE_BYTES, help="Larger notebooks are not read; their students get 0."
    ).tag(config=True)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.sources = None
        if isinstance(self.parent, Autograde):
            self.sources = Sources(self.parent.coursedir, self.parent.config)
            _complete(self.parent)

    def from_filename(self, filename, resources=None, **kwargs):
        """Convert a file; see the base class.

        Args:
            filename: Path of a submitted notebook, or of one that this class has written.
            resources: nbgrader's.
            **kwargs: For the base class.

        Returns:
            A pair: the notebook's text, and the resources.
        """
        if self.sources is None or not self.parent._sanitizing:
            return super().from_filename(filename, resources=resources, **kwargs)
        names = resources["nbgrader"]
        source = self.sources.notebook(names["assignment"], names["notebook"])
        submission = self._read(filename, source)
        for problem in submission.problems:
            self.log.warning("%s: %s", names["student"], problem)
        notebook = rebuild.rebuild(source, submission)
        notebook.metadata[METADATA] = {
            "readable": bool(submission.texts),
            "problems": submission.problems,
        }
        resources.setdefault("metadata", {}).update(
            name=names["notebook"], path=os.path.dirname(filename)
        )
        return self.from_notebook_node(notebook, resources=resources, **kwargs)

    def _read(self, filename, source):
        folder = os.path.dirname(filename)
        if os.path.islink(folder) or os.path.islink(os.path.dirname(folder)):
            return rebuild.Submission(problems=["The folder handed in is a link, not a folder."])
        if os.path.lexists(filename):
            return rebuild.read_submission(filename, source, self.max_file_bytes)
        # Handed in under another name: taken if there is one such file that fits.
        best = rebuild.Submission()
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), "*.ipynb"))):
            if os.path.basename(path) in self._expected(folder, filename):
                continue
            found = rebuild.read_submission(path, source, self.max_file_bytes)
            if len(found.texts) > len(best.texts):
                name = os.path.basename(path).encode("utf-8", "replace").decode("utf-8")
                found.problems.insert(
                    0, f"The notebook has the name {name}, not {os.path.basename(filename)}."
                )
                best = found
        return best if best.texts else rebuild.read_submission(filename, source)

    def _expected(self, folder, filename):
        return {os.path.basename(path) for path in self.parent.assignments.get(folder, [filename])}


def _complete(converter):
    """Let nbgrader treat every folder that was handed in, also those without a notebook.

    Args:
        converter: nbgrader's `Autograde`, which has looked for notebooks already.
    """
    coursedir = converter.coursedir
    assignment = coursedir.assignment_id
    with Gradebook(coursedir.db_url, coursedir.course_id) as gradebook:
        known = {a.name: [n.name for n in a.notebooks] for a in gradebook.assignments}
    names = [n for n in known.get(assignment, []) if fnmatch.fnmatch(n, coursedir.notebook_id)]
    pattern = converter._format_source(assignment, coursedir.student_id)
    links = set()
    for folder in glob.glob(pattern):
        if names and os.path.isdir(folder):
            converter.assignments[folder] = [os.path.join(folder, f"{n}.ipynb") for n in names]
            links |= _not_files(folder)
    # nbgrader copies what lies beside a notebook, following links with the instructor's rights.
    coursedir.ignore = [*coursedir.ignore, *sorted(glob.escape(name) for name in links)]
    original = coursedir.get_existing_timestamp

    def timestamp(path):
        try:
            return original(path)
        except Exception as error:
            converter.log.warning("%s/timestamp.txt is no time: %s", path, error)
            return None

    coursedir.get_existing_timestamp = timestamp


def _not_files(folder):
    """Return the names of all that is neither an ordinary file nor a folder, a set."""
    found = set()
    for place, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            mode = os.lstat(os.path.join(place, name)).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                found.add(name)
    return found


def nothing_to_grade(notebook):
    """Return why a rebuilt notebook holds nothing of the student's, or `None` if it does.

    Args:
        notebook: A notebook.

    Returns:
        A text, or `None`.

    Example:
        >>> import nbformat
        >>> nothing_to_grade(nbformat.v4.new_notebook())
    """
    notes = notebook.metadata.get(METADATA, {"readable": True})
    return None if notes["readable"] else " ".join(notes["problems"])
