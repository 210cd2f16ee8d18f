"""Packets of QUIC (RFC 9000, section 17; RFC 9369) and their protection (RFC 9001, section 5)."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum
from hashlib import new as new_hash
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from captures.decode.model import Side
from captures.decode.tls_keys import TLS13_SUITES, Suite, hkdf_expand_label


class Level(IntEnum):
    """What a packet is protected with; long packets bear its number in version 1 (RFC 9000, table 5)."""

    INITIAL = 0
    EARLY = 1
    HANDSHAKE = 2
    RETRY = 3
    ONE = 4
    """1-RTT: the only one with a short header."""


@dataclass(frozen=True, slots=True)
class Version:
    """What differs between versions."""

    salt: bytes
    shift: int = 0
    """Added to the level, it is the number in a long header (RFC 9369, section 3.2)."""
    prefix: str = "quic"
    """Of the key labels."""


_V1 = Version(bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"))
_DRAFT29 = Version(bytes.fromhex("afbfec289993d24c9e9786f19c6111e04390a899"))
VERSIONS = {1: _V1, 0x6B3343CF: Version(bytes.fromhex("0dede3def700a6db819381be6e269dcbf9bd2ed9"), 1, "quicv2")}
VERSIONS |= dict.fromkeys(range(0xFF00001D, 0xFF000021), _DRAFT29)
"""RFC 9001 section 5.2, RFC 9369 section 3.3.1, draft-ietf-quic-tls-29."""

_TAG = 16
_SAMPLE = 4
"""The sample for header protection begins so many bytes behind the packet number's first (RFC 9001, section 5.4.2)."""


def variable(data: bytes | bytearray, place: int) -> tuple[int, int]:
    """A variable-length integer (RFC 9000 section 16) and where it ends.

    :raises IndexError: there is none
    """
    size = 1 << (data[place] >> 6)
    if place + size > len(data):
        raise IndexError
    return int.from_bytes(data[place : place + size]) & ((1 << (8 * size - 2)) - 1), place + size


def is_long(data: bytes) -> bool:
    """A long header of a version that is known (RFC 8999 section 5.1)."""
    return len(data) > 20 and data[0] & 0xC0 == 0xC0 and int.from_bytes(data[1:5]) in VERSIONS and data[5] <= 20


class Packet(NamedTuple):
    """One packet of a datagram, still closed."""

    level: Level
    version: Version | None
    """None with a short header."""
    destination: bytes
    """Connection id; for a short header all that could be one."""
    source: bytes
    start: int
    number_at: int
    """Where the packet number begins; of a short header unknown before the connection is, and 0."""
    end: int


def packets(data: bytes) -> Iterator[Packet]:
    """The packets of a datagram (RFC 9000, section 12.2), as far as they can be told apart."""
    place = 0
    while place < len(data):
        if not data[place] & 0x80:
            if data[place] & 0x40:
                yield Packet(Level.ONE, None, data[place + 1 : place + 21], b"", place, 0, len(data))
            return
        if not is_long(data[place:]):
            return
        try:
            packet = _long(data, place)
        except IndexError:
            return
        if packet.end > len(data):
            return
        yield packet
        place = packet.end


def _long(data: bytes, start: int) -> Packet:
    """RFC 9000 section 17.2. :raises IndexError: it is cut off"""
    version = VERSIONS[int.from_bytes(data[start + 1 : start + 5])]
    place = start + 6 + data[start + 5]
    destination = data[start + 6 : place]
    source = data[place + 1 : place + 1 + data[place]]
    place += 1 + data[place]
    level = Level((data[start] >> 4 & 3) - version.shift & 3)
    if level is Level.RETRY:
        return Packet(level, version, destination, source, start, place, len(data))
    if level is Level.INITIAL:
        token, place = variable(data, place)
        place += token
    length, place = variable(data, place)
    return Packet(level, version, destination, source, start, place, place + length)


class Opened(NamedTuple):
    """A packet whose protection is off."""

    number: int
    frames: bytes


@dataclass(slots=True)
class PacketKeys:
    """Protection of one side's packets at one level, RFC 9001 sections 5.1, 5.3 and 5.4."""

    suite: Suite
    secret: bytes
    prefix: str
    header_key: bytes = b""
    """Kept over key updates (RFC 9001, section 6.1)."""
    _aead: AESGCM | ChaCha20Poly1305 = field(init=False)
    _iv: int = field(init=False)

    def __post_init__(self) -> None:
        key, iv, header = (self._derived(name, size) for name, size in self._sizes())
        self._aead = ChaCha20Poly1305(key) if self.suite.aead is ChaCha20Poly1305 else AESGCM(key)
        self._iv = int.from_bytes(iv)
        self.header_key = self.header_key or header

    def _sizes(self) -> tuple[tuple[str, int], ...]:
        return ("key", self.suite.key_length), ("iv", 12), ("hp", self.suite.key_length)

    def _derived(self, name: str, size: int) -> bytes:
        return hkdf_expand_label(self.secret, f"{self.prefix} {name}", size, self.suite.hash)

    def updated(self) -> PacketKeys:
        """The keys of the next phase, RFC 9001 section 6.1."""
        return replace(self, secret=self._derived("ku", new_hash(self.suite.hash).digest_size))

    def mask(self, sample: bytes) -> bytes:
        """Header protection, RFC 9001 sections 5.4.3 and 5.4.4."""
        if self.suite.aead is ChaCha20Poly1305:
            return Cipher(algorithms.ChaCha20(self.header_key, sample), None).encryptor().update(bytes(5))
        encryptor = Cipher(algorithms.AES(self.header_key), modes.ECB()).encryptor()  # noqa: S305 - RFC 9001 5.4.3
        return encryptor.update(sample)

    def open(self, data: bytes, at: int, largest: int) -> Opened:
        """Open a packet whose number begins *at*.

        :param largest: the largest packet number seen in its space; -1 for none
        :raises InvalidTag: it was not protected with these keys
        """
        if len(data) < at + _SAMPLE + _TAG:
            raise InvalidTag
        mask = self.mask(data[at + _SAMPLE : at + _SAMPLE + 16])
        first = data[0] ^ mask[0] & (0x0F if data[0] & 0x80 else 0x1F)
        size = (first & 3) + 1
        written = bytes(byte ^ key for byte, key in zip(data[at : at + size], mask[1:], strict=False))
        number = _full(int.from_bytes(written), 8 * size, largest)
        header = bytes([first]) + data[1:at] + written
        frames = self._aead.decrypt((self._iv ^ number).to_bytes(12), data[at + size :], header)
        return Opened(number, frames)


def _full(written: int, bits: int, largest: int) -> int:
    """The whole packet number, RFC 9000 appendix A.3."""
    expected, window = largest + 1, 1 << bits
    near = expected & ~(window - 1) | written
    if near <= expected - window // 2 and near + window < 1 << 62:
        return near + window
    if near > expected + window // 2 and near >= window:
        return near - window
    return near


def initial_keys(version: Version, destination: bytes) -> tuple[PacketKeys, PacketKeys]:
    """Both sides' keys of Initial packets, which follow from the client's first connection id (RFC 9001, 5.2)."""
    initial = hmac.digest(version.salt, destination, "sha256")
    client, server = (
        PacketKeys(TLS13_SUITES[0x1301], hkdf_expand_label(initial, label, 32, "sha256"), version.prefix)
        for label in ("client in", "server in")
    )
    return client, server


def candidates(secret: bytes, version: Version) -> list[PacketKeys]:
    """Keys for every suite that *secret* may belong to; the first packet tells which."""
    sizes = {name: new_hash(name).digest_size for name in ("sha256", "sha384")}
    return [
        PacketKeys(suite, secret, version.prefix)
        for number, suite in TLS13_SUITES.items()
        if number <= 0x1303 and sizes[suite.hash] == len(secret)  # RFC 9001, section 5.3: no CCM_8; nobody offers CCM
    ]


class LevelKeys:
    """The keys of one side at one level over the life of a connection."""

    def __init__(self, possible: list[PacketKeys]) -> None:
        self._possible = possible
        self._phases: list[PacketKeys] = []
        """Generations, once the suite is known; the last but one is the current one."""
        self._largest = -1

    def open(self, data: bytes, at: int) -> Opened:
        """Open a packet, of this key phase, the next, or the one before.

        :raises InvalidTag: none of the keys opens it
        """
        tried = self._phases[::-1][1:2] + self._phases[::-1][:1] + self._phases[::-1][2:3] or self._possible
        for keys in tried:
            try:
                opened = keys.open(data, at, self._largest)
            except InvalidTag:
                continue
            self._largest = max(self._largest, opened.number)
            if not self._phases:
                self._phases = [keys, keys.updated()]
            elif keys is self._phases[-1]:
                self._phases.append(keys.updated())
            return opened
        raise InvalidTag


def both(pair: tuple[PacketKeys, PacketKeys]) -> dict[Side, LevelKeys]:
    """Keys by side."""
    return {side: LevelKeys([keys]) for side, keys in zip(Side, pair, strict=True)}
