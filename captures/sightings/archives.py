"""Compressed streams beside deflate's own: brotli, Zstandard, LZ4, bzip2, xz, and the entries of zip files.

Each is undone by a library that makes a bounded number of bytes at a time; what is cut off or damaged gives what came
before.
"""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

import brotli  # type: ignore[import-untyped]  # it ships no types
import lz4.frame  # type: ignore[import-untyped]  # it ships no types
import zstandard

from captures.sightings.inflate import Decoded
from captures.sightings.information import is_text
from captures.sightings.layers import SEPARATOR, Layer, Span

_LEAST = 5  # bytes of output; no value is shorter in binary
_CHUNK = 1 << 16
_SIP = 32  # bytes; all that brotli is given at once, since it cannot be told where to stop
_MEMORY = 64 << 20
_LOCAL = struct.Struct("<4s5H3I2H")  # APPNOTE 6.3.10, section 4.3.7
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 1


class _Stream(Protocol):
    """What bz2, lzma and lz4 have in common."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes | None: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def _bounded(
    make: Callable[[], _Stream], errors: type[Exception] | tuple[type[Exception], ...]
) -> Callable[[memoryview, int], Decoded]:
    def decode(text: memoryview, limit: int) -> Decoded:
        stream = make()
        out: list[bytes] = []
        used = made = 0
        try:
            while not stream.eof and made < limit and used < len(text):
                chunk = bytes(text[used : used + _CHUNK])
                out.append(stream.decompress(chunk, limit - made))
                made += len(out[-1])
                used += len(chunk)
        except errors:
            used = len(text)
        data = b"".join(out)
        return (data, used - len(stream.unused_data or b"")) if made >= _LEAST else None

    return decode


decode_bz2 = _bounded(bz2.BZ2Decompressor, (OSError, ValueError))
"""One bzip2 stream: what it holds, and how many bytes of the text it takes; None when there is none."""
decode_xz = _bounded(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY), lzma.LZMAError)
"""One xz stream (The .xz File Format 1.2), likewise."""
decode_lz4 = _bounded(lz4.frame.LZ4FrameDecompressor, (RuntimeError, EOFError))
"""One LZ4 frame (LZ4 Frame Format 1.6), likewise."""


def decode_zstd(text: memoryview, limit: int) -> Decoded:
    """One Zstandard frame (RFC 8878), likewise."""
    out: list[bytes] = []
    made = 0
    try:
        with zstandard.ZstdDecompressor(max_window_size=_MEMORY).stream_reader(text) as reader:
            while made < limit and (chunk := reader.read(min(_CHUNK, limit - made))):
                out.append(chunk)
                made += len(chunk)
    except zstandard.ZstdError:
        made = min(made, limit - 1)  # damaged, or something else behind the frame: what came before counts
    return (b"".join(out), _frame_length(text) if made < limit else 0) if made >= _LEAST else None


def _frame_length(text: memoryview) -> int:
    """Bytes of a Zstandard frame (RFC 8878, section 3.1.1)."""
    descriptor = text[4]
    single = descriptor >> 5 & 1
    at = 5 + (not single) + (0, 1, 2, 4)[descriptor & 3] + ((1 if single else 0), 2, 4, 8)[descriptor >> 6]
    while at + 3 <= len(text):
        header = int.from_bytes(text[at : at + 3], "little")
        run_length = header >> 1 & 3 == 1
        at += 3 + (1 if run_length else header >> 3)
        if header & 1:
            return min(len(text), at + 4 * (descriptor >> 2 & 1))
    return len(text)


def brotli_texts(layer: Layer) -> Iterator[Span]:
    """Whole pieces: brotli has no magic, so it is believed only when a piece is one complete stream of text."""
    yield from layer.dense


def decode_brotli(text: memoryview, limit: int) -> Decoded:
    """One brotli stream (RFC 7932) that fills *text* and holds text."""
    stream = brotli.Decompressor()
    out: list[bytes] = []
    made = 0
    try:
        for at in range(0, len(text), _SIP):
            out.append(stream.process(bytes(text[at : at + _SIP])))
            made += len(out[-1])
            if made > limit or (made > 1 << 12 and at < 1 << 12 and not is_text(b"".join(out)[: 1 << 12])):
                break
    except brotli.error:
        return None
    data = b"".join(out)[:limit]
    if made <= limit and not stream.is_finished():
        return None
    return (data, len(text) if made <= limit else 0) if made >= _LEAST and is_text(data[: 1 << 16]) else None


def decode_zip(text: memoryview, limit: int) -> Decoded:
    """The entries of a zip file from its first, with their names, side by side; encrypted ones are left out."""
    out: list[bytes] = []
    at = made = 0
    while at + _LOCAL.size <= len(text) and made < limit and bytes(text[at : at + 4]) == b"PK\x03\x04":
        _, _, flags, method, _, _, _, packed, _, name, extra = _LOCAL.unpack_from(text, at)
        begin = at + _LOCAL.size + name + extra
        out.append(bytes(text[at + _LOCAL.size : at + _LOCAL.size + name]))
        at = begin + packed
        if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
            continue
        if method == _STORED:
            out.append(bytes(text[begin : begin + min(packed, limit - made)]))
        else:
            data, length = _inflated(text[begin : begin + packed] if packed else text[begin:], limit - made)
            out.append(data)
            at = begin + length if not packed else at
            if flags & 8:  # a descriptor follows, with or without its signature (section 4.3.9)
                at += 16 if bytes(text[at : at + 4]) == b"PK\x07\x08" else 12 if not packed else 0
        made += len(out[-1])
    return (SEPARATOR.join(out), _zip_end(text, min(at, len(text))) if made < limit else 0) if made >= _LEAST else None


def _inflated(text: memoryview, limit: int) -> tuple[bytes, int]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    out: list[bytes] = []
    used = made = 0
    try:
        while not stream.eof and made < limit and used < len(text):
            chunk = bytes(text[used : used + _CHUNK])
            out.append(stream.decompress(chunk, limit - made))
            made += len(out[-1])
            used += len(chunk) - len(stream.unused_data) - len(stream.unconsumed_tail)
    except zlib.error:
        used = len(text)
    return b"".join(out), used


def _zip_end(text: memoryview, at: int) -> int:
    """The end of a zip file whose entries end at *at*: behind its central directory (section 4.3.16)."""
    found = bytes(text[at:]).find(b"PK\x05\x06")
    if found < 0 or at + found + 22 > len(text):
        return at
    comment = int.from_bytes(text[at + found + 20 : at + found + 22], "little")
    return min(len(text), at + found + 22 + comment)
