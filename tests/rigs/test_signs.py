"""Signs of life, and of belief."""

from types import SimpleNamespace

import pytest

from rigs.drivers.clock import WallClock
from rigs.instruments import Instruments
from rigs.protocols import Fault
from rigs.signs import doubts, no_sign_of_life
from telltale.errors import RigError


def silent():
    raise RigError("the modem did not answer")


def bench(*, modem=None, answers=None, faults=lambda: ()):
    return Instruments(
        clock=WallClock(),
        modem=modem and SimpleNamespace(registered=modem),
        diagnosis=None if answers is None else SimpleNamespace(answers=lambda: answers, faults=faults),
    )


@pytest.mark.parametrize(
    ("instruments", "missing"),
    [
        (bench(modem=lambda: True), None),
        (bench(modem=lambda: False, answers=True), "its modem is not registered"),
        (bench(modem=silent, answers=True), None),
        (bench(answers=True), None),
        (bench(modem=silent, answers=False), "the modem did not answer; it does not answer over diagnosis"),
        (bench(), "this rig has neither `modem`, `adb` nor `diagnosis` to ask it by"),
    ],
)
def test_an_answered_request_is_a_sign_of_life(instruments, missing):
    """But a modem that says it is not registered cannot send, whatever else lives."""
    assert no_sign_of_life(instruments) == missing


def test_a_confirmed_fault_of_the_bus_is_a_doubt():
    """Others are not, and neither is one that is pending; a memory that cannot be read is told."""
    faults = (Fault("U0401", confirmed=True), Fault("U0402", confirmed=False), Fault("P0A80", confirmed=True))
    instruments = bench(answers=True, faults=lambda: faults)
    assert doubts(instruments, ["U0401", "U0402"]) == ["U0401"]
    assert doubts(instruments, []) == []
    assert doubts(bench(), ["U0401"]) == []
    unread = doubts(bench(answers=True, faults=silent), ["U0401"])
    assert unread == ["its fault memory cannot be read (the modem did not answer)"]
