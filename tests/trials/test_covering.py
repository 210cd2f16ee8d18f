"""The claim that everything is covered, judged as transmissions come."""

from dataclasses import replace

import pytest

from policies import load_policy
from policies.judge import cover
from policies.window import judgement
from telltale.sighting import Sighting
from telltale.timeline import Timeline
from telltale.transmission import Address, Part, Transmission
from telltale.verdict import Verdict
from trials.covering import CLAIM, NOTHING, Covering
from trials.outcome import explain


@pytest.fixture
def policy(request):
    return load_policy(request.config.rootpath / "tests" / "policies" / "small")


@pytest.fixture
def timeline():
    made = Timeline()
    made.record(0, "plan", "on", "test")
    made.record(50, "plan", "off", "test")
    return made


def sent(index, host, *, channel="https", at=10, path="/", **more):
    return Transmission(
        index=index,
        channel=channel,
        uplink=None,
        sent=at,
        ended=at,
        source=Address(ip="10.0.0.2", port=1),
        destination=Address(ip="203.0.113.1", port=443),
        host=host,
        summary=f"POST {path} of {100 + index} bytes",
        path=path,
        parts=(Part(name="body", data=b"?"),),
        **more,
    )


def vin(index):
    return Sighting(transmission=index, item="vin", value="?" * 17, form="plain", part="body", offset=0, length=17)


TRAFFIC = [
    *((sent(index, "plan.test", at=index), [vin(index)]) for index in range(3)),
    *((sent(index, "plan.test", at=index), []) for index in range(3, 9)),
    *((sent(index, "nobody.test", at=index), []) for index in range(9, 20)),
    (sent(20, "plan.test", at=60), [vin(20)]),
    (sent(21, "plan.test", at=61, complete=False), []),
    (sent(22, "plan.test", at=62, malformed="bad checksum"), []),
]


@pytest.mark.parametrize("until", [*range(0, len(TRAFFIC), 4), len(TRAFFIC)])
def test_one_by_one_comes_to_the_same_as_all_at_once(policy, timeline, until):
    """Whatever is left out as known already, verdict and lines are those of the judge over everything."""
    some = TRAFFIC[:until]
    covering = Covering(policy, timeline)
    verdicts = [covering.add(transmission, sightings) for transmission, sightings in some]
    everything = [transmission for transmission, _ in some]
    seen = [sighting for _, sightings in some for sighting in sightings]
    whole = judgement(
        CLAIM,
        policy,
        lambda reading: cover(everything, seen, timeline, policy, reading=reading),
        gaps=() if some else (NOTHING,),
    )
    concluded = covering.conclude(())
    assert concluded.verdict is whole.verdict
    assert sorted(concluded.lines) == sorted(line for line in explain(whole) if "not seen" not in line)
    assert [len(found) for found in verdicts] == [len(sightings) for _, sightings in some]
    if until == len(TRAFFIC):
        assert verdicts[20] == {0: Verdict.VIOLATES}
        assert verdicts[0] == {0: Verdict.COMPLIES}


def test_a_gap_keeps_it_from_complying_and_undoes_no_violation(policy, timeline):
    good, bad = Covering(policy, timeline), Covering(policy, timeline)
    good.add(*TRAFFIC[0])
    assert good.conclude(()).verdict is Verdict.COMPLIES
    assert good.conclude(["cut off"]).verdict is Verdict.INCONCLUSIVE
    bad.add(*TRAFFIC[20])
    assert bad.conclude(["cut off"]).verdict is Verdict.VIOLATES


def test_nothing_but_background_shows_nothing(policy, timeline):
    covering = Covering(policy, timeline)
    covering.add(replace(sent(0, None), channel="dns"), [])
    concluded = covering.conclude(())
    assert (concluded.verdict, concluded.gaps) == (Verdict.INCONCLUSIVE, (NOTHING,))


def test_what_is_said_on_the_cars_own_bus_has_not_left_it(policy, timeline):
    """It is searched and listed, and shows nothing of what leaves."""
    covering = Covering(policy, timeline)
    assert covering.add(sent(0, "CAN can0", channel="can"), [vin(0)]) == {}
    assert covering.conclude(()).verdict is Verdict.INCONCLUSIVE
