"""Compiled databases that hold nothing of a run, kept on disk: to compile them takes longer than to audit a small file.

They lie in the user's cache folder (XDG Base Directory Specification 0.8: ``$XDG_CACHE_HOME``, else ``~/.cache``), in
``telltale/hyperscan``, named after what was compiled and by what. Who deletes them loses a moment at the next start. A
folder that cannot be written, or a file that is damaged or somebody else's, changes nothing but how long a start takes.
What an identity is in never comes here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import stat
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import hyperscan

Source = tuple[bytes, int]
"""An expression as hyperscan takes it, and its flags."""


def database(sources: Sequence[Source], compiled: Callable[[], hyperscan.Database]) -> hyperscan.Database:
    """The database of *sources*, read where it was kept, else *compiled* and kept."""
    import hyperscan  # noqa: PLC0415 - not every platform has a wheel; who asks for a database has it

    version = hyperscan.__version__  # type: ignore[attr-defined]  # its stubs do without
    path = _folder() / f"{_name(sources, version)}.db"
    if data := _read(path):
        with contextlib.suppress(hyperscan.error):  # its checksum, its version or its processor is another
            known = hyperscan.loadb(data, hyperscan.HS_MODE_BLOCK)
            known.scratch = hyperscan.Scratch(known)
            return known
    made = compiled()
    _write(path, hyperscan.dumpb(made))
    return made


def _folder() -> Path:
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path(os.path.expanduser("~"), ".cache")  # noqa: PTH111, PTH117 - pathlib raises where there is no home
    return base / "telltale" / "hyperscan"


def _name(sources: Sequence[Source], version: str) -> str:
    return hashlib.sha256(repr((version, platform.machine(), list(sources))).encode()).hexdigest()[:32]


def _read(path: Path) -> bytes:
    """What a file of the user's own holds that nobody else can write; nothing when it is none."""
    try:
        with path.open("rb") as file:
            about = os.fstat(file.fileno())
            own = about.st_uid == os.geteuid() and not about.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
            return file.read() if own else b""
    except OSError:
        return b""


def _write(path: Path, data: bytes) -> None:
    """A file that is there whole, for its owner alone, or not at all."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
            os.replace(name, path)  # noqa: PTH105 - both are names
        except OSError:
            os.unlink(name)  # noqa: PTH108 - likewise
            raise
