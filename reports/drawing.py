"""A small SVG canvas, built as a tree, so that a unit's text can never become markup; identities in it are masked."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence

from reports.masking import mask_all, printable

INK, PALE, GRID = "#1f2328", "#59636e", "#d1d9e0"


class Drawing:
    """Shapes in pixels from the top left; each method adds one.

    :param secrets: identities in clear, masked in every text
    """

    def __init__(self, width: int, height: int, secrets: Sequence[str]) -> None:
        self._secrets = secrets
        self._svg = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {width} {height}",
                "width": str(width),
                "height": str(height),
                "font-family": "system-ui, 'Noto Sans CJK SC', sans-serif",
            },
        )
        self.rect((0, 0, width, height), "#ffffff")

    def __str__(self) -> str:
        ET.indent(self._svg)
        return ET.tostring(self._svg, encoding="unicode") + "\n"

    @property
    def element(self) -> ET.Element:
        """The picture as a tree, for a page that holds it."""
        return self._svg

    def rect(
        self, box: tuple[float, float, float, float], fill: str, *, edge: str | None = None, tip: str | None = None
    ) -> None:
        """A filled box (x, y, width, height); *tip* is shown when the pointer rests on it."""
        x, y, width, height = box
        self._add("rect", x=x, y=y, width=width, height=height, fill=fill, stroke=edge, tip=tip)

    def circle(self, x: float, y: float, r: float, fill: str, *, edge: str, tip: str | None = None) -> None:
        """A disc round (x, y)."""
        self._add("circle", cx=x, cy=y, r=r, fill=fill, stroke=edge, tip=tip)

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str = GRID) -> None:
        """A thin line."""
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=colour)

    def path(
        self, d: str, fill: str, *, edge: str | None = None, opacity: float | None = None, tip: str | None = None
    ) -> None:
        """Any shape, in SVG's path language."""
        self._add("path", d=d, fill=fill, stroke=edge, fill_opacity=opacity, tip=tip)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        size: float = 12,
        bold: bool = False,
        anchor: str | None = None,
        fill: str = INK,
    ) -> None:
        """One line of text on the baseline *y*.

        :param anchor: ``middle`` or ``end`` where *x* is not its start
        """
        weight = "600" if bold else None
        element = self._add("text", x=x, y=y, font_size=size, font_weight=weight, text_anchor=anchor, fill=fill)
        element.text = self.clean(text)

    def clean(self, text: str) -> str:
        """Masked, and without the characters that XML cannot hold or that turn the reading direction."""
        return printable(mask_all(text, self._secrets))

    def _add(self, shape: str, *, tip: str | None = None, **attributes: str | float | None) -> ET.Element:
        given = {
            name.replace("_", "-"): value if isinstance(value, str) else f"{value:g}"
            for name, value in attributes.items()
            if value is not None
        }
        element = ET.SubElement(self._svg, shape, given)
        if tip is not None:
            ET.SubElement(element, "title").text = self.clean(tip)
        return element


def fitting(text: str, width: float, *, size: float = 11.5) -> str:
    """*text* cut to about *width* pixels; empty if hardly a character fits. East Asian characters are wide."""
    room = width / (size * 0.55)
    used = 0.0
    for index, character in enumerate(text):
        used += 1.8 if ord(character) >= 0x2E80 else 1
        if used > room:
            return text[: index - 1] + "\N{HORIZONTAL ELLIPSIS}" if index > 2 else ""
    return text
