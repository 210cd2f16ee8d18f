"""HTTP/1 (RFC 9112), and WebSocket (RFC 6455) after an upgrade."""

from __future__ import annotations

import h11
from wsproto import ConnectionType, events
from wsproto.connection import Connection
from wsproto.utilities import RemoteProtocolError as WebSocketError
from wsproto.utilities import generate_accept_token

from rigs.sim.catchall.engine import ANSWER, CONTENT_TYPE

_LONGEST_HEAD = 1 << 20


class Http1:
    """Any method is answered 200, kept alive and pipelined as the client likes; a malformed request 400."""

    def __init__(self) -> None:
        self.name = "http/1"
        self.finished = False
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)
        self._request: h11.Request | None = None
        self._websocket: Connection | None = None

    def receive(self, data: bytes) -> bytes:
        """See `Engine.receive`."""
        if self._websocket is not None:
            return self._frames(self._websocket, data)
        try:
            self._http.receive_data(data)
            return self._answer_all()
        except h11.RemoteProtocolError as error:
            self.finished = True
            return self._refuse(error.error_status_hint)

    def _answer_all(self) -> bytes:
        out = b""
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Request):
                self._request = event
                if _header(event, b"upgrade").lower() == b"websocket" and _header(event, b"sec-websocket-key"):
                    return out + self._upgrade(event)
                if self._http.they_are_waiting_for_100_continue:
                    out += self._send(h11.InformationalResponse(status_code=100, headers=[]))
            elif isinstance(event, h11.EndOfMessage):
                out += self._answer(200, ANSWER)
                if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                    self.finished = True
                    return out
                self._http.start_next_cycle()
            elif not isinstance(event, h11.Data):  # NEED_DATA, PAUSED, ConnectionClosed
                return out

    def _answer(self, status: int, body: bytes) -> bytes:
        headers = [("Content-Type", CONTENT_TYPE), ("Content-Length", str(len(body)))]
        out = self._send(h11.Response(status_code=status, headers=headers, reason=b"OK" if status == 200 else b""))
        if self._request is None or self._request.method != b"HEAD":
            out += self._send(h11.Data(data=body))
        return out + self._send(h11.EndOfMessage())

    def _refuse(self, status: int) -> bytes:
        # after a mistake in a body the answer may have been sent already
        return self._answer(status, b"{}") if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE) else b""

    def _send(self, event: h11.Event) -> bytes:
        return self._http.send(event) or b""

    def _upgrade(self, request: h11.Request) -> bytes:
        headers = [
            (b"Upgrade", b"websocket"),
            (b"Connection", b"Upgrade"),
            (b"Sec-WebSocket-Accept", generate_accept_token(_header(request, b"sec-websocket-key"))),
        ]
        if offered := _header(request, b"sec-websocket-protocol"):
            headers.append((b"Sec-WebSocket-Protocol", offered.split(b",")[0].strip()))
        head = b"".join(b"%s: %s\r\n" % header for header in headers)
        self.name = "websocket"
        self._websocket = Connection(ConnectionType.SERVER)
        waiting, _ = self._http.trailing_data
        return b"HTTP/1.1 101 Switching Protocols\r\n%s\r\n" % head + self._frames(self._websocket, waiting)

    def _frames(self, websocket: Connection, data: bytes) -> bytes:
        """Messages come back as they came, pings are answered, a close is returned."""
        out = b""
        if not data:
            return out
        try:
            websocket.receive_data(data)
            for event in websocket.events():
                if isinstance(event, events.Message):
                    out += websocket.send(event)
                elif isinstance(event, events.Ping):
                    out += websocket.send(event.response())
                elif isinstance(event, events.CloseConnection):
                    out += websocket.send(event.response())
                    self.finished = True
        except WebSocketError:
            self.finished = True
        return out


def _header(request: h11.Request, name: bytes) -> bytes:
    return next((value for key, value in request.headers if key == name), b"")
