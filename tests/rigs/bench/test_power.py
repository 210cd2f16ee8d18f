"""pyvisa against the simulated supply."""

import socket

import pytest

from rigs.addresses import Ceiling, PowerAddress
from rigs.drivers.power import ScpiSupply
from rigs.sim.peers.host import PeerHost
from telltale.errors import InputError, RigError


@pytest.fixture
def supply(addresses):
    made = ScpiSupply(addresses.power)
    yield made
    made.close()


def test_the_output_takes_the_unit_down_and_boots_it(supply, outputs):
    """Each call returns when the unit is down, or has booted."""
    supply.on()
    assert outputs == [True]
    assert supply.measure().voltage == pytest.approx(12)
    assert supply.measure().current == pytest.approx(0.75)
    supply.off()
    assert outputs == [True, False]
    assert supply.measure().current == 0


def test_no_call_exceeds_the_ceiling(supply, host):
    """The error comes before anything is sent."""
    for voltage, current in ((14.5, 1), (12, 3.1), (-1, 1), (float("nan"), 1)):
        with pytest.raises(InputError, match="is not within this rig's ceiling"):
            supply.set(voltage, current)
    assert (host.supply.voltage, host.supply.current) == (12, 2)


def test_a_supply_that_was_turned_up_by_hand_is_not_switched_on(supply, host, outputs):
    """The supply's own settings are asked before its output goes on."""
    host.supply.voltage = 24.0
    with pytest.raises(RigError, match=r"stands at 24 V and 2 A, above this rig's ceiling of 14.4 V and 3 A"):
        supply.on()
    assert outputs == []


def test_leaving_the_bench_switches_the_output_off(addresses, outputs):
    """The safe state is reached on the way out; closing twice does no harm."""
    supply = ScpiSupply(addresses.power)
    supply.on()
    supply.close()
    supply.close()
    assert outputs == [True, False]


def test_the_safe_state_may_be_on(addresses, outputs):
    """As the rig file says."""
    ScpiSupply(addresses.power.model_copy(update={"safe_state": "on"})).close()
    assert outputs == [True]


def test_a_unit_that_does_not_boot_is_an_error_of_the_supply():
    """What went wrong comes through SYST:ERR?."""

    def fail(on):
        if on:
            raise RuntimeError("the unit's process ended with status 1")

    host = PeerHost(fail).start()
    supply = ScpiSupply(PowerAddress(visa=host.supply.address, ceiling=Ceiling(voltage=14, current=3)))
    with pytest.raises(RigError, match=r"when switching on: -200,.*the unit's process ended with status 1"):
        supply.on()
    supply.close()
    host.close()


def test_a_supply_that_does_not_have_the_range_is_an_error(host):
    """A ceiling above what the supply can give does not help it."""
    with pytest.raises(RigError, match=r"setting voltage and current: -222"):
        ScpiSupply(PowerAddress(visa=host.supply.address, voltage=48, ceiling=Ceiling(voltage=60, current=3)))


@pytest.mark.parametrize("visa", ["nonsense", "TCPIP::127.0.0.1::{port}::SOCKET"])
def test_a_wrong_visa_address_is_one_line_with_the_mend(visa, closed_port):
    """The address, what answered, and how an address looks."""
    address = PowerAddress(visa=visa.format(port=closed_port), ceiling=Ceiling(voltage=14, current=3))
    with pytest.raises(InputError, match=r"no supply at .*; expected e\.g\. TCPIP::") as caught:
        ScpiSupply(address)
    assert "\n" not in str(caught.value)
    assert address.visa in str(caught.value)


def test_something_that_is_no_supply_is_told(host, monkeypatch):
    """A CAN hub does not answer *IDN?."""
    monkeypatch.setattr("rigs.drivers.scpi._ANSWER", 100)
    visa = "TCPIP::{}::{}::SOCKET".format(*host.can.address)
    with pytest.raises(InputError, match=r"no supply at TCPIP.*\*IDN\? is not answered"):
        ScpiSupply(PowerAddress(visa=visa, ceiling=Ceiling(voltage=20, current=9)))


def test_settings_above_the_ceiling_are_refused_with_the_file():
    """pydantic checks the rig file before anything is opened."""
    with pytest.raises(ValueError, match=r"`voltage` is 16 V, above its ceiling of 14 V"):
        PowerAddress(visa="x", voltage=16, ceiling=Ceiling(voltage=14, current=3))


def test_the_simulator_reads_long_headers_and_several_commands_a_line(host):
    """As SCPI-1999 wants it."""
    *_, address, port, _ = host.supply.address.split("::")
    with socket.create_connection((address, int(port)), 10) as sock, sock.makefile("rwb", buffering=0) as line:
        line.write(b"*RST;:SOURce:VOLTage 5;CURRent 1;OUTPut:STATe ON;MEASure:VOLTage:DC?\n")
        assert line.readline() == b"5.000\n"
        line.write(b"NIX?;SYSTem:ERRor?\n")
        assert line.readline() == b'-113,"Undefined header"\n'
