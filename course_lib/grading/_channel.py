"""Messages on a stream of bytes: a length and that many bytes, or a line of JSON."""

import json
import select
import socket as sockets
import struct

_HEADER = struct.Struct("<Q")


class ChannelError(Exception):
    """The other side is gone, or announces more than it may send."""


def send(socket, payload):
    """Send one message.

    Args:
        socket: A connected stream socket.
        payload: Bytes.

    Raises:
        ChannelError: If the other side is gone.
    """
    try:
        socket.sendall(_HEADER.pack(len(payload)))
        socket.sendall(payload)
    except OSError as error:
        raise ChannelError("closed") from error


def receive(socket, most):
    """Receive one message.

    Args:
        socket: A connected stream socket.
        most: Bytes that it may have.

    Returns:
        Bytes.

    Raises:
        ChannelError: If the other side is gone or the message is larger.
    """
    (length,) = _HEADER.unpack(_exactly(socket, _HEADER.size))
    if length > most:
        raise ChannelError("too large")
    return _exactly(socket, length)


def _exactly(socket, n):
    parts = []
    while n:
        try:
            part = socket.recv(min(n, 1 << 20))
        except OSError as error:
            raise ChannelError("closed") from error
        if not part:
            raise ChannelError("closed")
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


class Lines:
    """Messages between the grader's own processes, each a line of JSON, with open files.

    Args:
        socket: A connected stream socket. (Sockets that keep messages apart do not exist on macOS.)
    """

    def __init__(self, socket):
        self.socket, self.rest = socket, b""

    def fileno(self):
        """Return the number of the socket, for `select`."""
        return self.socket.fileno()

    def close(self):
        """Close the socket."""
        self.socket.close()

    def send(self, message, descriptors=()):
        """Send one message.

        Args:
            message: What JSON can carry.
            descriptors: Numbers of open files that the other side gets.

        Raises:
            OSError: If the other side is gone.
        """
        data = json.dumps(message).encode() + b"\n"
        sent = sockets.send_fds(self.socket, [data], descriptors) if descriptors else 0
        self.socket.sendall(data[sent:])

    def is_ready(self, seconds):
        """Return whether there is something to receive.

        Args:
            seconds: How long to wait for it; `None` for ever.
        """
        return b"\n" in self.rest or bool(select.select([self.socket], [], [], seconds)[0])

    def receive(self):
        """Wait for one message.

        Returns:
            A pair: the message, `None` if the other side is gone, and a list of open files.
        """
        descriptors = []
        while b"\n" not in self.rest:
            try:
                data, files, _, _ = sockets.recv_fds(self.socket, 1 << 16, 32)
            except OSError:
                data, files = b"", []
            descriptors.extend(files)
            if not data:
                return None, descriptors
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return json.loads(line), descriptors
