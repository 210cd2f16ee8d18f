"""The simulated Android's files, and the commands of its toolbox that look at them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

USAGE = 64


@dataclass(frozen=True, slots=True)
class Result:
    """What a command line left: its two outputs and its exit status."""

    out: bytes = b""
    err: bytes = b""
    status: int = 0


@dataclass(slots=True)
class File:
    """A file of the simulated storage."""

    data: bytes
    mode: int = 0o100644
    modified: int = field(default_factory=lambda: int(time.time()))
    """Seconds since 1970."""


class Storage(dict[str, File]):
    """Files by absolute path; a directory exists while something lies below it."""

    def children(self, directory: str) -> list[str]:
        """Names directly below *directory*, sorted; empty if there is no such directory."""
        prefix = directory.rstrip("/") + "/"
        return sorted({path[len(prefix) :].split("/", 1)[0] for path in self if path.startswith(prefix)})

    def is_directory(self, path: str) -> bool:
        """Whether something lies below *path*."""
        return path == "/" or bool(self.children(path))

    def below(self, directory: str) -> list[str]:
        """Paths of all files below *directory*, sorted."""
        return sorted(path for path in self if path.startswith(directory.rstrip("/") + "/"))


def line(text: str) -> Result:
    """A command that printed one line."""
    return Result(f"{text}\n".encode())


def usage(text: str) -> Result:
    """A command that was called wrongly."""
    return Result(err=f"usage: {text}\n".encode(), status=USAGE)


def find(storage: Storage, words: Sequence[str]) -> Result:
    """``find FOLDER... -type f [-exec COMMAND {} +]``; a folder without files is an empty one."""
    roots = [word for word in words if word.startswith("/")]
    match list(words[len(roots) :]):
        case ["-type", "f"]:
            return Result("".join(f"{path}\n" for root in roots for path in storage.below(root)).encode())
        case ["-type", "f", "-exec", command, *arguments, "{}", "+"] if command in _ON_FILES:
            paths = [path for root in roots for path in storage.below(root)]
            return _ON_FILES[command](storage, [*arguments, *paths]) if paths else Result()
        case _:
            return usage("find FOLDER... -type f [-exec stat|sha256sum ... {} +]")


def stat(storage: Storage, words: Sequence[str]) -> Result:
    """``stat -c FORMAT FILE...`` with ``%s`` (bytes), ``%Y`` (time of change, s) and ``%n`` (name)."""
    match list(words):
        case ["-c", form, *paths] if paths:

            def shown(path: str, file: File) -> str:
                return form.replace("%s", str(len(file.data))).replace("%Y", str(file.modified)).replace("%n", path)

            return _each(storage, paths, "stat", shown)
        case _:
            return usage("stat -c FORMAT FILE...")


def sha256sum(storage: Storage, words: Sequence[str]) -> Result:
    """``sha256sum FILE...``."""
    return _each(storage, words, "sha256sum", lambda path, file: f"{hashlib.sha256(file.data).hexdigest()}  {path}")


def _each(storage: Storage, paths: Sequence[str], command: str, shown: Callable[[str, File], str]) -> Result:
    out = "".join(f"{shown(path, storage[path])}\n" for path in paths if path in storage)
    err = "".join(f"{command}: {path}: No such file or directory\n" for path in paths if path not in storage)
    return Result(out.encode(), err.encode(), int(bool(err)))


_ON_FILES: dict[str, Callable[[Storage, Sequence[str]], Result]] = {"stat": stat, "sha256sum": sha256sum}
