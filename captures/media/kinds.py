"""Every kind of media that is found, as a table: how it begins (with its source) and what walks it.

Raw samples (PCM) and coded media in packets of RTP have no beginning to be known by: as such they are not found.
"""

from __future__ import annotations

from captures.media import boxes, containers, pictures, streams
from captures.media.medium import Kind, Walk


def _kind(name: str, item: str, magic: bytes, width: int, walk: Walk, *, weak: bool = False) -> Kind:
    return Kind(name=name, item=item, magic=magic, width=width, walk=walk, weak=weak)


_ANY = rb"[\x00-\xff]"

KINDS: tuple[Kind, ...] = (
    _kind("JPEG", "image", rb"\xff\xd8\xff[\xc0-\xc2\xc4\xdb\xdd\xe0-\xef\xfe]", 4, pictures.jpeg),  # T.81, B.2.1
    _kind("PNG", "image", rb"\x89PNG\r\n\x1a\n", 8, pictures.png),  # W3C PNG, 5.2
    _kind("GIF", "image", rb"GIF8[79]a", 6, pictures.gif),  # GIF89a, 17
    _kind("WebP", "image", rb"RIFF" + _ANY + rb"{4}WEBPVP8[ LX]", 16, containers.webp),  # RFC 9649, 2.4
    _kind("MP4", "video", rb"\x00\x00[\x00-\x0f]" + _ANY + rb"ftyp[A-Za-z0-9 _-]{4}", 12, boxes.boxed),  # 14496-12, 4.3
    _kind("fMP4", "video", rb"\x00\x00[\x00-\x0f]" + _ANY + rb"styp[A-Za-z0-9 _-]{4}", 12, boxes.boxed),  # 8.16.2
    _kind("fMP4", "video", rb"\x00\x00[\x00-\x0f]" + _ANY + rb"moof\x00\x00\x00\x10mfhd", 16, boxes.boxed),  # 8.8.4
    _kind("Matroska", "video", rb"\x1a\x45\xdf\xa3", 4, containers.matroska),  # RFC 8794, 11.2.1
    _kind("Ogg", "audio", rb"OggS\x00[\x02\x06]", 6, containers.ogg),  # RFC 3533, 6: the first page
    _kind("WAV", "audio", rb"RIFF" + _ANY + rb"{4}WAVE", 12, containers.wave),  # MCI 1.0
    _kind("AMR", "audio", rb"#!AMR\n", 6, streams.amr),  # RFC 4867, 5.1
    _kind("AMR", "audio", rb"#!AMR-WB\n", 9, streams.amr),
    _kind("FLAC", "audio", rb"fLaC[\x00\x80]\x00\x00\x22", 8, streams.flac),  # RFC 9639, 8.1
    _kind("MP3", "audio", rb"ID3[\x02-\x04]\x00", 5, streams.mp3),  # ID3v2.4, 3.1
    _kind("H.264", "video", rb"\x00\x00\x00\x01[\x27\x47\x67][\x42\x4d\x58\x64\x6e\x7a\xf4]", 6, streams.annex_b),
    _kind("H.265", "video", rb"\x00\x00\x00\x01\x40\x01\x0c", 7, streams.annex_b),
    _kind("MPEG-TS", "video", rb"\x47[\x40\x60]", 2, containers.transport, weak=True),  # 13818-1, 2.4.3.2
    _kind("AAC", "audio", rb"\xff[\xf0\xf1\xf8\xf9]", 2, streams.adts, weak=True),  # 14496-3, 1.A.2.2
    _kind("MP3", "audio", rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", 2, streams.mp3, weak=True),  # 11172-3, 2.4.1.3
)
"""`item` and name are those of the kind; a walk may know better."""
