"""The contract of ``--json``: one object a line, a sighting each."""

from __future__ import annotations

import json
from dataclasses import replace

from reports.jsonlines import sighting_line
from telltale.transmission import Address

VIN = "LNBSCPEK9JD012493"
KEYS = ["capture", "transmission", "time", "bench_time", "uplink", "recipient", "channel", "item", "value", "form"]
KEYS += ["chain", "part", "offset", "length"]


def test_the_keys_are_those_of_the_contract_in_its_order(sent, seen):
    """Times in UTC with milliseconds, offset and length of the outermost encoded text."""
    line = sighting_line(
        "x.pcapng",
        sent(body=b"?"),
        seen(b"ab" + VIN.encode(), VIN.encode(), value=VIN, chain=("base64",)),
        reveal=False,
    )
    told = json.loads(line)
    assert list(told) == KEYS
    assert "\n" not in line
    assert told == {
        "capture": "x.pcapng",
        "transmission": 13,
        "time": "2026-11-22T09:05:48.000Z",
        "bench_time": "2026-11-22T09:05:46.000Z",
        "uplink": "cellular",
        "recipient": "ux-plan.xiaomiev.test",
        "channel": "https",
        "item": "vin",
        "value": "LNB•••••••••••493",
        "form": "plain",
        "chain": ["base64"],
        "part": "body",
        "offset": 2,
        "length": 17,
    }


def test_a_value_is_told_in_clear_only_when_asked(sent, seen):
    """``--reveal``."""
    told = json.loads(sighting_line("x", sent(), seen(VIN.encode(), VIN.encode(), value=VIN), reveal=True))
    assert told["value"] == VIN


def test_what_is_not_known_is_null(sent, seen):
    """No bench clock, no uplink; an address where no name is known."""
    bare = replace(sent(), bench=None, uplink=None, host=None, destination=Address(ip="2001:db8::1", port=1))
    told = json.loads(sighting_line("x", bare, seen(VIN.encode(), VIN.encode(), value=VIN), reveal=False))
    assert (told["bench_time"], told["uplink"], told["recipient"]) == (None, None, "2001:db8::1")
