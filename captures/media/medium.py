"""What is known of a piece of media, and what a kind of it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class Shape(NamedTuple):
    """What walking the structure of a medium told."""

    end: int
    """Offset behind its last byte."""
    whole: bool = True
    """Whether that is its own end, and not where the bytes, or their sense, ended."""
    size: tuple[int, int] | None = None
    """Width and height, pixels."""
    seconds: float | None = None
    """Duration."""
    item: str | None = None
    """The item that it is, where the structure tells more than the kind."""
    name: str | None = None
    """The format, where the structure tells more than the kind."""


Walk = Callable[[bytes, int, int], Shape | None]
"""Bytes, where the medium may begin, and where it must end, to its shape; None when it is no such medium."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """A format of media: one row of `captures.media.KINDS`."""

    name: str
    item: str
    """``image``, ``video`` or ``audio``."""
    magic: bytes
    """How it begins: a regular expression of classes and counted repeats, of a fixed width."""
    width: int
    """Bytes that *magic* matches."""
    walk: Walk
    weak: bool = False
    """Whether the magic is so short that it counts only where a text begins, or a part of a multipart body."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Medium:
    """A piece of media in some bytes."""

    name: str
    item: str
    start: int
    shape: Shape

    @property
    def end(self) -> int:
        """Offset behind its last byte."""
        return self.shape.end

    def describe(self) -> str:
        """``JPEG, 640x480, 48,213 bytes``."""
        shape = self.shape
        told = [self.name]
        if shape.size:
            told.append("{}x{}".format(*shape.size))
        if shape.seconds is not None:
            told.append(f"{shape.seconds:.1f} s")
        told.append(f"{self.end - self.start:,} bytes" + ("" if shape.whole else ", cut off"))
        return ", ".join(told)
