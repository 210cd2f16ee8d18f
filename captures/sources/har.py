"""HTTP Archives (HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/), read entry by entry.

An archive is one JSON document of any size, so it is cut where one entry ends and the next begins: at ``},{`` before
the key that the first entry begins with. In valid JSON no text can look like that, as its quotes are escaped. Of each
entry only the request, the status and the messages of a WebSocket are decoded.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec

from captures.decode import KeyLog, Setting
from captures.sources.file import FileSource, SourceFile
from captures.sources.web import NOT_THERE, Spoken, Web, octets
from telltale.errors import InputError
from telltale.times import SECOND
from telltale.transmission import Transmission

_ANY = Setting()
_CHUNK = 4 << 20
_LARGEST = 96 << 20
"""Bytes of an entry that are held; a longer one is passed over, and told."""
_JOINED = 4
"""Pieces that are put together before they are given up as no entry."""
_ENTRIES = re.compile(rb'"entries"\s*:\s*\[\s*')
_KEY = re.compile(rb'\{\s*("[^"\\]{1,64}")\s*:')
_CREATOR = re.compile(rb'"creator"\s*:\s*\{[^{}]*?"name"\s*:\s*"([^"]{1,64})"')
_CHARSET = re.compile(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)


class _Pair(msgspec.Struct):
    name: str = ""
    value: str | None = ""


class _Post(msgspec.Struct, rename="camel"):
    mime_type: str | None = ""
    text: str | None = None
    params: list[_Pair] | None = None
    encoding: str | None = None


class _Request(msgspec.Struct, rename="camel"):
    method: str = ""
    url: str = ""
    http_version: str | None = ""
    headers: list[_Pair] = []
    post_data: _Post | None = None
    body_size: int | float | None = 0


class _Response(msgspec.Struct):
    status: int | None = None


class _Frame(msgspec.Struct):
    type: str = ""
    time: float | None = 0
    opcode: int = 1
    data: str = ""


class _Entry(
    msgspec.Struct, rename={"started": "startedDateTime", "ip": "serverIPAddress", "frames": "_webSocketMessages"}
):
    request: _Request
    response: _Response | None = None
    started: str = ""
    time: float | None = 0
    ip: str | None = None
    frames: list[_Frame] | None = None


_DECODER = msgspec.json.Decoder(list[_Entry], strict=False)


class _Piece(NamedTuple):
    """Bytes that should be entries."""

    data: bytes
    at: int


class HarSource(FileSource):
    """An HTTP archive.

    :raises InputError: it has no list of entries
    """

    def __init__(self, file: SourceFile, kind: str) -> None:
        super().__init__(file, kind)
        self._notes: Counter[str] = Counter()
        self._ends: str | None = None
        self._mitmproxy = False

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read and why."""
        return (*self.gaps,)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What keeps silence from meaning anything."""
        ends = tuple(why for why in (self._ends, self._file.damage) if why)
        return (*ends, *(f"{note} ({count} times)" if count > 1 else note for note, count in self._notes.items()))

    def transmissions(self, setting: Setting = _ANY) -> Iterator[Transmission]:
        """The requests of the archive, and what was sent over WebSockets, in the order of the file."""
        web = Web(setting)
        self._notes.clear()
        self._ends = None
        waiting: list[_Piece] = []
        for piece in self._pieces():
            waiting.append(piece)
            entries = self._decoded(b",".join(one.data for one in waiting))
            if entries is None:
                if len(waiting) < _JOINED:
                    continue
                self._note_lost(waiting.pop(0))
                entries = self._decoded(b",".join(one.data for one in waiting)) or []
                if not entries:
                    continue
            waiting.clear()
            for entry in entries:
                yield from self._entry(entry, web)
        for piece in waiting:
            alone = self._decoded(piece.data)
            if alone is None:
                self._note_lost(piece)
            for entry in alone or ():
                yield from self._entry(entry, web)

    def _note_lost(self, piece: _Piece) -> None:
        self._notes["an entry of the archive is damaged and was passed over"] += 1
        if self._ends is None and self._notes.total() == 1:
            self._ends = f"the first damaged entry is at byte {piece.at}"

    def _pieces(self) -> Iterator[_Piece]:
        """The archive cut between entries; whatever stands before and after them left out."""
        with self._file.open() as file:
            buffer = file.read(_CHUNK)
            while not (found := _ENTRIES.search(buffer)):
                chunk = file.read(_CHUNK)
                if not chunk or len(buffer) > _LARGEST:
                    raise InputError("holds no list of entries, expected a HAR with `log.entries`", file=self.path)
                buffer += chunk
            creator = _CREATOR.search(buffer, 0, found.start())
            self._mitmproxy = bool(creator and creator[1].lower() == b"mitmproxy")
            at, buffer = found.end(), buffer[found.end() :]
            key = _KEY.match(buffer)
            border = re.compile(rb"\}\s*,\s*(?=\{\s*" + re.escape(key[1] if key else b'"request"') + rb"\s*:)")
            searched, lost = 0, False
            while True:
                chunk = file.read(_CHUNK)
                start = 0
                for cut in border.finditer(buffer, searched):
                    if not lost:
                        yield _Piece(buffer[start : cut.start() + 1], at + start)
                    start, lost = cut.end(), False
                if not chunk:
                    break
                at, buffer = at + start, buffer[start:]
                searched = max(len(buffer) - 256, 0)
                if len(buffer) > _LARGEST:
                    self._notes[f"an entry of more than {_LARGEST >> 20} MiB was passed over"] += 1
                    lost, at, buffer, searched = True, at + searched, buffer[searched:], 0
                buffer += chunk
            if not lost:
                yield from self._last(buffer[start:], at + start)

    def _last(self, data: bytes, at: int) -> Iterator[_Piece]:
        """The last entry, without what follows the list."""
        text = data.decode("utf-8", "surrogateescape")
        place, decoder = 0, json.JSONDecoder()
        while text[place : place + 1] == "{":
            try:
                _, end = decoder.raw_decode(text, place)
            except (ValueError, RecursionError):
                break
            yield _Piece(text[place:end].encode("utf-8", "surrogateescape"), at)
            place = end
            after = re.compile(r"\s*,\s*(?=\{)").match(text, place)
            place = after.end() if after else place
        if not text[place:].lstrip().startswith("]"):
            self._ends = "the archive is cut off or damaged near its end"

    def _decoded(self, data: bytes) -> list[_Entry] | None:
        """The entries of a piece; None if it is none."""
        try:
            return _DECODER.decode(b"[" + data + b"]")
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            pass  # perhaps it only is unusual: half a surrogate pair, a number in quotes, bytes that are no UTF-8
        try:
            found = json.loads("[" + data.decode("utf-8", "surrogateescape") + "]")
        except (ValueError, RecursionError):
            return None
        try:
            return [_converted(one) for one in found]
        except (msgspec.MsgspecError, ValueError, AttributeError, TypeError, RecursionError):
            return None

    def _entry(self, entry: _Entry, web: Web) -> Iterator[Transmission]:
        request, status = entry.request, entry.response.status if entry.response else None
        sent = _moment(entry.started)
        post = request.post_data
        body, opaque = b"", None
        if post is not None and (post.text is not None or post.params):
            body = self._body(post)
        elif request.body_size and request.body_size > 0:
            opaque = NOT_THERE
        yield web.request(
            method=request.method,
            url=request.url,
            headers=[(pair.name, pair.value or "") for pair in request.headers],
            version=request.http_version or "",
            body=body,
            opaque=opaque,
            status=status or None,
            ip=entry.ip,
            sent=sent,
            ended=sent + int(max(entry.time or 0, 0) * 1_000_000),
        )
        for frame in entry.frames or ():
            if frame.type == "send":
                data = octets(frame.data) if frame.opcode == 1 else _unbased(octets(frame.data))
                moment = int((frame.time or 0) * SECOND)
                yield web.frame(url=request.url, ip=entry.ip, said=Spoken(data, moment, text=frame.opcode == 1))

    def _body(self, post: _Post) -> bytes:
        """The bytes that a text stands for."""
        if post.text is None:
            return urlencode([(pair.name, pair.value or "") for pair in post.params or ()]).encode()
        if (post.encoding or "").lower() == "base64":
            return _unbased(octets(post.text))
        mime = post.mime_type or ""
        told = _CHARSET.search(mime)
        charset = told[1] if told else "utf-8"
        if self._mitmproxy and not told and "json" not in mime:
            charset = "latin-1"  # its rule where nothing is said
        try:
            return post.text.encode("gb18030" if charset.lower() in ("gb2312", "gbk") else charset)
        except (UnicodeEncodeError, LookupError):
            return octets(post.text)


def _converted(entry: dict[str, Any]) -> _Entry:
    """An entry whose fields are of other types than they should be, as far as it goes."""
    return msgspec.convert(entry, _Entry, strict=False)


def _unbased(data: bytes) -> bytes:
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error:
        return data


def _moment(text: str) -> int:
    """ISO 8601 to ns since 1970-01-01 UTC; 0 if it says nothing."""
    try:
        moment = datetime.fromisoformat(text)
        return int(moment.timestamp()) * SECOND + moment.microsecond * 1000
    except (ValueError, OverflowError, OSError):
        return 0


def open_file(file: SourceFile, _keylog: KeyLog, kind: str) -> HarSource:
    """The archive in *file*."""
    return HarSource(file, kind)
