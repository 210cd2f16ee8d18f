"""How other containers of media are built: RIFF, Ogg, Matroska, MPEG transport streams."""

from __future__ import annotations

from captures.media.medium import Shape

_MOST_CHUNKS = 1_000
_PACKET = 188
_FEWEST = 4
_OGG = {
    b"OpusHead": ("Opus", "audio"),
    b"\x01vorbis": ("Vorbis", "audio"),
    b"\x7fFLAC": ("FLAC", "audio"),
    b"Speex   ": ("Speex", "audio"),
    b"\x80theora": ("Theora", "video"),
}
"""How the first packet begins (RFC 7845, 5.1; RFC 5334; Vorbis I, 4.2.1)."""


def wave(data: bytes, start: int, high: int) -> Shape | None:
    """Multimedia Programming Interface and Data Specifications 1.0: RIFF chunks ``fmt`` and ``data``."""
    end = start + 8 + _little(data, start + 4)
    endless = end == start + 7 + (1 << 32) or end == start + 8  # a stream whose length was not known
    stop = high if endless else min(end, high)
    rate: int | None = None
    seconds: float | None = None
    at = start + 12
    for _ in range(_MOST_CHUNKS):
        if at + 8 > stop:
            break
        name, size = data[at : at + 4], _little(data, at + 4)
        if name == b"fmt ":
            rate = _little(data, at + 16)
            if size < 16 or not rate:
                return None
        elif name == b"data" and rate:
            seconds = min(size, high - at - 8) / rate
        at += 8 + size + size % 2
    return Shape(stop, end <= high and not endless, seconds=seconds) if rate or stop < start + 28 else None


def webp(data: bytes, start: int, high: int) -> Shape | None:
    """RFC 9649, 2.4 to 2.7: the first chunk is VP8, VP8L or VP8X and tells the size."""
    end = start + 8 + _little(data, start + 4)
    body = data[start + 20 : min(start + 30, high)]
    if len(body) < 10:
        return None
    match data[start + 12 : start + 16]:
        case b"VP8X":
            width, height = (1 + int.from_bytes(body[n : n + 3], "little") for n in (4, 7))
        case b"VP8L" if body[0] == 0x2F:
            bits = _little(body, 1)
            width, height = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
        case b"VP8 " if body[3:6] == b"\x9d\x01\x2a":  # RFC 6386, 9.1
            width, height = (int.from_bytes(body[n : n + 2], "little") & 0x3FFF for n in (6, 8))
        case _:
            return None
    return Shape(min(end, high), end <= high, (width, height))


def ogg(data: bytes, start: int, high: int) -> Shape | None:
    """RFC 3533, 6: pages, each with a table of its segments; the last is marked 04."""
    at = start
    name = item = None
    ticks = 0
    while data.startswith(b"OggS\0", at) and at + 27 <= high:
        table = data[at + 27 : min(at + 27 + data[at + 26], high)]
        body = at + 27 + data[at + 26]
        if at == start:
            head = data[body : min(body + 8, high)]
            name, item = next(((n, i) for magic, (n, i) in _OGG.items() if head.startswith(magic)), (None, None))
        granule = int.from_bytes(data[at + 6 : at + 14], "little")
        ticks = max(ticks, granule if granule < 1 << 48 else 0)
        last = bool(data[at + 5] & 4)
        at = body + sum(table)
        if at > high or last:
            break
    seconds = ticks / 48_000 if name == "Opus" and ticks else None  # RFC 7845, 4
    ended = at <= high and at > start and last
    return Shape(min(at, high), ended, seconds=seconds, item=item, name=f"Ogg {name}" if name else None)


def matroska(data: bytes, start: int, high: int) -> Shape | None:
    """RFC 8794, 4 to 6; RFC 9559, 4.5: an EBML header that names its document type, then one segment."""
    size, at = _variable(data, start + 4, high)
    if size is None or size > 1024:
        return None
    head = data[at : min(at + size, high)]
    name = next((n for kind, n in ((b"webm", "WebM"), (b"matroska", "Matroska")) if kind in head), None)
    if name is None:
        return None
    at += size
    if data[at : at + 4] != b"\x18\x53\x80\x67":
        return Shape(min(at, high), whole=False, name=name)
    size, at = _variable(data, at + 4, high)
    end = high if size is None else at + size
    picture = data.find(b"V_", at, min(at + 65_536, high)) >= 0  # RFC 9559, 5.1.4.1.21: CodecID
    sound = not picture and data.find(b"A_", at, min(at + 65_536, high)) >= 0
    whole = size is not None and end <= high
    return Shape(min(end, high), whole, item="audio" if sound else None, name=name)


def _variable(data: bytes, at: int, high: int) -> tuple[int | None, int]:
    """A size, RFC 8794, 4 and 6.2: as many bytes as leading zeros tell; None where it is not known."""
    first = data[at] if at < high else 0
    length = 9 - first.bit_length()
    if length > 8:
        return None, at + 1
    value = int.from_bytes(data[at : at + length], "big") & (1 << 7 * length) - 1
    return (None if value == (1 << 7 * length) - 1 else value), at + length


def transport(data: bytes, start: int, high: int) -> Shape | None:
    """ISO/IEC 13818-1, 2.4.3.2: packets of 188 bytes that begin with 47, the first of them of a programme table."""
    packets = _run(data[start:high:_PACKET], b"\x47")
    first = int.from_bytes(data[start + 1 : start + 3], "big") & 0x1FFF
    if packets < _FEWEST or first not in (0x00, 0x11):  # PAT; SDT, which some muxers send first
        return None
    end = min(start + packets * _PACKET, high)
    return Shape(end, whole=(end - start) % _PACKET == 0)


def _run(column: bytes, sync: bytes) -> int:
    """How many equal bytes lead."""
    return len(column) - len(column.lstrip(sync))


def _little(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "little")
