"""Forward hints: how the run's values and the magics of compressed streams look inside an encoding.

Each is a needle of the one search over a layer; where it is found, a decoder has a reason to look (`reasons`). So
traffic is not decoded to see whether something is in it. What is encoded in an encoding is mostly told by its looks
(`skims`); values so short that an encoding of them has no looks are written out two encodings deep.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from captures.sightings.digests import CUT
from captures.sightings.reasons import LENGTH, LOOK, VALUE
from captures.sightings.scanner import Expression, Needle, Wanted

_LEAST = 3  # bytes; the hints of shorter values would be everywhere
_LOOKS = 17
"""ASCII characters in a row that always fill four base64 groups; shorter texts need hints."""
_SHORT = 12
"""Bytes of a text that is written out two encodings deep; the base64 of longer ones has looks."""
_SAFE = bytes.maketrans(b"+/", b"-_")
_DECIMAL = re.compile(rb"\d+\.\d+")
_PLAIN = re.compile(rb"[A-Za-z0-9]*")
_TELLING = 5  # base64 digits: chance once in a GB of them, and then a text is decoded in vain
_SPLIT = {b"+": rb"(?:[+-]|%(?:25){0,4}2[bB]|\\u002[bB])", b"/": rb"(?:[/_]|\\{1,7}/|%(?:25){0,4}2[fF])"}
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")  # RFC 3986, section 2.3
_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_DIGITS32 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_ANY = frozenset(range(256))

# RFC 1951, section 3.2.6: printable ASCII has codes of eight bits from 0x50 to 0xae, here from the fourth bit of a byte
# on, behind the three bits of the header of a last block
_LITERAL = frozenset(byte for byte in range(256) if 5 <= int(f"{byte:08b}"[4:0:-1], 2) <= 10)
# and the first bytes of Chinese in UTF-8, e4 to e9, codes of nine bits from 0b111100100 to 0b111101001
_CHINESE = frozenset(byte for byte in range(256) if 4 <= int(f"{byte & 15:04b}"[::-1], 2) <= 9)
_FIXED = frozenset(byte for byte in _LITERAL if byte & 7 == 3)

Hint = tuple[Wanted, str, int]
"""What to look for, the decoder that it is a reason for, and how strong a one."""


class Magic(NamedTuple):
    """How what a decoder undoes begins: for each byte, those that may stand there."""

    decoder: str
    bytes: Sequence[frozenset[int]]
    headless: bool = False
    """Whether this is too little to look for but at the beginning of a whole text."""

    @property
    def strength(self) -> int:
        """Two bytes are everywhere in what is random."""
        return LOOK if len(self.bytes) > 2 and not self.headless else LENGTH


def _magic(decoder: str, *parts: bytes | frozenset[int], headless: bool = False) -> Magic:
    sets: list[frozenset[int]] = []
    for part in parts:
        sets += [part] if isinstance(part, frozenset) else [frozenset((byte,)) for byte in part]
    return Magic(decoder, tuple(sets), headless)


MAGICS: tuple[Magic, ...] = (
    _magic("gzip", b"\x1f\x8b\x08", frozenset(range(0x20))),  # RFC 1952, section 2.3: no reserved flag
    _magic("zlib", b"x", frozenset(b"\x01\x5e\x9c\xda")),  # RFC 1950, section 2.2: 32 KiB window, no dictionary
    _magic("zip", b"PK\x03\x04"),  # APPNOTE 6.3.10, section 4.3.7
    _magic("zstd", b"\x28\xb5\x2f\xfd"),  # RFC 8878, section 3.1.1
    _magic("lz4", b"\x04\x22\x4d\x18"),  # LZ4 Frame Format 1.6
    _magic("bz2", b"BZh", frozenset(b"123456789"), b"1AY&SY"),
    _magic("xz", b"\xfd7zXZ\x00"),  # The .xz File Format 1.2, section 2.1.1
    _magic("deflate", _FIXED, *[_LITERAL] * 5, headless=True),
    _magic("deflate", b"\x7b", _CHINESE, headless=True),
    _magic("br", b"\x1b", _ANY, frozenset(range(16)), _ANY, headless=True),
)
"""How compressed streams begin."""

_BEFORE = rb"(?:^|[^A-Za-z0-9+_-])"  # a text of digits
_FEW = 4  # bytes or digits that are worth an alternation
_ENOUGH = 8  # digits behind a magic in a text; nothing that is shorter holds a value

_MORE = 6  # digits behind a shorter one; two Chinese characters in deflate are eleven


def hints(values: Iterable[Needle], digests: Iterable[bytes], salted: Iterable[bytes] = ()) -> Iterator[Hint]:
    """Reasons to decode, for texts that hold one of *values* or digests, or the beginning of a stream.

    :param values: in lower and in upper case too, where their case does not matter
    :param salted: digests of which there are many; they are looked for in hex, and where they begin a base64 text
    """
    for magic in MAGICS:
        if not magic.headless:
            yield from _magic_hints(magic)
    for digest in dict.fromkeys(digest[:CUT] for digest in digests):
        yield _beginning(binascii.hexlify(digest), caseless=True), "hex", VALUE
        yield from ((_cut(digits), "base64", VALUE) for digits in _in_base64(digest))
        yield from ((_beginning(digits), "base32", VALUE) for digits in _aligned32(digest, places=1))
    for digest in dict.fromkeys(digest[:CUT] for digest in salted):
        yield _beginning(binascii.hexlify(digest), caseless=True), "hex", VALUE
        yield _cut(next(_in_base64(digest))), "base64", VALUE
    cases = (case for value in values if len(value.literal) >= _LEAST for case in _cases(value))
    texts = list(dict.fromkeys(cases))
    yield from _escaped(texts)
    seen = set(texts)
    plain = frozenset(texts)
    for text in texts:  # grows while it is read, with the encodings of its own members
        yield from ((digits, "base64", VALUE) for digits in _in_base64(text))
        yield Needle(binascii.hexlify(text), caseless=True), "hex", VALUE
        if text not in plain:
            yield from ((Needle(digits, caseless=False), "base32", VALUE) for digits in _aligned32(text, places=1))
        for wrapped in _wrapped(text):
            if wrapped not in seen and len(wrapped) < _LOOKS and len(text) <= _SHORT:
                seen.add(wrapped)
                texts.append(wrapped)


def _cases(value: Needle) -> tuple[bytes, ...]:
    text = value.literal
    return (text, text.lower(), text.upper()) if value.caseless else (text,)


def number_hints(numbers: Iterable[Wanted]) -> Iterator[Hint]:
    """Reasons for what holds one of the *numbers* of a position: its bytes in hex, its decimals backwards."""
    for wanted in numbers:
        if isinstance(wanted, Needle) and _DECIMAL.fullmatch(wanted.literal):
            yield Needle(wanted.literal[::-1], caseless=False), "reversed", VALUE
        elif isinstance(wanted, Needle):
            yield Needle(binascii.hexlify(wanted.literal), caseless=True), "hex", VALUE


def _beginning(digits: bytes, *, caseless: bool = False) -> Needle:
    """The first digits of a digest's: chance once in 4 GB of hex, and then a text is decoded in vain.

    There are thousands of them, and an engine with short ones is made in two thirds of the time.
    """
    return Needle(digits[:_ENOUGH], caseless=caseless)


def _cut(wanted: Wanted) -> Wanted:
    return _beginning(wanted.literal) if isinstance(wanted, Needle) else wanted


def _escaped(texts: Sequence[bytes]) -> Iterator[Hint]:
    """Reasons for texts with their characters escaped, and in base32."""
    for text in {text.lower(): text for text in texts}.values():
        if not _UNRESERVED.issuperset(text):
            yield Expression(_in_percent(text), 1, caseless=True), "percent", VALUE
        if expression := _in_json(text):
            yield Expression(expression, 1, caseless=True), "json", VALUE
            yield Expression(expression, 1, caseless=True), "percent", VALUE  # which its backslashes may be in
    for text in texts:
        yield from ((Needle(digits, caseless=False), "base32", VALUE) for digits in _aligned32(text))


def _magic_hints(magic: Magic) -> Iterator[Hint]:
    """How a stream begins, as it is and in each encoding."""
    length = len(magic.bytes)
    yield Expression(_classes(magic.bytes), length), magic.decoder, LOOK
    yield Expression(b"".join(map(_percent_class, magic.bytes)), length, caseless=True), "percent", LOOK
    yield Expression(_magic_in_base32(magic), 16), "base32", magic.strength
    yield from ((expression, "base64", magic.strength) for expression in _magic_in_base64(magic))
    digits = b"".join(map(_hex_class, magic.bytes)) + b"[0-9a-f]{%d}" % _ENOUGH
    yield Expression(digits, 2 * length + _ENOUGH, caseless=True), "hex", LOOK


def _in_base64(text: bytes) -> Iterator[Wanted]:
    """The base64 digits that *text* alone determines, at each of the three places that it can begin at.

    Some write ``+`` and ``/`` in other ways or escape them; what stands between them is enough where it is long.
    """
    for digits in _aligned(text):
        longest = max(_PLAIN.findall(digits), key=len)
        if len(longest) >= min(_TELLING, len(digits)):
            yield Needle(longest, caseless=False)
        else:
            source = b"".join(_SPLIT.get(digits[at : at + 1], digits[at : at + 1]) for at in range(len(digits)))
            yield Expression(source, 1)


def _aligned(text: bytes) -> Iterator[bytes]:
    for skipped in range(3):
        digits = base64.b64encode(bytes(skipped) + text).rstrip(b"=")
        yield digits[-(-skipped * 8 // 6) : (skipped + len(text)) * 8 // 6]


def _aligned32(text: bytes, places: int = 5) -> Iterator[bytes]:
    for skipped in range(places):
        digits = base64.b32encode(bytes(skipped) + text).rstrip(b"=")
        yield digits[-(-skipped * 8 // 5) : (skipped + len(text)) * 8 // 5]


def _wrapped(text: bytes) -> Iterator[bytes]:
    encoded = base64.b64encode(text)
    yield from (encoded, encoded.rstrip(b"="), encoded.translate(_SAFE))
    digits = binascii.hexlify(text)
    yield from (digits, digits.upper())


def headless() -> Iterator[tuple[Expression, str]]:
    """How base64 and hex of a stream without a magic begin, behind what stands before a text, with their decoders."""
    for magic in MAGICS:
        if magic.headless:
            yield from ((expression, "base64") for expression in _magic_in_base64(magic))
            digits = _BEFORE + b"[0-9a-z]?" + b"".join(map(_hex_class, magic.bytes)) + b"[0-9a-f]{%d}" % _ENOUGH
            yield Expression(digits, 2 * len(magic.bytes) + _ENOUGH, caseless=True), "hex"


def _magic_in_base64(magic: Magic) -> Iterator[Expression]:
    """A magic at each of the three places, with every digit that its neighbours leave possible."""
    for skipped in range(1 if magic.headless else 3):
        allowed = [_ANY] * skipped + list(magic.bytes) + [_ANY] * (-(skipped + len(magic.bytes)) % 3)
        source = b""
        for at in range(0, len(allowed), 3):
            one, two, three = allowed[at : at + 3]
            groups = (
                {a >> 2 for a in one},
                _joined({(a & 3) << 4 for a in one}, {b >> 4 for b in two}),
                _joined({(b & 15) << 2 for b in two}, {c >> 6 for c in three}),
                {c & 63 for c in three},
            )
            source += b"".join(map(_digit_class, groups))
        length = len(allowed) // 3 * 4
        if magic.headless:
            if length < _ENOUGH:  # or many a word would do ("example")
                source, length = source + b"[A-Za-z0-9+/_-]{%d}" % _MORE, length + _MORE
            yield Expression(_BEFORE + source, length)
        else:
            yield Expression(source + b"[A-Za-z0-9+/_-]{%d}" % _ENOUGH, length + _ENOUGH)


def _magic_in_base32(magic: Magic) -> bytes:
    """A magic at the beginning of a text, and digits behind it."""
    allowed = [*magic.bytes, *[_ANY] * 5][: max(5, len(magic.bytes) // 5 * 5)]
    source = b""
    for at in range(0, len(allowed), 5):
        a, b, c, d, e = allowed[at : at + 5]
        groups = (
            {x >> 3 for x in a},
            _joined({(x & 7) << 2 for x in a}, {x >> 6 for x in b}),
            {x >> 1 & 31 for x in b},
            _joined({(x & 1) << 4 for x in b}, {x >> 4 for x in c}),
            _joined({(x & 15) << 1 for x in c}, {x >> 7 for x in d}),
            {x >> 2 & 31 for x in d},
            _joined({(x & 3) << 3 for x in d}, {x >> 5 for x in e}),
            {x & 31 for x in e},
        )
        source += b"".join(b"[" + bytes(_DIGITS32[value] for value in sorted(group)) + b"]" for group in groups)
    return source + b"[A-Z2-7]{%d}" % _ENOUGH


def _joined(upper: set[int], lower: set[int]) -> set[int]:
    """Digits of which the upper bits are of one byte and the lower of the next."""
    return {one | other for one in upper for other in lower}


def _digit_class(values: set[int]) -> bytes:
    if len(values) == 64:
        return b"[A-Za-z0-9+/_-]"
    digits = bytes(_DIGITS[value] for value in sorted(values))
    both = re.escape(bytes(dict.fromkeys(digits + digits.translate(_SAFE))))
    escaped = _escaped_digits(digits) if len(digits) <= _FEW else b""
    return b"(?:[" + both + b"]" + escaped + b")" if escaped else b"[" + both + b"]"


def _escaped_digits(digits: bytes) -> bytes:
    return (rb"|\\{1,7}/|%(?:25){0,4}2[fF]" if b"/" in digits else b"") + (
        rb"|%(?:25){0,4}2[bB]" if b"+" in digits else b""
    )


def _classes(allowed: Iterable[frozenset[int]]) -> bytes:
    return b"".join(b"[" + b"".join(b"\\x%02x" % byte for byte in sorted(each)) + b"]" for each in allowed)


def _hex_class(allowed: frozenset[int]) -> bytes:
    return b"(?:" + b"|".join(b"%02x" % byte for byte in sorted(allowed)) + b")"


def _percent_class(allowed: frozenset[int]) -> bytes:
    return b"(?:" + b"|".join(map(_percent_byte, sorted(allowed))) + b")"


def _in_percent(text: bytes) -> bytes:
    """*text* with its reserved characters escaped or not, any number of times over; a space may be a plus."""
    return b"".join(map(_percent_byte, text))


def _percent_byte(byte: int) -> bytes:
    plain = re.escape(bytes([byte]))
    if byte in _UNRESERVED:
        return plain
    escape = rb"%%(?:25){0,4}%02x" % byte
    if byte == 0x20:
        return rb"(?:\+|%b)" % escape
    return rb"(?:%b|%b)" % (plain, escape) if 0x20 < byte < 0x7F else escape


def _in_json(text: bytes) -> bytes | None:
    r"""*text* with its characters beyond ASCII as ``\uXXXX``, in any number of JSON strings and percent escapes."""
    try:
        characters = text.decode()
    except UnicodeDecodeError:
        return None
    if characters.isascii():
        return None
    units: list[bytes] = []
    for character in characters:
        if character.isascii():
            units.append(re.escape(character.encode()))
            continue
        pairs = character.encode("utf-16-be")
        for at in range(0, len(pairs), 2):
            units.append((rb"[\\%25c]{1,12}" if units else b"") + b"u" + binascii.hexlify(pairs[at : at + 2]))
    return b"".join(units)
