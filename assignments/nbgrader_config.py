"""Configuration of the course for nbgrader: run its commands in this folder."""

c = get_config()  # noqa: F821  nbgrader defines it before it reads this file

# Names the course in the gradebook. No exchange is configured, since none of the commands that
# the course uses needs one: submissions lie in submitted/<student>/<assignment>/, however they
# came there.
c.CourseDirectory.course_id = "autoencoders-to-vae"

# The rules that all problem sets share: the first cell of every release. Edit it to your course's.
c.IncludeHeaderFooter.header = "source/header.ipynb"

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

# What is graded is the source's notebook with the text of the student's solution cells in it,
# whatever else was handed in.
c.Autograde.exporter_class = "course_lib.grading.exporter.RebuildingExporter"
c.Autograde.sanitize_preprocessors = ["nbgrader.preprocessors.CheckCellMetadata"]

# It runs in a sandbox, and the tests run beside it, in a process that it cannot reach.
c.Autograde.autograde_preprocessors = [
    "course_lib.grading.preprocessor.JudgeCells",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What comes after its deadline loses 10 points a day. Deadlines are in the gradebook, one for each
# problem set (`nbgrader db assignment add ps1 --duedate "..."`); without one, nothing is late.
c.AssignLatePenalties.plugin_class = "course_lib.grading.late.PointsPerDay"
c.PointsPerDay.points_per_day = 10
c.PointsPerDay.free_hours = 0

# Seconds that a cell, and a whole notebook, may take. The slowest notebooks train networks and take
# some ten seconds, but a crowded machine is no reason for a zero. The other limits are in
# course_lib/grading/limits.py.
c.Limits.cell_seconds = 60
c.Limits.notebook_seconds = 300

# Where Linux denies a sandbox, nothing is graded: the message names the setting to change. False
# runs submissions with your rights, on your files. Only do that with notebooks you trust.
c.SandboxProvisioner.sandbox = True

# Feedback shows points and messages: no hidden test, nothing that runs or is fetched.
c.GenerateFeedback.exporter_class = "course_lib.grading.feedback.FeedbackExporter"
c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades"]

# In formgrader, neither does anything run that a student wrote into an answer.
c.HTMLExporter.sanitize_html = True
