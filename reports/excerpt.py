"""A transmission as people read it: its parts, with each sighting marked and every identity masked.

Everything that came from the unit is escaped: a unit can send script.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

from telltale.identity import masked
from telltale.sighting import Sighting
from telltale.times import utc
from telltale.transmission import Part, Transmission

CONTEXT = 160
"""Bytes shown on either side of a sighting in a long part."""
WHOLE = 2000
"""A part of up to this many bytes is shown whole."""

_STYLE = """<style>
body{font:14px/1.45 system-ui,sans-serif;margin:1em;color:#1b1f24}
h2{font-size:1.05em;margin:0 0 .3em} h3{font-size:.95em;margin:1em 0 .2em}
table{border-collapse:collapse} td,th{padding:.15em .7em .15em 0;text-align:left;vertical-align:top}
pre{background:#f6f8fa;border:1px solid #d0d7de;border-radius:4px;padding:.7em;white-space:pre-wrap;word-break:break-all}
mark{background:#ffd33d;border-radius:2px;padding:0 1px}
.cut{color:#6e7781}
</style>"""


def as_html(transmission: Transmission, sightings: Sequence[Sighting], *, secrets: Sequence[str] = ()) -> str:
    """One page: where it went, what was seen in it, and each part with the sightings marked.

    *secrets* are identities in clear; wherever one stands, it is shown masked.
    """
    facts = [
        ("sent", utc(transmission.bench if transmission.bench is not None else transmission.sent)),
        ("channel", f"{transmission.channel} over {transmission.uplink or 'an unknown uplink'}"),
        ("from", str(transmission.source)),
        ("to", f"{transmission.recipient} ({transmission.destination})"),
        ("answer", str(transmission.status) if transmission.status is not None else "none"),
        ("packets", "-".join(map(str, transmission.frames)) if transmission.frames else "unknown"),
    ]
    rows = "".join(f"<tr><th>{html.escape(k)}</th><td>{html.escape(v)}</td></tr>" for k, v in facts)
    seen = "".join(
        f"<tr><td>{html.escape(s.item)}</td><td>{html.escape(masked(s.value))}</td>"
        f"<td>{html.escape(' &gt; '.join((*s.chain, s.form)).replace('&gt;', '>'))}</td>"
        f"<td>{html.escape(s.part)} bytes {s.offset}-{s.offset + s.length - 1}</td></tr>"
        for s in sightings
    )
    parts = "".join(
        f"<h3>{html.escape(part.name)}</h3>{_part(part, [s for s in sightings if s.part == part.name], secrets)}"
        for part in transmission.parts
    )
    return (
        f"<!doctype html><meta charset='utf-8'>{_STYLE}<h2>{html.escape(transmission.summary)}</h2><table>{rows}</table>"
        f"<h3>Seen in it</h3><table><tr><th>item</th><th>value</th><th>how</th><th>where</th></tr>{seen}</table>{parts}"
    )


def _part(part: Part, sightings: Sequence[Sighting], secrets: Sequence[str]) -> str:
    if part.opaque:
        return f"<p class='cut'>{len(part.data)} bytes that could not be read: {html.escape(part.opaque)}</p>"
    shown: list[str] = []
    for start, stop in _windows(part.data, sightings):
        if start:
            shown.append(f"<span class='cut'>… {start} bytes before …</span>\n")
        shown.append(_marked(part.data, start, stop, sightings, secrets))
        if stop < len(part.data):
            shown.append(f"\n<span class='cut'>… {len(part.data) - stop} bytes after …</span>\n")
    return f"<pre>{''.join(shown)}</pre>"


def _windows(data: bytes, sightings: Sequence[Sighting]) -> list[tuple[int, int]]:
    """Spans of *data* to show: all of a short part, else the surroundings of the sightings."""
    if len(data) <= WHOLE:
        return [(0, len(data))]
    spans = sorted(
        (max(s.offset - CONTEXT, 0), min(s.offset + min(s.length, WHOLE) + CONTEXT, len(data))) for s in sightings
    ) or [(0, CONTEXT)]
    merged = [spans[0]]
    for start, stop in spans[1:]:
        if start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def _marked(data: bytes, start: int, stop: int, sightings: Sequence[Sighting], secrets: Sequence[str]) -> str:
    cuts = {start, stop}
    for s in sightings:
        cuts |= {min(max(s.offset, start), stop), min(max(s.offset + s.length, start), stop)}
    edges = sorted(cuts)
    out: list[str] = []
    for left, right in zip(edges, edges[1:], strict=False):
        text = html.escape(_readable(data[left:right], secrets))
        inside = any(s.offset <= left and right <= s.offset + s.length for s in sightings)
        out.append(f"<mark>{text}</mark>" if inside else text)
    return "".join(out)


def _readable(data: bytes, secrets: Sequence[str]) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = None
    if text is not None and all(c.isprintable() or c in "\r\n\t" for c in text):
        return mask_all(text, secrets)
    # identities must not survive in a hex dump either
    for secret in secrets:
        data = data.replace(secret.encode(), masked(secret).encode())
    return data.hex(" ")


def mask_all(text: str, secrets: Sequence[str]) -> str:
    """*text* with every secret masked, longest first so that one inside another is caught whole."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, masked(secret))
    return text
