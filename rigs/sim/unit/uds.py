"""The unit's end of diagnosis: ISO 14229-1 services over ISO 15765-2, as far as a workshop needs them.

Offered are sessions (10), reset (11), clearing (14) and reading (19) the fault memory, reading (22) and writing (2E)
data identifiers, security access (27) and tester present (3E). A data identifier is written in the extended session
only, and with security access if the unit's file asks for that. Lengths, sub-functions and the order of services are
checked as ISO 14229-1:2020, 8.7 has it; the session does not time out (S3), so that a bench may take its time.
"""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NoReturn

import isotp

from rigs.diagnosis import fault_number

DEFAULT, EXTENDED = 1, 3
"""Sessions."""
_SUPPORTED, _LENGTH, _CONDITIONS, _RANGE, _DENIED, _KEY, _SEQUENCE, _SUB, _SESSION = (
    0x11,  # serviceNotSupported
    0x13,  # incorrectMessageLengthOrInvalidFormat
    0x22,  # conditionsNotCorrect
    0x31,  # requestOutOfRange
    0x33,  # securityAccessDenied
    0x35,  # invalidKey
    0x24,  # requestSequenceError
    0x12,  # sub-functionNotSupported
    0x7F,  # serviceNotSupportedInActiveSession
)
_TIMING = bytes.fromhex("003201f4")
"""P2 of 50 ms, P2* of 5 s in steps of 10 ms (ISO 14229-2)."""
CONFIRMED = 0x2F
"""Status of a fault that has failed: bits 0 to 3 and 5 (ISO 14229-1:2020, D.2)."""
_BY_STATUS = 0x02
_HARD_RESET = 0x01
_SILENT = 0x80
"""Bit of a sub-function: no positive response is wanted."""
BUS_FAULT = "U0401"
"""Invalid data received from another control unit (SAE J2012): frames that the unit does not believe."""


class Refusal(Exception):  # noqa: N818 - the standard calls it a negative response
    """A negative response code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"{code:02X}")
        self.code = code


class DiagnosticServer:
    """Answers requests; bytes in, bytes out.

    :param file: the unit file's ``diagnosis``
    :param read: gives the present value of a fact or item
    :param write: takes a new one
    :param faults: codes in the fault memory when the unit boots
    :param on_session: told ``default`` or ``extended``
    :param on_cleared: told that the fault memory has been emptied
    :param on_reset: restarts the unit, once the answer is out
    """

    def __init__(
        self,
        file: Mapping[str, Any],
        *,
        faults: Iterable[str],
        read: Callable[[str], object],
        write: Callable[[str, str], None],
        on_session: Callable[[str], None],
        on_cleared: Callable[[], None],
        on_reset: Callable[[], None],
    ) -> None:
        self._identifiers: dict[int, Mapping[str, Any]] = {row["id"]: row for row in file["identifiers"].values()}
        self._security: Mapping[str, Any] | None = file["security"]
        self._read, self._write = read, write
        self._on_session, self._on_cleared, self._on_reset = on_session, on_cleared, on_reset
        self.faults: dict[str, int] = dict.fromkeys(faults, CONFIRMED)
        """Code to status."""
        self._session = DEFAULT
        self._seed: bytes | None = None
        self._unlocked = False
        self.reset_due = False
        """A reset has been answered and is to be carried out."""
        self._services: dict[int, Callable[[bytes], bytes]] = {
            0x10: self._change_session,
            0x11: self._reset,
            0x14: self._clear_faults,
            0x19: self._read_faults,
            0x22: self._read_data,
            0x27: self._give_access,
            0x2E: self._write_data,
            0x3E: self._present,
        }

    def answer(self, request: bytes) -> bytes | None:
        """The response to *request*; None where none is wanted."""
        service, rest = request[0], request[1:]
        try:
            response = self._services.get(service, _unknown)(rest)
        except Refusal as refusal:
            return bytes([0x7F, service, refusal.code])
        silent = service in (0x10, 0x11, 0x3E) and bool(rest[0] & _SILENT)
        return None if silent else bytes([service + 0x40]) + response

    def restart(self) -> None:
        """Carry out a reset that has been answered."""
        if self.reset_due:
            self.reset_due = False
            self._on_reset()

    def _change_session(self, rest: bytes) -> bytes:
        kind = _sub_function(rest, DEFAULT, EXTENDED)
        self._session, self._unlocked, self._seed = kind, False, None
        self._on_session("extended" if kind == EXTENDED else "default")
        return bytes([kind]) + _TIMING

    def _reset(self, rest: bytes) -> bytes:
        kind = _sub_function(rest, _HARD_RESET)
        self.reset_due = True
        return bytes([kind])

    def _clear_faults(self, rest: bytes) -> bytes:
        if len(rest) != 3:
            raise Refusal(_LENGTH)
        if rest != b"\xff\xff\xff":  # all groups
            raise Refusal(_RANGE)
        self.faults.clear()
        self._on_cleared()
        return b""

    def _read_faults(self, rest: bytes) -> bytes:
        if not rest:
            raise Refusal(_LENGTH)
        if rest[0] != _BY_STATUS:
            raise Refusal(_SUB)
        if len(rest) != 2:
            raise Refusal(_LENGTH)
        listed = b"".join(
            fault_number(code).to_bytes(3, "big") + bytes([status])
            for code, status in self.faults.items()
            if status & rest[1]
        )
        return bytes([_BY_STATUS, 0xFF]) + listed

    def _read_data(self, rest: bytes) -> bytes:
        if not rest or len(rest) % 2:
            raise Refusal(_LENGTH)
        found = b""
        for start in range(0, len(rest), 2):
            row = self._identifiers.get(int.from_bytes(rest[start : start + 2], "big"))
            if row is None:
                raise Refusal(_RANGE)
            try:
                value = row["text"] if row["text"] is not None else self._read(row["holds"])
            except KeyError:
                raise Refusal(_CONDITIONS) from None
            found += rest[start : start + 2] + str(value).encode("ascii", errors="replace")
        return found

    def _write_data(self, rest: bytes) -> bytes:
        if self._session != EXTENDED:
            raise Refusal(_SESSION)
        if len(rest) < 3:
            raise Refusal(_LENGTH)
        row = self._identifiers.get(int.from_bytes(rest[:2], "big"))
        if row is None or not row["writable"]:
            raise Refusal(_RANGE)
        if self._security is not None and not self._unlocked:
            raise Refusal(_DENIED)
        try:
            value = rest[2:].decode("ascii")
        except UnicodeDecodeError:
            raise Refusal(_RANGE) from None
        if len(value) != len(str(self._read(row["holds"]))):
            raise Refusal(_LENGTH)
        self._write(row["holds"], value)
        return rest[:2]

    def _give_access(self, rest: bytes) -> bytes:
        if self._session != EXTENDED or self._security is None:
            raise Refusal(_SESSION)
        level = self._security["level"]
        if not rest or rest[0] not in (level, level + 1):
            raise Refusal(_SUB if rest else _LENGTH)
        if rest[0] == level:
            self._seed = bytes(4) if self._unlocked else secrets.token_bytes(4)
            return bytes([level]) + self._seed
        if self._seed is None:
            raise Refusal(_SEQUENCE)
        expected = int.from_bytes(self._seed, "big") ^ self._security["mask"]
        self._seed = None
        if rest[1:] != expected.to_bytes(4, "big"):
            raise Refusal(_KEY)
        self._unlocked = True
        return bytes([level + 1])

    def _present(self, rest: bytes) -> bytes:
        return bytes([_sub_function(rest, 0)])


def _unknown(_rest: bytes) -> NoReturn:
    raise Refusal(_SUPPORTED)


def _sub_function(rest: bytes, *known: int) -> int:
    if len(rest) != 1:
        raise Refusal(_LENGTH)
    if rest[0] & ~_SILENT not in known:
        raise Refusal(_SUB)
    return rest[0] & ~_SILENT


class CanTransport:
    """ISO 15765-2 on the unit's raw CAN socket: frames in, requests to *server*, frames out through *send*.

    can-isotp's protocol, driven by the frames that arrive: it sends all consecutive frames of a block at once.
    """

    def __init__(
        self,
        server: DiagnosticServer,
        *,
        request: int,
        response: int,
        send: Callable[[int, bytes], None],
    ) -> None:
        self.request = request
        """The identifier that it listens to."""
        self._server = server
        self._frames: deque[isotp.CanMessage] = deque()
        extended = response > 0x7FF
        mode = isotp.AddressingMode.Normal_29bits if extended else isotp.AddressingMode.Normal_11bits
        self._extended = extended
        self._layer = isotp.TransportLayerLogic(
            rxfn=lambda _timeout: self._frames.popleft() if self._frames else None,
            txfn=lambda message: send(message.arbitration_id, bytes(message.data)),
            address=isotp.Address(mode, txid=response, rxid=request),
            error_handler=lambda _error: None,  # a request in pieces that do not fit is dropped (ISO 15765-2, 9.8)
            params={"tx_padding": 0xCC, "tx_data_min_length": 8},
        )

    def take(self, data: bytes) -> None:
        """One frame with the identifier `request`."""
        self._frames.append(isotp.CanMessage(self.request, len(data), data, extended_id=self._extended))
        self._layer.process()
        while self._layer.available():
            if (response := self._server.answer(bytes(self._layer.recv() or b"\0"))) is not None:
                self._layer.send(bytearray(response))
            self._layer.process()
        if not self._layer.transmitting():
            self._server.restart()
