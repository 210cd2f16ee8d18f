"""Which endpoint row a transmission meets."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from policies.endpoints import ambiguous, attribute
from policies.model import Endpoint


def _row(**given) -> Endpoint:
    return Endpoint(**{"organisation": "maker", "function": "plan", "approved_by": "t", "evidence": "t", **given})


@pytest.mark.parametrize(
    ("row", "sent", "meets"),
    [
        ({"host": "a.test"}, {"host": "a.test"}, True),
        ({"host": "a.test"}, {"host": "A.Test."}, True),
        ({"host": "a.test"}, {"host": "b.a.test"}, False),
        ({"host": "*.a.test"}, {"host": "b.a.test"}, True),
        ({"host": "*.a.test"}, {"host": "a.test"}, False),
        ({"host": "*.a.test"}, {"host": "evila.test"}, False),
        ({"host": "203.0.113.9"}, {"host": None}, True),
        ({"host": "a.test", "path": "/v1/alarms"}, {"host": "a.test", "path": "/v1/alarms"}, True),
        ({"host": "a.test", "path": "/v1/alarms"}, {"host": "a.test", "path": "/v1/alarms/7"}, False),
        ({"host": "a.test", "path": "/v1/*/alarms"}, {"host": "a.test", "path": "/v1/7/alarms"}, True),
        ({"host": "a.test", "path": "/v1/*/alarms"}, {"host": "a.test", "path": "/v1/7/8/alarms"}, False),
        ({"host": "a.test", "path": "/v1/**"}, {"host": "a.test", "path": "/v1/7/8"}, True),
        ({"host": "a.test", "path": "/v1/**"}, {"host": "a.test", "path": "/v10/7"}, False),
        ({"channel": "mqtt", "path": "cars/*/state"}, {"host": "m", "channel": "mqtt", "path": "cars/7/state"}, True),
        ({"host": "a.test", "kind": "POST"}, {"host": "a.test", "kind": "GET"}, False),
        ({"host": "a.test", "channel": "https"}, {"host": "a.test", "channel": "http"}, False),
    ],
)
def test_a_row_claims_what_it_names_and_nothing_beside_it(row, sent, meets, road, small):
    """Host, path by segments, message kind, channel."""
    policy = _with(small, _row(**row))
    (transmission,) = road.send(**sent).transmissions
    assert (attribute(transmission, policy).row is not None) is meets


ORDER = [
    {"host": "a.b.test", "path": "/v1/alarms/7", "kind": "POST"},
    {"host": "a.b.test", "path": "/v1/alarms/7"},
    {"host": "a.b.test", "path": "/v1/alarms/*"},
    {"host": "a.b.test", "path": "/v1/alarms/**"},
    {"host": "a.b.test", "path": "/v1/**"},
    {"host": "a.b.test", "channel": "https"},
    {"host": "a.b.test"},
    {"host": "*.b.test", "path": "/v1/alarms/7"},
    {"host": "*.b.test"},
    {"host": "*.test"},
    {"channel": "https"},
]


@pytest.mark.parametrize("first", range(len(ORDER) - 1))
def test_the_most_specific_row_wins_in_whatever_order_they_stand(first, road, small):
    """Host before path, path before kind, kind before channel."""
    (transmission,) = road.send("a.b.test", path="/v1/alarms/7", kind="POST").transmissions
    for rows in permutations([_row(**ORDER[first]), _row(**ORDER[first + 1])]):
        assert attribute(transmission, _with(small, *rows)).row == _row(**ORDER[first])
    assert ambiguous([_row(**row) for row in ORDER]) is None


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ({"host": "a.test"}, {"host": "A.test"}, True),
        ({"host": "a.test"}, {"host": "b.test"}, False),
        ({"host": "a.test", "path": "/v1/*/x"}, {"host": "a.test", "path": "/v1/y/*"}, True),
        ({"host": "a.test", "path": "/v1/x"}, {"host": "a.test", "path": "/v1/y"}, False),
        ({"host": "a.test", "path": "/v1/**"}, {"host": "a.test", "path": "/v2/**"}, False),
        ({"host": "a.test", "channel": "https"}, {"host": "a.test", "channel": "mqtt"}, False),
        ({"host": "a.test", "kind": "GET"}, {"host": "a.test", "kind": "GET"}, True),
        ({"channel": "dns"}, {"channel": "dns"}, True),
    ],
)
def test_rows_of_one_rank_that_could_meet_one_transmission_are_ambiguous(one, other, both):
    """Which of them wins would be chance."""
    assert (ambiguous([_row(**one), _row(**other)]) == (0, 1)) is both


def test_bytes_that_are_no_message_are_known_by_their_host_alone(road, small):
    """Their function cannot be told, and none is taken for granted."""
    (transmission,) = road.send("report.test", channel="tcp", malformed="not a GB/T 32960 frame").transmissions
    whose = attribute(transmission, small)
    assert (whose.organisation, whose.function, whose.row is None) == ("platform", None, False)


def _with(policy, *rows):
    return replace(policy, endpoints=rows)
