"""Backwards: the encodings that the traffic is freed from, as a table.

A decoder is one row of `DECODERS`. Its `find` is given *reasons* to look at a place (a magic, an escape, a text that
looks encoded, a value written out: `hints`, `skims`), so that plain traffic costs a search and no parsing; `unwrap`
makes one layer of all that it finds in another.

JSON itself, forms and headers are framing, not encodings: what stands in them without escapes has no link in its chain.
"""

from __future__ import annotations

import binascii
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from captures.sightings import archives, escapes, inflate, markup, runs, texts
from captures.sightings.layers import SEPARATOR, Layer, Piece, Placer, Span
from captures.sightings.reasons import Reason
from captures.sightings.texts import Places

Find = Callable[[Layer, "Reasons"], Iterable[Places]]
"""Texts in a layer that may be encoded, each with all its places."""
Decode = Callable[[memoryview, int], inflate.Decoded]
"""A text and the most bytes wanted, to what it holds and how much of the text it takes; None when it is not encoded."""


class Reasons:
    """Why to look into a layer, by decoder; and the runs of digits that follow from it.

    :param data: the layer's bytes
    :param given: reasons by the name of the decoder, in any order
    """

    def __init__(self, data: bytes, given: Iterable[tuple[str, Reason]]) -> None:
        self._by: dict[str, list[Reason]] = defaultdict(list)
        for decoder, reason in given:
            self._by[decoder].append(reason)
        self.base64 = self._runs(data, runs.BASE64, "base64")
        self.base32 = self._runs(data, runs.BASE32, "base32")
        self.hex = self._runs(data, runs.HEX, "hex")

    def _runs(self, data: bytes, alphabet: runs.Alphabet, name: str) -> list[runs.Run]:
        if name not in self._by:
            return []
        found, broken = alphabet.runs(data, sorted(self._by[name]))
        for decoder, reason in broken:
            self._by[decoder].append(reason)
        return found

    def of(self, decoder: str) -> list[Reason]:
        """In order."""
        return sorted(self._by.get(decoder, ()))

    def __contains__(self, decoder: str) -> bool:
        return decoder in self._by


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoder:
    """One encoding."""

    name: str
    """Link in a chain."""
    find: Find
    decode: Decode
    limit: int = 32 << 20
    """Most bytes that one text may become."""
    placer: Placer | None = None
    """Where less than the whole encoded text can be told to hold a value."""
    verbatim: bool = False
    """Whether bytes may stand in the encoded text as they are; they count as inside it all the same."""
    unasked: bool = False
    """Whether it looks for itself, since nothing in a text gives a reason to."""


def _whole(decode: Callable[[bytes], bytes]) -> Decode:
    return lambda text, _: (decode(bytes(text)), len(text))


def _each(texts: Iterable[Span]) -> Iterator[Places]:
    return ([text] for text in texts)


def _streams(*rows: tuple[str, Decode]) -> Iterator[Decoder]:
    """Compressed streams that begin with a magic (`hints.MAGICS`)."""
    for name, decode in rows:
        yield Decoder(name=name, find=partial(_stream_texts, name), decode=decode, verbatim=True)


def _stream_texts(name: str, layer: Layer, reasons: Reasons) -> Iterator[Places]:
    return _each(inflate.stream_texts(layer, reasons.of(name)))


COMPRESSIONS = frozenset({"gzip", "zlib", "deflate", "zip", "zstd", "lz4", "bz2", "xz", "br"})
"""Rows that make dense bytes sparse again."""

DECODERS: tuple[Decoder, ...] = (
    Decoder(
        name="percent",
        find=lambda layer, reasons: _each(escapes.percent_texts(layer.data, reasons.of("percent"))),
        decode=_whole(escapes.decode_percent),
        placer=escapes.place_percent,
    ),
    Decoder(
        name="json",
        find=lambda layer, reasons: _each(escapes.json_texts(layer.data, reasons.of("json"))),
        decode=_whole(escapes.decode_json),
        placer=escapes.place_json,
    ),
    Decoder(
        name="html",
        find=lambda layer, reasons: _each(markup.html_texts(layer.data, reasons.of("html"))),
        decode=_whole(markup.decode_html),
        placer=markup.place_html,
    ),
    Decoder(
        name="quoted-printable",
        find=lambda layer, reasons: _each(markup.quoted_texts(layer.data, reasons.of("quoted-printable"))),
        decode=_whole(markup.decode_quoted),
        placer=markup.place_quoted,
    ),
    Decoder(
        name="utf-16",
        find=lambda layer, reasons: _each(escapes.utf16_texts(layer.data, reasons.of("utf-16"))),
        decode=_whole(escapes.decode_utf16),
        placer=escapes.place_utf16,
    ),
    Decoder(
        name="base64",
        find=lambda layer, reasons: texts.base64_texts(layer.data, reasons.base64),
        decode=_whole(texts.decode_base64),
        placer=texts.place_base64,
    ),
    Decoder(
        name="base32",
        find=lambda _, reasons: texts.base32_texts(reasons.base32),
        decode=_whole(texts.decode_base32),
    ),
    Decoder(
        name="hex",
        find=lambda _, reasons: texts.hex_texts(reasons.hex),
        decode=_whole(binascii.unhexlify),
    ),
    Decoder(
        name="reversed",
        find=lambda layer, reasons: _each(escapes.reversed_texts(layer.data, reasons.of("reversed"))),
        decode=_whole(escapes.decode_reversed),
        placer=escapes.place_reversed,
    ),
    *_streams(
        ("gzip", inflate.decode_gzip),
        ("zlib", inflate.decode_zlib),
        ("zip", archives.decode_zip),
        ("zstd", archives.decode_zstd),
        ("lz4", archives.decode_lz4),
        ("bz2", archives.decode_bz2),
        ("xz", archives.decode_xz),
    ),
    Decoder(
        name="br",
        find=lambda layer, _: _each(archives.brotli_texts(layer)),
        decode=archives.decode_brotli,
        verbatim=True,
        unasked=True,
    ),
    Decoder(
        name="deflate",
        find=lambda layer, _: _each(inflate.deflate_texts(layer)),
        decode=inflate.decode_deflate,
        verbatim=True,
        unasked=True,
    ),
)


def unwrap(decoder: Decoder, layer: Layer, reasons: Reasons, budget: int) -> tuple[Layer | None, bool]:
    """All that *decoder* finds in *layer*, as one layer; and whether something was left out for its size.

    :param budget: most bytes to make, over all texts
    """
    view = memoryview(layer.data)
    found: list[tuple[bytes, Places]] = []
    cut = False
    made = 0
    for places in decoder.find(layer, reasons):
        room = min(decoder.limit, budget - made)
        if room <= 0:
            cut = True
            break
        start, end = places[0]
        decoded = decoder.decode(view[start:end], room)
        if decoded is None:
            continue
        data, used = decoded
        found.append((data, [(low, low + used) for low, _ in places] if used < end - start else places))
        made += len(data)
        cut = cut or (len(data) == room and used < end - start)
    return (_joined(decoder, layer, found) if found else None), cut


def _joined(decoder: Decoder, layer: Layer, found: Sequence[tuple[bytes, Places]]) -> Layer:
    pieces = []
    at = 0
    for data, sources in found:
        pieces.append(Piece(at, at + len(data), sources))
        at += len(data) + len(SEPARATOR)
    return Layer(
        SEPARATOR.join(data for data, _ in found),
        chain=(*layer.chain, decoder.name),
        parent=layer,
        pieces=pieces,
        placer=decoder.placer,
        verbatim=decoder.verbatim,
    )
