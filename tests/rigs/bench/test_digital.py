"""The digital driver against the simulated switch unit, through pyvisa-py and a real socket."""

import pytest

from rigs.addresses import DigitalAddress
from rigs.drivers.digital import ScpiSwitch
from rigs.drivers.scpi import ScpiInstrument
from rigs.instruments import MissingInstrumentError
from rigs.sim.peers.host import PeerHost
from telltale.errors import InputError, RigError

LINES = {"KL15": 1, "crash": 2, "SOS": 16}


@pytest.fixture
def changes():
    """The closed relays after each change."""
    return []


@pytest.fixture
def host(changes):
    peers = PeerHost(lambda _on: None, changes.append).start()
    yield peers
    peers.close()


@pytest.fixture
def address(host):
    return DigitalAddress(visa=host.relays.address, lines=LINES)


@pytest.fixture
def switch(address):
    driver = ScpiSwitch(address)
    yield driver
    driver.close()


def test_a_line_is_closed_and_opened_and_says_so(switch, changes):
    """Each change reaches the unit's side before the call returns; the others stay as they are."""
    switch.set("KL15", "closed")
    switch.set("SOS", "closed")
    assert switch.state("SOS") == "closed"
    assert switch.state("crash") == "open"
    switch.set("SOS", "open")
    assert changes == [{1}, {1, 16}, {1}]


def test_closing_the_driver_leaves_every_line_in_the_safe_state(address, host):
    """However the bench ends."""
    driver = ScpiSwitch(address)
    driver.set("KL15", "closed")
    driver.set("crash", "closed")
    driver.close()
    driver.close()
    assert host.relays.closed == frozenset()


def test_a_safe_state_may_be_closed(address, host):
    """Both at the start and at the end."""
    driver = ScpiSwitch(address.model_copy(update={"safe_state": "closed"}))
    assert host.relays.closed == {1, 2, 16}
    driver.set("KL15", "open")
    driver.close()
    assert host.relays.closed == {1, 2, 16}


def test_a_line_that_fails_keeps_no_other_from_its_safe_state(address, host):
    """The failure is told, once everything has been tried."""
    driver = ScpiSwitch(address)
    driver.set("SOS", "closed")
    driver._address = address.model_copy(update={"lines": {"stuck": 99, "SOS": 16}})
    with pytest.raises(RigError, match=r"switching stuck to open: -222"):
        driver.close()
    assert host.relays.closed == frozenset()


def test_a_line_that_the_rig_lacks_is_told_with_the_near_miss(switch):
    """It skips a scenario, as any instrument that is missing."""
    with pytest.raises(MissingInstrumentError, match=r"no line `KL51` under `digital`.*did you mean `KL15`"):
        switch.set("KL51", "closed")


def test_a_relay_that_does_not_switch_is_told(address, host):
    """What the unit cannot be told of is no success of the instrument either."""

    def refuse(_closed):
        raise RuntimeError("the contact is welded")

    host.relays._on_change = refuse
    driver = ScpiSwitch(address)
    with pytest.raises(RigError, match=r"switching crash to closed: -200.*the contact is welded"):
        driver.set("crash", "closed")
    driver.close()


def test_nothing_at_the_address_is_told(closed_port):
    """With what an address looks like."""
    with pytest.raises(InputError, match=r"no switch unit at TCPIP.*expected e\.g\. TCPIP"):
        ScpiSwitch(DigitalAddress(visa=f"TCPIP::127.0.0.1::{closed_port}::SOCKET", lines=LINES))


def test_the_switch_unit_reads_lists_and_ranges(host):
    """SCPI-1999 volume 1, 8.3.2, in long headers as well."""
    line = ScpiInstrument(host.relays.address, what="switch unit", example="x")
    line.write(":ROUTe:CLOSe (@1,3:5)")
    assert line.ask("ROUT:CLOS? (@1:5)") == "1,0,1,1,1"
    assert line.ask("ROUTe:OPEN? (@2)") == "1"
    line.write("ROUT:OPEN:ALL")
    assert line.ask("ROUT:CLOS? (@1:5)") == "0,0,0,0,0"
    line.write("ROUT:CLOS (@17)")
    assert line.ask("SYST:ERR?").startswith("-222")
    line.write("ROUT:SCAN (@1)")
    assert line.ask("SYST:ERR?").startswith("-113")
    line.release()


def test_one_instrument_hanging_up_leaves_the_others_connected(host, switch):
    """pyvisa keeps one manager a process."""
    other = ScpiInstrument(host.supply.address, what="supply", example="x")
    other.release()
    assert switch.state("KL15") == "open"
