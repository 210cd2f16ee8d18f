"""When data were made, as their transmission says it."""

import json

import pytest

from policies.generated import made_at
from telltale.sighting import Sighting
from telltale.times import SECOND
from telltale.transmission import Address, Part, Transmission

NOON = 1_795_348_800 * SECOND
"""2026-11-22T12:00:00Z."""
SENT = NOON + 3600 * SECOND
PLACE = Address(ip="192.0.2.1", port=443)


def transmission(body, **given):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    parts = (Part(name="header", data=b"x-vin: V\r\n"), Part(name="body", data=data))
    common = {"index": 0, "channel": "https", "uplink": None, "sent": SENT, "ended": SENT}
    return Transmission(**common, source=PLACE, destination=PLACE, summary="", parts=parts, **given)


def sighting(offset=0, part="body", **given):
    return Sighting(transmission=0, item="vin", value="V", form="plain", part=part, offset=offset, length=1, **given)


@pytest.mark.parametrize(
    "at",
    [
        "2026-11-22T12:00:00Z",
        "2026-11-22T12:00:00.000Z",
        "2026-11-22T20:00:00+08:00",
        "2026-11-22 12:00:00",
        1_795_348_800,
        1_795_348_800_000,
    ],
)
def test_a_field_beside_the_data_says_when_they_were_made(at):
    """ISO 8601, in UTC unless it names a zone, or Unix time."""
    assert made_at(transmission({"vin": "V", "at": at}), sighting(9), "at", sent=SENT) == NOON


def test_the_nearest_object_counts():
    """Records of different age in one body, each with its own time; what has none takes that of the whole."""
    records = [{"vin": "V", "at": NOON // SECOND}, {"vin": "V", "at": NOON // SECOND + 60}, {"vin": "V"}]
    body = json.dumps({"at": NOON // SECOND + 600, "note": "}{", "records": records}).encode()
    places = [i for i in range(len(body)) if body.startswith(b'"V"', i)]
    found = [made_at(transmission(body), sighting(place), "at", sent=SENT) for place in places]
    assert [(made - NOON) // SECOND for made in found] == [0, 60, 600]


def test_what_stands_in_a_header_takes_the_time_of_the_whole():
    """The body's outermost object."""
    sent = transmission({"at": NOON // SECOND})
    assert made_at(sent, sighting(7, part="header"), "at", sent=SENT) == NOON


@pytest.mark.parametrize(
    "body", [{"at": True}, {"at": "soon"}, {"at": None}, {"when": 1}, [1], b"\xff\xfe", b"{", b'{"at": 1e999}']
)
def test_what_says_nothing_of_its_age_has_none(body):
    """And nothing is guessed."""
    assert made_at(transmission(body), sighting(), "at", sent=SENT) is None


def test_a_moment_after_the_sending_is_not_believed():
    """A clock that runs ahead must not buy a pass."""
    assert made_at(transmission({"at": SENT // SECOND + 1}), sighting(), "at", sent=SENT) is None


def test_what_the_protocol_tells_goes_first():
    """The sighting's own time, then the message's, then the field's."""
    body = {"at": NOON // SECOND}
    told = transmission(body, generated=NOON + 1)
    assert made_at(told, sighting(generated=NOON + 2), "at", sent=SENT) == NOON + 2
    assert made_at(told, sighting(), "at", sent=SENT) == NOON + 1
    assert made_at(transmission(body), sighting(), None, sent=SENT) is None
