"""What a program in the sealed network must not see of the host's file system.

Unix sockets with a path cross network namespaces, so those of the host (resolver, D-Bus, docker, name service cache,
X11) are hidden; name resolution is told to ask the gateway and nothing else; and ``/sys`` shows the interfaces of
the program's own namespace. Sockets elsewhere (an SSH agent's in ``/tmp``) stay reachable for who knows their path.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from rigs.sim.network import linux

_HIDDEN = (Path("/run"), Path("/var/run"), Path("/tmp/.X11-unix"))  # noqa: S108 - hidden, not written to
_KEPT = (Path("/run/current-system"), Path("/run/media"))
"""Programs of NixOS; disks, which may hold the bench's own files."""

_RESOLVER = Path("/etc/resolv.conf")
_FILES = {
    Path("/etc/nsswitch.conf"): "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
    "networks: files\nprotocols: files\nservices: files\nethers: files\nrpc: files\n",
    Path("/etc/hosts"): "127.0.0.1 localhost\n::1 localhost\n",
}
_INTERFACES = (Path("/sys/class/net"), Path("/sys/devices/virtual/net"))


def hide_host(resolvers: Sequence[str]) -> None:
    """Cover the host's sockets and resolver settings in the mount namespace that this process is in.

    Its network namespace must be the one whose interfaces ``/sys`` is to show.

    :param resolvers: addresses of the name servers that programs are to ask
    :raises OSError: the kernel refused a mount, or the host has no /etc/resolv.conf that could be covered
    """
    files = {_RESOLVER: "".join(f"nameserver {address}\n" for address in resolvers), **_FILES}
    targets = {path: Path(os.path.realpath(path)) for path in files}
    hidden = {Path(os.path.realpath(path)) for path in _HIDDEN if path.is_dir()}
    kept = {path: os.open(path, os.O_PATH) for path in _KEPT if path.is_dir()}
    for path in sorted(hidden):
        _empty(path)
    for path, descriptor in kept.items():
        path.mkdir()
        linux.mount(f"/proc/self/fd/{descriptor}", str(path), "", linux.MS_BIND | linux.MS_REC)
        os.close(descriptor)
    drawer = Path(os.path.realpath("/run"), "telltale")
    drawer.mkdir()
    for path, text in files.items():
        ours = drawer / path.name
        ours.write_text(text, encoding="ascii")
        target = targets[path]
        if any(target.is_relative_to(cover) for cover in hidden):
            # resolv.conf is often a link into /run, which is empty now
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ours, target)
        elif target.exists():
            linux.mount(str(ours), str(target), "", linux.MS_BIND)
        elif path == _RESOLVER:
            raise FileNotFoundError(f"{path} is missing, so it cannot be covered; create an empty one")
    _show_own_interfaces(drawer)


def _empty(path: Path) -> None:
    linux.mount("tmpfs", str(path), "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755,size=16m")


def _show_own_interfaces(drawer: Path) -> None:
    fresh = drawer / "sys"
    fresh.mkdir()
    try:
        linux.mount("sysfs", str(fresh), "sysfs", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    except PermissionError:
        # A container may have covered parts of /sys, which keeps it from being mounted anew: then no interface shows.
        for path in filter(Path.is_dir, _INTERFACES):
            _empty(path)
        return
    for path in filter(Path.is_dir, _INTERFACES):
        linux.mount(str(fresh / path.relative_to("/sys")), str(path), "", linux.MS_BIND)
    linux.umount(str(fresh))
