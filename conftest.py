"""Which tests share a process, when two processes run them."""

import re

from xdist.scheduler import LoadScopeScheduling

#: Each group has a fixture that grades a class, or starts a process with TensorFlow in it.
GROUPS = re.compile(r"tests/assignments/.*\[(ps\d+)|(tests/grading/(?:malformed/)?test_\w+\.py)")


class GroupScheduling(LoadScopeScheduling):
    """Sends the tests of a group to one process, and all others to whichever is free."""

    def _split_scope(self, nodeid):
        match = GROUPS.match(nodeid)
        return next(filter(None, match.groups())) if match else nodeid


def pytest_xdist_make_scheduler(config, log):
    """Return xdist's scheduler; its own groups, by mark, are lost since pytest 9.2."""
    return GroupScheduling(config, log)
