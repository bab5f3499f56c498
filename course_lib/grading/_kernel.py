"""A Jupyter kernel in a process that was forked: its sockets were opened by someone else."""

import json
import os

import zmq
from ipykernel.heartbeat import Heartbeat
from ipykernel.iostream import OutStream
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp

from course_lib.grading import _agent

#: The channels, in the order in which their sockets are handed over.
CHANNELS = ("shell", "iopub", "stdin", "hb", "control")

#: The text of a cell that means: serve the test that runs elsewhere.
SERVE = "# course_lib.grading: serve"

#: How much a kernel stands back behind the grader.
NICE = 5

#: Characters of the largest piece of text that is sent. The grader takes no message of any size.
PIECE = 2**20


def main(options, descriptors):
    """Run a kernel until it is told to stop.

    Args:
        options: A `dict`: `"connection"`, the content of a connection file, and `"bounds"`, the
            arguments of `Bounds` for what the test cells get.
        descriptors: One listening socket for each of `CHANNELS`, and the one that test cells
            call the student's functions through.
    """
    _agent.take_socket(descriptors.pop(), options["bounds"])
    connection = {**options["connection"], "transport": "ipc", "ip": "kernel"}
    sockets = {}
    for number, (channel, descriptor) in enumerate(zip(CHANNELS, descriptors, strict=True), 1):
        connection[f"{channel}_port"] = number
        sockets[number] = descriptor
    path = os.path.join(os.environ["HOME"], "kernel.json")
    with open(path, "w") as file:
        json.dump(connection, file)
    os.environ.pop("JPY_PARENT_PID", None)
    # A crowd of busy kernels must not keep the grader from ending them.
    os.nice(NICE)
    app = ForkedKernelApp.instance(sockets, connection_file=path, kernel_class=ServingKernel)
    app.config.HistoryManager.enabled = False
    app.initialize([])
    app.start()


def _bind(socket, descriptor):
    """Make a ZeroMQ socket listen on a socket that is open already."""
    socket.setsockopt(zmq.USE_FD, descriptor)
    socket.bind("ipc://kernel")


class ServingKernel(IPythonKernel):
    """A kernel that serves a test when asked to, whatever was done to how it runs cells."""

    async def do_execute(self, code, *args, **kwargs):
        """Run a cell, or serve the test cell that runs elsewhere.

        Args:
            code: Text of the cell.
            *args: See the base class.
            **kwargs: See the base class.
        """
        if code != SERVE:
            return await super().do_execute(code, *args, **kwargs)
        try:
            _agent.serve(self.shell.user_ns)
        except _agent.ChannelError:
            return {"status": "error", "execution_count": 0, "ename": "Lost", "evalue": ""}
        return {"status": "ok", "execution_count": 0, "payload": [], "user_expressions": {}}


class PieceStream(OutStream):
    """Standard output, sent in pieces, however much is printed between two flushes."""

    unsent = 0

    def write(self, string):
        """Write a string.

        Args:
            string: Of any length.

        Returns:
            Its length.
        """
        if not isinstance(string, str) or len(string) <= PIECE:
            pieces = [string]  # what is no string, it refuses
        else:
            pieces = [string[i : i + PIECE] for i in range(0, len(string), PIECE)]
        for piece in pieces:
            super().write(piece)
            self.unsent += len(piece)
            if self.unsent >= PIECE:
                self.unsent = 0
                self.flush()
        return len(string)


class _Heartbeat(Heartbeat):
    def __init__(self, context, address, descriptor):
        super().__init__(context, address)
        self.descriptor = descriptor

    def _try_bind_socket(self):
        _bind(self.socket, self.descriptor)


class ForkedKernelApp(IPKernelApp):
    """An IPython kernel whose sockets are open already."""

    outstream_class = f"{__name__}.{PieceStream.__name__}"

    def __init__(self, inherited, **kwargs):
        super().__init__(**kwargs)
        self.inherited = inherited

    def _try_bind_socket(self, s, port):
        _bind(s, self.inherited[port])
        return port

    def init_heartbeat(self):
        address = (self.transport, self.ip, self.hb_port)
        self.heartbeat = _Heartbeat(zmq.Context(), address, self.inherited[self.hb_port])
        self.heartbeat.start()
