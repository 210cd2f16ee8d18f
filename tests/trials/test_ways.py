"""Coverage taken away on purpose, and exits that nobody watches: what may be excused, and what must be told."""

import time
from types import SimpleNamespace

import pytest

from captures.decode import Senders
from rigs.instruments import Instruments, MissingInstrumentError
from telltale.errors import InputError
from telltale.fidelity import Fidelity
from telltale.timeline import Timeline
from telltale.transmission import Address, Transmission
from trials.claims import unseen
from trials.observation import Control
from trials.ways import Ways

UPLINKS = {"cell0": "cellular", "cell1": "private", "wifi0": "wifi"}
PLACE = Address(ip="192.0.2.1", port=443)


class Radio:
    """Coverage that only remembers what was done to it."""

    def __init__(self):
        self.uplinks = {"cellular": "cellular", "private": "cellular", "wifi": "wifi"}
        self.done = []

    def lost(self, uplink):
        self.done.append(("lost", uplink))

    def back(self, uplink):
        self.done.append(("back", uplink))

    def slow(self, uplink, rate):
        self.done.append((rate, uplink))


class Session:
    """A bench that passes every control on."""

    def __init__(self, radio):
        self.uplinks, self.senders, self.timeline = UPLINKS, {"cellular": Senders()}, Timeline()
        self.instruments = Instruments(clock=None, coverage=radio)

    def now(self):
        return 0

    def control(self, uplink):
        return Control(uplink=uplink, nonce=uplink)


@pytest.fixture
def radio():
    return Radio()


@pytest.fixture
def ways(radio):
    return Ways(Session(radio))


def sent(uplink, wall):
    common = {"index": 3, "channel": "https", "source": PLACE, "destination": PLACE, "summary": ""}
    return Transmission(**common, uplink=uplink, sent=wall, ended=wall)


def asked(ways):
    """Uplinks that controls were sent through since this was asked last."""
    names = [control.uplink for control in ways.controls]
    ways.rounds.clear()
    return names


def test_a_control_goes_just_before_and_right_after_and_none_meanwhile(ways, radio):
    """Coverage is that of all cellular uplinks at once."""
    ways.lose("coverage")
    assert asked(ways) == ["cellular", "private"]
    ways.send_controls()
    assert asked(ways) == ["wifi"]
    ways.regain("coverage")
    assert asked(ways) == ["cellular", "private"]
    ways.send_controls()
    assert asked(ways) == ["cellular", "private", "wifi"]
    assert radio.done == [("lost", "cellular"), ("lost", "private"), ("back", "cellular"), ("back", "private")]


def test_the_timeline_says_how_coverage_stands(ways):
    """One fact an uplink; slow coverage is still controlled."""
    ways.slow("wifi", 64_000)
    ways.lose("wifi")
    ways.regain("wifi")
    changes = [(change.fact, change.value) for change in ways._session.timeline]
    assert changes == [("coverage_wifi", "slow"), ("coverage_wifi", "off"), ("coverage_wifi", "on")]


def test_what_leaves_without_coverage_is_told(ways):
    """Nothing is taken for granted: the bench may not have taken away what it said."""
    before = time.time_ns()
    ways.lose("wifi")
    during = time.time_ns()
    while time.time_ns() == during:
        pass
    assert [*ways.contradictions([sent("wifi", before), sent("cellular", during)])] == []
    (told,) = ways.contradictions([sent("wifi", during)])
    assert told == "transmission 3 left over wifi while that was to be without coverage"
    ways.regain("wifi")
    assert len([*ways.contradictions([sent("wifi", during), sent("wifi", time.time_ns())])]) == 1


def test_a_bench_that_cannot_or_does_not_know_says_so(ways):
    """The one skips a scenario, the other is a slip in it."""
    with pytest.raises(InputError, match="unknown uplink `wlan`"):
        ways.lose("wlan")
    with pytest.raises(MissingInstrumentError, match="coverage"):
        Ways(Session(None)).lose("coverage")


def test_an_exit_that_nobody_watches_is_a_gap_by_name():
    """Beside those of the capture."""
    rig = SimpleNamespace(unobserved=("second sim",))
    setup = SimpleNamespace(rig=rig, fidelity=Fidelity.SEALED)
    trial = SimpleNamespace(observe=lambda: SimpleNamespace(gaps=("a drop",)), setup=setup)
    assert unseen(trial)[:1] == ("a drop",)
    assert "what leaves by second sim is not observed on this bench" in unseen(trial)
