"""pyserial on ptys: AT console and GNSS input."""

import os
import re
from pathlib import Path

import pytest

from rigs.addresses import SerialAddress
from rigs.drivers.gnss import NmeaSource, _sentence, sentences, void
from rigs.drivers.modem import AtConsole
from rigs.route import Fix
from telltale.errors import InputError, RigError

NOON = 1_795_348_800_120_000_000
"""2026-11-22 12:00:00.12 UTC."""


@pytest.fixture
def modem(unit, tmp_path):
    console = AtConsole(unit.addresses.modem, tmp_path / "modem.log")
    yield console
    console.close()


@pytest.fixture
def gnss(unit, tmp_path):
    source = NmeaSource(unit.addresses.gnss, tmp_path / "gnss.log")
    yield source
    source.close()


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("AT", []),
        ("AT+CGSN", ["001017869757958"]),
        ("AT+CIMI", ["001018959591294"]),
        ("AT+CCID", ["+CCID: 89869936799499167276"]),
        ("AT+QCCID", ["+QCCID: 89869936799499167276"]),
        ("AT+CSQ", ["+CSQ: 24,99"]),
        ("AT+COPS?", ['+COPS: 0,2,"00101",7']),
        ("AT+CREG?", ["+CREG: 0,1"]),
    ],
)
def test_the_modem_answers(modem, command, answer):
    """Echo and final OK are no part of an answer, with and without echo."""
    assert modem.command(command) == answer
    modem.command("ATE0")
    assert modem.command(command) == answer


def test_registration_is_a_sign_of_life(modem, unit):
    """It follows the unit."""
    assert modem.registered()
    unit.registered = False
    assert not modem.registered()


def test_an_unknown_command_is_refused(modem):
    """With AT+CMEE=1 the modem says why."""
    with pytest.raises(RigError, match=r"refused `AT\+NIX`: ERROR"):
        modem.command("AT+NIX")
    modem.command("AT+CMEE=1")
    with pytest.raises(RigError, match=r"refused `AT\+NIX`: \+CME ERROR: 100"):
        modem.command("AT+NIX")


def test_codes_that_come_unasked_are_kept_apart(modem, unit, until):
    """A report that came before a command is not taken for its answer."""
    modem.command("AT+CEREG=1")
    unit.in_loop(unit.modem.registration_changed)
    assert modem.command("AT+CGSN") == ["001017869757958"]
    codes = []
    until(lambda: codes.extend(modem.unsolicited()) or codes, "the report")
    assert codes == ["+CEREG: 1"]


def test_a_modem_that_is_off_does_not_answer(addresses):
    """Silence is an error, never an empty answer."""
    console = AtConsole(addresses.modem)
    with pytest.raises(RigError, match=r"did not answer `AT` within 0.05 s"):
        console.command("AT", timeout=0.05)
    console.close()


def test_a_modem_that_boots_has_missed_what_was_said_before(host, unit, addresses):
    """Commands to a unit that was off are not answered after its boot."""
    line = os.open(host.modem.path, os.O_RDWR | os.O_NONBLOCK)
    unit.in_loop(lambda: unit.loop.remove_reader(host.modem.unit_end))
    os.write(line, b"AT+CGSN\r")
    assert host.modem.unread
    unit.in_loop(lambda: unit.modem.attach(host.modem.unit_end, unit.loop))
    unit.in_loop(lambda: None)
    with pytest.raises(BlockingIOError):
        os.read(line, 100)
    os.close(line)
    console = AtConsole(addresses.modem)
    assert console.command("AT+CIMI") == ["001018959591294"]
    console.close()


def test_a_report_in_the_middle_of_an_answer_is_no_part_of_it(modem, unit):
    """It is told as having come unasked."""
    modem.command("AT+CEREG=1")
    strength = unit.modem._answers["AT+CSQ"]

    def interrupted():
        unit.modem.registration_changed()
        return strength()

    unit.modem._answers["AT+CSQ"] = interrupted
    assert modem.command("AT+CSQ") == ["+CSQ: 24,99"]
    assert modem.unsolicited() == ["+CEREG: 1"]


def test_the_console_is_logged_line_by_line_with_its_time(modem, tmp_path):
    """Time in UTC, direction, text."""
    modem.command("AT+CSQ")
    lines = (tmp_path / "modem.log").read_text().splitlines()
    assert [line.split(" ", 1)[1] for line in lines] == ["> AT+CSQ", "< AT+CSQ", "< +CSQ: 24,99", "< OK"]
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", line) for line in lines)


def test_a_port_that_vanishes_is_an_error(until):
    """A pulled cable is told, to the caller as well as by the console."""
    master, slave = os.openpty()
    console = AtConsole(SerialAddress(port=os.ttyname(slave)))
    os.close(slave)
    os.close(master)
    until(lambda: console.error is not None, "the error")
    with pytest.raises(RigError, match="is gone"):
        console.command("AT")
    console.close()


def test_a_port_that_does_not_exist_is_an_error_of_the_rig_file():
    """Name and mend are in the line."""
    with pytest.raises(InputError, match=r"/dev/nothing-here cannot be opened: No such file or directory; check"):
        AtConsole(SerialAddress(port="/dev/nothing-here"))


@pytest.mark.parametrize("place", [(39.9042, 116.4074), (-33.856784, 151.215297), (51.477928, -0.001545), (0.0, 0.0)])
def test_a_place_reaches_the_unit_to_a_few_centimetres(gnss, unit, until, place):
    """All four quarters of the earth."""
    gnss.place(*place, NOON)
    until(lambda: unit.told, "the fix")
    assert unit.told[0] == pytest.approx(place, abs=2e-7)
    assert unit.gnss.rejected == 0


def test_sentences_carry_place_and_bench_time():
    """RMC with date, GGA with a good fix; degrees and minutes as NMEA writes them."""
    rmc, gga = sentences(Fix(39.9042, 116.4074), NOON)
    assert rmc.startswith("$GPRMC,120000.12,A,3954.25200,N,11624.44400,E,0.0,0.0,221126,,,A*")
    assert gga.startswith("$GPGGA,120000.12,3954.25200,N,11624.44400,E,1,12,")


def test_a_car_that_moves_tells_speed_and_course():
    """Knots and degrees from true north; GGA has neither."""
    rmc, gga = sentences(Fix(39.9042, 116.4074, speed=27.78, course=271.26), NOON)
    assert rmc.split(",")[7:10] == ["54.0", "271.3", "221126"]
    assert gga == sentences(Fix(39.9042, 116.4074), NOON)[1]


def test_a_lost_fix_leaves_no_position_behind():
    """RMC says V and N, GGA says quality 0, and where a place would stand is nothing; the checksums are right."""
    rmc, gga = void(NOON)
    assert rmc.partition("*")[0] == "$GPRMC,120000.12,V,,,,,,,221126,,,N"
    assert gga.partition("*")[0] == "$GPGGA,120000.12,,,,,0,00,,,M,,M,,"
    assert [line for line in (rmc, gga) if _sentence(line[1:].partition("*")[0]) != line] == []


def test_the_unit_hears_that_the_fix_is_lost_and_back(gnss, unit, until):
    """What is repeated while nothing changes is what was told last: the loss, then the new fix."""
    gnss.place(39.9, 116.4, NOON)
    gnss.lose(NOON)
    gnss.repeat(NOON)
    gnss.move(Fix(39.91, 116.4, speed=14.0, course=0.0), NOON)
    gnss.repeat(NOON)
    until(lambda: len(unit.told) == 5, "five times two sentences")
    assert unit.told[1:3] == ["lost", "lost"]
    assert unit.told[3] == unit.told[4] == pytest.approx((39.91, 116.4), abs=2e-7)


def test_the_checksum_is_the_one_of_a_published_sentence():
    """From the description of NMEA 0183 that receivers' manuals quote."""
    body = "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W"
    assert _sentence(body) == f"${body}*6A"


def test_minutes_never_round_up_to_sixty():
    """The carry goes into the degrees."""
    assert ",1000.00000,N," in sentences(Fix(9.9999999999, 0), NOON)[0]


def test_no_place_on_earth_is_refused():
    """Latitude ends at the poles."""
    with pytest.raises(ValueError, match="is no place"):
        sentences(Fix(91, 0), NOON)


@pytest.mark.parametrize(
    "line",
    [
        b"$GPRMC,120000.12,A,3954.25200,N,11624.44400,E,0.0,0.0,221126,,,A*00",
        b"GPRMC,120000.12,A,3954.25200,N,11624.44400,E",
        b"$GPRMC,120000.12,A*2D",
    ],
)
def test_the_receiver_does_not_believe_a_broken_sentence(unit, host, line, until):
    """Wrong checksum, no start, too few fields: no fix."""
    with Path(host.gnss.path).open("wb", buffering=0) as port:
        port.write(line + b"\r\n")
        until(lambda: not host.gnss.unread, "reading")
        unit.in_loop(lambda: None)
    assert unit.told == []


def test_a_receiver_without_a_fix_tells_no_place(unit, host, until):
    """RMC with status V is not a position, whatever stands in it."""
    rmc = sentences(Fix(1, 1), NOON)[0].removeprefix("$").partition("*")[0].replace(",A,", ",V,", 1)
    checksum = 0
    for byte in rmc.encode():
        checksum ^= byte
    with Path(host.gnss.path).open("wb", buffering=0) as port:
        port.write(f"${rmc}*{checksum:02X}\r\n".encode())
        until(lambda: not host.gnss.unread, "reading")
        unit.in_loop(lambda: None)
    assert (unit.told, unit.gnss.rejected) == (["lost"], 0)
