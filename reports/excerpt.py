"""A transmission as people read it: what was judged, what was seen, each part with the sightings marked and masked.

The page is self-contained and inert: a unit can send script, so all of it is escaped, characters that would reorder or
hide text are shown as escapes, and the page's own policy lets nothing run and nothing load.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from reports.hexdump import Line, dump
from reports.masking import DOT, mask_all
from telltale.finding import Finding
from telltale.identity import masked
from telltale.items import taxonomy
from telltale.sighting import Sighting
from telltale.times import utc
from telltale.transmission import Field, Part, Transmission

CONTEXT = 160
"""Bytes shown on either side of a sighting in a long part."""
WHOLE = 2000
"""A part of up to this many bytes is shown whole."""
LONGEST_MARK = 96
"""Characters of a marked text; of a longer one the beginning and the end are shown."""
MOST_SPANS = 8
"""Places shown in one part."""

_STYLE = """<style>
:root{color-scheme:light}
body{font:14px/1.45 system-ui,sans-serif;margin:.6em;color:#1b1f24;background:#fff}
h2{font-size:1.1em;margin:0 0 .3em} h3{font-size:.95em;margin:1.2em 0 .3em}
table{border-collapse:collapse;margin-bottom:.8em} td,th{padding:.15em 1em .15em 0;text-align:left;vertical-align:top}
th{font-weight:600;color:#57606a;white-space:nowrap} td{overflow-wrap:anywhere}
td.mono,pre{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:12.5px}
pre{background:#f6f8fa;border:1px solid #d0d7de;border-radius:4px;padding:.7em;margin:0;line-height:1.5}
pre.text{white-space:pre-wrap;overflow-wrap:anywhere} pre.bytes{overflow-x:auto} pre.bytes mark{padding:0}
mark{background:#ffd33d;border-radius:2px;padding:0 1px;color:inherit}
.cut,.where{color:#6e7781}
.violates{color:#a40e26} .inconclusive{color:#7d4e00} .complies{color:#116329}
td.violates,td.inconclusive,td.complies{font-weight:600;white-space:nowrap}
</style>"""
_HEAD = (
    "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
    "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
)


def as_html(
    transmission: Transmission,
    sightings: Sequence[Sighting],
    *,
    secrets: Sequence[str] = (),
    findings: Sequence[Finding] = (),
) -> str:
    """One page: where it went, how it was judged, what was seen in it, and each part with the sightings marked.

    :param secrets: identities in clear; wherever one stands, in clear, hex or base64, it is shown masked
    :param findings: what the judge said of this transmission
    """

    def told(text: str) -> str:
        return html.escape(visible(mask_all(text, secrets)))

    def seen_in(name: str) -> list[Sighting]:
        return [s for s in sightings if s.part == name]

    title = told(transmission.summary)
    pieces = [f"{_HEAD}<title>{title}</title>{_STYLE}</head><body><h2>{title}</h2>"]
    if findings:
        rows = [(f.verdict, ", ".join(f.clauses), f.reason, f.reading or "every") for f in _distinct(findings)]
        cells = [
            [f"<td class='{row[0]}'>{told(row[0])}</td>", *(f"<td>{told(c)}</td>" for c in row[1:])] for row in rows
        ]
        pieces.append(_table(["verdict", "clauses", "reason", "reading"], cells))
    seen = [
        (s.item, _value(s), " > ".join((*s.chain, s.form)), f"{s.part} bytes {s.offset}-{s.offset + s.length - 1}")
        for s in sightings
    ]
    cells = [[f"<td>{told(cell)}</td>" for cell in row] for row in seen]
    pieces.append(_table(["item", "value", "how", "where"], cells) if cells else "<p>none of this run's identities</p>")
    pieces.append(_table([], [[f"<th>{k}</th>", f"<td>{told(v)}</td>"] for k, v in _facts(transmission)]))
    for part in transmission.parts:
        pieces.append(f"<h3>{told(_heading(part))}</h3>")
        pieces.append(_part(part, seen_in(part.name), secrets))
        if fields := [f for f in transmission.fields if f.part == part.name]:
            pieces += ["<h3>Decoded fields</h3>", _field_table(fields, part, seen_in(part.name), secrets)]
    return "".join([*pieces, "</body></html>"])


def _facts(transmission: Transmission) -> Iterator[tuple[str, str]]:
    t = transmission
    yield "transmission", str(t.index)
    if t.bench is not None:
        yield "sent, bench time", utc(t.bench)
    yield "sent, wall time", utc(t.sent)
    if t.generated is not None:
        yield "made, bench time", utc(t.generated)
    yield "channel", f"{t.channel} over {t.uplink or 'an unknown uplink'}" + (f", by {t.ecu}" if t.ecu else "")
    yield "from", str(t.source)
    yield "to", f"{t.recipient} ({t.destination})"
    yield "answer", str(t.status) if t.status is not None else "none"
    yield "packets", "-".join(str(n) for n in dict.fromkeys(t.frames)) if t.frames else "unknown"
    if not t.complete:
        yield "complete", "no, it was cut off"
    if t.malformed:
        yield "malformed", t.malformed


def _value(sighting: Sighting) -> str:
    item = taxonomy().get(sighting.item)
    return sighting.value if item and item.kind == "media" else masked(sighting.value)  # media is named by its size


def _heading(part: Part) -> str:
    taken_off = f", {' > '.join(part.encoding)} taken off" if part.encoding else ""
    return f"{part.name} ({len(part.data):,} bytes{taken_off})"


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    return list({(f.verdict, f.clauses, f.reason, f.reading): f for f in findings}.values())


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Cells and headings are HTML already."""
    head = f"<tr>{''.join(f'<th>{name}</th>' for name in headings)}</tr>" if headings else ""
    return f"<table>{head}{''.join(f'<tr>{chr(10).join(row)}</tr>' for row in rows)}</table>"


# --- parts ------------------------------------------------------------------------------------------------------


def _part(part: Part, sightings: Sequence[Sighting], secrets: Sequence[str]) -> str:
    if part.opaque:
        return f"<p class='cut'>{len(part.data):,} bytes that could not be read: {html.escape(part.opaque)}</p>"
    if not part.data:
        return "<p class='cut'>empty</p>"
    text = is_text(part.data)
    shown: list[str] = []
    end = 0
    spans = _spans(part.data, sightings)
    for start, stop in spans[:MOST_SPANS]:
        shown.append(_cut(start - end))
        shown.append(
            _marked_text(part.data, start, stop, sightings, secrets)
            if text
            else _marked_bytes(part.data, start, stop, sightings, secrets)
        )
        end = stop
    shown.append(_cut(len(part.data) - end))
    return f"<pre class='{'text' if text else 'bytes'}'>{chr(10).join(piece for piece in shown if piece)}</pre>"


def _cut(count: int) -> str:
    return f"<span class='cut'>… {count:,} bytes …</span>" if count else ""


def is_text(data: bytes) -> bool:
    """Whether people can read it: UTF-8 without control characters, but for a rare one."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    odd = sum(not c.isprintable() and c not in "\r\n\t" for c in text)
    return odd * 50 <= len(text)


def visible(text: str) -> str:
    """*text* with each character that cannot be seen, or that turns the reading direction, as an escape."""
    return "".join(c if c.isprintable() or c in "\n\t" else _escape(c) for c in text.replace("\r\n", "\n"))


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _spans(data: bytes, sightings: Sequence[Sighting]) -> list[tuple[int, int]]:
    """Spans of *data* to show: all of a short part, else the surroundings of the sightings, on character borders."""
    if len(data) <= WHOLE:
        return [(0, len(data))]
    merged: list[tuple[int, int]] = []
    for s in sorted(sightings, key=lambda s: s.offset):
        start = _border(data, max(s.offset - CONTEXT, 0))
        stop = _border(data, min(s.offset + s.length + CONTEXT, len(data)))
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged or [(0, _border(data, 2 * CONTEXT))]


def _border(data: bytes, place: int) -> int:
    """The start of the UTF-8 character that *place* lies in."""
    while 0 < place < len(data) and data[place] & 0xC0 == 0x80:
        place -= 1
    return place


def _pieces(start: int, stop: int, sightings: Sequence[Sighting]) -> Iterator[tuple[int, int, bool]]:
    """[start, stop) cut where a mark begins or ends; True for what is marked."""
    cuts = {start, stop}
    for s in sightings:
        cuts |= {min(max(edge, start), stop) for edge in (s.offset, s.offset + s.length)}
    for left, right in pairwise(sorted(cuts)):
        yield left, right, any(s.offset <= left and right <= s.offset + s.length for s in sightings)


def _marked_text(data: bytes, start: int, stop: int, sightings: Sequence[Sighting], secrets: Sequence[str]) -> str:
    out: list[str] = []
    for left, right, marked in _pieces(start, stop, sightings):
        text = data[left:right].decode(errors="backslashreplace")
        if not marked:
            out.append(html.escape(visible(mask_all(text, secrets))))
            continue
        hidden = masked(text)
        if len(hidden) > LONGEST_MARK:
            end = LONGEST_MARK // 2
            hidden = f"{hidden[:end]}[{right - left:,} bytes]{hidden[-end:]}"
        titles = ", ".join(
            sorted({s.describe() for s in sightings if s.offset <= left and right <= s.offset + s.length})
        )
        out.append(f"<mark title='{html.escape(titles)}'>{html.escape(visible(hidden))}</mark>")
    return "".join(out)


def _marked_bytes(data: bytes, start: int, stop: int, sightings: Sequence[Sighting], secrets: Sequence[str]) -> str:
    spans = [(s.offset, s.offset + s.length) for s in sightings]
    return "\n".join(_hex_line(line) for line in dump(data, start, stop, marks=spans, secrets=secrets))


def _hex_line(line: Line) -> str:
    if line.skipped:
        note = f"… {line.skipped:,} marked bytes …"
        return f"<mark>{note}</mark>"
    pairs = " ".join(_mark_if(cell.pair, marked=cell.marked) for cell in line.cells)
    gap = "   " * (16 - len(line.cells))
    text = "".join(_mark_if(cell.character, marked=cell.marked) for cell in line.cells)
    joined = pairs.replace("</mark> <mark>", " ")
    return f"<span class='where'>{line.offset:06x}</span>  {joined}{gap}  {text.replace('</mark><mark>', '')}"


def _mark_if(text: str, *, marked: bool) -> str:
    return f"<mark>{html.escape(text)}</mark>" if marked else html.escape(text)


def _field_table(fields: Sequence[Field], part: Part, sightings: Sequence[Sighting], secrets: Sequence[str]) -> str:
    rows = []
    for field in fields:
        end = field.offset + field.length
        hidden = any(s.offset < end and field.offset < s.offset + s.length for s in sightings)
        value = field.value if isinstance(field.value, str) else _number(field.value)
        shown = masked(value) if hidden else mask_all(value, secrets)
        raw = part.data[field.offset : end]
        held = (DOT * 2 + " ") * min(len(raw), 8) if hidden else mask_all(raw[:8].hex(" "), secrets)
        cells = (field.name, shown, f"{field.offset}-{end - 1}", held.strip() + (" …" if len(raw) > 8 else ""))
        rows.append(
            [
                f"<td{' class=mono' if i != 0 else ''}>{_mark_if(visible(cell), marked=hidden and i == 1)}</td>"
                for i, cell in enumerate(cells)
            ]
        )
    return _table(["field", "value", "bytes", "hex"], rows)


def _number(value: float | tuple[float, float]) -> str:
    return f"{value[0]:.6f}, {value[1]:.6f}" if isinstance(value, tuple) else f"{value:g}"
