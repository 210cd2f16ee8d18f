"""The clause matrix as one HTML file that loads nothing: every clause, with a filter that needs no script of others.

It is built as a tree, so that nothing from a file can become markup; its own policy lets only the filter's script run.
"""

from __future__ import annotations

import base64
import hashlib
import xml.etree.ElementTree as ET
from collections.abc import Sequence

from reports.matrix import MatrixRow, summary

_HEADINGS = ("clause", "section", "modality", "what it says", "scenarios", "coverage", "verdict", "proof", "reason")
_FILTER = """
const words=document.querySelector('input'),rows=[...document.querySelectorAll('tbody tr')];
words.addEventListener('input',()=>{const wanted=words.value.toLowerCase().split(/\\s+/).filter(Boolean);let shown=0;
for(const row of rows){const text=row.textContent.toLowerCase();
row.hidden=!wanted.every(word=>text.includes(word));shown+=!row.hidden}
document.querySelector('output').textContent=shown+' of '+rows.length})
"""
_STYLE = """
body{font:14px/1.45 system-ui,"Noto Sans CJK SC",sans-serif;margin:2em;color:#1b1f24;background:#fff}
h1{font-size:1.5em;margin:0} .pale{color:#57606a} .mark{background:#fff8c5;padding:.5em .8em;border-radius:.4em}
input{font:inherit;padding:.3em .6em;width:24em;margin:1em .6em 1em 0}
table{border-collapse:collapse;width:100%}
td,th{padding:.35em .8em .35em 0;text-align:left;vertical-align:top;border-bottom:1px solid #eaeef2}
th{color:#57606a;position:sticky;top:0;background:#fff} td{overflow-wrap:anywhere}
td:first-child,td:nth-child(6){white-space:nowrap}
.violates,.none{color:#a40e26;font-weight:600} .inconclusive{color:#7d4e00;font-weight:600}
.complies{color:#116329;font-weight:600} ul{margin:0;padding-left:1.1em}
"""


def matrix_page(rows: Sequence[MatrixRow], *, title: str, caption: str) -> str:
    """The page as text.

    :param caption: on which kind of rig the verdicts were drawn, and what is stale
    """
    allowed = base64.b64encode(hashlib.sha256(_FILTER.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{allowed}'"
    html = ET.Element("html", lang="en")
    head = ET.SubElement(html, "head")
    ET.SubElement(head, "meta", charset="utf-8")
    ET.SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    ET.SubElement(head, "title").text = f"Clauses of {title}"
    ET.SubElement(head, "style").text = _STYLE
    body = ET.SubElement(html, "body")
    _add(body, "h1", title)
    _add(body, "p", summary(rows), kind="pale")
    for said in caption.splitlines():
        _add(body, "p", said, kind="mark")
    ET.SubElement(body, "input", type="search", placeholder="words that a row must hold, such as: violates 二(一)2")
    _add(body, "output", f"{len(rows)} of {len(rows)}", kind="pale")
    table = ET.SubElement(body, "table")
    line = ET.SubElement(ET.SubElement(table, "thead"), "tr")
    for heading in _HEADINGS:
        _add(line, "th", heading)
    inside = ET.SubElement(table, "tbody")
    for row in rows:
        _row(ET.SubElement(inside, "tr"), row)
    ET.SubElement(body, "script").text = _FILTER
    return "<!doctype html>\n" + ET.tostring(html, encoding="unicode", method="html") + "\n"


def _row(line: ET.Element, row: MatrixRow) -> None:
    inferred = " (inferred)" if row.warning else ""
    for text in (row.clause, row.section, row.modality, row.statement + inferred):
        _add(line, "td", text)
    listed = ET.SubElement(ET.SubElement(line, "td"), "ul")
    for scenario in row.scenarios:
        _add(listed, "li", scenario)
    _add(line, "td", row.coverage, kind=row.coverage)
    _add(line, "td", row.verdicts, kind=row.verdicts.split()[0]).set("title", "\n".join(row.evidence))
    _add(line, "td", row.proof)
    _add(line, "td", "; ".join(filter(None, (row.reason, *row.stale))))


def _add(parent: ET.Element, tag: str, text: str, *, kind: str = "") -> ET.Element:
    element = ET.SubElement(parent, tag, {"class": kind} if kind else {})
    element.text = text
    return element
