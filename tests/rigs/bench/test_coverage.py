"""Coverage as a real bench commands it: an attenuator at a real socket, a port of a bridge, a person."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from rigs.addresses import CoverageAddress
from rigs.drivers.coverage import RealCoverage
from rigs.instruments import MissingInstrumentError
from rigs.sim.peers.scpi import UNDEFINED, ScpiPeer
from telltale.errors import InputError, RigError

PATIENCE = 60
KINDS = {"cellular": "cellular", "private": "cellular", "wifi": "wifi"}
KILLED = """
import json, os, sys
from rigs.addresses import CoverageAddress
from rigs.drivers.coverage import RealCoverage
from rigs.guardian import Guardian
given = json.loads(sys.argv[1])
Guardian({"coverage": given}).__enter__()
RealCoverage(CoverageAddress.model_validate(given)).lost("cellular")
os.kill(os.getpid(), 9)
"""


class Attenuator(ScpiPeer):
    """Lets everything pass at 0 dB; what it does not know it notes."""

    def __init__(self):
        super().__init__("Telltale,Simulated attenuator,1,1")
        self.decibel = 0.0
        self.rate = None

    async def command(self, header, argument):
        if header == "ATT":
            self.decibel = float(argument)
        elif header == "RATE":
            self.rate = int(argument)
        else:
            self.errors.append(UNDEFINED)

    async def reset(self):
        self.decibel = 0.0


@pytest.fixture
def attenuator():
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def wait(work):
        asyncio.run_coroutine_threadsafe(work, loop).result(10)

    made = Attenuator()
    wait(made.start())
    yield made
    wait(made.close())
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def address(attenuator):
    def rows(**changes):
        row = {"visa": attenuator.address, "off": "ATTenuation 90", "on": "ATTenuation 0", **changes}
        return CoverageAddress.model_validate({"cellular": row})

    return rows


class Engineer:
    def __init__(self):
        self.prompts = []

    def ask(self, prompt):
        self.prompts.append(prompt)
        return "done"


def test_a_test_cell_is_told_in_its_own_words_and_left_as_it_was(attenuator, address):
    """Whatever the scenario has taken is given back when the bench lets go."""
    coverage = RealCoverage(address(), KINDS)
    assert coverage.uplinks == {"cellular": "cellular"}
    assert coverage.says() == "cellular by Simulated attenuator"
    assert attenuator.decibel == 0
    coverage.lost("cellular")
    assert (attenuator.decibel, set(coverage.away)) == (90, {"cellular"})
    coverage.back("cellular")
    assert (attenuator.decibel, set(coverage.away)) == (0, set())
    coverage.lost("cellular")
    coverage.close()
    coverage.close()
    assert attenuator.decibel == 0


def test_a_bench_that_took_nothing_changes_nothing(attenuator, address):
    attenuator.decibel = 20.0  # as the engineer left it
    RealCoverage(address(), KINDS).close()
    assert attenuator.decibel == 20


def test_a_link_is_slowed_if_the_row_says_how(attenuator, address):
    coverage = RealCoverage(address(slow="RATE {rate}"), KINDS)
    coverage.slow("cellular", 64_000)
    assert attenuator.rate == 64_000
    coverage.close()
    plain = RealCoverage(address(), KINDS)
    with pytest.raises(MissingInstrumentError, match="has no `slow` in its row under `coverage`"):
        plain.slow("cellular", 64_000)
    plain.close()


def test_a_command_that_the_cell_does_not_know_is_told(address):
    """Silence of a cell that never switched would show nothing."""
    coverage = RealCoverage(address(off="NOSUCH 1"), KINDS)
    with pytest.raises(RigError, match=r"the test cell at TCPIP.*reports, when told `NOSUCH 1`: -113"):
        coverage.lost("cellular")
    coverage.close()


def test_a_run_that_is_killed_gets_its_coverage_back(attenuator, address):
    """By the guardian, as for supply and lines."""
    given = address().model_dump_json()
    killed = subprocess.Popen([sys.executable, "-c", KILLED, given])
    assert killed.wait(PATIENCE) == -9
    until = time.monotonic() + PATIENCE
    while attenuator.decibel:
        assert time.monotonic() < until, "the coverage stayed away"
        time.sleep(0.02)


def test_a_person_takes_it_away_and_gives_it_back():
    engineer = Engineer()
    coverage = RealCoverage(CoverageAddress.model_validate({"wifi": {"manual": True}}), KINDS, engineer)
    coverage.lost("wifi")
    coverage.close()
    assert engineer.prompts == ["Take the coverage of wifi away", "Give wifi its coverage back, at full rate"]


def test_a_port_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(InputError, match=r"this host has no interface `no such`; known: .*`lo`"):
        RealCoverage(CoverageAddress.model_validate({"wifi": {"interface": "no such"}}), KINDS)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({}, "exactly one of"),
        ({"interface": "eth1", "manual": True}, "exactly one of"),
        ({"visa": "TCPIP::h::1::SOCKET", "off": "x"}, "needs the commands"),
        ({"interface": "eth1", "off": "x", "on": "y"}, "nothing else has any"),
        ({"visa": "TCPIP::h::1::SOCKET", "off": "x", "on": "y", "slow": "z"}, "names no `{rate}`"),
    ],
)
def test_a_row_that_is_none_is_told(row, told):
    with pytest.raises(ValueError, match=told):
        CoverageAddress.model_validate({"cellular": row})
