"""What the bench tells the gateway's process at its start; kept in the run's folder, as it explains what was seen."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

UnknownNames = Literal["refuse", "allocate"]
"""What the DNS does with a name that is not in the table: NXDOMAIN, or an address of its own from now on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Treatment:
    """What the gateway does with TLS to a recipient: opens it, hands it through, or shows a client certificate."""

    untouched: bool = False
    certificate: Path | None = None
    """PEM file with the certificate that the recipient asks for, and its key."""

    @property
    def word(self) -> str:
        """For the control line and the journal: ``open``, ``untouched`` or the certificate's path."""
        return "untouched" if self.untouched else str(self.certificate or "open")

    @classmethod
    def of(cls, word: str) -> Treatment:
        """From `word`."""
        if word in ("open", "untouched"):
            return cls(untouched=word == "untouched")
        return cls(certificate=Path(word))


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Paths are absolute; ``folder`` is the gateway's own, inside the run's."""

    folder: str
    modes: tuple[str, ...]
    """mitmproxy's mode specifications, e.g. ``transparent@8080``."""
    names: dict[str, tuple[str, ...]]
    unknown_names: UnknownNames
    upstream_ca: str | None
    """PEM file that the clouds' certificates are checked against; None: they are not checked."""
    confined: bool = False
    """Whether the gateway reaches nothing but what the bench has told it, see `addons.destinations`."""
    ca: str | None = None
    """Folder of a bench CA that is kept from run to run; None: one of this gateway's own."""

    @property
    def authority(self) -> Path:
        """mitmproxy's folder for the bench's CA, with its key: mode 0700, never leaves the bench."""
        return Path(self.ca) if self.ca is not None else Path(self.folder) / "authority"

    @property
    def journal(self) -> Path:
        """Events as JSON lines."""
        return Path(self.folder) / "gateway.jsonl"

    @property
    def client_certificates(self) -> Path:
        """Links to client certificates, in the names that mitmproxy looks for."""
        return Path(self.folder) / "client-certificates"

    @property
    def keylog(self) -> Path:
        """TLS keys of both sides, in the format of NSS key logs."""
        return Path(self.folder) / "keys.log"

    @property
    def log(self) -> Path:
        """What the process writes to its standard error: mitmproxy's warnings."""
        return Path(self.folder) / "gateway.log"

    def save(self) -> Path:
        """Write the settings into the folder; the path of the file."""
        path = Path(self.folder) / "settings.json"
        path.write_text(json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False), encoding="utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read what `save` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        data["modes"] = tuple(data["modes"])
        data["names"] = {name: tuple(addresses) for name, addresses in data["names"].items()}
        return cls(**data)
