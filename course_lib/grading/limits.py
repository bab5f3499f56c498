"""What a submission may use up. All are traitlets: set them in `nbgrader_config.py`."""

from traitlets import Float, Integer
from traitlets.config import Configurable

MIB = 2**20


class Limits(Configurable):
    """Bounds on one submission.

    By default an assignment of 60 s in all, of which one cell takes half, may run on a machine
    five times slower; two tests that hang still leave it this time.

    Example:
        >>> Limits(memory=2 * 2**30).memory
        2147483648
    """

    cell_seconds = Float(150, help="Wall time of one cell, its calls and its test.").tag(
        config=True
    )
    notebook_seconds = Float(900, help="Wall time of one notebook, restarts included.").tag(
        config=True
    )
    idle_cell_seconds = Float(
        30, help="The same for a cell without points, once another cell was stopped for its time."
    ).tag(config=True)
    free_stops = Integer(
        4, help="So many cells that took too long are not charged to the notebook's time."
    ).tag(config=True)
    start_seconds = Float(
        300, help="Wall time until a kernel answers: no student's fault, so nothing to save here."
    ).tag(config=True)
    memory = Integer(
        4096 * MIB, help="Bytes of memory, of all processes of a submission together."
    ).tag(config=True)
    processes = Integer(128, help="Processes and threads; TensorFlow starts some 30.").tag(
        config=True
    )
    open_files = Integer(256, help="Open files, of each process.").tag(config=True)
    written_bytes = Integer(512 * MIB, help="Bytes of files, in all. They are kept in memory.").tag(
        config=True
    )
    output_bytes = Integer(
        1 * MIB, help="Bytes that one cell may print or show; more ends the cell."
    ).tag(config=True)
    reply_bytes = Integer(64 * MIB, help="Bytes of one value that a test receives.").tag(
        config=True
    )
    reply_depth = Integer(20, help="Containers inside containers in such a value.").tag(config=True)
    reply_items = Integer(1_000_000, help="Elements of such a value, outside arrays.").tag(
        config=True
    )

    def as_dict(self):
        """Return all limits, a `dict` that JSON can carry."""
        return {name: getattr(self, name) for name in self.class_own_traits(config=True)}

    def reply_bounds(self):
        """Return the arguments of `wire.Bounds`, a `dict`."""
        return {
            "size": self.reply_bytes,
            "depth": self.reply_depth,
            "items": self.reply_items,
        }
