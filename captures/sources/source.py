"""What every kind of capture offers to those who look into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from captures.decode import Setting, StreamAccounts
from telltale.transmission import Transmission


class Source(Protocol):
    """A capture file, opened."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def kind(self) -> str:
        """``pcap``, ``pcapng``, ``har``, ``mitm`` …; see `captures.sources.registry.KINDS`."""

    @property
    def size(self) -> int:
        """Bytes on disk."""

    @property
    def position(self) -> int:
        """Bytes on disk that were read so far, told in steps; for progress."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be read and why, a sentence each; whole once the transmissions are."""

    @property
    def gaps(self) -> tuple[str, ...]:
        """What keeps silence from meaning anything: a file cut off, packets lost; whole once the transmissions are."""

    @property
    def accounts(self) -> StreamAccounts | None:
        """Equations 2 and 3 of the accounting; None where there are no packets. Whole with the transmissions."""

    def transmissions(self, setting: Setting = ...) -> Iterator[Transmission]:
        """What left the unit, numbered from 0 in the order in which it is handed out.

        Memory is bounded whatever the file's size. Packets: a conversation is handed out when it ends, so the order is
        that of the ends. Others: the order of the file, which is that of beginnings as a rule.
        """
