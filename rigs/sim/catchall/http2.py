"""HTTP/2 (RFC 9113), with or without TLS."""

from __future__ import annotations

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import h2.settings

from rigs.sim.catchall.engine import ANSWER, CONTENT_TYPE

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_WINDOW = 1 << 24
"""Bytes that a client may send ahead, on a stream and on the connection: uploads never wait for this cloud."""


class Http2:
    """Every stream is answered 200 when its request is complete."""

    name = "http/2"

    def __init__(self) -> None:
        self.finished = False
        config = h2.config.H2Configuration(client_side=False, header_encoding=None, validate_inbound_headers=False)
        self._http = h2.connection.H2Connection(config)
        self._http.initiate_connection()
        self._http.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW})
        self._http.increment_flow_control_window(_WINDOW)
        self._owed: dict[int, bytes] = {}
        """What each stream's answer still lacks because the client's window was too small."""
        self._heads: set[int] = set()
        """Streams of HEAD requests, whose answers have no body (RFC 9110, section 9.3.2)."""

    def receive(self, data: bytes) -> bytes:
        """See `Engine.receive`."""
        try:
            for event in self._http.receive_data(data):
                self._react(event)
            self._pay()
        except h2.exceptions.ProtocolError:
            self.finished = True
        sent: bytes = self._http.data_to_send()
        return sent

    def _react(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            headers = event.headers or []
            if (b":method", b"HEAD") in headers:
                self._heads.add(event.stream_id)
            if (b"expect", b"100-continue") in headers:
                self._http.send_headers(event.stream_id, [(":status", "100")])
        elif isinstance(event, h2.events.DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self._answer(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._owed.pop(event.stream_id, None)
            self._heads.discard(event.stream_id)
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.finished = True

    def _answer(self, stream: int) -> None:
        bodiless = stream in self._heads
        self._heads.discard(stream)
        headers = [(":status", "200"), ("content-type", CONTENT_TYPE), ("content-length", str(len(ANSWER)))]
        self._http.send_headers(stream, headers, end_stream=bodiless)
        if not bodiless:
            self._owed[stream] = ANSWER

    def _pay(self) -> None:
        for stream, body in list(self._owed.items()):
            size = min(self._http.local_flow_control_window(stream), len(body))
            if size:
                self._http.send_data(stream, body[:size], end_stream=size == len(body))
                self._owed[stream] = body[size:]
            if not self._owed[stream]:
                del self._owed[stream]
