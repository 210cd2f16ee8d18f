"""A CAN recording as text for people, in candump's format; the recording itself stays in the run folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import can

from reports.masking import DOT

MOST = 2000
"""Frames written out; of more, their number is told."""
_PIECE = 3
"""Bytes of an identity in one frame that are masked: ISO-TP spreads a VIN over frames of seven bytes and less."""


def as_text(recording: Path, *, secrets: Sequence[str] = ()) -> str:
    """The frames of a BLF file, a line each: time (Unix s), channel, identifier, data, with identities masked.

    :raises OSError: the file cannot be read
    """
    reader = can.BLFReader(str(recording))
    try:
        frames = iter(reader)
        text = "".join(f"{line}\n" for line in lines(islice(frames, MOST), secrets=secrets))
        more = sum(1 for _ in frames)
    finally:
        reader.stop()
    return text + (f"… and {more:,} frames more\n" if more else "")


def lines(frames: Iterable[can.Message], *, secrets: Sequence[str] = ()) -> Iterator[str]:
    """A line for each frame: ``(1795338348.139887) can0 1A0#980000A000000039``."""
    pieces = {data[i : i + _PIECE] for data in (s.encode() for s in secrets) for i in range(len(data) - _PIECE + 1)}
    for frame in frames:
        identifier = f"{frame.arbitration_id:08X}" if frame.is_extended_id else f"{frame.arbitration_id:03X}"
        data = "R" if frame.is_remote_frame else "".join(_masked(bytes(frame.data), pieces))
        channel = f"can{frame.channel}" if isinstance(frame.channel, int) else frame.channel or "can"
        yield f"({frame.timestamp:.6f}) {channel} {identifier}#{data}"


def _masked(data: bytes, pieces: set[bytes]) -> Iterator[str]:
    hidden = {i + j for i in range(len(data)) if data[i : i + _PIECE] in pieces for j in range(_PIECE)}
    return (DOT * 2 if place in hidden else f"{byte:02X}" for place, byte in enumerate(data))
