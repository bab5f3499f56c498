"""Messages on a stream of bytes: a length, then that many bytes."""

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
