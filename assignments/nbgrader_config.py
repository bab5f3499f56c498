"""Configuration of the course for nbgrader: run its commands in this folder."""

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import ClearHiddenTests, GetGrades

c = get_config()  # noqa: F821  nbgrader defines it before it reads this file

# Names the course in the gradebook. No exchange is configured, since none of the commands that
# the course uses needs one: submissions lie in submitted/<student>/<assignment>/, however they
# came there.
c.CourseDirectory.course_id = "autoencoders-to-vae"

# A stub must fail, or an empty answer could pass a check. The message is what a student who
# presses Validate sees first; a comment above it in each cell says how to begin.
c.ClearSolutions.code_stub = {
    "python": (
        "# YOUR CODE HERE\n"
        'raise NotImplementedError("Not written yet: replace this line. The docstring says what '
        'to return.")'
    )
}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

# Seconds that a cell may take. The slowest one takes less than two, but a crowded machine is no
# reason for a zero; an endless loop costs no more than this.
c.Execute.timeout = 60

# nbgrader's default list, plus one: feedback pages would otherwise show the hidden tests.
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]
