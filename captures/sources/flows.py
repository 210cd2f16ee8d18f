"""Flow files of mitmproxy (``mitmdump -w``), read flow by flow through mitmproxy's own reader.

A file is a row of tnetstrings, a length in front of each, so a flow that is damaged is passed over alone. What flows of
TCP, UDP and DNS carried goes through the same decoders as packets do.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from mitmproxy import dns, flow, http, tcp, udp
from mitmproxy.exceptions import FlowReadException
from mitmproxy.io import FlowReader

from captures.decode import KeyLog, Setting
from captures.decode import datagrams as udp_flows
from captures.decode.content import decode_content
from captures.decode.flows import Conversation, Datagram
from captures.decode.link import UDP
from captures.decode.model import Ending, Exchange, Reading, Scene, Side, Stream
from captures.decode.quic import Connections
from captures.decode.recognise import read
from captures.sources.file import FileSource, SourceFile
from captures.sources.web import NOT_THERE, Spoken, Web
from telltale.times import SECOND
from telltale.transmission import Address, Transmission

_ANY = Setting()
_LARGEST = 128 << 20
"""Bytes of a flow that are held; a longer one is passed over, and told."""


class FlowSource(FileSource):
    """A file of flows."""

    def __init__(self, file: SourceFile, keylog: KeyLog, kind: str) -> None:
        super().__init__(file, kind)
        self._keylog = keylog
        self._lost: Counter[str] = Counter()
        self._notes: Counter[str] = Counter()
        self._ends: str | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read and why."""
        return (*self.gaps, *_counted(self._notes))

    @property
    def gaps(self) -> tuple[str, ...]:
        """What keeps silence from meaning anything."""
        return (*(why for why in (self._ends, self._file.damage) if why), *_counted(self._lost))

    def transmissions(self, setting: Setting = _ANY) -> Iterator[Transmission]:
        """What clients sent, in the order of the file, which is that in which flows ended."""
        self._lost.clear()
        self._notes.clear()
        self._ends = None
        web = Web(setting)
        scene = Scene(keylog=self._keylog, clock=setting.clock, quic=Connections(), read=read)
        for one in self._flows():
            if isinstance(one, http.HTTPFlow):
                yield from _http(one, web)
            elif isinstance(one, tcp.TCPFlow):
                secure = bool(one.client_conn.tls)
                yield from self._told(
                    read(_exchange(one.messages, scene, one.client_conn.sni, secure=secure)), one, web
                )
            elif isinstance(one, udp.UDPFlow):
                said = [(message.from_client, message.timestamp, message.content) for message in one.messages]
                yield from self._datagrams(said, one, web, scene)
            elif isinstance(one, dns.DNSFlow):
                messages = ((True, one.request), (False, one.response))
                said = [(ours, message.timestamp, message.packed) for ours, message in messages if message]
                yield from self._datagrams(said, one, web, scene)
            else:
                self._lost[f"flows of the type {one.type} are not read"] += 1

    def _datagrams(
        self, said: Sequence[tuple[bool, float, bytes]], one: flow.Flow, web: Web, scene: Scene
    ) -> Iterator[Transmission]:
        conversation = Conversation(0, UDP, "", ((b"", 0), (b"", 0)), None, 0)
        for number, (ours, moment, content) in enumerate(said):
            side = Side.CLIENT if ours else Side.SERVER
            conversation.datagrams.append(Datagram(side, _ns(moment), number, memoryview(content), 0))
        if said:
            reading = udp_flows.read(conversation, scene)
            for found in scene.quic.finish(scene):
                reading.add(found)
            yield from self._told(reading, one, web)

    def _told(self, reading: Reading, one: flow.Flow, web: Web) -> Iterator[Transmission]:
        self._notes.update(reading.notes)
        source, destination = _ends(one)
        for message in sorted(reading.messages, key=lambda message: message.first):
            yield web.message(message, source=source, destination=destination)

    def _flows(self) -> Iterator[flow.Flow]:
        """Flow by flow; what is damaged is passed over."""
        with self._file.open() as file:
            at = 0
            while length := _length(file):
                digits, size = length
                if size is None:
                    self._ends = f"the file is damaged at byte {at}: no flow begins there"
                    return
                whole = digits + 1 + size + 1
                if size > _LARGEST:
                    self._lost[f"a flow of more than {_LARGEST >> 20} MiB was passed over"] += 1
                    if not _pass_over(file, size + 1):
                        self._ends = f"the file is cut off in the flow that begins at byte {at}"
                        return
                    at += whole
                    continue
                data = file.read(size + 1)
                if len(data) <= size:
                    self._ends = f"the file is cut off in the flow that begins at byte {at}"
                    return
                try:
                    yield from FlowReader(io.BytesIO(b"%d:" % size + data)).stream()
                except (FlowReadException, KeyError, AttributeError, UnicodeDecodeError, RecursionError) as error:
                    # its readers take what they find for granted, so a damaged flow fails in any of these ways
                    self._lost[f"a flow is damaged and was passed over ({type(error).__name__})"] += 1
                at += whole


def _length(file: BinaryIO) -> tuple[int, int | None] | None:
    """Digits and value of the length in front of a tnetstring, its colon read; None at the end of the file."""
    digits = b""
    while (one := file.read(1)).isdigit() and len(digits) < 13:
        digits += one
    if not one and not digits:
        return None
    return len(digits), int(digits) if one == b":" and digits else None


def _pass_over(file: BinaryIO, size: int) -> bool:
    while size > 0:
        data = file.read(min(size, 1 << 20))
        if not data:
            return False
        size -= len(data)
    return True


def _counted(notes: Counter[str]) -> Iterator[str]:
    return (f"{note} ({count} times)" if count > 1 else note for note, count in notes.items())


def _ns(moment: float | None) -> int:
    return int((moment or 0) * 1_000_000) * (SECOND // 1_000_000)


def _ends(one: flow.Flow) -> tuple[Address, Address]:
    """Client and server."""
    client, server = one.client_conn.peername, one.server_conn.peername or one.server_conn.address
    return (
        Address(ip=client[0] if client else "", port=client[1] if client else 0),
        Address(ip=server[0] if server else "", port=server[1] if server else 0),
    )


def _http(one: http.HTTPFlow, web: Web) -> Iterator[Transmission]:
    """The request, and what the client said over a WebSocket."""
    request = one.request
    source, server = _ends(one)
    opaque = None
    content = decode_content(request.raw_content or b"", request.headers.get("content-encoding", ""))
    length = request.headers.get("content-length", "0")
    if request.raw_content is None and (length != "0" or "transfer-encoding" in request.headers):
        opaque = NOT_THERE
    yield web.request(
        method=request.method,
        url=request.authority if request.method == "CONNECT" else request.pretty_url,
        headers=_fields(request.headers),
        version=request.http_version,
        body=content.data,
        opaque=opaque or content.opaque,
        encoding=content.encoding,
        trailer=b"".join(b"%s: %s\r\n" % field for field in request.trailers.fields) if request.trailers else b"",
        status=one.response.status_code if one.response else None,
        ip=server.ip,
        port=server.port,
        source=source,
        sent=_ns(request.timestamp_start),
        ended=_ns(request.timestamp_end),
        complete=request.timestamp_end is not None,
    )
    for message in one.websocket.messages if one.websocket else ():
        if message.from_client:
            said = Spoken(message.content, _ns(message.timestamp), text=message.is_text)
            yield web.frame(url=request.pretty_url, said=said, ip=server.ip, port=server.port, source=source)


def _fields(headers: http.Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers.fields:
        yield name.decode("utf-8", "surrogateescape"), value.decode("utf-8", "surrogateescape")


def _exchange(messages: Sequence[tcp.TCPMessage], scene: Scene, host: str | None, *, secure: bool) -> Exchange:
    """What a connection carried, as streams."""
    streams = []
    for ours in (True, False):
        said = [(number, one) for number, one in enumerate(messages) if one.from_client is ours]
        starts, total = [], 0
        for _, one in said:
            starts.append(total)
            total += len(one.content)
        streams.append(
            Stream(
                b"".join(one.content for _, one in said),
                starts or (0,),
                [_ns(one.timestamp) for _, one in said] or (0,),
                [number for number, _ in said] or (0,),
                Ending.CLOSED,
            )
        )
    return Exchange(streams=(streams[0], streams[1]), unit=Side.CLIENT, scene=scene, secure=secure, host=host)


def open_file(file: SourceFile, keylog: KeyLog, kind: str) -> FlowSource:
    """The flows in *file*."""
    return FlowSource(file, keylog, kind)
