"""The line on which a program in the sealed network gets sockets that live in another namespace than its own.

A question is one packet (``SOCK_SEQPACKET``) with address family and socket type; the answer is one packet that carries
the socket, or the words of why there is none. One line gives sockets of one namespace, and can do nothing else.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Callable

_QUESTION = struct.Struct("!HH")
_PATIENCE = 10.0
"""Seconds; the launcher answers in well under a millisecond."""


class SocketLine:
    """The program's end."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sock.settimeout(_PATIENCE)

    def socket(self, family: int, kind: int) -> socket.socket:
        """A fresh socket. :raises OSError: there is none, with the reason"""
        self._sock.send(_QUESTION.pack(family, kind))
        words, descriptors, _, _ = socket.recv_fds(self._sock, 1024, 1)
        if not descriptors:
            raise OSError(words.decode() or "the launcher of the sealed network has ended")
        os.set_inheritable(descriptors[0], False)  # noqa: FBT003 - positional only; recv_fds makes it inheritable
        return socket.socket(fileno=descriptors[0])


def line() -> tuple[socket.socket, socket.socket]:
    """Both ends."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def answer(sock: socket.socket, make: Callable[[int, int], socket.socket]) -> bool:
    """Answer the question that waits on *sock* with what *make* makes; False if the program has hung up."""
    try:
        question = sock.recv(_QUESTION.size)
    except ConnectionError:
        return False
    if not question:
        return False
    try:
        family, kind = _QUESTION.unpack(question)
        made = make(family, kind)
    except (OSError, struct.error) as error:
        words, descriptors = str(getattr(error, "strerror", None) or error).encode(), []
    else:
        words, descriptors = b"here", [made.fileno()]
    try:
        socket.send_fds(sock, [words], descriptors, socket.MSG_DONTWAIT)
    except OSError:
        return False  # it hung up, or never reads
    finally:
        if descriptors:
            made.close()
    return True
