"""What must hold whatever leaves the car."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policies.claims import every_transmission_covered, none_leaves
from telltale.verdict import Verdict

GRAVITY = [Verdict.COMPLIES, Verdict.INCONCLUSIVE, Verdict.VIOLATES]
HOSTS = ["plan.test", "report.test", "relay.test", "weather.test", "logs.test", "cam.test", "partner.test", "evil.test"]
ITEMS = ["vin", "account_id", "position", "location", "speed", "vehicle_data", "cabin_video", "email"]

sends = st.lists(
    st.fixed_dictionaries(
        {
            "host": st.sampled_from(HOSTS),
            "items": st.lists(st.sampled_from(ITEMS), max_size=2),
            "channel": st.sampled_from(["https", "gbt32960", "dns", "tls"]),
            "form": st.sampled_from(["plain", "sha256", "coarse"]),
            "precision": st.sampled_from([None, 11.0, 11000.0]),
            "generated": st.sampled_from([None, 2, 12]),
            "at": st.integers(1, 20),
            "malformed": st.sampled_from([None, None, "bad checksum"]),
        }
    ),
    min_size=1,
    max_size=5,
)
states = st.fixed_dictionaries(
    {},
    optional={
        "plan": st.sampled_from(["on", "off"]),
        "permission": st.sampled_from(["on", "off"]),
        "gear": st.sampled_from(["P", "D"]),
        "lock": st.sampled_from(["locked", "unlocked"]),
    },
)
whatever = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _window(road, sent, state, switched=None):
    road = type(road)()
    road.state(0, **state)
    if switched:
        road.state(10, plan=switched)
    for one in sent:
        words = dict(one)
        road.send(words.pop("host"), *words.pop("items"), **words)
    return road


def _gravity(judged):
    return {reading: GRAVITY.index(verdict) for reading, verdict in judged.verdicts.items()}


@whatever
@given(sent=sends, state=states, more=sends)
def test_more_that_leaves_never_improves_a_verdict(sent, state, more, road, small):
    """Least of all a sighting that nothing covers. (Something does leave: nothing but background shows nothing.)"""
    sent = [{"host": "report.test", "channel": "gbt32960", "items": [], "at": 1}, *sent]
    before = _gravity(every_transmission_covered(_window(road, sent, state).window, small))
    after = _gravity(every_transmission_covered(_window(road, [*sent, *more], state).window, small))
    assert all(after[reading] >= before[reading] for reading in before)


@whatever
@given(sent=sends, state=states, host=st.sampled_from(HOSTS))
def test_an_item_that_nothing_covers_violates_whatever_else_leaves(sent, state, host, road, small):
    """No clause of the small policy speaks of phone numbers."""
    window = _window(road, sent, state).send(host, "phone_number").window
    assert every_transmission_covered(window, small).verdict is Verdict.VIOLATES


@whatever
@given(sent=sends, state=states, data=st.data())
def test_fewer_permits_never_improve_a_verdict(sent, state, data, road, small):
    """Default deny."""
    permits = [name for name, clause in small.clauses.items() if clause.modality in ("permit", "oblige")]
    gone = data.draw(st.sets(st.sampled_from(permits), min_size=1))
    fewer = replace(small, clauses={n: c for n, c in small.clauses.items() if n not in gone})
    window = _window(road, sent, state).window
    before = _gravity(every_transmission_covered(window, small))
    after = _gravity(every_transmission_covered(window, fewer))
    assert all(after[reading] >= before[reading] for reading in before)


@whatever
@given(sent=sends, state=states, function=st.sampled_from(["plan", "report", None]))
def test_gaps_never_turn_into_complies(sent, state, function, road, small):
    """They spare a violation, and nothing else."""
    window = _window(road, sent, state).window
    for claim in (
        lambda gaps: every_transmission_covered(window, small, gaps=gaps),
        lambda gaps: none_leaves(window, small, ["vin"], function, gaps=gaps),
    ):
        before, after = claim(()).verdicts, claim(("packets were dropped",)).verdicts
        for reading, verdict in before.items():
            expected = Verdict.VIOLATES if verdict is Verdict.VIOLATES else Verdict.INCONCLUSIVE
            assert after[reading] is expected


@whatever
@given(sent=sends, state=states, switched=st.sampled_from(["on", "off"]))
def test_every_sighting_is_judged_under_every_reading(sent, state, switched, road, small):
    """None is dropped, and none is judged twice."""
    road = _window(road, sent, state, switched)
    for reading in small.readings:
        judged = [finding.sighting for finding in road.window.cover(small, reading) if finding.sighting]
        assert sorted(map(id, judged)) == sorted(map(id, road.sightings))


@whatever
@given(sent=sends, state=states)
def test_knowing_less_of_the_unit_never_makes_anything_comply(sent, state, road, small):
    """A timeline that says nothing proves nothing: what complies without it complies with any."""
    blind = every_transmission_covered(_window(road, sent, {}).window, small).verdicts
    told = every_transmission_covered(_window(road, sent, state).window, small).verdicts
    assert all(told[reading] is Verdict.COMPLIES for reading in told if blind[reading] is Verdict.COMPLIES)
