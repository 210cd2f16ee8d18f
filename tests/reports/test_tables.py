"""Tables of the terminal, at the widths that people use."""

from __future__ import annotations

import pytest

from reports.overview import Overview
from reports.tables import ScenarioRow, counted, sightings_table, verdict_table
from telltale.sighting import Sighting
from telltale.verdict import Verdict

VIN = "LNBSCPEK9JD012493"
CAPTION = "Xiaomi SU7 (simulated): a simulated rig, which says nothing about a real vehicle."


def row(
    title="With the experience plan off no VIN is sent for it", verdict="complies", readings="", reason="", clauses=None
):
    named = clauses or ["XM-02-05", "XM-02-06", "XM-02-07", "XM-P1-05"]
    return ScenarioRow(title=title, unit="xiaomi-su7", clauses=named, verdict=verdict, readings=readings, reason=reason)


ROWS = [
    row(),
    row(verdict="violates", readings="strict: violates, lenient: complies", reason="XM-02-07 is broken " + "x " * 200),
    row(title="一个非常长的中文场景标题" * 4, verdict="inconclusive", reason="not seen: the gateway failed"),
    row(verdict="skipped", reason="this rig has another car"),
]


@pytest.mark.parametrize("width", [100, 160])
def test_clause_ids_are_never_broken(width):
    """They wrap between ids alone."""
    words = verdict_table(ROWS, caption=CAPTION, width=width, colour=False).split()
    assert sum(word.count("XM-02-05") for word in words) == 4
    assert words.count("XM-P1-05") == 4


@pytest.mark.parametrize("width", [100, 160])
def test_no_line_is_wider_than_the_terminal(width):
    """Neither with long reasons nor with long titles."""
    table = verdict_table(ROWS, caption=CAPTION, width=width, colour=False)
    assert max(len(line) for line in table.splitlines()) <= width


def test_reasons_stand_in_full_below_the_table():
    """Numbered like the rows; what complies needs none."""
    table = verdict_table(ROWS, caption=CAPTION, width=100, colour=False)
    assert table.count("x x") > 0
    assert sum(line.split()[:2] == ["3", "inconclusive"] for line in table.splitlines()) == 1
    assert "the gateway failed" in table


def test_readings_are_shown_where_they_differ_and_only_then():
    """A column for an ambiguous clause."""
    table = verdict_table(ROWS, caption=CAPTION, width=100, colour=False)
    assert "strict: violates" in table
    assert "lenient: complies" in table
    assert "readings" not in verdict_table(ROWS[:1], caption=CAPTION, width=100, colour=False)


def test_the_foot_counts_the_verdicts_and_names_the_rig():
    """The gravest first."""
    *_, counts, rig = verdict_table(ROWS, caption=CAPTION, width=100, colour=False).splitlines()
    assert counts == "4 scenarios: 1 violates, 1 inconclusive, 1 complies, 1 skipped"
    assert rig == CAPTION


def test_one_scenario_and_none():
    """Grammar, and no table that pretends."""
    assert counted(["complies"]) == "1 scenario: 1 complies"
    assert counted([]) == "0 scenarios: nothing was judged"


def test_markup_in_a_title_is_text():
    """Square brackets are rich's own; a row of examples has them too."""
    assert "[bold]x[/bold] [off]" in verdict_table(
        [row(title="[bold]x[/bold] [off]")], caption="", width=100, colour=True
    )


def test_sightings_keep_the_whole_recipient_and_mask_the_value(sent):
    """Silent recipients are counted below."""
    sighting = Sighting(
        transmission=1, item="vin", value=VIN, form="plain", chain=("base64", "gzip"), part="body", offset=81, length=52
    )
    host = "a-very-long-host-name.with-many-labels.analytics." + "and-more." * 5 + "example.test"
    all_sent = [sent(index=1, host=host), sent(index=2, host="quiet.test"), sent(index=3, host="quiet.test")]

    def table_of(*, reveal):
        seen = Overview([VIN], reveal=reveal)
        for one in all_sent:
            seen.add(one, [sighting] if one.index == 1 else [])
        return sightings_table(seen, width=100, colour=False)

    table = table_of(reveal=False)
    recipient = "".join(line[1:].split("   ")[1].strip() for line in table.splitlines() if "   " in line)
    assert host in recipient.replace(" ", "")
    assert "LNB•••••••••••493" in table
    assert VIN not in table
    assert "none (2 sent)" in table
    assert VIN in table_of(reveal=True)


def test_no_column_of_sightings_is_cut_off(sent):
    """On a narrow terminal too: half a number of a transmission, or half a channel, would tell what is not so."""
    seen = Overview([VIN], reveal=False)
    for index in range(1234, 1236):
        sighting = Sighting(
            transmission=index,
            item="account_id",
            value=VIN,
            form="plain",
            chain=("base64", "gzip"),
            part="payload",
            offset=1024,
            length=2048,
        )
        seen.add(sent(index=index, host="gb32960.nev-platform.test"), [sighting], {0: Verdict.INCONCLUSIVE})
    lines = sightings_table(seen, width=80, colour=False).splitlines()
    row = next(line for line in lines if "1234" in line)
    for whole in ("gb32960.nev-platform.test", "account_id", "LNB•••••••••••493", "payload 1024+2048", "inconclusive"):
        assert whole in row
    assert "how" in next(line for line in lines if "recipient" in line).split()
    assert "base64" in "\n".join(lines)
