"""Following a capture's bytes: the records of classic pcap, the blocks of pcapng, one packet after the other."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from captures.pcapng import blocks
from captures.pcapng.blocks import Interface, Packet
from telltale.times import SECOND

if TYPE_CHECKING:
    from captures.pcapng.batch import Batch

CLASSIC_HEADER = 24
_STEP = 16 << 20
"""Bytes of a mapped file after which what was read is given back to the system, and progress is told."""


class Order:
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


ORDERS = MappingProxyType({order: Order(order) for order in "<>"})


class Source(NamedTuple):
    """An interface as its packets need it: time in units of ``scale / divisor`` ns, after ``offset`` ns."""

    name: str
    link_type: int
    scale: int
    divisor: int
    offset: int
    snap_length: int


@dataclass(slots=True)
class Contents:
    """What a file holds besides packets, and how far it was followed."""

    interfaces: list[Interface] = field(default_factory=list)
    secrets: list[bytes] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    truncated: str | None = None
    at: int = 0
    """Where the next record begins in the view."""
    number: int = 0
    """Of the next packet."""
    sources: list[Source] = field(default_factory=list)
    order: str = "<"
    passed: Callable[[int], None] = field(default=lambda _: None)
    """Told now and then how far the view has been read."""
    batch: Callable[[memoryview, Contents], Batch | None] | None = None
    """Reads many packets at once, from `at` on, and moves it behind them; gives None where that is not worth while."""
    unlikely: int = 0
    """Place in the view before which no batch is looked for (again)."""


class DamagedError(Exception):
    """The file cannot be followed beyond the byte *at*."""

    def __init__(self, at: int, why: str = "") -> None:
        super().__init__(f"the file is damaged at byte {at}: {why}" if why else f"the file is cut off at byte {at}")
        self.at = at
        self.why = why


class CutOffError(DamagedError):
    """The view ends inside the record that begins at the byte *at*."""


def classic_packets(view: memoryview, contents: Contents, order: str, unit: int) -> Iterator[Packet | Batch]:
    """draft-ietf-opsawg-pcap: one file header, then records of a 16-byte header and data."""
    end, record = len(view), ORDERS[order].record
    at, number = contents.at, contents.number
    if not contents.interfaces:
        if end < CLASSIC_HEADER:
            raise CutOffError(0)
        # the upper half tells of a frame check sequence
        contents.interfaces = [Interface("", ORDERS[order].word(view, 20)[0] & 0xFFFF)]
        at = CLASSIC_HEADER
    link_type = contents.interfaces[0].link_type
    told, batched = at + _STEP, contents.batch is not None
    while at < end:
        if batched and at >= contents.unlikely:
            contents.at, contents.number = at, number
            yield from _batches(view, contents)
            at, number = contents.at, contents.number
            told = at + _STEP
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
        raise CutOffError(at)


def _batches(view: memoryview, contents: Contents) -> Iterator[Batch]:
    """The batches that follow."""
    while contents.batch and (batch := contents.batch(view, contents)) is not None:
        yield batch
        contents.passed(contents.at)


def pcapng_packets(view: memoryview, contents: Contents) -> Iterator[Packet | Batch]:
    """The packets of a pcapng file, its other contents put into *contents* on the way."""
    number = contents.number
    told, batched = contents.at + _STEP, contents.batch is not None
    try:
        for at, kind, block, order in _blocks(view, contents):
            try:
                packet = _in_block(number, kind, block, order, contents)
            except (struct.error, IndexError):
                raise DamagedError(at, f"a block of type {kind} whose inside does not fit") from None
            if packet is not None:
                yield packet
                number += 1
            if at > told:
                contents.passed(at)
                told = at + _STEP
            if batched and contents.at >= contents.unlikely:
                contents.number = number
                yield from _batches(view, contents)
                number = contents.number
    finally:
        contents.number = number


def _in_block(number: int, kind: int, block: memoryview, order: Order, contents: Contents) -> Packet | None:
    """The packet in a block; what else it holds is kept.

    :raises struct.error, IndexError: its inside does not fit
    """
    if kind == blocks.ENHANCED_PACKET:
        return _enhanced_packet(number, block, order, contents.sources)
    if kind in _OLD_PACKETS:
        return _OLD_PACKETS[kind](number, block, order, contents.sources)
    if kind == blocks.SECTION_HEADER:
        contents.sources.clear()
    elif kind == blocks.INTERFACE_DESCRIPTION:
        interface, source = _described(block, order)
        contents.interfaces.append(interface)
        contents.sources.append(source)
    elif kind in _KEPT:
        _KEPT[kind](block, order, contents)
    return None


def _blocks(view: memoryview, contents: Contents) -> Iterator[tuple[int, int, memoryview, Order]]:
    """Offset, type, the whole block and its byte order; pcapng 3.1: type, total length, body, total length again."""
    end = len(view)
    order = ORDERS[contents.order]
    while (at := contents.at) < end:
        if end - at < 12:
            raise CutOffError(at)
        kind, length = order.two_words(view, at)
        if kind == blocks.SECTION_HEADER:
            contents.order = _byte_order(view, at)
            order = ORDERS[contents.order]
            length = order.word(view, at + 4)[0]
        if length < 12 or length % 4:
            raise DamagedError(at, f"a block of {length} bytes")
        if length > end - at:
            raise CutOffError(at)
        if order.word(view, at + length - 4)[0] != length:
            raise DamagedError(at, "the block's two lengths differ")
        contents.at = at + length  # a batch may move it on
        yield at, kind, view[at : at + length], order


def _byte_order(view: memoryview, at: int) -> str:
    """Byte order of the section whose header stands at *at*, pcapng 4.1."""
    for name, order in ORDERS.items():
        if order.word(view, at + 8)[0] == blocks.BYTE_ORDER_MAGIC:
            return name
    raise DamagedError(at, "a section without its byte-order magic")


def _options(block: memoryview, at: int, order: Order) -> dict[int, memoryview]:
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


def _described(block: memoryview, order: Order) -> tuple[Interface, Source]:
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
    return Interface(name, link_type, description), Source(name, link_type, scale, divisor, offset, snap_length)


def _secrets(block: memoryview, order: Order) -> list[bytes]:
    """TLS keys of a Decryption Secrets Block, pcapng 4.7; none if it holds secrets of another type."""
    kind, size = order.two_words(block, 8)
    if 16 + size > len(block) - 4:
        raise IndexError
    return [bytes(block[16 : 16 + size])] if kind == blocks.TLS_KEY_LOG else []


def _keep_secrets(block: memoryview, order: Order, contents: Contents) -> None:
    contents.secrets += _secrets(block, order)


def _keep_names(block: memoryview, order: Order, contents: Contents) -> None:
    contents.names = dict(_names(block, order)) | contents.names


def _names(block: memoryview, order: Order) -> Iterator[tuple[str, str]]:
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


def _enhanced_packet(number: int, block: memoryview, order: Order, sources: list[Source]) -> Packet:
    """Enhanced Packet Block, pcapng 4.3."""
    interface, high, low, captured, original = order.enhanced(block, 8)
    name, link_type, scale, divisor, offset, _ = sources[interface]
    options = 28 + (captured + 3 & ~3)
    room = len(block) - 4 - options
    if room < 0:
        raise IndexError
    flags = packet_flags(block, options, order) if room >= 8 else 0
    wall = (high << 32 | low) * scale // divisor + offset
    return Packet(number, wall, name, link_type, block[28 : 28 + captured], original, OUTGOING.get(flags & 3))


def packet_flags(block: memoryview, options: int, order: Order) -> int:
    """epb_flags, pcapng 4.3.1, of a block whose options begin at *options* with eight bytes or more; 0 if not told."""
    flags: int
    code, size, flags = order.flags(block, options)
    if (code, size) != (blocks.EPB_FLAGS, 4):  # it need not come first
        given = _options(block, options, order).get(blocks.EPB_FLAGS)
        flags = order.word(given, 0)[0] if given is not None else 0
    return flags


def _simple_packet(number: int, block: memoryview, order: Order, sources: list[Source]) -> Packet:
    """Simple Packet Block, pcapng 4.4: from the section's first interface, without a time."""
    source = sources[0]
    original = order.word(block, 8)[0]
    captured = min(original, source.snap_length or original)
    if 12 + captured > len(block) - 4:
        raise IndexError
    return Packet(number, 0, source.name, source.link_type, block[12 : 12 + captured], original, None)


def _obsolete_packet(number: int, block: memoryview, order: Order, sources: list[Source]) -> Packet:
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
OUTGOING = MappingProxyType({blocks.INBOUND: False, blocks.OUTBOUND: True})
