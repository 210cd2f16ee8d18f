"""The line between `SealedNetwork` and its launcher: JSON messages that carry descriptors along.

A message is its length (four bytes, big-endian) and its JSON text; descriptors ride on the length (``SCM_RIGHTS``).
`telltale.control` is the same idea without descriptors.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from array import array
from collections.abc import Mapping, Sequence
from typing import Any

_LENGTH = struct.Struct("!I")
_MOST_DESCRIPTORS = 250
"""The kernel passes at most 253 at once (``SCM_MAX_FD``)."""


def send(sock: socket.socket, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
    """Send one message.

    :raises OSError: the other end is gone
    """
    text = json.dumps(message).encode()
    if descriptors:
        socket.send_fds(sock, [_LENGTH.pack(len(text))], list(descriptors))
    else:
        sock.sendall(_LENGTH.pack(len(text)))
    sock.sendall(text)


def receive(sock: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The next message and its descriptors (close-on-exec), which are the caller's to close.

    :raises ConnectionError: the other end hung up
    """
    # not socket.recv_fds, which forgets its flags, so that descriptors leak into every program started
    room = socket.CMSG_LEN(_MOST_DESCRIPTORS * array("i").itemsize)
    head, ancillary, _, _ = sock.recvmsg(_LENGTH.size, room, socket.MSG_CMSG_CLOEXEC)
    descriptors = [number for _, _, content in ancillary for number in array("i", content)]
    try:
        head += _exactly(sock, _LENGTH.size - len(head))
        (length,) = _LENGTH.unpack(head)
        message: dict[str, Any] = json.loads(_exactly(sock, length))
    except BaseException:
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    return message, descriptors


def _exactly(sock: socket.socket, length: int) -> bytes:
    parts = []
    while length:
        part = sock.recv(min(length, 1 << 20))
        if not part:
            raise ConnectionResetError("the other end hung up")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
