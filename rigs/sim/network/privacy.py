"""What a program in the unit must not see of the host's file system.

Unix sockets with a path cross network namespaces, so those of the host (resolver, D-Bus, docker, name service cache,
X11) are hidden, and name resolution is told to ask the gateway and nothing else.
"""

from __future__ import annotations

import os
from pathlib import Path

from rigs.sim.network import linux
from rigs.sim.network.layout import RESOLVERS

_RUN = Path("/run")
_HIDDEN = (_RUN, Path("/var/run"), Path("/tmp/.X11-unix"))  # noqa: S108 - hidden, not written to

_FILES = {
    Path("/etc/resolv.conf"): "".join(f"nameserver {address}\n" for address in RESOLVERS),
    Path("/etc/nsswitch.conf"): "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n"
    "networks: files\nprotocols: files\nservices: files\nethers: files\nrpc: files\n",
    Path("/etc/hosts"): "127.0.0.1 localhost\n::1 localhost\n",
}


def hide_host() -> None:
    """Cover the host's sockets and resolver settings in the mount namespace that this process is in.

    :raises OSError: the kernel refused a mount, or the host has no /etc/resolv.conf that could be covered
    """
    targets = {path: Path(os.path.realpath(path)) for path in _FILES}
    hidden = {Path(os.path.realpath(path)) for path in _HIDDEN if path.is_dir()}
    for path in sorted(hidden):
        linux.mount("tmpfs", str(path), "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755,size=16m")
    drawer = _RUN / "telltale"
    drawer.mkdir()
    for path, text in _FILES.items():
        ours = drawer / path.name
        ours.write_text(text, encoding="ascii")
        target = targets[path]
        if any(target.is_relative_to(cover) for cover in hidden):
            # resolv.conf is often a link into /run, which is empty now
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="ascii")
        elif target.exists():
            linux.mount(str(ours), str(target), "", linux.MS_BIND)
        elif path.name == "resolv.conf":
            raise FileNotFoundError(f"{path} is missing, so it cannot be covered; create an empty one")
