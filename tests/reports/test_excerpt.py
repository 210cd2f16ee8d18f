"""The page of one transmission: marked, masked, legible, inert."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from html.parser import HTMLParser

from reports.excerpt import as_html, is_text, visible
from telltale.finding import Finding
from telltale.transmission import Field, Part, Transmission
from telltale.verdict import Verdict

VIN = "LNBSCPEK9JD012493"


class _Tags(HTMLParser):
    """Elements and attributes as a browser would find them."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def marks(page: str) -> list[str]:
    return [html.unescape(re.sub("<[^>]+>", "", mark)) for mark in re.findall(r"<mark[^>]*>(.*?)</mark>", page)]


def test_sightings_are_marked_where_they_stand_and_masked(sent, seen):
    """In URL, header and body, each in its own part."""
    url, header = f"https://x.test/?vin={VIN}".encode(), f"x-car: {VIN}\r\n".encode()
    page = as_html(
        sent(url=url, header=header),
        [seen(data, VIN.encode(), value=VIN, part=part) for part, data in (("url", url), ("header", header))],
    )
    assert marks(page) == ["LNB•••••••••••493"] * 2
    assert VIN not in page
    assert "https://x.test/?vin=" in page
    assert "url bytes 20-36" in page


def test_an_encoded_sighting_does_not_carry_the_identity_out(sent, seen):
    """The marked base64 would decode to it, so its middle is hidden as well."""
    text = base64.b64encode(gzip.compress(VIN.encode(), mtime=0))
    body = json.dumps({"车辆": "小米", "blob": text.decode()}, ensure_ascii=False).encode()
    page = as_html(sent(body=body), [seen(body, text, value=VIN, chain=("base64", "gzip"))])
    assert text.decode() not in page
    assert marks(page)[0].startswith("H4s•")
    assert "小米" in page
    assert "base64 &gt; gzip &gt; plain" in page


def test_secrets_are_masked_where_nobody_marked_them(sent):
    """In text, in the summary, in hex dumps and in base64."""
    binary = b"\x00\xff\xfe" + VIN.encode() + b"\x01\x80"
    page = as_html(sent(url=VIN.encode(), body=binary, note=base64.b64encode(b"." + VIN.encode())), [], secrets=[VIN])
    flat = re.sub("<[^>]+>", "", page).replace(" ", "").replace("\n", "")
    assert VIN not in page
    assert VIN.encode().hex()[10:-10] not in flat
    assert base64.b64encode(b"." + VIN.encode()).decode() not in page


def test_a_frame_is_shown_as_marked_hex_with_its_fields(sent, seen):
    """GB/T 32960: VIN bytes marked and hidden, other bytes in clear, decoded values beside their bytes."""
    frame = b"##\x02\xfe" + VIN.encode() + b"\x01\x00\x06" + bytes([26, 11, 22, 17, 6, 46]) + b"\x91"
    fields = [
        Field(name="vin", value=VIN, part="payload", offset=4, length=17),
        Field(name="time", value="2026-11-22T09:06:46Z", part="payload", offset=24, length=6),
        Field(name="speed", value=72.5, part="payload", offset=24, length=2),
    ]
    page = as_html(
        sent(channel="gbt32960", fields=fields, payload=frame),
        [seen(frame, VIN.encode(), value=VIN, part="payload")],
        secrets=[VIN],
    )
    assert "23 23 02 fe" in page
    assert "Decoded fields" in page
    assert "LNB•••••••••••493" in page
    assert "1a 0b 16 11 06 2e" in page
    assert ">72.5<" in page
    flat = re.sub("<[^>]+>", "", page)
    assert VIN not in flat
    assert VIN.encode().hex(" ")[15:-15] not in flat


def test_a_position_field_is_masked_with_its_sighting(sent, seen):
    """Fields that lie under a mark do not tell what the mark hides."""
    frame = bytes([0xFF, 0x00]) * 4 + (116404000).to_bytes(4, "big") + (39908000).to_bytes(4, "big")
    field = Field(name="position", value=(39.908, 116.404), part="payload", offset=8, length=8)
    sighting = seen(frame, frame[8:], value="39.908000,116.404000", item="position", part="payload")
    page = as_html(sent(payload=frame, fields=[field]), [sighting])
    assert "39.908" not in page
    assert "116.404" not in page
    assert (39908000).to_bytes(4, "big").hex(" ") not in page


def test_script_from_a_unit_is_inert(sent, seen):
    """Escaped in every place that a unit can fill, and forbidden by the page's own policy."""
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>'\""
    body = f"{evil}{VIN}".encode()
    sent_by_unit = Transmission(
        **{
            **{name: getattr(sent(), name) for name in Transmission.__dataclass_fields__},
            "host": evil,
            "summary": evil,
            "malformed": evil,
            "parts": (Part(name=evil, data=body), Part(name="sealed", data=b"x", opaque=evil)),
            "fields": (Field(name=evil, value=evil, part=evil, offset=0, length=8),),
        }
    )
    finding = Finding(verdict=Verdict.VIOLATES, reason=evil, clauses=(evil,), reading=evil)
    page = as_html(sent_by_unit, [seen(body, VIN.encode(), value=evil, item=evil, part=evil)], findings=[finding])
    assert "default-src 'none'" in page
    found = _Tags()
    found.feed(page)
    assert {"mark", "table", "pre"} <= found.tags
    assert not found.tags & {"script", "img"}
    assert not {name for name in found.attributes if name.startswith("on") or name in ("src", "href")}


def test_text_that_hides_or_turns_is_shown_as_escapes():
    """Right-to-left override, zero width, null and escape characters."""
    assert visible("a\u202eb\u200bc\x00\x1b[31m中") == r"a\u202eb\u200bc\x00\x1b[31m中"


def test_chinese_is_never_cut_inside_a_character(sent, seen):
    """The surroundings of a sighting in a long text begin and end on characters."""
    body = ("汉" * 1500 + "xx" + VIN + "y" + "字" * 1500).encode()
    page = as_html(sent(body=body), [seen(body, VIN.encode(), value=VIN)])
    assert "�" not in page
    assert "\\x" not in page
    assert "汉汉xx<mark" in page
    cut = [int(count.replace(",", "")) for count in re.findall(r"… ([\d,]+) bytes …", page)]
    shown = len(re.findall("[汉字]", page)) * 3 + len(VIN) + 3
    assert sum(cut) + shown == len(body)


def test_media_is_named_by_size_and_its_bytes_are_left_out(sent, seen):
    """A film of 48 kB takes five lines, and none of its content."""
    film = bytes(range(256)) * 188
    body = b'--b\r\nContent-Disposition: form-data; name="v"\r\n\r\n' + film + b"\r\n--b--\r\n"
    page = as_html(sent(body=body), [seen(body, film, value="48128 bytes", item="cabin_video", chain=("multipart",))])
    assert "48128 bytes" in page
    assert "marked bytes …" in page
    assert len(page) < 12_000


def test_a_long_marked_text_is_shortened(sent, seen):
    """Its size stands in its middle."""
    text = base64.b64encode(bytes(9000) + VIN.encode())
    body = b'{"b": "' + text + b'"}'
    page = as_html(sent(body=body), [seen(body, text, value=VIN, chain=("base64",))])
    assert f"[{len(text):,} bytes]" in marks(page)[0]
    assert len(page) < 8000


def test_what_could_not_be_read_says_why(sent):
    """No bytes are shown of it."""
    base = sent()
    fields = {name: getattr(base, name) for name in Transmission.__dataclass_fields__}
    page = as_html(
        Transmission(**{**fields, "parts": (Part(name="payload", data=bytes(900), opaque="no TLS keys"),)}), []
    )
    assert "900 bytes that could not be read: no TLS keys" in page


def test_the_judgement_stands_on_the_page(sent):
    """Alike findings once."""
    finding = Finding(verdict=Verdict.VIOLATES, reason="XM-21-03 forbids vin", clauses=("XM-21-03",))
    page = as_html(sent(body=b"x"), [], findings=[finding, finding])
    assert page.count("XM-21-03 forbids vin") == 1


def test_text_may_hold_a_rare_odd_character_and_binary_may_not():
    """A hex dump is for what people cannot read."""
    assert is_text("ordinary text with 汉字 and one \x07 bell in forty characters and more".encode())
    assert not is_text(b"\x00\x01\x02abc")
    assert not is_text(b"\xff\xd8\xff\xe0")
