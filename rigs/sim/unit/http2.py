"""HTTP/2 as a unit speaks it: one connection to a host, kept alive, one request at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from rigs.sim.unit.http1 import Answer
from rigs.sim.unit.message import SendError, reason

_CHUNK = 256 * 1024
HOP_BY_HOP = {"host", "connection", "transfer-encoding"}
"""RFC 9113, section 8.2.2: not in HTTP/2; the host travels as :authority."""


class Http2:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._state = h2.connection.H2Connection(config=h2.config.H2Configuration(header_encoding=None))
        self._state.initiate_connection()
        self._over = False

    @property
    def usable(self) -> bool:
        """Whether it can carry another request."""
        return not self._over and not self._reader.at_eof() and not self._writer.is_closing()

    async def request(self, method: str, target: str, headers: Sequence[tuple[str, str]], body: bytes) -> Answer:
        """Send a request and wait for the whole answer, however long it takes.

        :raises SendError: the connection broke, or the answer is not HTTP/2
        """
        authority = next(value for name, value in headers if name == "host")
        fields = [(":method", method), (":scheme", "https"), (":authority", authority), (":path", target)]
        fields += [(name, value) for name, value in headers if name not in HOP_BY_HOP]
        try:
            stream = self._state.get_next_available_stream_id()
            self._state.send_headers(stream, fields, end_stream=not body)
            return await self._exchange(stream, memoryview(body))
        except h2.exceptions.ProtocolError as error:
            self.close()
            raise SendError(f"the answer is not HTTP/2: {error}") from None
        except OSError as error:
            self.close()
            raise SendError(f"the connection broke: {reason(error)}") from None

    def close(self) -> None:
        """Hang up."""
        self._over = True
        self._writer.close()

    async def _exchange(self, stream: int, left: memoryview) -> Answer:
        status, body = 0, b""
        while True:
            left = self._send(stream, left)
            await self._flush()
            data = await self._reader.read(_CHUNK)
            if not data:
                raise ConnectionError("closed before the answer")
            for event in self._state.receive_data(data):
                match event:
                    case h2.events.ResponseReceived():
                        status = int(dict(event.headers or [])[b":status"])
                    case h2.events.DataReceived():
                        body += event.data
                        self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    case h2.events.StreamEnded():
                        await self._flush()
                        return Answer(status, body)
                    case h2.events.StreamReset():
                        raise ConnectionError(f"the stream was reset with {event.error_code!s}")
                    case h2.events.ConnectionTerminated():
                        self._over = True

    def _send(self, stream: int, left: memoryview) -> memoryview:
        """Send as much as flow control allows (RFC 9113, section 5.2); returns the rest."""
        while left:
            room = min(self._state.local_flow_control_window(stream), self._state.max_outbound_frame_size, len(left))
            if room <= 0:
                break
            self._state.send_data(stream, bytes(left[:room]), end_stream=room == len(left))
            left = left[room:]
        return left

    async def _flush(self) -> None:
        if data := self._state.data_to_send():
            self._writer.write(data)
            await self._writer.drain()
