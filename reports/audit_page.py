"""The page of ``telltale audit``: one file that opens with a double click, shows everything and loads nothing.

It is built as a tree, so that nothing from a capture can become markup, and its own policy lets no script run: a unit
can send what it likes. Characters that a browser would hide or obey are shown as U+FFFD.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from reports.audit_lines import clean, closing
from reports.audited import Audited
from reports.flow_picture import flow_picture
from reports.gravity import gravest
from reports.overview import Row
from telltale.verdict import Verdict

MOST_ROWS = 1_000
"""Rows of one table; what is beyond is counted, and stands in the JSON lines."""
_NUMBERS = ("first in", "times", "bytes", "transmissions", "sightings", "not seen", "sent")
"""Headings of columns with numbers."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light}
body{font:14px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:2em auto;padding:0 1.5em;max-width:1180px;
color:#1b1f24;background:#fff}
h1{font-size:1.6em;margin:0} h2{font-size:1.2em;margin:2em 0 .5em} h3{font-size:1em;margin:1.4em 0 .4em}
p{margin:.3em 0} .pale{color:#57606a}
.verdict{display:inline-block;padding:.2em .9em;border-radius:1em;font-weight:600;background:#eaeef2;margin:.8em 0}
table{border-collapse:collapse;width:100%;margin:.4em 0 1em}
td,th{padding:.3em .9em .3em 0;text-align:left;vertical-align:top;border-bottom:1px solid #eaeef2}
th{font-weight:600;color:#57606a;white-space:nowrap} td{overflow-wrap:anywhere}
td.number,th.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td.mono{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12.5px;white-space:nowrap}
.violates{color:#a40e26} .inconclusive{color:#7d4e00} .complies{color:#116329}
p.violates{background:#ffebe9} p.inconclusive{background:#fff8c5} p.complies{background:#dafbe1}
td.violates,td.inconclusive,td.complies{font-weight:600;white-space:nowrap}
ul{margin:.3em 0;padding-left:1.3em} li{overflow-wrap:anywhere;margin:.25em 0}
svg{max-width:100%;height:auto} a{color:#0550ae}
@media print{body{margin:0;max-width:none} h2,h3{break-after:avoid} tr,li{break-inside:avoid}}
"""


def audit_page(captures: Sequence[Audited], *, facts: Mapping[str, str], secrets: Sequence[str]) -> str:
    """The page as text.

    :param facts: what the audit was made with, for people: what was looked for, by which policy
    :param secrets: identities in clear, masked wherever they stand; none reveals everything
    """
    return _Page(secrets).make(captures, facts)


class _Page:
    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets

    def make(self, captures: Sequence[Audited], facts: Mapping[str, str]) -> str:
        html = ET.Element("html", lang="en")
        head = ET.SubElement(html, "head")
        ET.SubElement(head, "meta", charset="utf-8")
        ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": _POLICY})
        ET.SubElement(head, "meta", name="viewport", content="width=device-width, initial-scale=1")
        ET.SubElement(head, "title").text = "What left the car"
        ET.SubElement(head, "style").text = _STYLE
        body = ET.SubElement(html, "body")
        self._head(body, captures, facts)
        self._picture(body, captures)
        self._captures(body, captures)
        for number, one in enumerate(captures, 1):
            self._capture(body, number, one)
        return "<!doctype html>\n" + ET.tostring(html, encoding="unicode", method="html") + "\n"

    def _head(self, body: ET.Element, captures: Sequence[Audited], facts: Mapping[str, str]) -> None:
        self._add(body, "h1", "What left the car")
        self._add(body, "p", closing(captures), kind="pale")
        verdict = gravest(one.verdict for one in captures)
        if verdict is not None:
            undone = sum(one.failure is not None for one in captures)
            beside = f"; {undone:,} of {len(captures):,} captures could not be judged" if undone else ""
            self._add(body, "p", f"{verdict}{beside}", kind=f"verdict {verdict}")
        table = self._table(body, ())
        for name, value in facts.items():
            row = ET.SubElement(table, "tr")
            self._add(row, "th", name)
            self._add(row, "td", value)

    def _picture(self, body: ET.Element, captures: Sequence[Audited]) -> None:
        self._add(body, "h2", "What went where")
        drawing = flow_picture(row for one in captures if one.overview for row in one.overview.rows)
        if drawing is None:
            self._add(body, "p", "Nothing that was looked for was seen.")
        else:
            body.append(drawing.element)

    def _captures(self, body: ET.Element, captures: Sequence[Audited]) -> None:
        if len(captures) < 2:
            return
        self._add(body, "h2", "Captures")
        table = self._table(body, ("", "capture", "kind", "bytes", "transmissions", "sightings", "not seen", "outcome"))
        for number, one in enumerate(captures, 1):
            row = ET.SubElement(table, "tr")
            self._add(row, "td", str(number), kind="number")
            cell = ET.SubElement(row, "td")
            ET.SubElement(cell, "a", href=f"#c{number}").text = clean(one.name, self._secrets)
            self._add(row, "td", one.kind)
            seen = one.overview
            figures = (one.size, seen.sent if seen else None, seen.found if seen else None, len(one.gaps))
            for figure in figures:
                self._add(row, "td", "" if figure is None else f"{figure:,}", kind="number")
            self._add(row, "td", one.outcome, kind=str(one.verdict or ""))

    def _capture(self, body: ET.Element, number: int, one: Audited) -> None:
        heading = self._add(body, "h2", one.name)
        heading.set("id", f"c{number}")
        seen = one.overview
        if seen is None:
            self._add(body, "p", one.failure or "")
            return
        self._add(body, "p", f"{one.kind}, {one.size:,} bytes, {seen.counted}", kind="pale")
        if seen.rows:
            self._sightings(body, seen.rows)
        if seen.beyond:
            self._add(body, "p", f"and {seen.beyond:,} more, for which there is no room here")
        if one.conclusion:
            self._add(body, "h3", "Judged")
            self._add(body, "p", one.conclusion[0])
            self._list(body, one.conclusion[1:])
        missing = [*(f"not read: {part}" for part in seen.unread), *(f"not seen: {gap}" for gap in one.gaps)]
        if missing:
            self._add(body, "h3", "What could not be seen")
            self._list(body, missing)
        if seen.silent:
            self._add(body, "h3", "Transmissions without a sighting")
            table = self._table(body, ("recipient", "channel", "sent"))
            for (recipient, channel), count in islice(sorted(seen.silent.items()), MOST_ROWS):
                row = ET.SubElement(table, "tr")
                self._add(row, "td", recipient)
                self._add(row, "td", channel)
                self._add(row, "td", f"{count:,}", kind="number")

    def _sightings(self, body: ET.Element, rows: Sequence[Row]) -> None:
        judged = any(row.verdict for row in rows)
        headings = ["first in", "item", "value", "recipient", "channel", "how", "where", "times"]
        table = self._table(body, [*headings, *(["verdict"] if judged else [])])
        for seen in rows[:MOST_ROWS]:
            row = ET.SubElement(table, "tr")
            self._add(row, "td", str(seen.transmission), kind="number")
            self._add(row, "td", seen.item)
            self._add(row, "td", seen.value, kind="mono")
            for text in (seen.recipient, seen.channel, seen.how, seen.where):
                self._add(row, "td", text)
            self._add(row, "td", f"{seen.count:,}", kind="number")
            if judged:
                self._add(row, "td", str(seen.verdict or ""), kind=str(seen.verdict or ""))
        if len(rows) > MOST_ROWS:
            self._add(body, "p", f"and {len(rows) - MOST_ROWS:,} more rows")

    def _list(self, body: ET.Element, lines: Iterable[str]) -> None:
        listed = ET.SubElement(body, "ul")
        shown = list(lines)
        for line in shown[:MOST_ROWS]:
            text = line.strip()
            word = text.partition(":")[0]
            self._add(listed, "li", text, kind=word if word in set(Verdict) else "")
        if len(shown) > MOST_ROWS:
            self._add(listed, "li", f"and {len(shown) - MOST_ROWS:,} more")

    def _table(self, body: ET.Element, headings: Sequence[str]) -> ET.Element:
        table = ET.SubElement(body, "table")
        if headings:
            row = ET.SubElement(table, "tr")
            for heading in headings:
                self._add(row, "th", heading, kind="number" if heading in _NUMBERS else "")
        return table

    def _add(self, parent: ET.Element, tag: str, text: str, *, kind: str = "") -> ET.Element:
        element = ET.SubElement(parent, tag, {"class": kind} if kind else {})
        element.text = clean(text, self._secrets)
        return element
