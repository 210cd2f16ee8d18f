"""DTLS (RFC 6347, RFC 9147): the ClientHello names the host, all else stays closed."""

from __future__ import annotations

from dataclasses import replace

from captures.decode.flows import Datagram
from captures.decode.model import Message, Place, Reading, Scene, Side, discreet
from captures.decode.tls import ALERT, APPLICATION, CHANGE_CIPHER_SPEC, CLIENT_HELLO, HANDSHAKE_RECORD
from captures.decode.tls_hello import SUPPORTED_VERSIONS, Hello, parse_hello
from telltale.transmission import Part

CLOSED = "DTLS is not opened"
_RECORD, _HANDSHAKE = 13, 12
"""Bytes of the headers, RFC 6347 sections 4.1 and 4.2.2."""
_VERSIONS = (b"\xfe\xff", b"\xfe\xfd")


def looks_like(data: bytes) -> bool:
    """A record of epoch 0 or 1 that ends within the datagram."""
    return (
        len(data) > _RECORD
        and data[0] in (CHANGE_CIPHER_SPEC, ALERT, HANDSHAKE_RECORD, APPLICATION)
        and data[1:3] in _VERSIONS
        and int.from_bytes(data[3:5]) <= 1
        and _RECORD + int.from_bytes(data[11:13]) <= len(data)
    )


def parse(datagrams: list[Datagram], unit: Side, scene: Scene) -> Reading:
    """One message for each burst of the unit's datagrams; the handshake that is in clear counts as decoded."""
    reading = Reading()
    hello: Hello | None = None
    bursts: list[list[Datagram]] = []
    closed: list[bytes] = []
    for one in datagrams:
        data = bytes(one.data)
        clear = looks_like(data) and data[0] != APPLICATION and data[3:5] == b"\0\0"  # epoch 0 is not protected
        tally = reading.tallies[one.side]
        if clear:
            tally.decoded += len(data)
        else:
            tally.opaque[CLOSED] += len(data)
        if one.side is Side.CLIENT and clear:
            hello = hello or _hello(data)
        if one.side is not unit:
            continue
        if not bursts or scene.is_pause(bursts[-1][-1].wall, one.wall):
            bursts.append([])
            closed.append(b"")
        bursts[-1].append(one)
        closed[-1] += b"" if clear else data
    host = hello.server_name if hello else None
    to = discreet(host) if host else "an unnamed host"
    for number, (burst, payload) in enumerate(zip(bursts, closed, strict=True)):
        told = f"{len(payload)} bytes closed" if payload else "handshake only"
        parts = (Part(name="sni", data=host.encode()),) if host and unit is Side.CLIENT and not number else ()
        sealed = (Part(name="payload", data=payload, opaque=CLOSED),) if payload else ()
        reading.messages.append(
            Message(
                channel="dtls",
                first=Place(burst[0].wall, burst[0].packet),
                last=Place(burst[-1].wall, burst[-1].packet),
                summary=f"DTLS to {to}, {told}",
                host=host,
                parts=(*parts, *sealed),
                fields=hello.fields("d") if hello and unit is Side.CLIENT and not number else (),
                complete=not any(one.missing for one in burst),
            )
        )
    return reading


def _hello(data: bytes) -> Hello | None:
    """A ClientHello that is in one piece; the cookie (RFC 6347 section 4.2.1) is what TLS does not have."""
    body = data[_RECORD + _HANDSHAKE :]
    if data[0] != HANDSHAKE_RECORD or len(body) < 36 or data[_RECORD] != CLIENT_HELLO:
        return None
    at = 35 + body[34]
    cookie = body[at] if at < len(body) else 0
    hello = parse_hello(b"\3\3" + body[2:at] + body[at + 1 + cookie :], client=True)
    if hello and SUPPORTED_VERSIONS not in hello.extensions:
        return replace(hello, versions=(int.from_bytes(body[:2]),))
    return hello
