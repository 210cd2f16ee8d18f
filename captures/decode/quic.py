"""QUIC (RFC 9000, 9369) as far as it speaks to anyone: the ClientHello in its Initial packets names the host.

Initial packets are protected with keys that follow from the connection id (RFC 9001 section 5.2). All else stays
closed, and is counted so.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from captures.decode.flows import Datagram
from captures.decode.model import Message, Place, Reading, Scene, Side, discreet
from captures.decode.tls import CLIENT_HELLO
from captures.decode.tls_hello import Hello, parse_hello
from captures.decode.tls_keys import hkdf_expand_label
from telltale.transmission import Part

CLOSED = "QUIC is not opened"
_PADDING, _PING, _ACK, _ACK_ECN, _CRYPTO = 0, 1, 2, 3, 6


class _Version(NamedTuple):
    salt: bytes
    initial: int
    """Long packet type of an Initial packet."""
    prefix: str = "quic"
    """Of the key labels."""


_V1 = _Version(bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), 0)
_DRAFT29 = _Version(bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899"), 0)
_VERSIONS = {1: _V1, 0x6B3343CF: _Version(bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), 1, "quicv2")}
_VERSIONS |= dict.fromkeys(range(0xFF00001D, 0xFF000021), _DRAFT29)
"""RFC 9001 section 5.2, RFC 9369 section 3.3.1, draft-ietf-quic-tls-29."""


def looks_like(data: bytes) -> bool:
    """A long header of a version that is known (RFC 8999 section 5.1)."""
    return len(data) > 20 and data[0] & 0xC0 == 0xC0 and int.from_bytes(data[1:5]) in _VERSIONS and data[5] <= 20


class _Initial(NamedTuple):
    version: _Version
    destination: bytes
    number_at: int
    """Where the packet number begins."""
    end: int


@dataclass(slots=True)
class _Flow:
    """What the client's Initial packets have said so far."""

    keys: list[tuple[AESGCM, int, bytes]] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    crypto: dict[int, bytes] = field(default_factory=dict)

    def hello(self) -> Hello | None:
        """The ClientHello, once its pieces are together."""
        data = b""
        for offset, piece in sorted(self.crypto.items()):
            if offset > len(data):
                return None
            data += piece[len(data) - offset :]
        if data[:1] != bytes([CLIENT_HELLO]) or len(data) < 4 + int.from_bytes(data[1:4]):
            return None
        return parse_hello(data[4 : 4 + int.from_bytes(data[1:4])], client=True)


def parse(datagrams: list[Datagram], unit: Side, scene: Scene) -> Reading:
    """One message for each burst of the unit's datagrams; opened Initial packets count as decoded."""
    reading = Reading()
    flow = _Flow()
    for one in datagrams:
        opened = _open(flow, bytes(one.data)) if one.side is Side.CLIENT else 0
        reading.tallies[one.side].decoded += opened
        reading.tallies[one.side].opaque[CLOSED] += len(one.data) - opened
    hello = flow.hello()
    host = hello.server_name if hello else None
    said = (Part(name="sni", data=host.encode()),) if host and unit is Side.CLIENT else ()
    burst: list[Datagram] = []
    for one in datagrams:
        if one.side is not unit:
            continue
        if burst and scene.is_pause(burst[-1].wall, one.wall):
            reading.messages.append(_message(burst, host, said))
            burst, said = [], ()
        burst.append(one)
    if burst:
        reading.messages.append(_message(burst, host, said))
    return reading


def _message(burst: list[Datagram], host: str | None, said: tuple[Part, ...]) -> Message:
    payload = b"".join(one.data for one in burst)
    return Message(
        channel="quic",
        first=Place(burst[0].wall, burst[0].packet),
        last=Place(burst[-1].wall, burst[-1].packet),
        summary=f"QUIC to {discreet(host) if host else 'an unnamed host'}, {len(payload)} bytes",
        host=host,
        parts=(*said, Part(name="payload", data=payload, opaque=CLOSED)),
        complete=not any(one.missing for one in burst),
    )


def _open(flow: _Flow, data: bytes) -> int:
    """Collect what the Initial packets of a datagram carry; the bytes of those that were opened."""
    place = opened = 0
    while place < len(data) and looks_like(data[place:]):
        try:
            packet = _initial(data, place)
        except IndexError:
            break
        if packet is None:
            break
        frames = _decrypt(flow, data[place : packet.end], packet._replace(number_at=packet.number_at - place))
        if frames is not None:
            opened += packet.end - place
            _collect(flow, frames)
        place = packet.end
    if opened and not any(data[place:]):  # padding beside the packet rather than in it
        opened += len(data) - place
    return opened


def _initial(data: bytes, start: int) -> _Initial | None:
    """The header of an Initial packet, RFC 9000 section 17.2.2; None for another type.

    :raises IndexError: it is cut off
    """
    version = _VERSIONS[int.from_bytes(data[start + 1 : start + 5])]
    place = start + 6 + data[start + 5]
    destination = data[start + 6 : place]
    place += 1 + data[place]
    if data[start] >> 4 & 3 != version.initial:
        return None
    token, place = _variable(data, place)
    length, place = _variable(data, place + token)
    if place + length > len(data) or length < 20:
        return None
    return _Initial(version, destination, place, place + length)


def _variable(data: bytes, place: int) -> tuple[int, int]:
    """A variable-length integer (RFC 9000 section 16) and where it ends."""
    size = 1 << (data[place] >> 6)
    return int.from_bytes(data[place : place + size]) & ((1 << (8 * size - 2)) - 1), place + size


def _decrypt(flow: _Flow, data: bytes, packet: _Initial) -> bytes | None:
    """Frames of the packet, RFC 9001 sections 5.3 and 5.4; keys follow from the first id, or the one after a Retry."""
    if packet.destination not in flow.seen:
        flow.seen.add(packet.destination)
        version = packet.version
        initial = hmac.digest(version.salt, packet.destination, "sha256")
        secret = hkdf_expand_label(initial, "client in", 32, "sha256")
        key, iv, protection = (
            hkdf_expand_label(secret, f"{version.prefix} {name}", size, "sha256")
            for name, size in (("key", 16), ("iv", 12), ("hp", 16))
        )
        flow.keys.append((AESGCM(key), int.from_bytes(iv), protection))
    at = packet.number_at
    for aead, iv_number, protection in flow.keys:
        encryptor = Cipher(algorithms.AES(protection), modes.ECB()).encryptor()  # noqa: S305 - the mode of RFC 9001 5.4.3
        mask = encryptor.update(data[at + 4 : at + 20])
        first = data[0] ^ mask[0] & 15
        size = (first & 3) + 1
        number = bytes(byte ^ key for byte, key in zip(data[at : at + size], mask[1:], strict=False))
        header = bytes([first]) + data[1:at] + number
        try:
            return aead.decrypt((iv_number ^ int.from_bytes(number)).to_bytes(12), data[at + size :], header)
        except InvalidTag:
            continue
    return None


def _collect(flow: _Flow, frames: bytes) -> None:
    """CRYPTO frames (RFC 9000 section 19.6), past the others that Initial packets may hold."""
    place = 0
    try:
        while place < len(frames):
            kind, place = _variable(frames, place)
            if kind == _CRYPTO:
                offset, place = _variable(frames, place)
                size, place = _variable(frames, place)
                flow.crypto.setdefault(offset, frames[place : place + size])
                place += size
            elif kind in (_ACK, _ACK_ECN):
                place = _past_ack(frames, place, kind)
            elif kind not in (_PADDING, _PING):
                return
    except IndexError:
        return  # an Initial packet of a broken client; what it said before stands


def _past_ack(frames: bytes, place: int, kind: int) -> int:
    """RFC 9000 section 19.3: largest, delay, count, first range, then two numbers a range, and three ECN counts."""
    _, place = _variable(frames, place)
    _, place = _variable(frames, place)
    ranges, place = _variable(frames, place)
    for _ in range(1 + 2 * ranges + (3 if kind == _ACK_ECN else 0)):
        _, place = _variable(frames, place)
    return place
