"""The cloud that answers everything, for units that nobody wrote a cloud for: any name, address and port.

server     takes every connection, opens TLS for whatever name is asked for, and picks an engine by the first bytes
engine     one protocol without I/O: bytes in, bytes out
catchall   the bench's handle: starts the process, asks it, ends it

HTTP requests are answered 200 with a small JSON body, WebSocket messages come back, MQTT is acknowledged as its
standard asks, and everything else is read and thrown away; so are datagrams. It keeps nothing and asks for nothing:
a client that waits for particular content goes without.
"""

from rigs.sim.catchall.catchall import CatchAllCloud

__all__ = ["CatchAllCloud"]
