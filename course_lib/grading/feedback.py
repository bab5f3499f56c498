"""What a student gets to see: points and messages, no hidden test, nothing that runs.

`c.GenerateFeedback.exporter_class`. The page is made from scratch, not from nbgrader's
template, which asks a foreign server for MathJax and shows the lines around a failed test. All
text is escaped, and the page forbids the browser to run or fetch anything.
"""

import html
import re

from nbconvert.exporters import TemplateExporter
from traitlets import default

#: Forbids scripts, requests, frames and forms; styles and pictures stand in the page itself.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 48rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; }
h2 { font-size: 1.15rem; margin-top: 2.5rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 0.3rem 0.6rem; border-bottom: 1px solid #8888; }
td.points, th.points { text-align: right; white-space: nowrap; }
pre { overflow-x: auto; padding: 0.7rem; border: 1px solid #8888; white-space: pre-wrap; }
.message, .comment { border-left: 4px solid #d9822b; padding: 0 0.8rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.comment { border-color: #3a7bd5; }
"""

HIDDEN = re.compile(r"BEGIN HIDDEN TESTS")
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class FeedbackExporter(TemplateExporter):
    """Writes the page that a student gets.

    Example:
        >>> FeedbackExporter().file_extension
        '.html'
    """

    export_from_notebook = None

    @default("file_extension")
    def _file_extension_default(self):
        return ".html"

    def from_notebook_node(self, nb, resources=None, **kwargs):
        """Convert a notebook; see the base class.

        Args:
            nb: An autograded notebook.
            resources: nbgrader's.
            **kwargs: Not used.

        Returns:
            A pair: the page, and the resources.
        """
        resources = self._init_resources(resources)
        nb, resources = self._preprocess(nb, resources)
        resources["output_extension"] = self.file_extension
        return page(nb, resources["nbgrader"]), resources


def page(notebook, about):
    """Return the page for a notebook that has its scores in it.

    Args:
        notebook: An autograded notebook after `GetGrades`.
        about: A `dict` with `"notebook"`, `"score"`, `"max_score"` and `"late_penalty"`.

    Returns:
        HTML.

    Example:
        >>> import nbformat
        >>> about = {"notebook": "<b>", "score": 3, "max_score": 4, "late_penalty": 0}
        >>> "<h1>&lt;b&gt;: 3 of 4 points</h1>" in page(nbformat.v4.new_notebook(), about)
        True
    """
    title = html.escape(about["notebook"])
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}: feedback</title><style>{STYLE}</style></head><body><main>",
        f"<h1>{title}: {about['score']:g} of {about['max_score']:g} points</h1>",
    ]
    if about.get("late_penalty"):
        earned = about["score"] + about["late_penalty"]  # the score is what is left of it
        parts.append(
            f"<p>Handed in late: {about['late_penalty']:g} of {earned:g} points were taken off.</p>"
        )
    notes = notebook.metadata.get("course_grading", {}).get("problems", [])
    parts.extend(f'<p class="message">{html.escape(note)}</p>' for note in notes)
    tasks = _tasks(notebook)
    parts.append("<table><thead><tr><th>task</th><th class=points>points</th></tr></thead><tbody>")
    for number, task in enumerate(tasks):
        score, points = _sum(task, "score"), _sum(task, "points")
        score = f"{'✓ ' if score == points else ''}{score} of {points}"
        parts.append(
            f'<tr><td><a href="#task-{number}">{html.escape(task.title)}</a></td>'
            f"<td class=points>{score}</td></tr>"
        )
    parts.append("</tbody></table>")
    for number, task in enumerate(tasks):
        parts.append(f'<section><h2 id="task-{number}">{html.escape(task.title)}</h2>')
        for cell in task.cells:
            parts.extend(_cell(cell))
        parts.append("</section>")
    parts.append("</main></body></html>")
    return "\n".join(parts)


class _Task:
    def __init__(self, title):
        self.title, self.cells = title, []


def _tasks(notebook):
    """Group the cells that have points or an answer, under the heading before them."""
    tasks, title = [], None
    for cell in notebook.cells:
        meta = cell.metadata.get("nbgrader", {})
        if meta.get("solution") or meta.get("grade") or meta.get("task"):
            if title is not None or not tasks:
                tasks.append(_Task(title or "Answers"))
                title = None
            tasks[-1].cells.append(cell)
        elif cell.cell_type == "markdown":
            found = re.findall(r"^#{1,4} +(.+?)\s*$", cell.source, re.MULTILINE)
            title = found[-1] if found else title
    return tasks


def _sum(task, what):
    values = [cell.metadata.nbgrader.get(what) for cell in task.cells]
    return format(sum(value for value in values if value is not None), "g")


def _cell(cell):
    """Yield the HTML of one cell."""
    meta = cell.metadata.nbgrader
    if meta.get("solution"):
        yield f"<p>Your answer:</p><pre>{html.escape(cell.source)}</pre>"
        for message in _errors(cell):
            yield f'<p class="message">{html.escape(message)}</p>'
    if meta.get("grade") or meta.get("task"):
        score, points = meta.get("score"), meta.get("points")
        what = "Test" if not meta.get("solution") and cell.cell_type == "code" else "Answer"
        shown = "not graded yet" if score is None else f"{score:g} of {points:g} points"
        yield f"<p>{what} <code>{html.escape(meta['grade_id'])}</code>: {shown}.</p>"
        if not meta.get("solution"):
            messages = [*_printed(cell), *_errors(cell)]
            for message in messages:
                yield f'<p class="message">{html.escape(message)}</p>'
    if meta.get("comment"):
        yield f'<p class="comment">{html.escape(meta["comment"])}</p>'


def _printed(cell):
    """Return what a test printed for the student; the verdict's own process wrote it."""
    outputs = cell.get("outputs", [])
    return [ANSI.sub("", o.text).strip() for o in outputs if o.get("name") == "stdout"]


def _errors(cell):
    """Return the messages of a cell's errors, without a line of any test."""
    messages = []
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            name, value = output.get("ename", ""), ANSI.sub("", output.get("evalue", ""))
            is_ours = name in ("AssertionError", "Stopped", "NotRun", "StudentError")
            text = value if is_ours and value else f"{name}: {value}"
            messages.append("The answer is not right." if text == "AssertionError: " else text)
    return messages
