"""An adb server of the bench's own, so that no other bench, user or server of this host is disturbed or seen.

It is adb's own program (adbutils brings one), listening on a socket that the bench opened, so there is no race for a
port; its home is a private folder that vanishes with it, so no key and no log is left on the host.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import adbutils  # type: ignore[import-untyped] # it carries no type marker

from rigs.drivers import keeper
from telltale.errors import RigError

CHOICE = "ADBUTILS_ADB_PATH"
"""Environment variable, adbutils' own, that chooses the adb program; one older than 29 was never tried."""
_END_SECONDS = 5


class AdbServer:
    """Runs from its making to `close`; it ends with this process, however that ends.

    :param usb: whether it looks for units on USB; a server for TCP units leaves USB to others
    """

    def __init__(self, *, usb: bool) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="telltale-adb-"))
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
            fd = listener.fileno()
            program = [adb_program(), "-L", f"acceptfd:{fd}", "nodaemon", "server"]
            try:
                self._keeper = subprocess.Popen(
                    [sys.executable, "-I", "-S", keeper.__file__, str(self._folder), str(fd), *program],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    env=self._environment(usb=usb),
                    pass_fds=[fd],
                    start_new_session=True,
                )
            except OSError as error:
                shutil.rmtree(self._folder, ignore_errors=True)
                raise RigError(f"the adb server cannot be started: {error}") from None

    def _environment(self, *, usb: bool) -> dict[str, str]:
        """Of adb's variables (``adb help``, "environment variables") only those that keep it to itself."""
        home = str(self._folder)
        return {
            "PATH": os.defpath,
            "HOME": home,
            "TMPDIR": home,
            "ANDROID_USER_HOME": home,
            "ADB_MDNS": "0",
            "ADB_MDNS_AUTO_CONNECT": "0",
            "ADB_MDNS_OPENSCREEN": "0",
            "ADB_EMU": "0",
            "ADB_USB": str(int(usb)),
        }

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._keeper.poll() is None

    def close(self) -> None:
        """End it; its folder is gone when this returns."""
        if self._keeper.stdin is not None:
            self._keeper.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._keeper.wait(_END_SECONDS)
        if self._keeper.poll() is None:
            self._keeper.kill()
            self._keeper.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def adb_program() -> str:
    """The adb that `CHOICE` names, or the one that adbutils brings, before any that the host happens to have."""
    if chosen := os.environ.get(CHOICE):
        return chosen
    bundled = Path(adbutils.__file__).parent / "binaries" / "adb"
    return str(bundled) if bundled.is_file() else str(adbutils.adb_path())
