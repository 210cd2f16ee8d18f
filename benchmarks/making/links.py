"""Reversible encodings. Each takes a text that has the value at a known place, and says where it is afterwards.

An *escape* goes character by character, so the value keeps a place of its own, and where none of its characters needed
escaping it was not encoded at all. Everything else makes one text of what it is given, and the value is anywhere in it.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import io
import json
import lzma
import quopri
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from urllib.parse import quote_from_bytes

import brotli
import zstandard


@dataclass(frozen=True, slots=True)
class Held:
    """Some bytes, and where in them the value is, or the text that it was encoded into."""

    data: bytes
    start: int
    end: int
    chain: tuple[str, ...] = ()
    """From the outside in."""
    core: tuple[bytes, ...] = ()
    """The pieces that make the value, where other bytes stand between them."""

    @property
    def is_text(self) -> bool:
        """Whether the bytes can stand in text: UTF-8 without control characters."""
        try:
            text = self.data.decode()
        except UnicodeDecodeError:
            return False
        return all(one >= " " or one in "\n\r\t" for one in text)

    def within(self, before: bytes, after: bytes) -> Held:
        """The same between other bytes."""
        return replace(
            self, data=before + self.data + after, start=self.start + len(before), end=self.end + len(before)
        )


Link = Callable[[Held, Random], Held | None]
"""Gives None for what this encoding is not used on."""


def escape(name: str, encode: Callable[[bytes], bytes], held: Held) -> Held:
    """*held* with each of its characters escaped by *encode*."""
    before, value, after = (
        encode(piece) for piece in (held.data[: held.start], held.data[held.start : held.end], held.data[held.end :])
    )
    changed = any(encode(piece) != piece for piece in held.core or (held.data[held.start : held.end],))
    start, end = len(before), len(before) + len(value)
    if changed:
        return Held(before + value + after, start, end, (name, *held.chain))
    return Held(before + value + after, start, end, held.chain, held.core)


def wrap(name: str, encode: Callable[[bytes], bytes], held: Held) -> Held:
    """*held* as one encoded text."""
    data = encode(held.data)
    return Held(data, 0, len(data), (name, *held.chain))


def compress(name: str, encode: Callable[[bytes], bytes], held: Held) -> Held | None:
    """*held* compressed; None where the value would stand in the result as it was, which is no encoding of it."""
    packed = wrap(name, encode, held)
    return None if held.data[held.start : held.end] in packed.data else packed


def headless(name: str, encode: Callable[[bytes], bytes], held: Held) -> Held | None:
    """*held* in a compression without a magic, which can only be believed where it holds text."""
    return compress(name, encode, held) if held.is_text else None


def percent(held: Held, random: Random) -> Held | None:
    if held.chain == ("nmea",) and held.core:
        return None  # whether the letters of the hemispheres belong to the numbers would be a matter of taste
    safe = random.choice(("", "", "/", ":/@"))
    case = random.choice((str, lambda text: text.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d")))
    return escape("percent", lambda data: case(quote_from_bytes(data, safe=safe)).encode(), held)


def json_string(held: Held, random: Random) -> Held | None:
    """The inside of a JSON string, as programs write it; some escape slashes (PHP), some all that is not ASCII."""
    if not held.is_text:
        return None
    ascii_only, slashes = random.random() < 0.5, random.random() < 0.3

    def encode(data: bytes) -> bytes:
        text = json.dumps(data.decode(), ensure_ascii=ascii_only)[1:-1]
        return (text.replace("/", "\\/") if slashes else text).encode()

    return escape("json", encode, held)


def markup(held: Held, random: Random) -> Held | None:
    """The inside of an HTML or XML element."""
    if not held.is_text:
        return None
    numeric = random.choice((None, "&#%d;", "&#x%x;"))

    def encode(data: bytes) -> bytes:
        text = html.escape(data.decode())
        if numeric:
            text = "".join(one if one.isascii() else numeric % ord(one) for one in text)
        return text.encode()

    return escape("html", encode, held)


def quoted_printable(held: Held, _: Random) -> Held | None:
    """Only what has no long lines, whose soft breaks would cut the value."""
    if not held.is_text or held.data.isascii() or b"\n" in held.data:
        return None
    return escape("quoted-printable", lambda data: quopri.encodestring(data).replace(b"=\n", b""), held)


def utf16(held: Held, random: Random) -> Held | None:
    if not held.is_text:
        return None
    order = random.choice(("utf-16-le", "utf-16-be"))
    return escape("utf-16", lambda data: data.decode().encode(order), held)


def base64_text(held: Held, random: Random) -> Held:
    encode = random.choice((base64.b64encode, base64.b64encode, base64.urlsafe_b64encode))
    if len(held.data) > 60 and random.random() < 0.1:
        return wrap("base64", lambda data: base64.encodebytes(data).rstrip(b"\n"), held)  # lines of 76
    bare = random.random() < 0.3
    return wrap("base64", lambda data: encode(data).rstrip(b"=") if bare else encode(data), held)


def base32_text(held: Held, random: Random) -> Held:
    bare = random.random() < 0.3
    return wrap("base32", lambda data: base64.b32encode(data).rstrip(b"=") if bare else base64.b32encode(data), held)


def hex_text(held: Held, random: Random) -> Held:
    return wrap(
        "hex", random.choice((lambda data: data.hex().encode(), lambda data: data.hex().upper().encode())), held
    )


def gzip_stream(held: Held, random: Random) -> Held | None:
    def encode(data: bytes) -> bytes:
        if random.random() < 0.7:
            return gzip.compress(data, random.choice((1, 6, 9)), mtime=random.choice((0, 1_763_792_400)))
        out = io.BytesIO()
        with gzip.GzipFile("report.json", "wb", fileobj=out, mtime=1) as file:  # with the name in its header
            file.write(data)
        return out.getvalue()

    return compress("gzip", encode, held)


def zlib_stream(held: Held, random: Random) -> Held | None:
    return compress("zlib", lambda data: zlib.compress(data, random.choice((1, 6, 9))), held)


def deflate_stream(held: Held, _: Random) -> Held | None:
    def encode(data: bytes) -> bytes:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        return packer.compress(data) + packer.flush()

    return headless("deflate", encode, held)


def zstd_stream(held: Held, random: Random) -> Held | None:
    packer = zstandard.ZstdCompressor(level=random.choice((1, 3, 10)), write_content_size=random.random() < 0.7)
    return compress("zstd", packer.compress, held)


def zip_file(held: Held, _: Random) -> Held | None:
    def encode(data: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            entry = zipfile.ZipInfo("log/report.json", (2025, 11, 22, 6, 0, 0))
            file.writestr(entry, data, zipfile.ZIP_DEFLATED)
        return out.getvalue()

    return compress("zip", encode, held)


def backwards(held: Held, _: Random) -> Held | None:
    if held.chain or not held.data.isascii() or held.data == held.data[::-1] or held.end - held.start < 8:
        return None
    size = len(held.data)
    core = tuple(piece[::-1] for piece in held.core)
    return Held(held.data[::-1], size - held.end, size - held.start, ("reversed",), core)


def gbk(held: Held, random: Random) -> Held | None:
    if held.chain or not held.is_text or held.data[held.start : held.end].isascii():
        return None
    codec = random.choice(("gbk", "gb18030"))
    return escape("gbk", lambda data: data.decode().encode(codec), held)


def _digits(held: Held, least: int) -> str | None:
    text = held.data.decode("ascii", "replace")
    return text if not held.chain and text.isascii() and text.isdecimal() and len(text) >= least else None


def bcd(held: Held, random: Random) -> Held | None:
    """Two digits a byte; an odd number of them ends in a filler, or begins with a zero."""
    digits = _digits(held, 10)
    if digits is None:
        return None
    even = digits if len(digits) % 2 == 0 else random.choice((digits + "f", "0" + digits))
    name = random.choice(("bcd", "bcd-swapped"))
    if name == "bcd-swapped":
        even = "".join(second + first for first, second in zip(even[::2], even[1::2], strict=True))
    return wrap(name, lambda _: bytes.fromhex(even), held)


def integer(held: Held, random: Random) -> Held | None:
    digits = _digits(held, 11)
    if digits is None or int(digits) >= 1 << 64:
        return None
    order = random.choice(("little", "big"))
    return wrap("uint64-le" if order == "little" else "uint64-be", lambda _: int(digits).to_bytes(8, order), held)


def varint(held: Held, _: Random) -> Held | None:
    digits = _digits(held, 11)
    if digits is None or int(digits) >= 1 << 64:
        return None
    number, groups = int(digits), bytearray()
    while number > 127:
        groups.append(number % 128 + 128)
        number //= 128
    return wrap("varint", lambda _: bytes([*groups, number]), held)


def octets(held: Held, _: Random) -> Held | None:
    """The bytes that hex digits stand for."""
    bare = held.data.replace(b":", b"").replace(b"-", b"")
    if held.chain or len(bare) not in {12, 16, 32} or bare.isdigit():
        return None
    try:
        data = bytes.fromhex(bare.decode("ascii"))
    except ValueError:
        return None
    return wrap("bytes", lambda _: data, held)


LINKS: Mapping[str, Link] = {
    "percent": percent,
    "json": json_string,
    "html": markup,
    "utf-16": utf16,
    "base64": base64_text,
    "base32": base32_text,
    "hex": hex_text,
    "gzip": gzip_stream,
    "zlib": zlib_stream,
    "deflate": deflate_stream,
    "br": lambda held, _: headless("br", brotli.compress, held),
    "zstd": zstd_stream,
    "xz": lambda held, _: compress("xz", lzma.compress, held),
    "bz2": lambda held, _: compress("bz2", bz2.compress, held),
    "zip": zip_file,
    "quoted-printable": quoted_printable,
}
"""What may stand anywhere in a chain."""

INNERMOST: Mapping[str, Link] = {
    "reversed": backwards,
    "gbk": gbk,
    "bcd": bcd,
    "bcd-swapped": bcd,
    "integer": integer,
    "varint": varint,
    "bytes": octets,
}
"""What is only done to the value itself."""

VERBATIM_IN_HEX = frozenset({("bcd",), ("bytes",)})
"""What hexadecimal text would show as it was before."""

ESCAPES = frozenset({"percent", "json", "html", "quoted-printable"})
"""What goes byte by byte, so that a value has the same neighbour as before."""

HEADLESS = frozenset({"deflate", "br"})
"""Compressions without a magic: a text of their own, never between other bytes."""
