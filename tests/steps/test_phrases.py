"""Words of scenarios as data."""

import pytest

from steps.phrases import duration, items, rows
from telltale.errors import InputError
from telltale.times import SECOND
from trials.claims import TableRow

HEADINGS = ["item", "recipient", "for", "uplink"]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("VIN", ("vin",)),
        ("no VIN", ("vin",)),
        ("no VIN and no account id", ("vin", "account_id")),
        ("VIN and position", ("vin", "position")),
        ("VIN, account id and ICCID", ("vin", "account_id", "iccid")),
        ("no cabin picture or cabin video", ("cabin_image", "cabin_video")),
        ("its VIN and the position", ("vin", "position")),
        ("车内视频", ("cabin_video",)),
        ("no location or position", ("location", "position")),
    ],
)
def test_items_are_named_in_a_list_of_words(words, names):
    assert items(words) == names


@pytest.mark.parametrize("words", ["no VINN", "VIN and acount id", "nothing"])
def test_an_item_that_nobody_knows_is_told_with_its_near_misses(words):
    with pytest.raises(InputError, match="unknown item"):
        items(words)


def test_a_near_miss_is_shown():
    with pytest.raises(InputError, match=r"unknown item `acount id`; did you mean `account_id`"):
        items("VIN and acount id")


def test_a_list_that_names_nothing_is_an_error():
    """Else a claim about no item at all would hold."""
    with pytest.raises(InputError, match="names no item"):
        items(" and ")


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("10 seconds", 10), ("1 second", 1), ("60 minutes", 3600), ("1.5 hours", 5400), ("30 days", 30 * 86400)],
)
def test_durations_are_words(words, seconds):
    assert duration(words) == seconds * SECOND


def test_what_is_no_duration_is_an_input_error():
    with pytest.raises(InputError, match="`soon` is not a duration; write it like"):
        duration("soon")


def test_a_table_becomes_rows():
    table = [HEADINGS, ["cabin video", "BMW", "remote theft alarm", "cellular"]]
    assert rows(table) == (
        TableRow(item="cabin_video", recipient="BMW", function="remote theft alarm", uplink="cellular"),
    )


def test_a_table_may_say_which_control_unit_sends():
    table = [[*HEADINGS, "ecu"], ["cabin video", "BMW", "remote theft alarm", "cellular", "IVI"]]
    assert [row.ecu for row in rows(table)] == ["IVI"]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ([["item", "recipient", "for"], ["VIN", "BMW", "x"]], "headings are item, recipient, for; expected"),
        ([["recipient", "item", "for", "uplink"], ["BMW", "VIN", "x", "cellular"]], "expected item, recipient, for"),
        ([HEADINGS], "has no rows"),
        ([HEADINGS, ["VINN", "BMW", "x", "cellular"]], "unknown item `VINN`"),
    ],
)
def test_a_table_that_is_not_one_is_told(table, complaint):
    with pytest.raises(InputError, match=complaint):
        rows(table)
