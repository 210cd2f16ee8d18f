"""The bench's end of what a unit has beside its buses: the terminals of its supply, and the air that carries texts.

Both are SOCK_SEQPACKET pairs. The terminals are plugged anew with each boot; see `rigs.sim.unit.power` for what they
carry. The air stays: a text that is sent while the unit is off waits there, as it would at the operator.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading


class Terminals:
    """What a unit draws, and the way to take its supply away. Called from the supply's threads and the bench's."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._sock: socket.socket | None = None
        self._drawn: float | None = None

    def plug(self) -> socket.socket:
        """Fresh terminals for a unit that boots: to be handed to its process and then closed here."""
        self.unplug()
        ours, units = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(0)
        with self._turn:
            self._sock = ours
        return units

    def unplug(self) -> None:
        """Nothing hangs on the supply any more."""
        with self._turn:
            if self._sock is not None:
                self._sock.close()
            self._sock, self._drawn = None, None

    def supply(self, *, on: bool) -> None:
        """Give the supply back to a unit that runs, or take it away."""
        with self._turn, contextlib.suppress(OSError):  # it died meanwhile, and does not care
            if self._sock is not None:
                self._sock.send(b"on" if on else b"off")

    def drawn(self) -> float | None:
        """Ampere at the moment; None for a unit that does not tell."""
        with self._turn:
            while self._sock is not None:
                try:
                    word = self._sock.recv(32)
                except (BlockingIOError, ConnectionError):
                    break
                if not word:
                    break
                self._drawn = int(word) / 1e6
            return self._drawn


class Air:
    """Carries text messages to the unit."""

    def __init__(self) -> None:
        self._ours, self.unit_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.settimeout(0)

    def text(self, sender: str, text: str) -> None:
        """Hand a text over. :raises BlockingIOError: more of them wait than the operator keeps"""
        self._ours.send(json.dumps({"sender": sender, "text": text}).encode())

    def clear(self) -> None:
        """Forget what waits for a unit that is no longer on the bench."""
        with contextlib.suppress(BlockingIOError):
            while self.unit_end.recv(4096, socket.MSG_DONTWAIT):
                pass

    def close(self) -> None:
        """Both ends."""
        self._ours.close()
        self.unit_end.close()
