"""The commands that the simulated Android answers in ``adb shell``: the few a bench uses, each with its exit status.

There is no process behind it: no pipes, no redirection, no background jobs. Commands are joined by ``;``, ``&&`` and
``||``, words are quoted as in a POSIX shell, and ``$?`` is the status of the command before.
"""

from __future__ import annotations

import posixpath
import shlex
import time
from collections.abc import Callable, Mapping, Sequence

from rigs.sim.peers import files
from rigs.sim.peers.files import Result, Storage, line, usage
from rigs.sim.peers.screen import Screen
from telltale.times import SECOND

NOT_FOUND = 127
"""Exit status of a command that does not exist (POSIX shell, 2.8.2)."""
_JOINTS = (";", "&&", "||")
_APPLIED = "onPayloadApplicationComplete(ErrorCode::"
_FACTORY_RESET = "android.intent.action.FACTORY_RESET"


class Shell:
    """Runs command lines against the unit's properties, settings and storage."""

    def __init__(
        self,
        *,
        properties: Mapping[str, str],
        settings: dict[tuple[str, str], str],
        storage: Storage,
        screen: Screen,
        on_setting: Callable[[str, str, str], None],
        on_start: Callable[[str], None],
        on_reboot: Callable[[], None],
        on_update: Callable[[str], bool] = lambda _: False,
        on_reset: Callable[[], None] = lambda: None,
        on_stop: Callable[[], None] = lambda: None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._properties = properties
        self._settings = settings
        self._storage = storage
        self._screen = screen
        self._on_setting = on_setting
        self._on_start = on_start
        self._on_reboot = on_reboot
        self._on_update = on_update
        self._on_reset = on_reset
        self._on_stop = on_stop
        self._commands: dict[str, Callable[[Sequence[str]], Result]] = {
            "am": self._am,
            "cat": self._cat,
            "date": lambda words: _date(words, clock()),
            "echo": lambda words: line(" ".join(words)),
            "false": lambda _: Result(status=1),
            "find": lambda words: files.find(storage, words),
            "getprop": self._getprop,
            "input": self._input,
            "ls": self._ls,
            "reboot": self._reboot,
            "update_engine_client": self._update_engine,
            "rm": self._rm,
            "settings": self._settings_command,
            "screencap": lambda words: Result(screen.png()) if words == ["-p"] else usage("screencap -p"),
            "sha256sum": lambda words: files.sha256sum(storage, words),
            "stop": self._stop,
            "stat": lambda words: files.stat(storage, words),
            "sleep": lambda _: Result(),  # the unit's own time is virtual; nothing is gained by waiting here
            "true": lambda _: Result(),
            "uiautomator": self._uiautomator,
        }

    def run(self, text: str) -> Result:
        """Run one command line."""
        lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        try:
            words = list(lexer)
        except ValueError as error:
            return Result(err=f"/system/bin/sh: syntax error: {error}\n".encode(), status=2)
        out, err, status = b"", b"", 0
        joint, command = ";", list[str]()
        for word in [*words, ";"]:
            if word not in _JOINTS:
                command.append(word.replace("$?", str(status)))
                continue
            wanted = {";": True, "&&": status == 0, "||": status != 0}[joint]
            if command and wanted:
                result = self._one(command)
                out, err, status = out + result.out, err + result.err, result.status
            joint, command = word, []
        return Result(out, err, status)

    def _one(self, words: Sequence[str]) -> Result:
        command = self._commands.get(words[0])
        if command is None:
            return Result(err=f"/system/bin/sh: {words[0]}: inaccessible or not found\n".encode(), status=NOT_FOUND)
        return command(words[1:])

    def _settings_command(self, words: Sequence[str]) -> Result:
        match list(words):
            case ["get", space, key]:
                return line(self._settings.get((space, key), "null"))
            case ["put", space, key, value]:
                self._settings[space, key] = value
                self._on_setting(space, key, value)
                return Result()
            case ["list", space]:
                pairs = sorted((key, value) for (name, key), value in self._settings.items() if name == space)
                return Result("".join(f"{key}={value}\n" for key, value in pairs).encode())
            case _:
                return usage("settings get NAMESPACE KEY | put NAMESPACE KEY VALUE | list NAMESPACE")

    def _am(self, words: Sequence[str]) -> Result:
        match list(words):
            case ["start", *_, "-n", component] | ["start", "-n", component, *_]:
                self._screen.front = component.partition("/")[0]
                self._on_start(component)
                return line(f"Starting: Intent {{ cmp={component} }}")
            case ["broadcast", *options] if _FACTORY_RESET in options:
                self._on_reset()
                return line(f"Broadcasting: Intent {{ act={_FACTORY_RESET} }}\nBroadcast completed: result=0")
            case _:
                return usage(f"am start -n PACKAGE/ACTIVITY | broadcast -p android -a {_FACTORY_RESET}")

    def _update_engine(self, words: Sequence[str]) -> Result:
        """Install the package for the next boot, as an A/B update does (AOSP, ``update_engine_client``)."""
        payload = next((word.removeprefix("--payload=") for word in words if word.startswith("--payload=")), "")
        if "--update" not in words or not payload.endswith(".zip"):
            return usage("update_engine_client --update --follow --payload=file:///PATH/VERSION.zip")
        version = posixpath.basename(payload).removesuffix(".zip")
        if not self._on_update(version):
            return Result(err=f"{_APPLIED}kDownloadTransferError): {payload}\n".encode(), status=1)
        return line(f"{_APPLIED}kSuccess)")

    def _getprop(self, words: Sequence[str]) -> Result:
        if words:
            return line(self._properties.get(words[0], ""))
        return Result("".join(f"[{name}]: [{value}]\n" for name, value in sorted(self._properties.items())).encode())

    def _cat(self, words: Sequence[str]) -> Result:
        missing = [path for path in words if path not in self._storage]
        err = "".join(f"cat: {path}: No such file or directory\n" for path in missing).encode()
        out = b"".join(self._storage[path].data for path in words if path in self._storage)
        return Result(out, err, 1 if missing else 0)

    def _ls(self, words: Sequence[str]) -> Result:
        path = posixpath.normpath(next((word for word in words if not word.startswith("-")), "/"))
        if path in self._storage:
            return line(path)
        if not self._storage.is_directory(path):
            return Result(err=f"ls: {path}: No such file or directory\n".encode(), status=1)
        return Result("".join(f"{name}\n" for name in self._storage.children(path)).encode())

    def _rm(self, words: Sequence[str]) -> Result:
        forced = "-f" in words
        paths = [word for word in words if not word.startswith("-")]
        missing = [path for path in paths if self._storage.pop(path, None) is None and not forced]
        err = "".join(f"rm: {path}: No such file or directory\n" for path in missing).encode()
        return Result(err=err, status=1 if missing else 0)

    def _input(self, words: Sequence[str]) -> Result:
        if words and words[0] in ("keyevent", "tap", "swipe", "text"):
            return Result()  # the simulated screen has nothing that a key or a finger could change
        return usage("input keyevent CODE | tap X Y | swipe X1 Y1 X2 Y2 | text WORDS")

    def _uiautomator(self, words: Sequence[str]) -> Result:
        if list(words) != ["dump", "/dev/tty"]:
            return usage("uiautomator dump /dev/tty")
        # both go to the terminal, one after the other, with the program's own spelling
        return Result(f"{self._screen.hierarchy()}UI hierchary dumped to: /dev/tty\n".encode())

    def _reboot(self, _words: Sequence[str]) -> Result:
        self._on_reboot()
        return Result()

    def _stop(self, words: Sequence[str]) -> Result:
        """Android's init ends one of its services; the only one here is adbd itself, which comes back with a boot."""
        if list(words) != ["adbd"]:
            return usage("stop adbd")
        self._on_stop()
        return Result()


def _date(words: Sequence[str], now: int) -> Result:
    """The two formats that a bench asks for."""
    match list(words):
        case ["+%s"]:
            return line(str(now // SECOND))
        case ["+%s.%N"]:
            return line(f"{now // SECOND}.{now % SECOND:09d}")
        case _:
            return usage("date +%s | +%s.%N")
