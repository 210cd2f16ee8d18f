"""A request or response of HTTP/2 or HTTP/3, once its frames are sorted, as a message."""

from __future__ import annotations

from dataclasses import dataclass, field

from captures.decode.bodies import body_parts, is_grpc
from captures.decode.content import decode_content
from captures.decode.http1_syntax import path_of, without_port
from captures.decode.model import Message, Place, Side, Tally, discreet
from telltale.transmission import Part

Header = tuple[bytes, bytes]
TUNNEL = "extended CONNECT is not opened"
"""RFC 8441, RFC 9220: another protocol (WebSocket, masked) in the body's place."""


@dataclass(slots=True)
class Half:
    """One stream's content in one direction."""

    headers: list[Header] = field(default_factory=list)
    trailers: list[Header] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    ended: bool = False
    malformed: str | None = None

    def value(self, name: bytes) -> str:
        """A header's value, repeated ones joined by a comma; empty if there is none."""
        return ", ".join(value.decode("latin-1") for key, value in self.headers if key == name)

    def fields(self) -> dict[str, str]:
        """Headers by name, repeated ones joined by a comma."""
        return {key.decode("latin-1"): self.value(key) for key in {key for key, _ in self.headers}}

    def take(self, headers: list[Header]) -> None:
        """A header section: the head, an interim one (RFC 9110 section 15.2), which says nothing, or the trailers."""
        if (b":status", b"100") <= (headers or [(b"", b"")])[0] < (b":status", b"200"):
            return
        if self.headers:
            self.trailers += headers
        else:
            self.headers = headers

    @property
    def status(self) -> int | None:
        """Of a response."""
        text = self.value(b":status")
        return int(text) if text.isdecimal() else None


def message(
    half: Half,
    peer: Half | None,
    *,
    unit: Side,
    channel: str,
    places: tuple[Place, Place],
    host: str | None,
    tally: Tally,
    version: str = "",
) -> Message:
    """What the unit said on a stream, with what its peer answered.

    :param host: known from an outer layer
    :param tally: of the unit's side, where all of it counts as decoded; what turns out opaque is entered there
    :param version: told in the summary
    """
    content = decode_content(b"".join(half.body), half.value(b"content-encoding"))
    asks = unit is Side.CLIENT
    request, answer = (half, peer) if asks else (peer, half)
    method = request.value(b":method") if request else ""
    target = request.value(b":path") if request else ""
    authority = (request.value(b":authority") or request.value(b"host")) if request else ""
    opaque = TUNNEL if request and request.value(b":protocol") else content.opaque
    status = answer.status if answer else None
    parts = [Part(name="header", data=_block(half.headers))]
    if asks:
        parts.insert(0, Part(name="url", data=target.encode("latin-1")))
    if opaque != content.opaque:
        parts.append(Part(name="body", data=content.data, encoding=content.encoding, opaque=opaque))
    else:
        parts += body_parts(content, half.fields())
    if half.trailers:
        parts.append(Part(name="trailer", data=_block(half.trailers)))
    if opaque:
        unread = sum(map(len, half.body))
        tally.decoded -= unread
        tally.opaque[opaque] += unread
    path = path_of(target)
    summary = f"{method} {discreet(path)}" if asks else f"response {status}"
    if asks and is_grpc(half.value(b"content-type")):
        summary = f"gRPC {discreet(path.removeprefix('/'))}{_grpc_status(answer)}"
    return Message(
        channel=channel,
        first=places[0],
        last=places[1],
        summary=summary + (f" over {version}" if version else ""),
        kind=method if asks else "response",
        path=path,
        host=without_port(authority) or host,
        status=status,
        parts=tuple(parts),
        complete=half.ended,
        malformed=half.malformed,
    )


def _grpc_status(answer: Half | None) -> str:
    """The call's own status, which stands in the trailers, or in the head where there is no body."""
    named = [value for key, value in (answer.trailers + answer.headers if answer else ()) if key == b"grpc-status"]
    return f", status {discreet(named[0].decode('latin-1'))}" if named else ""


def _block(headers: list[Header]) -> bytes:
    """Header lines as in HTTP/1.1; ``:path`` is the url, and of the pseudo-headers only ``:authority`` says more."""
    return b"".join(
        name + b": " + value + b"\r\n"
        for name, value in headers
        if not name.startswith(b":") or name not in (b":path", b":method", b":scheme", b":status")
    )
