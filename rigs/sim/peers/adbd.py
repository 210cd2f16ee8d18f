"""A small adbd over TCP that the real ``adb`` accepts: shell, sync (push, pull, stat, list) and reboot.

Sources: Android's adb ``protocol.txt`` (messages), ``SYNC.TXT`` (file transfer), ``shell_protocol.h`` (shell, v2).
It asks for no authentication, as a userdebug build with ``ro.adb.secure=0`` does, and offers neither forwarding nor
logcat; what it does not offer is refused with CLSE, as a real device does.
"""

from __future__ import annotations

import asyncio
import posixpath
import socket
import stat
import struct
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from rigs.sim.peers.files import File, Result, Storage
from rigs.sim.peers.screen import Screen
from rigs.sim.peers.server import PeerServer
from rigs.sim.peers.shell import Shell


def _word(text: bytes) -> int:
    return int(struct.unpack("<I", text)[0])


CNXN, OPEN, OKAY, CLSE, WRTE = (_word(name) for name in (b"CNXN", b"OPEN", b"OKAY", b"CLSE", b"WRTE"))
VERSION = 0x01000000
"""The protocol whose messages carry a checksum."""
MAX_PAYLOAD = 256 * 1024
SYNC_CHUNK = 64 * 1024
"""Largest DATA chunk (SYNC.TXT)."""
_HEADER = struct.Struct("<6I")
_SHELL_OUT, _SHELL_ERR, _SHELL_EXIT = 1, 2, 3


class Adbd:
    """The unit's end of ADB."""

    def __init__(
        self,
        *,
        properties: Mapping[str, str],
        settings: dict[tuple[str, str], str],
        on_setting: Callable[[str, str, str], None],
        on_start: Callable[[str], None],
        on_reboot: Callable[[], None],
        on_update: Callable[[str], bool] = lambda _: False,
        on_reset: Callable[[], None] = lambda: None,
        clock: Callable[[], int] = time.time_ns,
        storage: Storage | None = None,
    ) -> None:
        """*settings* is keyed by (namespace, key) and kept up to date; the callbacks run in the event loop.

        :param on_setting: namespace, key and value, after ``settings put`` has stored them and before it returns
        :param on_start: the component of ``am start -n``
        :param on_reboot: ``adb reboot`` or ``adb shell reboot``
        :param on_update: installs a version for the next boot; whether there is such a one
        :param clock: the unit's, ns
        :param on_reset: the broadcast that takes the unit back to its factory state
        """
        self.storage = Storage() if storage is None else storage
        self.storage["/system/build.prop"] = File(_build_prop(properties))
        """The unit's files, for push and pull."""
        self.screen = Screen(settings)
        """What the unit's screen shows."""
        self._on_reboot = on_reboot
        self._stopped = asyncio.Event()
        self._shell = Shell(
            properties=properties,
            settings=settings,
            storage=self.storage,
            screen=self.screen,
            on_setting=on_setting,
            on_start=on_start,
            on_reboot=on_reboot,
            on_update=on_update,
            on_reset=on_reset,
            on_stop=self._stopped.set,
            clock=clock,
        )
        features = "features=shell_v2,cmd"
        names = ("ro.product.name", "ro.product.model", "ro.product.device")
        self.banner = "device::" + "".join(f"{name}={properties.get(name, '')};" for name in names) + features
        """What the device says of itself when a host connects."""

    async def serve(self, sock: socket.socket) -> None:
        """Accept hosts on the listening socket *sock* until cancelled, or until ``stop adbd``; returns when cancelled.

        Then every connection is closed.
        """
        server = PeerServer(lambda reader, writer: _Connection(self, reader, writer).run())
        await server.start(sock)
        try:
            await self._stopped.wait()
        finally:
            await server.close()
        await asyncio.get_running_loop().create_future()  # never done: until cancelled

    def shell(self, line: str) -> Result:
        """Run one command line as ``adb shell`` does."""
        return self._shell.run(line)

    def reboot(self) -> None:
        """What ``adb reboot`` asks for."""
        self._on_reboot()


class _Message(NamedTuple):
    command: int
    first: int
    second: int
    data: bytes


class _Connection:
    """One host: messages in, streams by their local id."""

    def __init__(self, device: Adbd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.device = device
        self._reader = reader
        self._writer = writer
        self._streams: dict[int, _Stream] = {}
        self._opened = 0
        self.max_payload = MAX_PAYLOAD

    def send(self, command: int, first: int, second: int, data: bytes = b"") -> None:
        self._writer.write(
            _HEADER.pack(command, first, second, len(data), sum(data) & 0xFFFFFFFF, command ^ 0xFFFFFFFF) + data
        )

    def hang_up(self) -> None:
        self._writer.close()

    async def run(self) -> None:
        try:
            while (message := await self._read()) is not None:
                self._take(message)
        finally:
            for stream in tuple(self._streams.values()):
                stream.cancel()

    async def _read(self) -> _Message | None:
        """The next message; None for one that no adb would send, which ends the connection."""
        command, first, second, length, _checksum, magic = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
        if magic != command ^ 0xFFFFFFFF or length > MAX_PAYLOAD:
            return None
        return _Message(command, first, second, await self._reader.readexactly(length))

    def _take(self, message: _Message) -> None:
        command, first, second, data = message
        if command == CNXN:
            self.max_payload = min(second or MAX_PAYLOAD, MAX_PAYLOAD)
            self.send(CNXN, VERSION, MAX_PAYLOAD, self.device.banner.encode())
        elif command == OPEN:
            self._opened += 1
            stream = self._streams[self._opened] = _Stream(self, self._opened, first)
            stream.start(data.rstrip(b"\0").decode(errors="replace"))
        elif (known := self._streams.get(second)) is None:
            return  # for a stream that is closed already
        elif command == OKAY:
            known.ready.set()
        elif command == WRTE:
            known.feed(data)
            self.send(OKAY, second, first)
        elif command == CLSE:
            known.cancel()
            self.forget(known)

    def forget(self, stream: _Stream) -> None:
        """Close *stream*; the host's CLSE is answered with CLSE, so that it frees the stream at once."""
        if self._streams.pop(stream.local, None):
            self.send(CLSE, stream.local, stream.remote)


class _Stream:
    """One service that the host opened."""

    def __init__(self, connection: _Connection, local: int, remote: int) -> None:
        self._connection = connection
        self.local = local
        self.remote = remote
        self.ready = asyncio.Event()
        self._input = asyncio.StreamReader()
        self._task: asyncio.Task[None] | None = None

    def start(self, service: str) -> None:
        self._task = asyncio.create_task(self._serve(service))

    def feed(self, data: bytes) -> None:
        self._input.feed_data(data)

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _write(self, data: bytes) -> None:
        size = self._connection.max_payload
        for start in range(0, len(data), size):
            self.ready.clear()
            self._connection.send(WRTE, self.local, self.remote, data[start : start + size])
            await self.ready.wait()

    async def _serve(self, service: str) -> None:
        name, _, argument = service.partition(":")
        kind, *flags = name.split(",")
        if kind not in ("shell", "exec", "sync", "reboot") or (kind == "shell" and not argument):
            self._connection.send(CLSE, 0, self.remote)
            self._connection.forget(self)
            return
        self._connection.send(OKAY, self.local, self.remote)
        try:
            if kind == "sync":
                await self._sync()
            elif kind == "reboot":
                self._connection.device.reboot()
                self._connection.hang_up()
            else:
                await self._run(argument, v2="v2" in flags)
        except asyncio.IncompleteReadError:
            pass  # the host closed the stream in the middle of a request
        finally:
            self._connection.forget(self)

    async def _run(self, line: str, *, v2: bool) -> None:
        result = self._connection.device.shell(line)
        if not v2:
            await self._write(result.out + result.err)
            return
        for channel, data in ((_SHELL_OUT, result.out), (_SHELL_ERR, result.err)):
            if data:
                await self._write(struct.pack("<BI", channel, len(data)) + data)
        await self._write(struct.pack("<BIB", _SHELL_EXIT, 1, result.status & 0xFF))

    async def _sync(self) -> None:
        storage = self._connection.device.storage
        while True:
            request, length = await self._input.readexactly(4), _word(await self._input.readexactly(4))
            if request == b"QUIT":
                return
            path = (await self._input.readexactly(length)).decode(errors="replace")
            if request == b"STAT":
                await self._write(b"STAT" + struct.pack("<III", *_status(storage, path)))
            elif request == b"LIST":
                await self._write(_listing(storage, path))
            elif request == b"SEND":
                await self._receive_file(path)
            elif request == b"RECV":
                await self._write(_content(storage, path))
            else:
                await self._write(_failure(f"unknown request {request!r}"))
                return

    async def _receive_file(self, target: str) -> None:
        path, _, mode = target.rpartition(",")
        data = bytearray()
        while True:
            kind, number = await self._input.readexactly(4), _word(await self._input.readexactly(4))
            if kind == b"DONE":
                break
            if kind != b"DATA" or number > SYNC_CHUNK:
                await self._write(_failure("expected DATA or DONE"))
                return
            data += await self._input.readexactly(number)
        self._connection.device.storage[posixpath.normpath(path)] = File(
            bytes(data), stat.S_IFREG | stat.S_IMODE(int(mode)), number
        )
        await self._write(b"OKAY" + bytes(4))


def _status(storage: Storage, path: str) -> tuple[int, int, int]:
    """Mode, size and time of change; all zero where nothing is."""
    path = posixpath.normpath(path)
    if (file := storage.get(path)) is not None:
        return file.mode, len(file.data), file.modified
    return (stat.S_IFDIR | 0o755, 0, 0) if storage.is_directory(path) else (0, 0, 0)


def _listing(storage: Storage, path: str) -> bytes:
    answer = b""
    for name in storage.children(path):
        encoded = name.encode()
        answer += b"DENT" + struct.pack("<4I", *_status(storage, posixpath.join(path, name)), len(encoded)) + encoded
    return answer + b"DONE" + bytes(16)


def _content(storage: Storage, path: str) -> bytes:
    file = storage.get(posixpath.normpath(path))
    if file is None:
        return _failure("No such file or directory")
    chunks = (file.data[start : start + SYNC_CHUNK] for start in range(0, len(file.data), SYNC_CHUNK))
    return b"".join(b"DATA" + struct.pack("<I", len(chunk)) + chunk for chunk in chunks) + b"DONE" + bytes(4)


def _failure(reason: str) -> bytes:
    return b"FAIL" + struct.pack("<I", len(reason)) + reason.encode()


def _build_prop(properties: Mapping[str, str]) -> bytes:
    return "".join(f"{name}={value}\n" for name, value in sorted(properties.items())).encode()
