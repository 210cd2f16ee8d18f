"""What a unit said over Bluetooth, from its HCI snoop log: ACL, L2CAP, RFCOMM and ATT taken off.

HCI lies above the radio's encryption, so everything is in clear. Sources: Bluetooth Core 5.4, vol. 4 part E (HCI),
vol. 3 part A (L2CAP), part F (ATT); RFCOMM 1.2 with TS 07.10. Keys that pass through HCI are counted and never given
out; `scrubbed` takes them out of a log that is to be kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from captures.decode.btsnoop import Packet, read
from captures.decode.model import PAUSE

COMMAND, ACL, EVENT = 1, 2, 4
"""H4 types (vol. 4 part A, 2)."""
ANYBODY = "anybody near"
"""Recipient of what is broadcast."""
_SIGNALLING, _ATT, _SMP = 0x0001, 0x0004, 0x0006
_RFCOMM_PSM = 0x0003
_UIH = 0xEF
_POLL_FINAL = 0x10
_BROADCASTS = {
    0x0C13: (0, "name"),
    0x0C52: (1, "inquiry response"),
    0x2008: (1, "advertising"),
    0x2009: (1, "advertising"),
}
"""HCI command that sets what is broadcast, to where its text begins and what it is (7.3.11, 7.3.56, 7.8.7, 7.8.8)."""
_KEY_COMMANDS = {0x040B: 6, 0x040D: 6, 0x2019: 12, 0x201A: 2}
"""HCI command with a key, to where the key begins (7.1.10, 7.1.12, 7.8.24, 7.8.25)."""
_ATT_VALUES = {0x0B: 1, 0x0D: 1, 0x12: 3, 0x1B: 3, 0x1D: 3, 0x52: 3, 0xD2: 3}
"""ATT opcode that carries a value, to where the value begins (part F, 3.4)."""
_PREPARE, _EXECUTE = 0x16, 0x18
_MOST = 1 << 24
"""Bytes of one message; a longer stream is cut into several."""


@dataclass(slots=True)
class Said:
    """One thing that the unit said to somebody."""

    peer: str
    """Address, ``02:00:5e:10:00:01``; `ANYBODY`; or ``unknown device`` for a link that is older than the log."""
    kind: str
    """``rfcomm``, ``att``, ``l2cap``, ``name``, ``inquiry response``, ``advertising``."""
    path: str
    """Where to: ``channel 2``, ``handle 0x0021``, ``psm 0x000f``."""
    first: int
    """ns since 1970, by the unit's clock."""
    last: int
    data: bytearray = field(default_factory=bytearray)
    whole: bool = True


@dataclass(slots=True)
class Heard:
    """What a log tells."""

    said: list[Said] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    keys: int = 0
    """Keys that stand in the log."""


@dataclass(slots=True)
class _Link:
    """One ACL connection."""

    peer: str = "unknown device"
    pieces: dict[bool, bytearray] = field(default_factory=dict)
    """By direction: an L2CAP packet that is not complete yet."""
    psms: dict[int, int] = field(default_factory=dict)
    """The peer's channel to the service behind it."""
    asked: dict[tuple[bool, int], tuple[int, int]] = field(default_factory=dict)
    """Requests for a channel: who asked and identifier, to service and the asker's channel."""
    prepared: dict[int, Said] = field(default_factory=dict)
    """Long writes that are not executed yet, by attribute."""


def decode(data: bytes) -> Heard:
    """What a snoop log tells. :raises SnoopError: it is none"""
    log = read(data)
    reader = _Reader()
    for packet in log.packets:
        reader.take(packet)
    heard = reader.done()
    heard.problems = [*log.problems, *heard.problems]
    return heard


def scrubbed(data: bytes) -> bytes:
    """The log with every key in it set to zero. :raises SnoopError: it is none"""
    clean = bytearray(data)
    for packet in read(data).packets:
        for start, end in _keys(packet.data):
            stop = max(start, min(end, len(packet.data)))
            clean[packet.offset + start : packet.offset + stop] = bytes(stop - start)
    return bytes(clean)


def _keys(packet: bytes) -> Iterator[tuple[int, int]]:
    """Where keys lie in an H4 packet."""
    if packet[:1] == bytes([COMMAND]) and len(packet) >= 4:
        begins = _KEY_COMMANDS.get(struct.unpack_from("<H", packet, 1)[0])
        if begins is not None:
            yield 4 + begins, len(packet)
    elif packet[:2] == bytes([EVENT, 0x18]):  # Link Key Notification, 7.7.24
        yield 9, 25
    elif packet[:2] == bytes([EVENT, 0x15]) and len(packet) > 3:  # Return Link Keys, 7.7.21
        yield from ((4 + 22 * number + 6, 4 + 22 * (number + 1)) for number in range(packet[3]))
    elif packet[:1] == bytes([ACL]) and packet[7:9] == _SMP.to_bytes(2, "little"):  # vol. 3 part H, 3.6
        yield 10, len(packet)


class _Reader:
    def __init__(self) -> None:
        self._heard = Heard()
        self._links: dict[int, _Link] = {}
        self._streams: dict[tuple[int, str], Said] = {}

    def take(self, packet: Packet) -> None:
        data = packet.data
        self._heard.keys += sum(1 for _ in _keys(data))
        kind = data[0] if data else 0
        if kind == COMMAND and len(data) >= 4:
            self._command(packet, struct.unpack_from("<H", data, 1)[0], data[4:])
        elif kind == EVENT and len(data) >= 3:
            self._event(data[1], data[3:])
        elif kind == ACL and len(data) >= 5:
            self._acl(packet)

    def done(self) -> Heard:
        if any(link.pieces.get(True) for link in self._links.values()):
            self._heard.problems.append("what was being sent at its end is cut off")
        for link in self._links.values():
            self._heard.said += link.prepared.values()
        return self._heard

    def _command(self, packet: Packet, opcode: int, body: bytes) -> None:
        if opcode in _BROADCASTS:
            begins, kind = _BROADCASTS[opcode]
            text = body[begins:].rstrip(b"\0")
            if text:
                self._say(packet, Said(ANYBODY, kind, "", packet.moment, packet.moment, bytearray(text)))

    def _event(self, code: int, body: bytes) -> None:
        if code == 0x03 and len(body) >= 9 and body[0] == 0:  # Connection Complete
            self._connected(body[1:3], body[3:9])
        elif code == 0x3E and len(body) >= 12 and body[0] in (0x01, 0x0A, 0x29) and body[1] == 0:  # LE, 7.7.65
            self._connected(body[2:4], body[6:12])
        elif code == 0x05 and len(body) >= 3 and body[0] == 0:  # Disconnection Complete
            handle = int.from_bytes(body[1:3], "little") & 0x0FFF
            self._forget(handle)

    def _connected(self, handle: bytes, address: bytes) -> None:
        number = int.from_bytes(handle, "little") & 0x0FFF
        self._forget(number)
        self._links[number] = _Link(peer=":".join(f"{byte:02x}" for byte in reversed(address)))

    def _forget(self, handle: int) -> None:
        if (link := self._links.pop(handle, None)) is not None:
            self._heard.said += link.prepared.values()
        for key in [key for key in self._streams if key[0] == handle]:
            del self._streams[key]

    def _acl(self, packet: Packet) -> None:
        word, length = struct.unpack_from("<HH", packet.data, 1)
        link, body = self._links.setdefault(word & 0x0FFF, _Link()), packet.data[5 : 5 + length]
        held = link.pieces.setdefault(packet.sent, bytearray())
        if (word >> 12) & 0x03 != 0x01:  # not a continuation (vol. 4 part E, 5.4.2)
            if held and packet.sent:
                self._heard.problems.append("a packet to a device was never completed")
            held.clear()
        elif not held:
            return  # of a packet that began before the log
        held += body
        if not packet.whole and packet.sent:
            self._heard.problems.append("packets were shortened when they were logged")
        if len(held) >= 4:
            size, channel = struct.unpack_from("<HH", held)
            if len(held) >= 4 + size or not packet.whole:
                payload = bytes(held[4 : 4 + size])
                held.clear()
                self._l2cap(packet, word & 0x0FFF, link, channel, payload)

    def _l2cap(self, packet: Packet, handle: int, link: _Link, channel: int, payload: bytes) -> None:
        if channel == _SIGNALLING:
            _signal(link, payload, sent=packet.sent)
        elif not packet.sent or channel == _SMP:
            return  # what the unit was told is not what it said; pairing holds keys
        elif channel == _ATT:
            self._att(packet, link, payload)
        elif link.psms.get(channel) == _RFCOMM_PSM:
            self._rfcomm(packet, handle, link, payload)
        elif payload:
            psm = link.psms.get(channel)
            path = f"psm {psm:#06x}" if psm is not None else f"channel {channel:#06x}"
            self._flow(packet, handle, link, payload, kind="l2cap", path=path)

    def _att(self, packet: Packet, link: _Link, payload: bytes) -> None:
        opcode = payload[0] if payload else 0
        attribute = int.from_bytes(payload[1:3], "little")
        if opcode == _PREPARE and len(payload) >= 5:
            fresh = Said(link.peer, "att", f"handle {attribute:#06x}", packet.moment, packet.moment, whole=False)
            said = link.prepared.setdefault(attribute, fresh)
            said.data += payload[5:]
            said.last = packet.moment
        elif opcode == _EXECUTE:
            for said in link.prepared.values():
                said.whole = True
            self._heard.said += link.prepared.values()
            link.prepared.clear()
        elif (begins := _ATT_VALUES.get(opcode)) is not None and len(payload) > begins:
            path = f"handle {attribute:#06x}" if begins == 3 else "answer"
            value = bytearray(payload[begins:])
            self._say(packet, Said(link.peer, "att", path, packet.moment, packet.moment, value))

    def _rfcomm(self, packet: Packet, handle: int, link: _Link, frame: bytes) -> None:
        if len(frame) < 4 or frame[1] & ~_POLL_FINAL != _UIH or not frame[0] >> 3:
            return  # opening, closing, and the multiplexer's own channel (TS 07.10, 5.2)
        begins = 3 if frame[2] & 1 else 4
        size = frame[2] >> 1 | (0 if frame[2] & 1 else frame[3] << 7)
        begins += 1 if frame[1] & _POLL_FINAL else 0  # a credit (RFCOMM 6.5.2)
        if payload := frame[begins : begins + size]:
            self._flow(packet, handle, link, payload, kind="rfcomm", path=f"channel {frame[0] >> 3}")

    def _flow(self, packet: Packet, handle: int, link: _Link, payload: bytes, *, kind: str, path: str) -> None:
        """Part of a stream, which a pause ends."""
        key = (handle, f"{kind} {path}")
        said = self._streams.get(key)
        if said is None or packet.moment - said.last >= PAUSE or len(said.data) > _MOST:
            said = self._streams[key] = Said(link.peer, kind, path, packet.moment, packet.moment)
            self._heard.said.append(said)
        said.data += payload
        said.last = packet.moment
        said.whole = said.whole and packet.whole

    def _say(self, packet: Packet, said: Said) -> None:
        said.whole = packet.whole
        self._heard.said.append(said)


def _signal(link: _Link, payload: bytes, *, sent: bool) -> None:
    """Connection requests and responses tell which channel leads to which service (vol. 3 part A, 4.2, 4.3)."""
    while len(payload) >= 4:
        code, identifier, length = struct.unpack_from("<BBH", payload)
        body, payload = payload[4 : 4 + length], payload[4 + length :]
        if code == 0x02 and len(body) >= 4:
            psm, source = struct.unpack_from("<HH", body)
            link.asked[sent, identifier] = (psm, source)
            if not sent:
                link.psms[source] = psm  # the peer's end, to which the unit sends
        elif code == 0x03 and len(body) >= 8 and (not sent, identifier) in link.asked:
            psm, _ = link.asked.pop((not sent, identifier))
            destination, _, result, _ = struct.unpack_from("<HHHH", body)
            if not sent and result == 0:
                link.psms[destination] = psm
