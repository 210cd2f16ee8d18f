"""Digital lines set facts of a simulated unit."""

import pytest

from rigs.sim.unit.checks import load_unit
from telltale.errors import InputError

UNIT = """
unit: test
made by: Test
uplink: cellular
state:
  ignition: {io: KL15, values: {open: off, closed: on}}
  sos: {default: released, io: SOS, values: {open: released, closed: pressed}}
  call: {io: SOS}
functions:
  SOS:
    while: {sos: pressed}
    sends:
      emergency: {at: start, post: "https://ux.maker.test/sos", json: {kl15: "{ignition}", line: "{call}"}}
"""


@pytest.fixture
def unit(bench, recorder):
    return bench.make_unit(UNIT, addresses={"ux.maker.test:443": recorder.address})


def test_a_line_that_closes_sets_every_fact_that_it_is_the_source_of(bench, unit, recorder):
    """In the words of `values`, or as it stands where they list nothing."""
    bench.power_on()
    unit.wire({"KL15": "closed", "SOS": "open"})
    unit.wire({"SOS": "closed"})
    unit.settle()
    assert recorder.bodies() == [{"kl15": "on", "line": "closed"}]
    unit.wire({"SOS": "open"})
    assert unit.state()["facts"] == {"ignition": "on", "sos": "released", "call": "open"}


def test_a_unit_that_boots_finds_its_lines_as_they_stand(bench, unit, recorder):
    """They are wires: they stand while the unit is off."""
    unit.wire({"SOS": "closed", "KL15": "closed"})
    bench.power_on()
    assert recorder.bodies() == [{"kl15": "on", "line": "closed"}]


def test_a_line_that_nobody_has_wired_is_not_known(bench, unit):
    """A fact without a default holds no condition until it is told."""
    bench.power_on()
    assert unit.state()["facts"] == {"sos": "released"}


def test_a_fact_has_one_source(bench):
    """A line beside a signal is a slip of the pen."""
    text = UNIT.replace("{io: SOS}", "{io: SOS, can: BodyStatus.DoorsLocked}")
    with pytest.raises(InputError, match=r"unit\.yaml:8: .*has `can` and `io`; a fact has one source"):
        load_unit(bench.file("unit.yaml", text))
