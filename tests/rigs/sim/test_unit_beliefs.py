"""A simulated unit believes a protected CAN message as a real one does."""

import struct

UNIT = """
unit: test
made by: Test
uplink: cellular
state:
  lock: {default: unlocked, can: BodyStatus.DoorsLocked, values: {Unlocked: unlocked, Locked: locked}}
functions:
  nothing: {sends: {none: {on app: none, get: "https://ux.maker.test/"}}}
"""


def put(bench, counter, locked, spoil=0):
    definition = bench._database.get_message_by_name("BodyStatus")
    values = {signal.name: 0 for signal in definition.signals} | {"DoorsLocked": locked, "AliveCounter": counter}
    data = bench._protections["BodyStatus"].protected(definition.encode(values))
    bench.can.send(struct.pack("<IB3x8s", definition.frame_id, 8, bytes([data[0] ^ spoil]) + data[1:]))
    bench.unit.settle()
    return bench.unit.state()["facts"]["lock"]


def test_a_frame_with_a_wrong_crc_or_a_frozen_counter_changes_nothing_and_is_told(bench):
    """The stimulus does not take, and the bench learns why."""
    unit = bench.start_unit(UNIT)
    assert put(bench, 0, 1) == "locked"
    assert put(bench, 1, 0, spoil=1) == "locked"
    assert put(bench, 0, 0) == "locked"
    assert unit.disbelieved == {"BodyStatus: wrong CRC": 1, "BodyStatus: counter stands still": 1}
    assert put(bench, 1, 0) == "unlocked"


def test_what_was_not_believed_is_told_over_reboots_as_well(bench):
    """The evidence of a run does not forget it."""
    unit = bench.start_unit(UNIT)
    put(bench, 0, 1, spoil=1)
    unit.power_off()
    bench.power_on()
    put(bench, 0, 1, spoil=1)
    assert unit.disbelieved == {"BodyStatus: wrong CRC": 2}
