"""CAN logs that are text, read by python-can's readers; a line that they cannot read costs no other one.

A reader ends with the first line that it stumbles over, or passes it over without a word. So it gets its lines from
here, where they are counted: it begins anew behind the line at fault, and a line that means a frame and brought none is
told.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import can
from can.io import ASCReader, CanutilsLogReader, TRCReader
from can.util import dlc2len

from captures.sources.damage import Damage

LONGEST = 1 << 20
"""Characters of a line that are read at once; no frame has as many."""
UNREADABLE = (can.CanError, IndexError, KeyError, NotImplementedError, OverflowError, TypeError, ValueError)
"""What python-can's readers raise on lines that they cannot make sense of."""
_CANDUMP_DATA = re.compile(r"#(?:#[0-9A-F])?(?:R\d*|(?:[0-9A-F]{2})*)(?:\s+[RT])?\s*$", re.IGNORECASE)


def _all_there(message: can.Message, _line: str) -> bool:
    return len(message.data) in (message.dlc, dlc2len(message.dlc))


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How one kind of log is written."""

    reader: Callable[[Any], Any]
    expected: str
    """A line as it should be, for messages."""
    frame: re.Pattern[str]
    """Finds the lines that must bring a frame."""
    whole: Callable[[can.Message, str], bool]
    """Whether a frame has all the bytes that its line promises."""
    head_end: str = ""
    """A line that ends the reader's search for the log's head, which would swallow the first frame instead."""


FORMS = {
    "asc": Form(
        reader=ASCReader,
        expected="`0.123456 1 7E8 Rx d 3 03 22 F1`",
        # other buses are told as well, since nothing of them is read; J1939TP repeats what its frames have said
        frame=re.compile(
            r"^\s*[^\s/]\S*\s+(?!J1939TP)\S+\s+(?:\S+\s+){0,2}?(?:[RT]x|ErrorFrame)\b|\sCANFD\s", re.IGNORECASE
        ),
        whole=_all_there,
        head_end="no internal events logged\n",
    ),
    "trc": Form(
        reader=TRCReader,
        expected="the columns that the log's head announces, e.g. `7) 123.4 Rx 07E8 3 03 22 F1`",
        # remarks; and what tells of the bus instead: errors, status, counters, events (PEAK CAN TRC File Format)
        frame=re.compile(r"^(?!\s*(?:;|$))(?!.*(?:\sFFFFFFFF\s|\s(?:Warng|Error|ST|EC|ER|EV)\b))"),
        whole=_all_there,
    ),
    "candump": Form(
        reader=CanutilsLogReader,
        expected="`(1700000000.123456) can0 7E8#0322F1`",
        frame=re.compile(r"\S"),
        whole=lambda _message, line: _CANDUMP_DATA.search(line) is not None,
    ),
}
"""By kind."""


class _Lines(io.TextIOWrapper):
    """The log's lines, counted as a reader takes them."""

    def __init__(self, raw: BinaryIO, form: Form, damage: Damage) -> None:
        super().__init__(raw, "utf-8", errors="replace")
        self._form, self._damage = form, damage
        self._waiting: list[str] = []
        self._met = False
        self.number = 0
        """Of the line that was handed out last, from 1."""
        self.line = ""
        self.owed = False
        """Whether that line has yet to bring a frame."""

    def __next__(self) -> str:  # type: ignore[override]  # of all files, says typeshed, lines are bytes
        if self.owed:
            self.owed = False
            self._damage.add(self.number, "there is no frame in it")
        line = self._waiting.pop() if self._waiting else self.readline(LONGEST)
        if not line:
            raise StopIteration
        if not self._met and self._form.frame.search(line):
            self._met = True
            if self._form.head_end:
                self._waiting.append(line)
                return self._form.head_end
        self.number += 1
        self.line, self.owed = line, self._form.frame.search(line) is not None
        if not line.endswith("\n"):
            self._damage.add(self.number, "the line has no end, so the log may be cut off")
        return line

    def resume(self, why: Exception) -> bool:
        """Begin anew behind the line at fault; False if nothing is left."""
        self._damage.add(self.number, why)
        self.owed = self._met = False
        ahead = self.readline(LONGEST)
        if ahead:
            self._waiting.append(ahead)
        return bool(ahead)


def read_lines(raw: BinaryIO, form: Form, damage: Damage) -> Iterator[tuple[int, can.Message]]:
    """Every frame of a log with the number of its line; lines that cannot be read are entered in *damage*."""
    with _Lines(raw, form, damage) as lines:
        reader = form.reader(lines)
        while True:
            try:
                for message in reader:
                    lines.owed = False
                    if not (message.is_error_frame or message.is_remote_frame or form.whole(message, lines.line)):
                        damage.add(lines.number, "bytes of the frame are missing")
                    yield lines.number, message
            except UNREADABLE as error:
                if lines.resume(error):
                    continue
            return
