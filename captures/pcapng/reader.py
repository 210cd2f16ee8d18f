"""Reading pcapng and classic pcap, from a mapped file or piece by piece from a stream."""

from __future__ import annotations

import collections
import ipaddress
import mmap
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, NamedTuple

from captures.pcapng import blocks
from captures.pcapng.blocks import Interface, Packet
from telltale.errors import InputError
from telltale.times import SECOND

_CLASSIC = MappingProxyType(
    {  # magic number as it stands in the file: byte order, nanoseconds in one unit of the time's fraction
        b"\xd4\xc3\xb2\xa1": ("<", 1000),
        b"\xa1\xb2\xc3\xd4": (">", 1000),
        b"\x4d\x3c\xb2\xa1": ("<", 1),
        b"\xa1\xb2\x3c\x4d": (">", 1),
    }
)
_CLASSIC_HEADER = 24
_STEP = 16 << 20
"""Bytes of a mapped file after which what was read is given back to the system, and progress is told."""
_CHUNK = 4 << 20
"""Bytes that are read from a stream at once."""
_LARGEST_RECORD = 64 << 20
"""In a stream, where a record has to be held in memory; nothing that crosses a network is larger."""
_OTHERS = MappingProxyType(
    {  # what is given instead of a capture now and then: how it begins, what it is, the mend
        b"\x1f\x8b": "is compressed with gzip; unpack it first",
        b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first",
        b"PK\x03\x04": "is a zip archive; unpack it first",
        b"snoop\0": "is a snoop file; convert it with `editcap -F pcapng`",
        b"btsnoop\0": "is a Bluetooth HCI log; convert it with `editcap -F pcapng`",
        b"LOGG": "is a BLF log of a vehicle bus, not of packets",
    }
)


class _Order:
    """The structures of one byte order, compiled once."""

    def __init__(self, order: str) -> None:
        self.word = struct.Struct(order + "I").unpack_from
        self.two_words = struct.Struct(order + "II").unpack_from
        self.option = struct.Struct(order + "HH").unpack_from
        self.flags = struct.Struct(order + "HHI").unpack_from
        self.interface = struct.Struct(order + "HHI").unpack_from
        self.enhanced = struct.Struct(order + "IIIII").unpack_from
        self.obsolete = struct.Struct(order + "HHIIII").unpack_from
        self.record = struct.Struct(order + "IIII").unpack_from
        self.signed = struct.Struct(order + "q").unpack_from


_ORDERS = MappingProxyType({order: _Order(order) for order in "<>"})


class _Source(NamedTuple):
    """An interface as its packets need it: time in units of ``scale / divisor`` ns, after ``offset`` ns."""

    name: str
    link_type: int
    scale: int
    divisor: int
    offset: int
    snap_length: int


@dataclass(slots=True)
class _Contents:
    """What a file holds besides packets, and how far it was followed."""

    interfaces: list[Interface] = field(default_factory=list)
    secrets: list[bytes] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    truncated: str | None = None
    at: int = 0
    """Where the next record begins in the view."""
    number: int = 0
    """Of the next packet."""
    sources: list[_Source] = field(default_factory=list)
    order: str = "<"
    passed: Callable[[int], None] = field(default=lambda _: None)
    """Told now and then how far the view has been read."""


class _DamagedError(Exception):
    """The file cannot be followed beyond the byte *at*."""

    def __init__(self, at: int, why: str = "") -> None:
        super().__init__(f"the file is damaged at byte {at}: {why}" if why else f"the file is cut off at byte {at}")
        self.at = at
        self.why = why


class _CutOffError(_DamagedError):
    """The view ends inside the record that begins at the byte *at*."""


class CaptureFile:
    """A pcapng or classic pcap file.

    :param unpacked: opens the capture's bytes anew where the file itself holds them compressed; they are read as a
        stream, never held as a whole
    :raises InputError: it cannot be read, or is no capture
    """

    def __init__(self, path: Path, *, unpacked: Callable[[], BinaryIO] | None = None) -> None:
        self.path = path
        self.position = 0
        """Bytes of the (unpacked) capture that have been read, told in steps."""
        self._unpacked = unpacked
        self._map: mmap.mmap | None = None
        if unpacked is not None:
            with unpacked() as file:
                start = file.read(_CLASSIC_HEADER)
        else:
            try:
                with path.open("rb") as file:
                    self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except OSError as error:
                raise InputError(f"cannot be read: {error.strerror}", file=path) from None
            except ValueError:
                raise InputError("is empty, expected a pcap or pcapng capture", file=path) from None
            start = self._map[:_CLASSIC_HEADER]
        self._classic = _CLASSIC.get(start[:4])
        if self._classic and len(start) < _CLASSIC_HEADER:
            raise InputError("is cut off inside its first header, and holds no packet", file=path)
        if not self._classic and not is_pcapng(start):
            other = next((what for beginning, what in _OTHERS.items() if start.startswith(beginning)), None)
            raise InputError(other or f"is no pcap or pcapng capture: it begins with {start[:4].hex(' ')}", file=path)
        self._contents: _Contents | None = None

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """Every interface that the file describes, over all its sections."""
        return tuple(self._whole().interfaces)

    @property
    def truncated(self) -> str | None:
        """Why the file ends before its end, e.g. because its writer was killed; None for a whole file."""
        return self._whole().truncated

    def keylog(self) -> bytes:
        """The TLS keys in the file, in NSS key log format: all its Decryption Secrets Blocks, joined."""
        secrets = self._whole().secrets
        return b"".join(secret if secret.endswith(b"\n") else secret + b"\n" for secret in secrets if secret)

    def names(self) -> dict[str, str]:
        """Address to host name, as the file's Name Resolution Blocks have them; the first name of an address counts."""
        return dict(self._whole().names)

    def packets(self) -> Iterator[Packet]:
        """The packets in the order of the file; a cut tail ends them, and `truncated` says so."""
        contents = _Contents()
        try:
            yield from self._mapped(contents) if self._map is not None else self._streamed(contents)
        except _DamagedError as damage:
            contents.truncated = str(damage)
        self._contents = contents

    def _mapped(self, contents: _Contents) -> Iterator[Packet]:
        """Packets as views into the mapped file. What was read is given back; a view kept by someone reads it anew."""
        assert self._map is not None
        mapped = self._map

        def passed(at: int) -> None:
            end = at & ~(mmap.PAGESIZE - 1)
            if hasattr(mapped, "madvise") and end:
                mapped.madvise(mmap.MADV_DONTNEED, 0, end)  # from the start: what was kept may have been read since
            self.position = at

        contents.passed = passed
        yield from self._follow(memoryview(mapped), contents)
        passed(len(mapped))

    def _streamed(self, contents: _Contents) -> Iterator[Packet]:
        """Packets as copies, so that one kept does not keep all of its neighbours."""
        assert self._unpacked is not None
        rest, base = b"", 0
        with self._unpacked() as file:
            while True:
                chunk = file.read(_CHUNK)
                view = memoryview(rest + chunk)
                at = len(view)
                try:
                    for packet in self._follow(view, contents):
                        packet.data = memoryview(bytes(packet.data))
                        yield packet
                except _CutOffError as cut:
                    at = cut.at
                    if not chunk:
                        raise _DamagedError(base + at) from None
                    if len(view) - at > _LARGEST_RECORD:
                        raise _DamagedError(base + at, f"a record of more than {_LARGEST_RECORD >> 20} MiB") from None
                except _DamagedError as damage:
                    raise _DamagedError(base + damage.at, damage.why) from None
                if not chunk:
                    return
                rest, base = bytes(view[at:]), base + at
                contents.at, self.position = 0, base

    def _follow(self, view: memoryview, contents: _Contents) -> Iterator[Packet]:
        return _classic_packets(view, contents, *self._classic) if self._classic else _packets(view, contents)

    def _whole(self) -> _Contents:
        """What the file holds besides packets; reads it through if nobody has yet."""
        if self._contents is None:
            collections.deque(self.packets(), maxlen=0)
        assert self._contents is not None
        return self._contents


def read_packets(path: Path) -> Iterator[Packet]:
    """The packets of a capture; see `CaptureFile`, which also tells whether the file was cut off.

    :raises InputError: the file cannot be read, or is no capture
    """
    return CaptureFile(path).packets()


def is_pcapng(start: bytes) -> bool:
    """Whether a file that begins with these 12 bytes begins with a Section Header Block, pcapng 4.1."""
    kind, magic = start[:4], start[8:12]
    return kind == blocks.SECTION_HEADER.to_bytes(4) and blocks.BYTE_ORDER_MAGIC in (
        int.from_bytes(magic, "little"),
        int.from_bytes(magic, "big"),
    )


def is_classic(start: bytes) -> bool:
    """Whether a file that begins so is a classic pcap."""
    return start[:4] in _CLASSIC


def _classic_packets(view: memoryview, contents: _Contents, order: str, unit: int) -> Iterator[Packet]:
    """draft-ietf-opsawg-pcap: one file header, then records of a 16-byte header and data."""
    end, record = len(view), _ORDERS[order].record
    at, number = contents.at, contents.number
    if not contents.interfaces:
        if end < _CLASSIC_HEADER:
            raise _CutOffError(0)
        # the upper half tells of a frame check sequence
        contents.interfaces = [Interface("", _ORDERS[order].word(view, 20)[0] & 0xFFFF)]
        at = _CLASSIC_HEADER
    link_type = contents.interfaces[0].link_type
    told = at + _STEP
    while at < end:
        start = at + 16
        if start > end:
            break
        seconds, fraction, captured, original = record(view, at)
        after = start + captured
        if after > end:
            break
        yield Packet(number, seconds * SECOND + fraction * unit, "", link_type, view[start:after], original, None)
        number += 1
        at = after
        if at > told:
            contents.passed(at)
            told = at + _STEP
    contents.number = number
    if at < end:
        raise _CutOffError(at)


def _packets(view: memoryview, contents: _Contents) -> Iterator[Packet]:
    """The packets of a pcapng file, its other contents put into *contents* on the way."""
    sources, number = contents.sources, contents.number
    told = contents.at + _STEP
    try:
        for at, kind, block, order in _blocks(view, contents):
            packet = None
            try:
                if kind == blocks.ENHANCED_PACKET:
                    packet = _enhanced_packet(number, block, order, sources)
                elif kind in _OLD_PACKETS:
                    packet = _OLD_PACKETS[kind](number, block, order, sources)
                elif kind == blocks.SECTION_HEADER:
                    sources.clear()
                elif kind == blocks.INTERFACE_DESCRIPTION:
                    interface, source = _described(block, order)
                    contents.interfaces.append(interface)
                    sources.append(source)
                elif kind in _KEPT:
                    _KEPT[kind](block, order, contents)
            except (struct.error, IndexError):
                raise _DamagedError(at, f"a block of type {kind} whose inside does not fit") from None
            if packet is not None:
                yield packet
                number += 1
            if at > told:
                contents.passed(at)
                told = at + _STEP
    finally:
        contents.number = number


def _blocks(view: memoryview, contents: _Contents) -> Iterator[tuple[int, int, memoryview, _Order]]:
    """Offset, type, the whole block and its byte order; pcapng 3.1: type, total length, body, total length again."""
    end = len(view)
    order = _ORDERS[contents.order]
    at = contents.at
    while at < end:
        if end - at < 12:
            raise _CutOffError(at)
        kind, length = order.two_words(view, at)
        if kind == blocks.SECTION_HEADER:
            contents.order = _byte_order(view, at)
            order = _ORDERS[contents.order]
            length = order.word(view, at + 4)[0]
        if length < 12 or length % 4:
            raise _DamagedError(at, f"a block of {length} bytes")
        if length > end - at:
            raise _CutOffError(at)
        if order.word(view, at + length - 4)[0] != length:
            raise _DamagedError(at, "the block's two lengths differ")
        yield at, kind, view[at : at + length], order
        at += length


def _byte_order(view: memoryview, at: int) -> str:
    """Byte order of the section whose header stands at *at*, pcapng 4.1."""
    for name, order in _ORDERS.items():
        if order.word(view, at + 8)[0] == blocks.BYTE_ORDER_MAGIC:
            return name
    raise _DamagedError(at, "a section without its byte-order magic")


def _options(block: memoryview, at: int, order: _Order) -> dict[int, memoryview]:
    """Code to value of the options that begin at *at*, pcapng 3.5; the first of a repeated option counts."""
    found: dict[int, memoryview] = {}
    end = len(block) - 4
    while end - at >= 4:
        code, size = order.option(block, at)
        if code == blocks.END_OF_OPTIONS or at + 4 + size > end:
            break
        found.setdefault(code, block[at + 4 : at + 4 + size])
        at += 4 + (size + 3 & ~3)
    return found


def _described(block: memoryview, order: _Order) -> tuple[Interface, _Source]:
    """Interface Description Block, pcapng 4.2."""
    link_type, _, snap_length = order.interface(block, 8)
    options = _options(block, 16, order)
    name, description = (
        bytes(options.get(code, b"")).decode(errors="replace") for code in (blocks.IF_NAME, blocks.IF_DESCRIPTION)
    )
    resolution = options[blocks.IF_TSRESOL][0] if blocks.IF_TSRESOL in options else 6
    units = 2 ** (resolution & 0x7F) if resolution & 0x80 else 10**resolution
    scale, divisor = (SECOND // units, 1) if SECOND % units == 0 else (SECOND, units)
    offset = order.signed(options[blocks.IF_TSOFFSET], 0)[0] * SECOND if blocks.IF_TSOFFSET in options else 0
    return Interface(name, link_type, description), _Source(name, link_type, scale, divisor, offset, snap_length)


def _secrets(block: memoryview, order: _Order) -> list[bytes]:
    """TLS keys of a Decryption Secrets Block, pcapng 4.7; none if it holds secrets of another type."""
    kind, size = order.two_words(block, 8)
    if 16 + size > len(block) - 4:
        raise IndexError
    return [bytes(block[16 : 16 + size])] if kind == blocks.TLS_KEY_LOG else []


def _keep_secrets(block: memoryview, order: _Order, contents: _Contents) -> None:
    contents.secrets += _secrets(block, order)


def _keep_names(block: memoryview, order: _Order, contents: _Contents) -> None:
    contents.names = dict(_names(block, order)) | contents.names


def _names(block: memoryview, order: _Order) -> Iterator[tuple[str, str]]:
    """Address and first name of each record of a Name Resolution Block, pcapng 4.5."""
    at, end = 8, len(block) - 4
    while end - at >= 4:
        kind, size = order.option(block, at)
        if kind == blocks.NRB_END:
            return
        if at + 4 + size > end:
            raise IndexError
        width = _NAMED.get(kind)
        value = bytes(block[at + 4 : at + 4 + size])
        if width is not None and size > width:
            yield str(ipaddress.ip_address(value[:width])), value[width:].split(b"\x00")[0].decode(errors="replace")
        at += 4 + (size + 3 & ~3)


def _enhanced_packet(number: int, block: memoryview, order: _Order, sources: list[_Source]) -> Packet:
    """Enhanced Packet Block, pcapng 4.3."""
    interface, high, low, captured, original = order.enhanced(block, 8)
    name, link_type, scale, divisor, offset, _ = sources[interface]
    options = 28 + (captured + 3 & ~3)
    room = len(block) - 4 - options
    if room < 0:
        raise IndexError
    flags = 0
    if room >= 8:
        code, size, flags = order.flags(block, options)
        if (code, size) != (blocks.EPB_FLAGS, 4):  # it need not come first
            given = _options(block, options, order).get(blocks.EPB_FLAGS)
            flags = order.word(given, 0)[0] if given is not None else 0
    wall = (high << 32 | low) * scale // divisor + offset
    return Packet(number, wall, name, link_type, block[28 : 28 + captured], original, _OUTGOING.get(flags & 3))


def _simple_packet(number: int, block: memoryview, order: _Order, sources: list[_Source]) -> Packet:
    """Simple Packet Block, pcapng 4.4: from the section's first interface, without a time."""
    source = sources[0]
    original = order.word(block, 8)[0]
    captured = min(original, source.snap_length or original)
    if 12 + captured > len(block) - 4:
        raise IndexError
    return Packet(number, 0, source.name, source.link_type, block[12 : 12 + captured], original, None)


def _obsolete_packet(number: int, block: memoryview, order: _Order, sources: list[_Source]) -> Packet:
    """Packet Block, pcapng Appendix A; old tools wrote it, and a packet left out would look like silence."""
    interface, _, high, low, captured, original = order.obsolete(block, 8)
    source = sources[interface]
    if 28 + captured > len(block) - 4:
        raise IndexError
    wall = (high << 32 | low) * source.scale // source.divisor + source.offset
    return Packet(number, wall, source.name, source.link_type, block[28 : 28 + captured], original, None)


_OLD_PACKETS = MappingProxyType({blocks.SIMPLE_PACKET: _simple_packet, blocks.OBSOLETE_PACKET: _obsolete_packet})
_KEPT = MappingProxyType({blocks.DECRYPTION_SECRETS: _keep_secrets, blocks.NAME_RESOLUTION: _keep_names})
_NAMED = MappingProxyType({blocks.NRB_IPV4: 4, blocks.NRB_IPV6: 16})
_OUTGOING = MappingProxyType({blocks.INBOUND: False, blocks.OUTBOUND: True})
