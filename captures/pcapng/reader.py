"""Reading pcapng and classic pcap, from a mapped file or piece by piece from a stream."""

from __future__ import annotations

import collections
import mmap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from captures.pcapng import blocks
from captures.pcapng.blocks import Interface, Packet
from captures.pcapng.records import CLASSIC_HEADER, Contents, CutOffError, DamagedError, classic_packets, pcapng_packets
from telltale.errors import InputError

if TYPE_CHECKING:
    from captures.pcapng.batch import Batch

_CLASSIC = MappingProxyType(
    {  # magic number as it stands in the file: byte order, nanoseconds in one unit of the time's fraction
        b"\xd4\xc3\xb2\xa1": ("<", 1000),
        b"\xa1\xb2\xc3\xd4": (">", 1000),
        b"\x4d\x3c\xb2\xa1": ("<", 1),
        b"\xa1\xb2\x3c\x4d": (">", 1),
    }
)
_CHUNK = 4 << 20
"""Bytes that are read from a stream at once."""
_LARGEST_RECORD = 64 << 20
"""In a stream, where a record has to be held in memory; nothing that crosses a network is larger."""
_OTHERS = MappingProxyType(
    {  # what is given instead of a capture now and then: how it begins, what it is, the mend
        b"\x1f\x8b": "is compressed with gzip; unpack it first",
        b"\x28\xb5\x2f\xfd": "is compressed with zstd; unpack it first",
        b"PK\x03\x04": "is a zip archive; unpack it first",
        b"snoop\0": "is a snoop file; convert it with `editcap -F pcapng`",
        b"btsnoop\0": "is a Bluetooth HCI log; convert it with `editcap -F pcapng`",
        b"LOGG": "is a BLF log of a vehicle bus, not of packets",
    }
)


class CaptureFile:
    """A pcapng or classic pcap file.

    :param unpacked: opens the capture's bytes anew where the file itself holds them compressed; they are read as a
        stream, never held as a whole
    :raises InputError: it cannot be read, or is no capture
    """

    def __init__(self, path: Path, *, unpacked: Callable[[], BinaryIO] | None = None) -> None:
        self.path = path
        self.position = 0
        """Bytes of the (unpacked) capture that have been read, told in steps."""
        self._unpacked = unpacked
        self._map: mmap.mmap | None = None
        if unpacked is not None:
            with unpacked() as file:
                start = file.read(CLASSIC_HEADER)
        else:
            try:
                with path.open("rb") as file:
                    self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            except OSError as error:
                raise InputError(f"cannot be read: {error.strerror}", file=path) from None
            except ValueError:
                raise InputError("is empty, expected a pcap or pcapng capture", file=path) from None
            start = self._map[:CLASSIC_HEADER]
        self._classic = _CLASSIC.get(start[:4])
        if self._classic and len(start) < CLASSIC_HEADER:
            raise InputError("is cut off inside its first header, and holds no packet", file=path)
        if not self._classic and not is_pcapng(start):
            other = next((what for beginning, what in _OTHERS.items() if start.startswith(beginning)), None)
            raise InputError(other or f"is no pcap or pcapng capture: it begins with {start[:4].hex(' ')}", file=path)
        self._contents: Contents | None = None

    @property
    def interfaces(self) -> tuple[Interface, ...]:
        """Every interface that the file describes, over all its sections."""
        return tuple(self._whole().interfaces)

    @property
    def truncated(self) -> str | None:
        """Why the file ends before its end, e.g. because its writer was killed; None for a whole file."""
        return self._whole().truncated

    def keylog(self) -> bytes:
        """The TLS keys in the file, in NSS key log format: all its Decryption Secrets Blocks, joined."""
        secrets = self._whole().secrets
        return b"".join(secret if secret.endswith(b"\n") else secret + b"\n" for secret in secrets if secret)

    def names(self) -> dict[str, str]:
        """Address to host name, as the file's Name Resolution Blocks have them; the first name of an address counts."""
        return dict(self._whole().names)

    def packets(self) -> Iterator[Packet]:
        """The packets in the order of the file; a cut tail ends them, and `truncated` says so."""
        for one in self._read(Contents()):
            assert isinstance(one, Packet)
            yield one

    def batches(self) -> Iterator[Packet | Batch]:
        """The same packets, many at a time where that can be: faster by far where there are many."""
        from captures.pcapng.batch import batches_of  # noqa: PLC0415 - numpy is only loaded for what is large

        return self._read(Contents(batch=batches_of(self._classic, lasting=self._map is not None)))

    def _read(self, contents: Contents) -> Iterator[Packet | Batch]:
        try:
            yield from self._mapped(contents) if self._map is not None else self._streamed(contents)
        except DamagedError as damage:
            contents.truncated = str(damage)
        self._contents = contents

    def _mapped(self, contents: Contents) -> Iterator[Packet | Batch]:
        """Packets as views into the mapped file. What was read is given back; a view kept by someone reads it anew."""
        assert self._map is not None
        mapped = self._map

        def passed(at: int) -> None:
            end = at & ~(mmap.PAGESIZE - 1)
            if hasattr(mapped, "madvise") and end:
                mapped.madvise(mmap.MADV_DONTNEED, 0, end)  # from the start: what was kept may have been read since
            self.position = at

        contents.passed = passed
        yield from self._follow(memoryview(mapped), contents)
        passed(len(mapped))

    def _streamed(self, contents: Contents) -> Iterator[Packet | Batch]:
        """Packets as copies, so that one kept does not keep all of its neighbours."""
        assert self._unpacked is not None
        rest, base = b"", 0
        with self._unpacked() as file:
            while True:
                chunk = file.read(_CHUNK)
                view = memoryview(rest + chunk)
                at = len(view)
                try:
                    for packet in self._follow(view, contents):
                        if isinstance(packet, Packet):
                            packet.data = memoryview(bytes(packet.data))
                        yield packet
                except CutOffError as cut:
                    at = cut.at
                    if not chunk:
                        raise DamagedError(base + at) from None
                    if len(view) - at > _LARGEST_RECORD:
                        raise DamagedError(base + at, f"a record of more than {_LARGEST_RECORD >> 20} MiB") from None
                except DamagedError as damage:
                    raise DamagedError(base + damage.at, damage.why) from None
                if not chunk:
                    return
                rest, base = bytes(view[at:]), base + at
                contents.at, contents.unlikely, self.position = 0, 0, base

    def _follow(self, view: memoryview, contents: Contents) -> Iterator[Packet | Batch]:
        return classic_packets(view, contents, *self._classic) if self._classic else pcapng_packets(view, contents)

    def _whole(self) -> Contents:
        """What the file holds besides packets; reads it through if nobody has yet."""
        if self._contents is None:
            collections.deque(self.packets(), maxlen=0)
        assert self._contents is not None
        return self._contents


def read_packets(path: Path) -> Iterator[Packet]:
    """The packets of a capture; see `CaptureFile`, which also tells whether the file was cut off.

    :raises InputError: the file cannot be read, or is no capture
    """
    return CaptureFile(path).packets()


def is_pcapng(start: bytes) -> bool:
    """Whether a file that begins with these 12 bytes begins with a Section Header Block, pcapng 4.1."""
    kind, magic = start[:4], start[8:12]
    return kind == blocks.SECTION_HEADER.to_bytes(4) and blocks.BYTE_ORDER_MAGIC in (
        int.from_bytes(magic, "little"),
        int.from_bytes(magic, "big"),
    )


def is_classic(start: bytes) -> bool:
    """Whether a file that begins so is a classic pcap."""
    return start[:4] in _CLASSIC
