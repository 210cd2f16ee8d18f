"""How much of a recipient's traffic a bench can open: the ``access`` rows of a rig file, one a host.

``intercept``    the bench's certificate authority stands in for the recipient's; for every host without a row
``client_cert``  the same, and the recipient asks for a client certificate: the bench presents the unit's own
``keylog``       passed through untouched; an engineering build of the unit writes down its TLS keys (RFC 9850)
``backend_tap``  passed through untouched; the recipient's TLS terminator writes down its keys
``metadata``     passed through untouched and not opened: sizes, times and the name asked for are all there is
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from telltale.hosts import checked_pattern
from telltale.yamlfile import Strict

Access = Literal["intercept", "client_cert", "keylog", "backend_tap", "metadata"]
_KEYS: Mapping[Access, tuple[str, ...]] = {
    "intercept": (),
    "client_cert": ("certificate",),
    "keylog": ("from", "path"),
    "backend_tap": ("path",),
    "metadata": ("pinned",),
}
"""What a row may say beside its host."""


class AccessRow(Strict):
    """One recipient."""

    host: Annotated[str, AfterValidator(checked_pattern)]
    """A name, or ``*.ending``; the most specific row counts."""
    access: Access
    certificate: Path | None = None
    """PEM file with the unit's client certificate and its key; a simulated unit's is taken from the unit."""
    from_: Literal["adb", "file"] = "adb"
    """Whether the unit's key log is fetched over ADB, or lies on this host."""
    path: str | None = None
    """The key log: on the unit, or on this host. A simulated backend's tap needs none."""
    pinned: Literal["passes through", "fails"] = "passes through"
    """Of a recipient that cannot be opened: ``fails`` intercepts it nonetheless, so that the unit refuses to send."""

    @model_validator(mode="after")
    def _fitting(self) -> AccessRow:
        given = {info.alias or name for name, info in type(self).model_fields.items() if name in self.model_fields_set}
        if stray := sorted(given - {"host", "access", *_KEYS[self.access]}):
            fits = ", ".join(f"`{key}`" for key in _KEYS[self.access]) or "nothing more"
            raise ValueError(f"`{stray[0]}` does not belong to access `{self.access}`, which takes {fits}")
        if self.access == "keylog" and self.path is None:
            raise ValueError("access `keylog` needs `path`, where the key log is")
        return self

    @property
    def opened_by_gateway(self) -> bool:
        """Whether the gateway ends the unit's TLS, or hands the connection through untouched."""
        return self.access in ("intercept", "client_cert") or (self.access == "metadata" and self.pinned == "fails")


def distinct(rows: Iterable[AccessRow]) -> None:
    """:raises ValueError: two rows are about the same host"""
    seen: set[str] = set()
    for row in rows:
        if row.host.casefold() in seen:
            raise ValueError(f"two rows of `access` are about {row.host}")
        seen.add(row.host.casefold())
