"""Content-Encoding (RFC 9110 section 8.4) taken off, whatever the header claims and however large the result is."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import NamedTuple

import brotli  # type: ignore[import-untyped]  # it ships no types
import zstandard

LIMIT = 128 << 20
"""A body is unpacked to this many bytes; what would come after stays opaque."""
BOMB = f"more than {LIMIT >> 20} MiB when unpacked"
_STEP = 1 << 16


class Content(NamedTuple):
    """A body after its Content-Encoding."""

    data: bytes
    encoding: tuple[str, ...]
    """What was taken off, outermost first."""
    opaque: str | None
    """Why the rest of it was not unpacked."""


class _Refused(Exception):  # noqa: N818 - not an error: the header was wrong about the body
    """The data is not in this encoding."""


def decode_content(data: bytes, header: str) -> Content:
    """*data* without the encodings that a Content-Encoding *header* lists (the last listed is the outermost).

    A coding that the data is not in, or that is unknown, ends it: what is then there is the body. A body cut off in the
    middle gives as much as can be unpacked.
    """
    if not header:
        return Content(data, (), None)
    taken: list[str] = []
    for coding in reversed([word.strip().lower() for word in header.split(",") if word.strip()]):
        if coding == "identity":
            continue
        unpack = _CODINGS.get(coding)
        if unpack is None or not data:
            break
        try:
            data, whole = unpack(data)
        except _Refused:
            break
        taken.append(coding)
        if not whole:
            return Content(data, tuple(taken), BOMB)
    return Content(data, tuple(taken), None)


def _zlib(data: bytes, bits: int) -> tuple[bytes, bool]:
    out: list[bytes] = []
    room = LIMIT
    while data:
        inflater = zlib.decompressobj(bits)
        try:
            piece = inflater.decompress(data, room)
        except zlib.error:
            if out:
                return b"".join(out), True  # padding after the last gzip member
            piece = _salvage(data, bits, room)
            if not piece:
                raise _Refused from None
            return piece, True
        if not out and not piece and not inflater.eof:
            raise _Refused
        out.append(piece)
        room -= len(piece)
        if room <= 0:
            return b"".join(out), not (inflater.unconsumed_tail or inflater.unused_data)
        data = inflater.unused_data if bits == _GZIP else b""
    return b"".join(out), True


def _salvage(data: bytes, bits: int, room: int) -> bytes:
    """What can be unpacked before the first fault."""
    inflater = zlib.decompressobj(bits)
    out: list[bytes] = []
    try:
        for start in range(0, len(data), 256):
            piece = inflater.decompress(data[start : start + 256], room)
            out.append(piece)
            room -= len(piece)
            if room <= 0:
                break
    except zlib.error:
        pass  # the fault that was looked for
    return b"".join(out)


_GZIP, _ZLIB, _RAW = 31, 15, -15


def _gzip(data: bytes) -> tuple[bytes, bool]:
    return _zlib(data, _GZIP)


def _deflate(data: bytes) -> tuple[bytes, bool]:
    """zlib by the standard, raw deflate by what some send (RFC 9110 section 8.4.1.2)."""
    try:
        return _zlib(data, _ZLIB)
    except _Refused:
        return _zlib(data, _RAW)


def _brotli(data: bytes) -> tuple[bytes, bool]:
    decoder = brotli.Decompressor()
    out: list[bytes] = []
    size = 0
    try:
        for start in range(0, len(data), 1024):  # it knows no limit of its own: fed in small bites
            piece = decoder.process(data[start : start + 1024])
            out.append(piece)
            size += len(piece)
            if size >= LIMIT:
                return b"".join(out)[:LIMIT], False
    except brotli.error:
        if not size:
            raise _Refused from None
    if not size and not decoder.is_finished():
        raise _Refused
    return b"".join(out), True


def _zstd(data: bytes) -> tuple[bytes, bool]:
    out: list[bytes] = []
    size = 0
    try:
        with zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(data, read_across_frames=True) as reader:
            while piece := reader.read(_STEP):
                out.append(piece)
                size += len(piece)
                if size >= LIMIT:
                    return b"".join(out)[:LIMIT], False
    except zstandard.ZstdError:
        if not size:
            raise _Refused from None
    if not size:
        raise _Refused
    return b"".join(out), True


_CODINGS: dict[str, Callable[[bytes], tuple[bytes, bool]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
