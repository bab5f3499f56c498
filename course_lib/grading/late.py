"""What being late costs: points for each day, which the instructor sets.

`c.AssignLatePenalties.plugin_class`: nbgrader asks it once for each notebook that was handed in
after its deadline, each time that it grades.
"""

import math

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float


class PointsPerDay(LateSubmissionPlugin):
    """Take points for each day after the deadline that has begun.

    Points, and not a share of them: nbgrader computes the penalty before a person has graded
    the answers in words, and a share would miss those.

    Example:
        >>> policy = PointsPerDay(points_per_day=10, free_hours=1)
        >>> [policy.late_submission_penalty("ada", 94, hours * 3600) for hours in (1, 2, 24, 26)]
        [0.0, 10.0, 10.0, 20.0]
    """

    points_per_day = Float(10, min=0, help="Points for each day that has begun.").tag(config=True)
    free_hours = Float(0, min=0, help="Hours after the deadline that cost nothing.").tag(
        config=True
    )

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """Return what a late notebook loses.

        Args:
            student_id: Whose it is; everybody is treated alike.
            score: Its points so far. nbgrader never takes more than these.
            total_seconds_late: Seconds after the deadline, more than 0.

        Returns:
            Points, a `float`.
        """
        if total_seconds_late <= 3600 * self.free_hours:
            return 0.0
        return self.points_per_day * math.ceil(total_seconds_late / 86_400)
