"""What the simulated unit's centre screen shows: the app in front, how its settings stand, and notices.

No identity is ever drawn: apps show their names, notices the texts of the unit file. `png` is what ``screencap`` gives,
`hierarchy` what ``uiautomator dump`` does; both show the same.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from xml.etree import ElementTree as ET

_SIZE = (640, 360)
_LINE = 18
"""Pixels from one line to the next."""
_NOTICES = 5
"""So many are shown, the newest first."""


class Screen:
    """One screen.

    :param settings: (namespace, key) to value, kept up to date by their owner
    """

    def __init__(self, settings: Mapping[tuple[str, str], str]) -> None:
        self._settings = settings
        self.front = "launcher"
        """Package of the app in front."""
        self.notices: list[str] = []
        """What the driver was told, the oldest first."""

    @property
    def lines(self) -> list[str]:
        """Everything that it says, from the top down."""
        notices = [f"! {text}" for text in reversed(self.notices[-_NOTICES:])]
        settings = [f"{space}/{key}: {value}" for (space, key), value in sorted(self._settings.items())]
        return [self.front, *notices, *settings]

    def png(self) -> bytes:
        """As a picture."""
        from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - a tenth of a second that few units need

        picture = Image.new("RGB", _SIZE, "#10141c")
        draw, font = ImageDraw.Draw(picture), ImageFont.load_default()
        for number, text in enumerate(self.lines):
            colour = "#ffb020" if text.startswith("!") else "#e8ecf4"
            shown = text.encode("ascii", "replace").decode()  # the font that Pillow brings knows no more
            draw.text((16, 16 + number * _LINE), shown, fill=colour, font=font)
        out = io.BytesIO()
        picture.save(out, "PNG")
        return out.getvalue()

    def hierarchy(self) -> str:
        """As the accessibility tree."""
        root = ET.Element("hierarchy", rotation="0")
        for number, text in enumerate(self.lines):
            top = 16 + number * _LINE
            bounds = f"[16,{top}][{_SIZE[0]},{top + _LINE}]"
            ET.SubElement(root, "node", {"index": str(number), "text": text, "package": self.front, "bounds": bounds})
        return ET.tostring(root, encoding="unicode")
