"""Tables for Allure: what left, unit state, the files of a run."""

from __future__ import annotations

import csv
import hashlib
import io

from reports.csvtables import as_csv, recordings, unit_state, what_left
from telltale.timeline import Timeline
from telltale.times import SECOND
from telltale.verdict import Verdict

VIN = "LNBSCPEK9JD012493"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_alike_transmissions_share_a_row(sent, seen):
    """Counted, with first and last time of day; what differs in verdict or content stands apart."""
    moments = [1_795_338_346, 1_795_338_356, 1_795_338_366, 1_795_338_376]
    sent_all = [sent(index=n, bench=moment * SECOND, body=VIN.encode()) for n, moment in enumerate(moments)]
    sightings = [
        seen(VIN.encode(), VIN.encode(), value=VIN, index=n, chain=("base64",) if n == 2 else ()) for n in range(3)
    ]
    table = rows(what_left(sent_all, sightings, {0: ("plan", Verdict.VIOLATES), 1: ("plan", Verdict.VIOLATES)}))
    assert [(row["times"], row["verdict"], row["holds"], row["function"]) for row in table] == [
        ("2", "violates", "vin", "plan"),
        ("1", "not judged", "vin (base64 > plain)", ""),
        ("1", "not judged", "", ""),
    ]
    assert (table[0]["first"], table[0]["last"]) == ("09:05:46", "09:05:56")
    assert table[0]["over"] == "cellular, https"


def test_cells_are_never_formulas():
    """A unit chooses its host names, a reviewer may open the table in a spreadsheet."""
    assert rows(as_csv(["a", "b"], [["=HYPERLINK(1)", "x,\ny"]])) == [{"a": "'=HYPERLINK(1)", "b": "x,\ny"}]


def test_unit_state_is_told_change_by_change():
    """With who said so."""
    timeline = Timeline()
    timeline.record(1_795_338_346 * SECOND, "gear", "D", "stimulus")
    assert rows(unit_state(timeline)) == [
        {"bench time": "2026-11-22T09:05:46.000Z", "fact": "gear", "value": "D", "source": "stimulus"}
    ]


def test_recordings_are_named_with_their_hashes(tmp_path):
    """Files in folders as well."""
    (tmp_path / "traffic.pcapng").write_bytes(b"packets")
    (tmp_path / "flash").mkdir()
    (tmp_path / "flash" / "state").write_bytes(b"")
    table = rows(recordings(tmp_path))
    assert [(row["file"], row["bytes"]) for row in table] == [("flash/state", "0"), ("traffic.pcapng", "7")]
    assert table[1]["sha256"] == hashlib.sha256(b"packets").hexdigest()
