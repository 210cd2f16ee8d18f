"""The unit's Android through adbutils, on an adb server of the bench's own."""

from __future__ import annotations

import shlex
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from xml.etree import ElementTree as ET

import adbutils  # type: ignore[import-untyped] # it carries no type marker

from rigs.addresses import AdbAddress
from rigs.drivers.adbserver import AdbServer
from telltale.errors import InputError, RigError

_UNSET = "null"
"""What ``settings get`` says of a key that was never set."""
_CONNECT = 10.0
"""Seconds for a unit to answer the connection, which it does at once when it has booted."""
_ANSWER = 60.0
"""Seconds for a command or a file."""

_FACTORY_RESET = "am broadcast -p android -a android.intent.action.FACTORY_RESET"

T = TypeVar("T")


class _Connection(adbutils.AdbConnection):  # type: ignore[misc] # untyped, as said above
    """One that never starts the host's public adb server when the bench's own does not answer."""

    def _safe_connect(self) -> socket.socket:
        connection: socket.socket = self._create_socket()
        return connection

    def close(self) -> None:
        """At once: what was asked has been answered, so there is nothing to wait 10 ms for, as adbutils does."""
        if not self.closed:
            self.conn.close()
        super().close()


class _Client(adbutils.AdbClient):  # type: ignore[misc] # untyped, as said above
    """The bench's server as adbutils sees it; it keeps hold of connections, which adbutils drops when they fail."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self._open: list[_Connection] = []
        self._version: int | None = None

    def make_connection(self, timeout: float | None = None) -> _Connection:
        connection = _Connection(self.host, self.port)
        connection.conn.settimeout(timeout or _ANSWER)
        self._open.append(connection)
        return connection

    def server_version(self) -> int:
        """Asked once: adbutils asks before every command, which costs it a connection each time."""
        if self._version is None:
            self._version = int(super().server_version())
        return self._version

    def tidy(self) -> None:
        """Close what adbutils has left open."""
        while self._open:
            if not (connection := self._open.pop()).closed:
                connection.close()


class AdbDriver:
    """One unit. The adb server starts with the first call, and the unit is connected again after a reboot.

    :raises InputError: nothing listens at the TCP address
    """

    def __init__(self, address: AdbAddress) -> None:
        self._address = address
        self._server: AdbServer | None = None
        self._client: _Client | None = None
        self._known: adbutils.AdbDevice | None = None
        if address.tcp:
            host, _, port = address.tcp.rpartition(":")
            try:
                socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
            except OSError as error:
                raise InputError(
                    f"nothing answers at {address.tcp}: {error.strerror or error}; "
                    "is the unit on, and `adb tcpip` set on it?"
                ) from None

    @property
    def serial(self) -> str:
        """What adb calls the unit."""
        return self._address.tcp or self._address.usb or ""

    def shell(self, line: str) -> str:
        """Standard output of a command line, without the ends of line at its end.

        :raises RigError: it ended with another status than 0, or the unit does not answer
        """
        result = self._call(f"run `{line}`", lambda device: device.shell2(line, timeout=_ANSWER, rstrip=True, v2=True))
        if result.returncode:
            said = " ".join(str(result.stderr or result.output).split())
            raise RigError(f"`{line}` on {self.serial} ended with status {result.returncode}: {said}")
        return str(result.stdout if result.stdout is not None else result.output)

    def get_setting(self, namespace: str, key: str) -> str | None:
        """A value of the settings provider; None if it was never set."""
        value = self.shell(shlex.join(["settings", "get", namespace, key]))
        return None if value == _UNSET else value

    def put_setting(self, namespace: str, key: str, value: str) -> None:
        """Set a value and read it back. :raises RigError: the unit did not take it"""
        self.shell(shlex.join(["settings", "put", namespace, key, value]))
        found = self.get_setting(namespace, key)
        if found != value:
            raise RigError(f"{self.serial} did not take the setting {namespace}/{key}: it is `{found}`, not `{value}`")

    def start(self, component: str) -> None:
        """Open an app: ``package/.Activity``. :raises RigError: the unit has no such activity"""
        said = self.shell(shlex.join(["am", "start", "-n", component]))
        if "Error" in said:
            raise RigError(f"{self.serial} did not open {component}: {' '.join(said.split())}")

    def screenshot(self) -> bytes:
        """What the screen shows, as PNG. :raises RigError: the unit gives none"""
        picture = self._exec("screencap -p")
        if not picture.startswith(b"\x89PNG\r\n"):
            said = " ".join(picture[:80].decode(errors="replace").split())
            raise RigError(f"`screencap` on {self.serial} gave no PNG: {said or 'nothing'}")
        return picture

    def screen_texts(self) -> list[str]:
        """Every text of the accessibility tree, with what stands for a picture. :raises RigError: there is none"""
        told = self._exec("uiautomator dump /dev/tty").decode(errors="replace")
        tree, closed, _ = told.partition("</hierarchy>")
        if not closed or "<!DOCTYPE" in tree:  # uiautomator writes none, and entities of one could be anything
            raise RigError(f"`uiautomator` on {self.serial} gave no tree: {' '.join(told.split())[:80]}")
        try:
            root = ET.fromstring(tree[tree.index("<") :] + closed)  # noqa: S314 - no DOCTYPE, so no entities
        except ET.ParseError as error:
            raise RigError(f"`uiautomator` on {self.serial} gave no tree: {error}") from None
        return [text for node in root.iter("node") for key in ("text", "content-desc") if (text := node.get(key))]

    def _exec(self, line: str) -> bytes:
        """What a command writes, byte by byte (``adb exec-out``)."""

        def ask(device: adbutils.AdbDevice) -> bytes:
            with device.open_transport() as link:
                link.send_command(f"exec:{line}")
                link.check_okay()
                return bytes(link.read_until_close(encoding=None))

        return self._call(f"run `{line}`", ask)

    def reboot(self) -> None:
        """Restart the unit's system, without waiting for it."""
        self._call("reboot", lambda device: _ask_and_lose(device, "reboot:"))

    def reset(self) -> None:
        """Take the unit back to its factory state, without waiting for it.

        By the broadcast that the settings app sends for it (``Intent.ACTION_FACTORY_RESET``); it takes a build whose
        shell may send it. :raises RigError: the unit refused
        """
        said = self._call("reset", lambda device: _ask_and_lose(device, f"shell:{_FACTORY_RESET}"))
        if "exception" in said.lower() or "error" in said.lower():
            raise RigError(f"{self.serial} did not take the reset: {' '.join(said.split())[:200]}")

    def push(self, source: Path, target: str) -> None:
        """Copy a file of the host to the unit."""
        self._call(f"push {target}", lambda device: device.sync.push(source, target))

    def pull(self, source: str, target: Path) -> None:
        """Copy a file of the unit to the host. :raises RigError: the unit has no such file"""

        def fetch(device: adbutils.AdbDevice) -> None:
            if not device.sync.stat(source).mode:  # adbutils takes a missing file for an empty folder
                raise adbutils.AdbError("no such file")
            device.sync.pull(source, target)

        self._call(f"pull {source}", fetch)

    def close(self) -> None:
        """End the adb server."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _call(self, what: str, action: Callable[[adbutils.AdbDevice], T]) -> T:
        try:
            return action(self._device())
        except (adbutils.AdbError, OSError, EOFError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise RigError(f"ADB could not {what} on {self.serial}: {reason}") from None
        finally:
            if self._client is not None:
                self._client.tidy()

    def _device(self) -> adbutils.AdbDevice:
        if self._server is not None and not self._server.alive:
            self.close()
        if self._server is None or self._client is None:
            self._server = AdbServer(usb=self._address.usb is not None)
            self._client = _Client(self._server.port)
            self._known = None
        if self._known is None:
            self._known = self._client.device(self.serial)
        if self._address.tcp and self._state(self._known) != "device":
            self._client.disconnect(self.serial)
            said = self._client.connect(self.serial, timeout=_CONNECT)
            if self._state(self._known) != "device":
                raise adbutils.AdbError(said)
        return self._known

    @staticmethod
    def _state(device: adbutils.AdbDevice) -> str:
        try:
            return str(device.get_state())
        except adbutils.AdbError:
            return "absent"


def _ask_and_lose(device: adbutils.AdbDevice, service: str) -> str:
    """Ask for something that takes the unit away; what it still said. The connection may end in the midst of that."""
    with device.open_transport() as line:
        line.send_command(service)
        line.check_okay()
        return str(line.read_until_close())
