"""The page of ``telltale audit``: whole, masked, inert, and readable in a browser."""

from __future__ import annotations

import html.parser
import shutil
import subprocess

import pytest

from reports.audit_page import audit_page
from reports.audited import Audited
from reports.flow_picture import MOST, flow_picture
from reports.overview import Overview
from telltale.errors import ExitStatus
from telltale.verdict import Verdict

VIN = "LNBSCPEK9JD012493"
OTHER = "LSVAU2A30N2123456"
EVIL = '<script>document.title="owned"</script><img src=x onerror=alert(1)>"\x1b[31m\x00\x07\u202e\udcff'
FACTS = {"looked for": "vin", "policy": f"Example {EVIL}"}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


class Reader(html.parser.HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.attributes = [], "", set()
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attributes}

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def audited(sent, seen):
    """Makes what came of a capture, with a sighting for each host."""

    def make(*hosts, name="a.pcap", verdict=None, reveal=False, value=VIN, form="plain", **more):
        overview = Overview([VIN], reveal=reveal)
        for index, host in enumerate(hosts):
            data = value.encode()
            sighting = seen(data, data, value=value, form=form, index=index)
            overview.add(sent(index=index, host=host, body=data), [sighting], {0: verdict} if verdict else None)
        return Audited(name=name, size=1234, kind="pcap", overview=overview, verdict=verdict, **more)

    return make


def test_everything_is_on_the_page(audited, sent):
    """Captures, sightings, what was not seen, the judgement, and the captures that could not be opened."""
    first = audited(
        "a.test",
        verdict=Verdict.VIOLATES,
        gaps=("the file is cut off at byte 24",),
        conclusion=("covered: violates", "  violates: no clause permits it"),
    )
    first.overview.add(sent(index=7, host="quiet.test"), [])
    bad = Audited(name="b.pcap", size=3, failure="is no capture", failed=ExitStatus.USAGE)
    page = Reader(audit_page([first, bad], facts=FACTS, secrets=[VIN]))
    for told in (
        "2 captures: 1 violates, 1 not opened",
        "violates; 1 of 2 captures could not be judged",
        "LNB•••••••••••493",
        "body 0+17",
        "a.test",
        "quiet.test",
        "not seen: the file is cut off at byte 24",
        "violates: no clause permits it",
        "is no capture",
        "looked for",
    ):
        assert told in page.text, told
    assert "svg" in page.tags


def test_nothing_of_a_capture_becomes_markup_or_stays_in_clear(audited):
    """Script, terminal escapes, NULs, turns of the reading direction and broken UTF-8 from hosts, files and reasons."""
    one = audited(
        EVIL,
        f"{VIN}.car.test",
        name=f"{EVIL}{VIN}",
        gaps=(EVIL, VIN),
        verdict=Verdict.VIOLATES,
        conclusion=(EVIL, f"{EVIL} {VIN}"),
    )
    text = audit_page([one, one], facts=FACTS, secrets=[VIN])
    text.encode()
    page = Reader(text)
    assert not {"script", "img", "iframe", "object", "link"} & set(page.tags)
    assert not any(name.startswith("on") or name == "src" for name in page.attributes)
    assert not [c for c in text if not c.isprintable() and c != "\n"]
    assert VIN.casefold() not in text.casefold()
    assert "default-src 'none'" in text
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_values_are_revealed_only_when_asked(audited):
    assert VIN in audit_page([audited("a.test", reveal=True)], facts={}, secrets=[])


def test_recognised_values_are_masked_in_the_names_of_hosts_too(audited):
    """They are none of the run's identities, and somebody's all the same."""
    one = audited(f"{OTHER.lower()}.car.test", value=OTHER, form="recognised")
    text = audit_page([one], facts={}, secrets=[VIN])
    assert OTHER.casefold() not in text.casefold()
    assert "lsv•••••••••••456.car.test" in text


def test_bands_share_a_row_where_there_is_no_room(audited):
    """The gravest are drawn; no sighting is lost."""
    quiet = audited(*(f"h{number}.test" for number in range(3 * MOST)), verdict=Verdict.COMPLIES)
    grave = audited("grave.test", verdict=Verdict.VIOLATES)
    drawing = str(flow_picture([*quiet.overview.rows, *grave.overview.rows]))
    assert "grave.test" in drawing
    assert "others" in drawing
    assert f"vin → others: {3 * MOST - (MOST - 2)} sightings, complies" in drawing
    assert drawing.count("<path") == MOST


def test_nothing_seen_is_said(audited):
    assert flow_picture([]) is None
    assert "Nothing that was looked for was seen." in audit_page([audited()], facts={}, secrets=[VIN])


@pytest.mark.skipif(not CHROMIUM, reason="this machine has no Chromium")
def test_a_browser_shows_it_and_runs_nothing(audited, tmp_path):
    """Headless Chromium, with the page's own text as it lays it out."""
    page = tmp_path / "page.html"
    one = audited(EVIL, "a.test", verdict=Verdict.VIOLATES)
    page.write_text(audit_page([one], facts=FACTS, secrets=[VIN]), encoding="utf-8")
    flags = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}")
    done = subprocess.run(
        [CHROMIUM, *flags, "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    assert "<title>What left the car</title>" in done.stdout
    assert "<script" not in done.stdout
    assert "LNB•••••••••••493" in done.stdout
