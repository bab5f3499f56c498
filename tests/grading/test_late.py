"""The penalty for notebooks that come late; the guide's test sees it in the table of grades."""

import pytest
from traitlets import TraitError
from traitlets.config import Config

from course_lib.grading.late import PointsPerDay

HOUR, DAY = 3600, 24 * 3600


@pytest.mark.parametrize(
    ("seconds", "days"), [(1, 1), (DAY - 1, 1), (DAY, 1), (DAY + 1, 2), (9.5 * DAY, 10)]
)
def test_each_day_that_has_begun_costs_the_same(seconds, days):
    policy = PointsPerDay(points_per_day=7)
    assert policy.late_submission_penalty("ada", 90, seconds) == 7 * days


def test_hours_of_grace_cost_nothing_and_save_no_day():
    policy = PointsPerDay(config=Config(PointsPerDay={"points_per_day": 5, "free_hours": 2}))
    found = [policy.late_submission_penalty("ada", 90, h * HOUR) for h in (1, 2, 2.01, 24.5)]
    assert found == [0, 0, 5, 10]


@pytest.mark.parametrize("name", ["points_per_day", "free_hours"])
def test_nobody_gains_by_being_late(name):
    with pytest.raises(TraitError, match=name):
        PointsPerDay(**{name: -1})
