"""Requests and messages that another tool has decoded, as the transmissions that packets of them would give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import urlsplit

from captures.decode import Setting
from captures.decode.bodies import body_parts
from captures.decode.content import Content
from captures.decode.http1_syntax import path_of
from captures.decode.model import Message, discreet
from telltale.transmission import Address, Part, Transmission

NOT_THERE = "the body is not in the capture"
_PORTS = {"https": 443, "http": 80, "wss": 443, "ws": 80}
_SECURE = frozenset({"https", "wss"})


class Spoken(NamedTuple):
    """A WebSocket message."""

    data: bytes
    wall: int
    text: bool


class Web:
    """Numbers transmissions as it makes them."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._index = 0

    def request(
        self,
        *,
        method: str,
        url: str,
        headers: Iterable[tuple[str, str]],
        version: str = "",
        body: bytes = b"",
        opaque: str | None = None,
        status: int | None = None,
        ip: str | None = None,
        source: Address | None = None,
        port: int | None = None,
        sent: int = 0,
        ended: int = 0,
        encoding: tuple[str, ...] = (),
        trailer: bytes = b"",
        complete: bool = True,
    ) -> Transmission:
        """A request; the pseudo-headers of HTTP/2 are told as `captures.decode.http_message` tells them.

        :param url: absolute, or an authority for CONNECT
        :param opaque: why the body cannot be read
        :param ip: of the server
        """
        scheme, host, told_port, target = _split(url, method)
        headers = list(headers)
        block = _block(headers, host, told_port, scheme, version)
        parts = [Part(name="url", data=octets(target)), Part(name="header", data=block)]
        if body and not opaque:
            parts += body_parts(Content(body, encoding, None), {name.lower(): value for name, value in headers})
        elif body or opaque:
            parts.append(Part(name="body", data=body, encoding=encoding, opaque=opaque))
        if trailer:
            parts.append(Part(name="trailer", data=trailer))
        path = path_of(target)
        return self.hand_out(
            channel="https" if scheme in _SECURE else "http",
            host=host,
            summary=f"{method} {discreet(path)}" + (" over HTTP/3" if version.upper() in ("HTTP/3", "H3") else ""),
            kind=method,
            path=path,
            status=status,
            parts=tuple(parts),
            source=source,
            destination=Address(ip=ip or "", port=port or told_port or _PORTS.get(scheme, 0)),
            sent=sent,
            ended=ended,
            complete=complete,
        )

    def frame(
        self, *, url: str, said: Spoken, ip: str | None = None, source: Address | None = None, port: int | None = None
    ) -> Transmission:
        """A WebSocket message."""
        scheme, host, told_port, target = _split(url, "GET")
        kind = "text" if said.text else "binary"
        return self.hand_out(
            channel="ws",
            host=host,
            summary=f"WebSocket {kind}, {len(said.data)} bytes",
            kind=kind,
            path=path_of(target),
            parts=(Part(name="payload", data=said.data),),
            source=source,
            destination=Address(ip=ip or "", port=port or told_port or _PORTS.get(scheme, 0)),
            sent=said.wall,
            ended=said.wall,
        )

    def message(self, message: Message, *, source: Address, destination: Address) -> Transmission:
        """What a decoder made of the bytes of a connection or flow."""
        found = self.hand_out(
            channel=message.channel,
            host=message.host,
            summary=message.summary,
            kind=message.kind,
            path=message.path,
            status=message.status,
            parts=message.parts,
            source=source,
            destination=destination,
            sent=message.first.wall,
            ended=message.last.wall,
            complete=message.complete,
        )
        return replace(found, fields=message.fields, generated=message.generated, malformed=message.malformed)

    def hand_out(
        self,
        *,
        channel: str,
        summary: str,
        parts: tuple[Part, ...],
        destination: Address,
        sent: int,
        ended: int,
        source: Address | None = None,
        host: str | None = None,
        kind: str = "",
        path: str = "",
        status: int | None = None,
        complete: bool = True,
    ) -> Transmission:
        """The next transmission."""
        index, self._index = self._index, self._index + 1
        clock, names = self._setting.clock, self._setting.names
        return Transmission(
            index=index,
            channel=channel,
            uplink=None,
            sent=sent,
            ended=max(sent, ended),
            bench=clock.bench_at(sent) if clock else None,
            source=source or Address(ip="", port=0),
            destination=destination,
            host=host or names.get(destination.ip),
            summary=summary,
            kind=kind,
            path=path,
            status=status,
            parts=parts,
            complete=complete,
        )


def octets(text: str) -> bytes:
    """UTF-8; what stands for a byte that was none (PEP 383) becomes it again, any other half of a pair stays itself."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _split(url: str, method: str) -> tuple[str, str | None, int | None, str]:
    """Scheme, host, port and the target of a request."""
    try:
        split = urlsplit(url if "://" in url[:12] else f"//{url}")
        host, port = split.hostname, split.port
    except ValueError:
        return "", None, None, url
    rest = url.partition("://")[2] if "://" in url[:12] else url
    start = min((at for mark in "/?#" if (at := rest.find(mark)) >= 0), default=len(rest))
    target = rest[start:].partition("#")[0]
    if method == "CONNECT":
        target = rest[:start]
    elif not target.startswith("/"):
        target = "/" + target
    return split.scheme.lower(), host.lower() if host else None, port, target


def _block(headers: Iterable[tuple[str, str]], host: str | None, port: int | None, scheme: str, version: str) -> bytes:
    """Header lines as in HTTP/1.1, a field a line."""
    lines = [(name, value) for name, value in headers if not name.startswith(":") or name == ":authority"]
    named = {name.lower() for name, _ in lines}
    if host and version.upper().startswith(("HTTP/2", "HTTP/3", "H2", "H3")) and not named & {":authority", "host"}:
        authority = f"[{host}]" if ":" in host else host
        lines.insert(0, (":authority", authority + (f":{port}" if port and port != _PORTS.get(scheme) else "")))
    return octets("".join(f"{name}: {value}\r\n" for name, value in lines))
