"""One window of the relay: its file, and what both sides of the equation come to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from captures.pcapng import RAW_IP, CaptureFile, Interface, PcapngWriter
from captures.relay.segments import IPAddress, Segment, payload_of
from telltale.errors import RigError


class NotRecordedError(Exception):
    """The file cannot take it, so it must not be relayed."""


@dataclass(slots=True)
class _Relayed:
    connections: int = 0
    taken: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    """Bytes by whether they came from the unit."""


class Tape:
    """A new pcapng file at *path*. Whatever is recorded is on disk when `record` returns.

    :param interfaces: interface name to uplink name
    :raises RigError: the file cannot be written
    """

    def __init__(self, path: Path, interfaces: Mapping[str, str]) -> None:
        self.path = path
        self.failure: str | None = None
        self._interfaces = dict(interfaces)
        self._numbers = {interface: number for number, interface in enumerate(interfaces)}
        self._relayed = {interface: _Relayed() for interface in interfaces}
        self._named: set[IPAddress] = set()
        try:
            self._writer = PcapngWriter(path, [Interface(name, RAW_IP, uplink) for name, uplink in interfaces.items()])
        except OSError as error:
            raise RigError(f"what is relayed cannot be written to {path}: {error.strerror}") from None

    def name(self, address: IPAddress, host: str) -> None:
        """Tell whom *address* stands for. :raises NotRecordedError: the file cannot take it"""
        if address not in self._named:
            self._write(lambda: self._writer.add_name(address.packed, host))
            self._named.add(address)

    def connected(self, interface: str) -> None:
        """Count a connection."""
        self._relayed[interface].connections += 1

    def took(self, interface: str, size: int, *, from_unit: bool) -> None:
        """Count bytes that came out of a socket."""
        self._relayed[interface].taken[from_unit] += size

    def record(self, interface: str, segments: Iterable[Segment]) -> None:
        """Write *segments* through to the file. :raises NotRecordedError: the file cannot take them"""
        number = self._numbers[interface]

        def write() -> None:
            for segment in segments:
                self._writer.write(number, time.time_ns(), segment.packet, outgoing=not segment.from_unit)

        self._write(write)

    def add_keylog(self, data: bytes) -> None:
        """Put TLS keys into the file; if it cannot take them, the failure is told with the counts."""
        with contextlib.suppress(NotRecordedError):
            self._write(lambda: self._writer.add_keylog(data))

    def counts(self, *, settled: bool) -> dict[str, Any]:
        """The fields of `captures.relay.counts.RelayCounts`."""
        recorded = {interface: {True: 0, False: 0} for interface in self._interfaces}
        for packet in CaptureFile(self.path).packets():
            recorded[packet.interface][not packet.outgoing] += payload_of(packet.data)
        return {
            "failure": self.failure,
            "uplinks": [
                {
                    "uplink": uplink,
                    "interface": interface,
                    "connections": self._relayed[interface].connections,
                    "relayed_up": self._relayed[interface].taken[True],
                    "relayed_down": self._relayed[interface].taken[False],
                    "recorded_up": recorded[interface][True],
                    "recorded_down": recorded[interface][False],
                    "settled": settled,
                }
                for interface, uplink in self._interfaces.items()
            ],
        }

    def close(self) -> None:
        """Nothing is recorded afterwards; a second time does nothing."""
        with contextlib.suppress(OSError):  # everything was written through before
            self._writer.close()

    def _write(self, action: Callable[[], None]) -> None:
        if self.failure is None:
            try:
                action()
                self._writer.flush()
            except OSError as error:
                self.failure = f"what was relayed could not be written to {self.path}: {error.strerror}"
        if self.failure is not None:
            raise NotRecordedError(self.failure)
