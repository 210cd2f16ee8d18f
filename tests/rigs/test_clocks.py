"""Clocks round the bench, measured."""

from types import SimpleNamespace

from rigs.clocks import CLOUD, MODEM, UNIT, measure
from rigs.instruments import Instruments
from rigs.protocols import Fetched
from telltale.errors import RigError
from telltale.times import SECOND

NOW = 1_795_341_600 * SECOND


class Clock:
    """Two milliseconds pass with every question."""

    def __init__(self):
        self.time = NOW

    def now(self):
        self.time += SECOND // 1000
        return self.time


def bench(*, adb=None, modem=None, date=None):
    fetched = Fetched(url="x", status=401, headers=(("date", date),) if date else (), body=b"", sha256="", peer="x")
    return Instruments(
        clock=Clock(),
        adb=adb and SimpleNamespace(shell=adb),
        modem=modem and SimpleNamespace(command=modem),
        probe=SimpleNamespace(fetch=lambda *_, **__: fetched),
    )


def test_the_offset_is_what_the_clock_says_beside_the_middle_of_the_question():
    """Half the question's length and half the clock's resolution are the uncertainty."""
    (unit,) = measure(bench(adb=lambda _: f"{NOW // SECOND + 90}.000000000"))
    assert unit.source == UNIT
    assert abs(unit.offset - 90 * SECOND) <= unit.uncertainty + SECOND // 500
    assert unit.uncertainty <= 2 * SECOND // 1000


def test_a_clock_that_tells_seconds_is_known_to_half_a_second():
    """A build whose `date` has no %N; AT+CCLK with its zone; the Date of an answer."""
    instruments = bench(
        adb=lambda _: f"{NOW // SECOND}.%N",
        modem=lambda _: ['+CCLK: "26/11/22,18:00:00+32"'],
        date="Sun, 22 Nov 2026 10:00:00 GMT",
    )
    found = {offset.source: offset for offset in measure(instruments, cloud="https://app.test/")}
    assert set(found) == {UNIT, MODEM, CLOUD}
    for offset in found.values():
        assert abs(offset.offset) <= offset.uncertainty
        assert SECOND // 2 <= offset.uncertainty < SECOND


def test_a_clock_that_does_not_answer_is_left_out():
    """Dead, refused, or talking of something else."""

    def refuse(_):
        raise RigError("ERROR")

    assert measure(bench(adb=refuse, modem=refuse), cloud="https://app.test/") == ()
    assert measure(bench(adb=lambda _: "date: bad", modem=lambda _: ["+CCLK: never"]), cloud=None) == ()
    assert measure(bench(date="soon"), cloud="https://app.test/") == ()
