"""Lines into the unit that are closed and opened: a SCPI switch unit through VISA."""

from __future__ import annotations

from rigs.addresses import DigitalAddress
from rigs.drivers.scpi import ScpiInstrument
from rigs.instruments import MissingInstrumentError
from rigs.protocols import LineState
from telltale.errors import RigError, near_miss

_SWITCHED = 30_000
"""Milliseconds for relays to settle, and for a simulated unit to notice."""


class ScpiSwitch:
    """Relays with names. All of them are in the safe state from the start, and when the bench lets go.

    :raises InputError: nothing there, or nothing that answers as an instrument does
    :raises RigError: a relay does not take its safe state
    """

    def __init__(self, address: DigitalAddress) -> None:
        self._address = address
        self._line = ScpiInstrument(address.visa, what="switch unit", example="TCPIP::192.168.0.6::5025::SOCKET")
        try:
            self._make_safe()
        except BaseException:
            self._line.release()
            raise

    @property
    def lines(self) -> tuple[str, ...]:
        """Names of the lines."""
        return tuple(self._address.lines)

    def set(self, line: str, state: LineState) -> None:
        """Close or open *line*; returns when the relay says that it stands so.

        :raises MissingInstrumentError: no such line
        :raises RigError: it did not switch
        """
        channel = self._channel(line)
        self._line.write(f"ROUT:{'CLOS' if state == 'closed' else 'OPEN'} (@{channel})")
        with self._line.patience(_SWITCHED):
            self._line.ask("*OPC?")
        self._line.check(f"switching {line} to {state}")
        if self.state(line) != state:
            raise RigError(f"{self._line}: line {line} (relay {channel}) did not become {state}")

    def state(self, line: str) -> LineState:
        """How *line* stands, asked of the relay. :raises MissingInstrumentError: no such line"""
        return "closed" if self._line.ask(f"ROUT:CLOS? (@{self._channel(line)})") == "1" else "open"

    def close(self) -> None:
        """Leave all lines in the safe state and hang up. :raises RigError: it could not be reached"""
        if not self._line.connected:
            return
        try:
            self._make_safe()
        finally:
            self._line.release()

    def _make_safe(self) -> None:
        failed: RigError | None = None
        for line in self.lines:  # one that fails keeps no other from its safe state
            try:
                self.set(line, self._address.safe_state)
            except RigError as error:
                failed = failed or error
        if failed is not None:
            raise failed

    def _channel(self, line: str) -> int:
        if line not in self._address.lines:
            known = near_miss(line, self._address.lines)
            raise MissingInstrumentError(f"this rig has no line `{line}` under `digital` in its rig file{known}")
        return self._address.lines[line]
