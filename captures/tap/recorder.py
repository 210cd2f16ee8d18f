"""From the rings into a file, with counts that can be believed."""

from __future__ import annotations

import contextlib
import select
import time
from collections.abc import Mapping
from pathlib import Path

from captures.pcapng import CaptureFile, Interface, PcapngWriter
from captures.tap.counts import Tally, TapCounts
from captures.tap.line import Line
from telltale.errors import InputError, RigError

_GLANCE = 0.005
"""Seconds between two looks at the counters while they settle, unless packets arrive sooner."""
_LINGER = 0.2
"""Seconds that packets wait in memory at most before they are written: what a killed tap takes with it."""
_FAREWELL = 0.5
"""Seconds for the last packets to come out of the rings when the bench has hung up without ending its window."""


class Recorder:
    """Captures from the moment it is made; what arrives while no file is open is let go.

    :param interfaces: interface name to uplink name
    :param ring_size: bytes of each interface's ring
    :raises RigError: an interface is missing, or cannot be captured on
    """

    def __init__(self, interfaces: Mapping[str, str], *, ring_size: int) -> None:
        self._lines: list[Line] = []
        self._rings = select.poll()
        self._path: Path | None = None
        self._writer: PcapngWriter | None = None
        self._failure: str | None = None
        self._stored: dict[str, Tally] | None = None
        self._last_written = time.monotonic()
        try:
            for interface, uplink in interfaces.items():
                self._lines.append(Line(interface, uplink, ring_size=ring_size))
        except RigError:
            self.close()
            raise
        for line in self._lines:
            self._rings.register(line.ring.fileno(), select.POLLIN)

    @property
    def descriptors(self) -> list[int]:
        """Readable when packets wait; an error on one is for `look_after`."""
        return [line.ring.fileno() for line in self._lines]

    def drain(self) -> None:
        """Move what waits in the rings into the file."""
        for index, line in enumerate(self._lines):
            for wall, data, length, outgoing in line.ring.frames():
                if self._writer is not None:
                    try:
                        self._writer.write(index, wall, data, original_length=length, outgoing=outgoing)
                    except OSError as error:
                        self._fail(error)
        if self._writer is not None and self._writer.waiting and time.monotonic() - self._last_written > _LINGER:
            self.write_through()

    def write_through(self) -> None:
        """Write what is still in memory, so that others can read it."""
        self._last_written = time.monotonic()
        if self._writer is not None:
            try:
                self._writer.flush()
            except OSError as error:
                self._fail(error)

    def begin(self, path: Path, *, settle: float) -> None:
        """Open a new file and begin to count, as soon as what went before has come out of the rings.

        :param settle: seconds to wait for that at most
        :raises RigError: a file is open already, the file cannot be written, an interface is gone
        """
        if self._path is not None:
            raise RigError(f"a window is open already, with {self._path}; end it first")
        for line in self._lines:
            line.prepare()
        self._settle(settle, in_window=False)
        described = [Interface(line.nic.name, line.nic.link_type, line.uplink) for line in self._lines]
        try:
            self._writer = PcapngWriter(path, described)
        except OSError as error:
            raise RigError(f"packets cannot be written to {path}: {error.strerror}") from None
        self._path, self._failure, self._stored = path, None, None
        for line in self._lines:
            line.begin()

    def counts(self, *, settle: float) -> TapCounts:
        """What the window came to so far; all of it is in the file and can be read.

        :param settle: seconds to wait at most for traffic to rest and the equation to close
        :raises RigError: no window is open, or an interface is gone
        """
        self._opened()
        settled = self._settle(settle, in_window=True)
        self.write_through()
        return self._counts(settled)

    def end(self, *, settle: float) -> TapCounts:
        """The window's final counts; its file is closed, whatever happens.

        :raises RigError: no window is open, or an interface is gone
        """
        self._opened()
        try:
            settled = self._settle(settle, in_window=True)
            for index, counts in enumerate(self._counts(settled)):
                if self._writer is not None:
                    self._writer.add_statistics(
                        index, wall=time.time_ns(), received=counts.counter_packets, dropped=counts.dropped_packets
                    )
            self._close_file()
            return self._counts(settled)
        finally:
            self._close_file()
            self._path = None

    def add_keylog(self, data: bytes) -> None:
        """Put TLS keys into the file, whole lines in NSS key log format.

        :raises RigError: no window is open
        """
        self._opened()
        if self._writer is not None:
            try:
                self._writer.add_keylog(data)
            except OSError as error:
                self._fail(error)

    def close(self) -> None:
        """Stop capturing; a window that is still open ends."""
        if self._path is not None:
            with contextlib.suppress(RigError):  # nobody is there any more to be told that an interface is gone
                self.end(settle=_FAREWELL)
        for line in self._lines:
            line.close()

    def _opened(self) -> Path:
        if self._path is None:
            raise RigError("no window is open; begin one first")
        return self._path

    def _settle(self, limit: float, *, in_window: bool) -> dict[str, bool]:
        """Take packets until every line has settled, *limit* seconds at most; which uplinks did."""
        until = time.monotonic() + limit
        while True:
            self.drain()
            settled = {line.uplink: line.settled(in_window=in_window) for line in self._lines}
            if all(settled.values()) or time.monotonic() >= until:
                return settled
            for descriptor, _ in self._rings.poll(_GLANCE * 1000):
                self.look_after(descriptor)

    def look_after(self, descriptor: int) -> None:
        """Clear an error that the kernel left on a ring; an interface that is down is a stimulus, not a failure.

        What is missing from the capture for whatever reason shows in the equation.
        """
        for line in self._lines:
            if line.ring.fileno() == descriptor:
                line.ring.trouble()

    def _counts(self, settled: Mapping[str, bool]) -> TapCounts:
        stored = self._stored
        return TapCounts(
            failure=self._failure,
            uplinks=tuple(
                line.counts(
                    settled=settled[line.uplink],
                    stored=None if stored is None else stored.get(line.nic.name, Tally()),
                )
                for line in self._lines
            ),
        )

    def _close_file(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
            except OSError as error:
                self._fail(error)

    def _fail(self, error: OSError) -> None:
        """The file cannot take more: what it holds by now is all that was captured, the rest counts as dropped."""
        self._failure = f"packets could not be written to {self._opened()}: {error.strerror}"
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(OSError):  # the failure is on record already
                writer.close()
        self._stored = _tallies(self._opened())


def _tallies(path: Path) -> dict[str, Tally]:
    """What a file holds of each interface."""
    found: dict[str, Tally] = {}
    try:
        for packet in CaptureFile(path).packets():
            size = len(packet.data)
            one = Tally(tx_packets=1, tx_bytes=size) if packet.outgoing else Tally(rx_packets=1, rx_bytes=size)
            found[packet.interface] = found.get(packet.interface, Tally()) + one
    except InputError:  # not even a header could be written
        return {}
    return found
