"""A guardian makes a bench safe that its run has not."""

import subprocess
import sys
import time

import pytest

from rigs.addresses import Ceiling, PowerAddress
from rigs.drivers.power import ScpiSupply
from rigs.guardian import Guardian

PATIENCE = 60
KILLED = """
import json, os, sys
from rigs.guardian import Guardian
Guardian({"power": json.loads(sys.argv[1])}).__enter__()
os.kill(os.getpid(), 9)
"""


@pytest.fixture
def address(host):
    return PowerAddress(visa=host.supply.address, ceiling=Ceiling(voltage=14.4, current=3))


@pytest.fixture(autouse=True)
def _on(host, address):
    """The supply's output is on, and nobody is connected to it."""
    supply = ScpiSupply(address.model_copy(update={"safe_state": "on"}))
    supply.on()
    supply.close()
    assert host.supply.output


def wait_until_off(host):
    until = time.monotonic() + PATIENCE
    while host.supply.output:
        assert time.monotonic() < until, "the supply stayed on"
        time.sleep(0.02)


def test_a_run_that_is_killed_leaves_the_supply_off(host, address):
    subprocess.run([sys.executable, "-c", KILLED, address.model_dump_json()], check=False)
    wait_until_off(host)


def test_a_safe_state_that_was_not_reached_is_tried_again(host, address):
    with pytest.raises(OSError, match="unplugged"), Guardian({"power": address.model_dump(mode="json")}):
        raise OSError("unplugged")
    assert not host.supply.output


def test_a_bench_that_is_safe_is_left_alone(host, address):
    """Somebody else may have it by now."""
    with Guardian({"power": address.model_dump(mode="json")}) as guardian:
        pass
    assert guardian.pid
    assert host.supply.output
