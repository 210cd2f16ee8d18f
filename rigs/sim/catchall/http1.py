"""HTTP/1 (RFC 9112), and WebSocket (RFC 6455) after an upgrade."""

from __future__ import annotations

import h11

from rigs.sim.catchall.engine import ANSWER, CONTENT_TYPE
from rigs.sim.websocket import Echo, is_upgrade

_LONGEST_HEAD = 1 << 20


class Http1:
    """Any method is answered 200, kept alive and pipelined as the client likes; a malformed request 400."""

    def __init__(self) -> None:
        self.name = "http/1"
        self.finished = False
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)
        self._request: h11.Request | None = None
        self._websocket: Echo | None = None

    def receive(self, data: bytes) -> bytes:
        """See `Engine.receive`."""
        if self._websocket is not None:
            return self._echo(self._websocket, data)
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
                headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
                if is_upgrade(headers):
                    return out + self._upgrade(headers)
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

    def _upgrade(self, headers: dict[str, str]) -> bytes:
        self.name = "websocket"
        self._websocket = Echo()
        waiting, _ = self._http.trailing_data
        return Echo.accept(headers) + self._echo(self._websocket, waiting)

    def _echo(self, websocket: Echo, data: bytes) -> bytes:
        out = websocket.receive(data)
        self.finished = websocket.finished
        return out
