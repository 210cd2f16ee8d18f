"""The server's side of WebSocket (RFC 6455): messages come back as they came."""

from __future__ import annotations

from collections.abc import Mapping

from wsproto import ConnectionType, events
from wsproto.connection import Connection
from wsproto.utilities import RemoteProtocolError, generate_accept_token


def is_upgrade(headers: Mapping[str, str]) -> bool:
    """Whether a request, its header names in lower case, asks for WebSocket (section 4.2.1)."""
    return headers.get("upgrade", "").lower() == "websocket" and bool(headers.get("sec-websocket-key"))


class Echo:
    """One connection, from the upgrade on, without I/O."""

    def __init__(self) -> None:
        self._connection = Connection(ConnectionType.SERVER)
        self.finished = False
        """Whether it is to be closed once what `receive` gave is sent."""

    @staticmethod
    def accept(headers: Mapping[str, str]) -> bytes:
        """The answer to the upgrade: the first of the subprotocols offered, and no extensions (section 4.2.2)."""
        lines = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": generate_accept_token(headers["sec-websocket-key"].encode()).decode(),
        }
        if offered := headers.get("sec-websocket-protocol"):
            lines["Sec-WebSocket-Protocol"] = offered.split(",")[0].strip()
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"HTTP/1.1 101 Switching Protocols\r\n{head}\r\n".encode()

    def receive(self, data: bytes) -> bytes:
        """Messages come back as they came, pings are answered, a close is returned."""
        out = b""
        if not data:
            return out
        try:
            self._connection.receive_data(data)
            for event in self._connection.events():
                if isinstance(event, events.Message):
                    out += self._connection.send(event)
                elif isinstance(event, events.Ping):
                    out += self._connection.send(event.response())
                elif isinstance(event, events.CloseConnection):
                    out += self._connection.send(event.response())
                    self.finished = True
        except RemoteProtocolError:
            self.finished = True
        return out
