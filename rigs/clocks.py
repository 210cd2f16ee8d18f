"""How far the clocks round the bench are off the bench clock, measured by asking them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from rigs.instruments import Instruments
from telltale.clocks import ClockOffset
from telltale.errors import RigError
from telltale.times import SECOND

UNIT, MODEM, CLOUD, CAN_LOG = "the unit", "the modem", "the cloud", "the CAN log"
_DATE = "date +%s.%N"
"""Toybox's, as Android has it: nanoseconds."""
_CCLK = re.compile(r'\+CCLK: "(\d\d)/(\d\d)/(\d\d),(\d\d):(\d\d):(\d\d)([+-]\d\d)?"')
"""3GPP TS 27.007, 8.15: the zone in quarters of an hour."""


def measure(instruments: Instruments, *, cloud: str | None = None) -> tuple[ClockOffset, ...]:
    """The offset of every clock that can be asked now; what does not answer is left out.

    Each answer is taken for the middle of the time that the question took; half of that, and what the clock's own
    words leave open, is the uncertainty.

    :param cloud: a URL of the maker's, whose answers carry a Date
    """
    return tuple(_offsets(instruments, cloud))


def heard(instruments: Instruments) -> ClockOffset | None:
    """How far the stamps of the CAN log are off, by frames of the bench's own of which something came back.

    None on a bench without CAN. Where nothing came back since the last call, nothing is known.
    """
    if instruments.can is None:
        return None
    span = instruments.can.marked()
    if span is None:
        return ClockOffset.unmeasured(CAN_LOG)
    return ClockOffset.between(CAN_LOG, *span, measured=instruments.clock.now())


def _offsets(instruments: Instruments, cloud: str | None) -> Iterator[ClockOffset]:
    adb, modem, probe = instruments.adb, instruments.modem, instruments.probe
    questions: list[tuple[str, Callable[[], tuple[int, int] | None]]] = []
    if adb is not None:
        questions.append((UNIT, lambda: _android(adb.shell(_DATE))))
    if modem is not None:
        questions.append((MODEM, lambda: _modem(modem.command("AT+CCLK?"))))
    if probe is not None and cloud is not None:
        questions.append((CLOUD, lambda: _cloud(probe.fetch(cloud, method="HEAD").header("date"))))
    for source, ask in questions:
        before = instruments.clock.now()
        try:
            told = ask()
        except RigError:
            continue  # a clock that cannot be asked is not measured, and the judge is told of none
        after = instruments.clock.now()
        if told is not None:
            moment, resolution = told
            offset = moment + resolution // 2 - (before + after) // 2
            uncertainty = (after - before) // 2 + resolution // 2
            yield ClockOffset(source=source, offset=offset, uncertainty=uncertainty, measured=after)


def _android(said: str) -> tuple[int, int] | None:
    whole, _, fraction = said.strip().partition(".")
    if not whole.isdigit():
        return None
    if not fraction.isdigit():  # a build whose `date` has no %N
        return int(whole) * SECOND, SECOND
    return int(whole) * SECOND + int(fraction.ljust(9, "0")[:9]), 0


def _modem(lines: list[str]) -> tuple[int, int] | None:
    for line in lines:
        if found := _CCLK.fullmatch(line.strip()):
            year, *rest = (int(found[n]) for n in range(1, 7))
            zone = timezone(timedelta(minutes=15 * int(found[7] or "0")))
            moment = datetime(2000 + year, *rest, tzinfo=zone)  # type: ignore[misc, arg-type] # five numbers
            return int(moment.timestamp()) * SECOND, SECOND
    return None


def _cloud(header: str | None) -> tuple[int, int] | None:
    if header is None:
        return None
    try:
        return int(parsedate_to_datetime(header).astimezone(UTC).timestamp()) * SECOND, SECOND
    except ValueError:
        return None
