"""Which captures can be opened: the table of kinds, and how a file's kind is told."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, cast

from captures.decode import KeyLog
from captures.pcapng import is_classic, is_pcapng
from captures.sources.file import SourceFile
from captures.sources.frames import is_frames
from captures.sources.source import Source
from telltale.errors import InputError, near_miss


class Kind(NamedTuple):
    """A row of the table."""

    name: str
    begins: Callable[[bytes], bool]
    """Whether a file that begins with these bytes (4 KiB at most) is of this kind for certain."""
    suffixes: tuple[str, ...]
    """Ends of file names, for files whose beginning says nothing for certain."""
    module: str
    """Has ``open_file(file: SourceFile, keylog: KeyLog, kind: str) -> Source``, which raises `InputError`."""


def _is_har(head: bytes) -> bool:
    """HAR 1.2: an object with one key, ``log``."""
    return re.match(rb'(?:\xef\xbb\xbf)?\s*\{\s*"log"\s*:\s*\{', head) is not None


def _is_flows(head: bytes) -> bool:
    """A tnetstring (length, colon) that holds a dictionary, which begins with a string again."""
    return re.match(rb"[0-9]{1,12}:[0-9]{1,12}:(?=[\x20-\x7e]{3})", head) is not None


_CANDUMP = re.compile(rb"^\(\d+\.\d+\) \S+ [0-9A-Fa-f]{3,8}#", re.MULTILINE)


def _is_candump(head: bytes) -> bool:
    """The log format of ``candump -l`` (can-utils, log2asc(1)); its first line may be damaged."""
    return bool(_CANDUMP.search(head))


KINDS = (
    Kind("pcap", is_classic, (), "captures.sources.packets"),
    Kind("pcapng", is_pcapng, (), "captures.sources.packets"),
    Kind("har", _is_har, (".har",), "captures.sources.har"),
    Kind("mitm", _is_flows, (".mitm", ".flow", ".flows"), "captures.sources.flows"),
    Kind("blf", lambda head: head.startswith(b"LOGG"), (), "captures.sources.canlog"),
    Kind("asc", lambda _: False, (".asc",), "captures.sources.canlog"),
    Kind("trc", lambda head: head.startswith(b";$FILEVERSION"), (".trc",), "captures.sources.canlog"),
    Kind("candump", _is_candump, (), "captures.sources.canlog"),
    Kind("frames", is_frames, (), "captures.sources.frames"),
)
"""The first whose beginning fits is taken, then the first whose suffix does."""


def open_source(path: Path, *, keylog: KeyLog | None = None) -> Source:
    """The capture at *path*, whatever its kind.

    :param keylog: TLS keys beside those that the capture holds itself
    :raises InputError: it cannot be read, or is no capture of a known kind
    """
    file = SourceFile(path)
    kind = next((kind for kind in KINDS if kind.begins(file.head)), None)
    kind = kind or next((kind for kind in KINDS if file.name.endswith(kind.suffixes or ("\0",))), None)
    if kind is None:
        raise InputError(
            f"is no capture that can be read: it begins with {file.head[:4].hex(' ')}; known: "
            + ", ".join(kind.name for kind in KINDS),
            file=path,
        )
    opener = cast("Callable[[SourceFile, KeyLog, str], Source]", importlib.import_module(kind.module).open_file)
    return opener(file, keylog or KeyLog(), kind.name)


def read_keylog(path: Path) -> KeyLog:
    """The TLS keys of a key log file (SSLKEYLOGFILE, RFC 9850).

    :raises InputError: it cannot be read, or holds no key
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        siblings = [p.name for p in path.parent.glob("*") if p.is_file()] if path.parent.is_dir() else []
        raise InputError("no such file" + near_miss(path.name, siblings), file=path) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=path) from None
    keylog = KeyLog.parse(text)
    if text.strip() and not len(keylog):
        raise InputError("holds no TLS keys, expected lines such as `CLIENT_RANDOM 5f3a… 9c41…`", file=path)
    return keylog
