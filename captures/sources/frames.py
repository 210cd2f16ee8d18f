"""Raw frames as text: a line of hexadecimal digits each, or of JSON with the digits under ``frame``.

Each line is read by whichever protocol it looks like (GB/T 32960, JT/T 808, MQTT, CoAP …), as if a unit had sent it in
a conversation of its own. ``0x`` before the digits, and spaces, colons or hyphens between them, are layout. Lines that
begin with ``#`` are remarks. Such a file tells no times and no addresses.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterator

from captures.decode import KeyLog, Setting
from captures.decode.alone import read_alone
from captures.sources.file import FileSource, SourceFile
from telltale.transmission import Address, Transmission

LONGEST = 1 << 22
"""Characters of a line that are read; a longer one is no frame."""
_ANY = Setting()
_LAYOUT = re.compile(rb"\A\s*0[xX]|[\s:-]+")
_LINE = re.compile(rb"(?:0[xX])?[0-9A-Fa-f]{2}(?:[ :-]?[0-9A-Fa-f]{2}){7,}\s*\Z")
_NOWHERE = Address(ip="0.0.0.0", port=0)  # noqa: S104 - nobody's address, and nothing listens


class FramesFile(FileSource):
    """A file of such lines."""

    def __init__(self, file: SourceFile, kind: str) -> None:
        super().__init__(file, kind)
        self._bad: list[int] = []

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read and why."""
        damage = (self._file.damage,) if self._file.damage else ()
        if not self._bad:
            return damage
        more = f" and {len(self._bad) - 5} more" if len(self._bad) > 5 else ""
        return (*damage, f"no frame in line {', '.join(map(str, self._bad[:5]))}{more}")

    @property
    def gaps(self) -> tuple[str, ...]:
        """What keeps silence from meaning anything."""
        return self.notes

    def transmissions(self, setting: Setting = _ANY) -> Iterator[Transmission]:
        """The frames in the order of the lines."""
        del setting  # there is nothing of it in such a file
        made = 0
        with self._file.open() as lines:
            number = 0
            while line := lines.readline(LONGEST):
                number += 1
                text = line.strip()
                if not text or text.startswith(b"#"):
                    continue
                data = _digits(text)
                if data is None:
                    self._bad.append(number)
                    continue
                for message in read_alone(data, number):
                    yield Transmission(
                        index=made,
                        channel=message.channel,
                        uplink=None,
                        sent=0,
                        ended=0,
                        generated=message.generated,
                        source=_NOWHERE,
                        destination=_NOWHERE,
                        host=message.host,
                        summary=message.summary,
                        kind=message.kind,
                        path=message.path,
                        parts=message.parts,
                        fields=message.fields,
                        complete=message.complete,
                        malformed=message.malformed,
                        frames=(number, number),
                    )
                    made += 1


def is_frames(head: bytes) -> bool:
    """Whether a file begins with a line of digits, or with JSON that has them under ``frame``."""
    for line in head.splitlines():
        text = line.strip()
        if text and not text.startswith(b"#"):
            whole = b"\n" in head or b"\r" in head
            return (
                bool(_LINE.match(text))
                or (text.startswith(b"{") and b'"frame"' in text)
                or (not whole and _digits(text) is not None)
            )
    return False


def _digits(text: bytes) -> bytes | None:
    if text.startswith(b"{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return None
        given = found.get("frame") if isinstance(found, dict) else None
        if not isinstance(given, str):
            return None
        text = given.encode("utf-8", "replace")
    try:
        return binascii.unhexlify(_LAYOUT.sub(b"", text)) or None
    except binascii.Error:
        return None


def open_file(file: SourceFile, keylog: KeyLog, kind: str) -> FramesFile:
    """The frames in *file*."""
    del keylog  # frames come without a conversation to decrypt
    return FramesFile(file, kind)
