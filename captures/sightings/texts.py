"""The texts in runs of digits: where base64, base32 and hex begin and end, what they hold, and the way back."""

from __future__ import annotations

import base64
import binascii
import re
import string
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet

from captures.sightings.information import is_text
from captures.sightings.layers import Place, Span
from captures.sightings.lengths import in_text
from captures.sightings.runs import LINE, PATH, REACH, Run, lines_end, without_path

Places = list[Span]
"""Where one and the same text stands."""

_DELIMITER = re.compile(rb"[+/_-]")
_WORDS = re.compile(rb"(?:(?:[A-Z]?[a-z0-9]{0,40}|[A-Z0-9]{1,40})[+/_-])*+")
_SHORTEST = 4  # digits
_VALUES = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/").encode()
_UNDO = bytes.maketrans(b"-_", b"+/")


def base64_texts(data: bytes, runs: Iterable[Run]) -> Iterator[Places]:
    """Base64 texts (RFC 4648, sections 4 and 5), padded or not, in lines (RFC 2045, section 6.8) or not.

    ``/``, ``-`` and ``_`` are digits, but also stand before a text (``/v1/upload/TFNW…``). So a run is given once from
    its beginning, and once for each of the other alignments that may begin behind such a delimiter.
    """
    wrapped_to = 0
    for run in runs:
        start, end = run.starts[0], run.starts[0] + run.length
        if end <= wrapped_to:
            continue
        text = data[start:end]
        beginnings = _beginnings(text[:REACH].rstrip(b"="), run.phases, after_words=in_text(data, start))
        line = next((skip for skip in beginnings if _may_be_line(run.length - skip, skip)), None)
        if line is not None and (lines := lines_end(data, start + line, end)) > end:
            wrapped_to = lines
            yield [_whole(data, start + line, without_path(data, start, lines)[1])]
            continue
        for skip in beginnings:
            low, high = _whole(data, start + skip, without_path(data, start, end)[1] if skip else end)
            if high - low >= _SHORTEST:
                yield [(place + skip, place + skip + high - low) for place in run.starts]


def _may_be_line(length: int, skip: int) -> bool:
    """Whether so many digits may be the first line of a text; where others stand before it, one of the usual length."""
    return length in (64, 76) or (not skip and length >= LINE and length % 4 == 0)


def base32_texts(runs: Iterable[Run]) -> Iterator[Places]:
    """Base32 texts (RFC 4648, section 6), padded or not; also without a first digit that may be something else."""
    for starts, length, phases in runs:
        for skip in (0, 1) if 1 in phases else (0,):
            yield [(start + skip, start + length) for start in starts]


def decode_base32(text: bytes) -> bytes:
    """The bytes of a base32 text; digits that do not make a whole byte at its end are left out."""
    digits = text.rstrip(b"=")
    whole = len(digits) - {1: 1, 3: 1, 6: 1}.get(len(digits) % 8, 0)
    return base64.b32decode(digits[:whole] + b"=" * (-whole % 8))


def hex_texts(runs: Iterable[Run]) -> Iterator[Places]:
    """Hexadecimal texts in either case; of a run with an odd number of digits, both readings."""
    for starts, length, _ in runs:
        even = length - length % 2
        for skip in range(length % 2 + 1):
            yield [(start + skip, start + skip + even) for start in starts]


def _whole(data: bytes, start: int, end: int) -> Span:
    """The base64 text from *start* to *end* with the padding that it needs, or with none."""
    padding = end - start - len(data[max(start, end - 2) : end].rstrip(b"=")) - max(0, end - start - 2)
    breaks = data.count(b"\n", start, end) + data.count(b"\r", start, end)
    wanted = -(end - start - padding - breaks) % 4 % 3
    return start, end - padding + (wanted if wanted <= padding else 0)


def decode_base64(text: bytes) -> bytes:
    """The bytes of a base64 text; digits that do not make a whole byte at its end are left out."""
    if b"-" in text or b"_" in text or b"\n" in text:
        text = text.translate(_UNDO, b"\r\n")
    digits = text.rstrip(b"=")
    whole = len(digits) - (len(digits) % 4 == 1)
    return binascii.a2b_base64(digits[:whole] + b"=" * (-whole % 4))


def place_base64(text: bytes, decoded: bytes) -> Place:
    """The part of a base64 *text* that holds a stretch of *decoded*.

    What stands beside a delimiter is taken for a neighbour, not for the same text, when it does not decode to text
    itself.
    """
    marks = _delimiters(text)
    if not marks or b"\n" in text or (is_text(decoded) and _ends_whole(text)):
        return lambda _start, _end: (0, len(text))
    words = _end_of_words(text[:REACH])
    firsts = [mark + 1 for mark in marks[: bisect_left(marks, words)] if (mark + 1) % 4 == 0]
    lasts = marks[: bisect_left(marks, len(text) - REACH) - 1 : -1] if marks[0] < len(text) - REACH else marks[::-1]

    def place(start: int, end: int) -> Span:
        low = next((first for first in (0, *firsts) if _is_text_between(decoded, first * 3 // 4, start)), 0)
        rest = (last for last in lasts if _is_text_between(decoded, end, last * 3 // 4))
        high = len(text)
        if not _is_text_between(decoded, end, len(decoded)) or not _ends_whole(text):
            high = next(rest, high)
        return low, high

    return place


def _is_text_between(data: bytes, start: int, end: int) -> bool:
    return start <= end and is_text(data[start : min(end, start + REACH)])


def _ends_whole(text: bytes) -> bool:
    """Whether an encoder could have ended a text like this: the bits that its last digit has to spare are zero."""
    digits = text.rstrip(b"=").translate(_UNDO)
    spare = {0: 0, 2: 4, 3: 2}.get(len(digits) % 4)
    return spare is not None and _VALUES.index(digits[-1:]) % (1 << spare) == 0


def _beginnings(text: bytes, phases: AbstractSet[int], *, after_words: bool) -> list[int]:
    """Where base64 may begin: with the run itself, behind words (``/v1/upload/``), and where a reason tells.

    In a path of several words it begins behind the last of them.
    """
    path = PATH.match(text)
    found = {path.end() % 4: path.end()} if path else {0: 0}
    for mark in _delimiters(text[: _end_of_words(text)]) if after_words else ():
        if mark + 5 <= len(text):
            found.setdefault((mark + 1) % 4, mark + 1)
    for phase in (0, *phases):
        found.setdefault(phase, phase)
    return list(found.values())


def _end_of_words(text: bytes) -> int:
    match = _WORDS.match(text)
    return match.end() if match else 0


def _delimiters(text: bytes) -> list[int]:
    return [match.start() for match in _DELIMITER.finditer(text)]
