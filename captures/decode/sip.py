"""SIP (RFC 3261) over UDP: calls, also those of eCall's next generation, with what their bodies describe."""

from __future__ import annotations

import re

from captures.decode import single
from captures.decode.model import Message, Place, discreet
from telltale.transmission import Part

_REQUEST = re.compile(rb"([A-Z]{3,16}) (sips?|tel|urn):(\S{1,1024}) SIP/2\.0\r?\n")
_STATUS = re.compile(rb"SIP/2\.0 ([1-6]\d\d)[^\r\n]*\r?\n")
_HOST = re.compile(rb"\[[^\]]+\]|[^:;?>]+")
_END = re.compile(rb"\r?\n\r?\n")


def read(data: bytes, place: Place) -> Message | None:
    """A request or a response, told by its first line (section 7)."""
    request, status = _REQUEST.match(data), _STATUS.match(data)
    start = request or status
    if start is None:
        return None
    end = _END.search(data, start.end() - 2)
    head = data[start.end() : end.start() if end else len(data)]
    kind, host = "response", None
    parts = [Part(name="header", data=head)]
    if request:
        kind = request[1].decode()
        parts.insert(0, Part(name="url", data=data[request.start(2) : request.end(3)]))
        if request[2].startswith(b"sip") and (named := _HOST.match(request[3].rpartition(b"@")[2])):
            host = named[0].decode("latin-1")
    if end and data[end.end() :]:
        parts.append(Part(name="body", data=data[end.end() :]))
    return Message(
        channel="sip",
        first=place,
        last=place,
        summary=f"SIP {kind}" + (f" to {discreet(host)}" if host else ""),
        kind=kind,
        host=host,
        status=int(status[1]) if status else None,
        parts=tuple(parts),
    )


looks_like, parse = single.recogniser(read), single.parser("sip", read)
