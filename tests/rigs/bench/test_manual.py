"""A person as a driver, at a real terminal: a pty that is the controlling terminal of a process of its own."""

import os
import pty
import select
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from rigs.addresses import CanAddress
from rigs.drivers.clock import WallClock
from rigs.drivers.manual import CannotError, Engineer, ManualInstrument
from rigs.instruments import Instruments, MissingInstrumentError
from rigs.rigfile import load_rig
from rigs.stimuli import Stimulator
from rigs.vehicle import Vehicle
from telltale.errors import InputError, RigError
from telltale.timeline import Timeline

RIGS = Path(__file__).parents[3] / "rigs"


class Terminal:
    """One end of a pty that is typed at; what a program shows is in `shown`."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.path = os.ttyname(self.slave)

    def type(self, *lines):
        os.write(self.master, "".join(f"{line}\n" for line in lines).encode())

    @property
    def shown(self):
        text = b""
        while select.select([self.master], [], [], 0.05)[0]:
            text += os.read(self.master, 4096)
        return text.decode()

    def close(self):
        os.close(self.master)
        os.close(self.slave)


@pytest.fixture
def terminal():
    made = Terminal()
    yield made
    made.close()


@pytest.fixture
def engineer(terminal):
    return Engineer(terminal.path)


@pytest.fixture(scope="session")
def vehicle():
    return Vehicle.load(RIGS / "vehicles/xiaomi-su7.yaml")


def test_a_deed_is_asked_for_and_the_answer_kept_with_its_moment(engineer, terminal):
    """An answer that is none is asked for again; a note may follow the word."""
    terminal.type("what?", "DONE: pressed twice")
    assert engineer.ask("Press the SOS button") == "done"
    (asked,) = engineer.asked
    assert (asked.prompt, asked.answer, asked.note) == ("Press the SOS button", "done", "pressed twice")
    assert asked.wall > 0
    shown = terminal.shown
    assert "Press the SOS button" in shown
    assert "that is none of these" in shown


def test_what_cannot_be_done_ends_the_scenario_with_the_reason(engineer, terminal):
    """It was begun, so it is inconclusive and not skipped; what was said is kept all the same."""
    terminal.type("cannot the cover is screwed on")
    with pytest.raises(CannotError, match=r"was asked: Press it; and could not: the cover is screwed on"):
        engineer.ask("Press it")
    assert engineer.asked[0].answer == "cannot"
    assert not issubclass(CannotError, MissingInstrumentError)


def test_without_a_terminal_nobody_is_asked(tmp_path):
    """As in CI: inconclusive, with that reason."""
    nobody = Engineer(str(tmp_path / "tty"))
    with pytest.raises(RigError, match=r"this takes a person: Press it; and there is no terminal.*No such file"):
        nobody.ask("Press it")
    assert nobody.asked == []


def test_a_process_without_a_controlling_terminal_has_nobody_to_ask():
    """The terminal itself is asked, since standard input may be captured; a session of its own has none."""
    script = "from rigs.drivers.manual import Engineer\nEngineer().ask('Press it')"
    ended = subprocess.run(
        [sys.executable, "-c", script],
        start_new_session=True,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert "there is no terminal to ask at" in ended.stderr.splitlines()[-1]


def test_the_controlling_terminal_is_asked_even_if_standard_streams_are_captured(terminal):
    """What pytest does to them."""
    script = textwrap.dedent(
        f"""
        import os
        os.close(os.open({terminal.path!r}, os.O_RDWR))  # the first terminal of a new session becomes its own
        from rigs.drivers.manual import Engineer
        engineer = Engineer()
        print(engineer.ask("Press it"), engineer.asked[0].note)
        """
    )
    terminal.type("done gladly")
    ended = subprocess.run(
        [sys.executable, "-c", script],
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert ended.stdout == "done gladly\n"


def test_any_instrument_may_be_a_person(engineer, terminal, vehicle):
    """Each call in words; what the call returns is made of the answer."""
    terminal.type("done", "done", "Closed", "yes", "no", "1.6.0", "P0A80, U0401", "none")
    ManualInstrument("power", engineer, vehicle).on()
    digital = ManualInstrument("digital", engineer, vehicle)
    digital.set("KL15", "closed")
    assert digital.state("KL15") == "closed"
    modem = ManualInstrument("modem", engineer, vehicle)
    assert modem.registered() is True
    assert modem.registered() is False
    diagnosis = ManualInstrument("diagnosis", engineer, vehicle)
    assert diagnosis.read("software version") == "1.6.0"
    assert [fault.code for fault in diagnosis.faults()] == ["P0A80", "U0401"]
    assert diagnosis.faults() == ()
    assert [asked.prompt for asked in engineer.asked][:3] == [
        "Switch the unit's supply on",
        "Set the line KL15 to closed",
        "How does the line KL15 stand, open or closed?",
    ]


def test_a_switch_is_asked_for_by_its_name_and_not_read_back_twice(engineer, terminal, vehicle):
    """What the engineer has confirmed is how it stands; what nobody knows is asked for."""
    adb = ManualInstrument("adb", engineer, vehicle)
    terminal.type("done", "-")
    adb.put_setting("global", "experience_plan", "1")
    assert adb.get_setting("global", "experience_plan") == "1"
    assert adb.get_setting("global", "other") is None
    assert adb.get_setting("global", "other") is None
    assert engineer.asked[0].prompt == "Turn the switch `user experience plan` on, then confirm"
    assert len(engineer.asked) == 2


def test_identities_are_shown_to_the_engineer_and_not_to_the_report(engineer, terminal, vehicle):
    """A position, a VIN."""
    terminal.type("done", "done")
    ManualInstrument("gnss", engineer, vehicle).place(39.9, 116.4, 0)
    ManualInstrument("diagnosis", engineer, vehicle).write("VIN", "LNB00000000000001")
    assert "39.900000, 116.400000" in terminal.shown
    told = " ".join(asked.prompt for asked in engineer.asked)
    assert "39.9" not in told
    assert "LNB" not in told


def test_what_no_person_can_do_is_missing(engineer, vehicle):
    """A command line, say."""
    with pytest.raises(MissingInstrumentError, match=r"`adb` is manual in this rig, and `shell` is nothing a person"):
        ManualInstrument("adb", engineer, vehicle).shell("ls")


def test_what_was_used_is_left_in_its_safe_state_by_hand(engineer, terminal, vehicle):
    """And what was not is left alone."""
    ManualInstrument("digital", engineer, vehicle).close()
    power = ManualInstrument("power", engineer, vehicle)
    terminal.type("done", "done")
    power.on()
    power.close()
    assert [asked.prompt for asked in engineer.asked][1:] == ["Leave the unit's supply in its safe state"]


def test_a_rig_file_says_which_instruments_are_a_person(tmp_path):
    """Beside those that are not."""
    text = (RIGS / "examples/linux-bench.yaml").read_text().replace("../vehicles/", f"{RIGS}/vehicles/")
    text = text.replace("../../policies", f"{RIGS.parent}/policies").replace("unit-17", f"{RIGS}/examples/unit-17")
    lines = [line for line in text.splitlines() if not line.startswith(("adb:", "modem:"))]
    path = tmp_path / "rig.yaml"
    path.write_text("\n".join([*lines, "adb: {manual: true}", "modem: {manual: true}", "diagnosis: {manual: true}"]))
    rig = load_rig(path)
    assert rig.addresses.manual == ("adb", "modem", "diagnosis")
    assert rig.addresses.adb is None
    assert isinstance(rig.addresses.can, CanAddress)
    path.write_text("\n".join([*(line for line in lines if not line.startswith("can:")), "can: {manual: true}"]))
    with pytest.raises(InputError, match=r"`can` cannot be manual; known: `power`, `digital`"):
        load_rig(path)


CAR = """
vehicle: Test car
called: [car]
dbc: {dbc}
stimuli:
  the SOS button is pressed:
    - facts: {{sos: pressed}}
    - manual: Press the SOS button for three seconds
    - facts: {{sos: released}}
"""


def test_a_single_action_may_be_done_by_hand_and_stands_in_the_timeline(tmp_path, engineer, terminal):
    """Facts after it count from when the person was done."""
    path = tmp_path / "car.yaml"
    path.write_text(CAR.format(dbc=RIGS / "dbc/body.dbc"))
    timeline = Timeline()
    stimulator = Stimulator(Vehicle.load(path), Instruments(clock=WallClock(), engineer=engineer), timeline)
    terminal.type("done")
    stimulator.do("the SOS button is pressed")
    pressed, asked, released = timeline
    assert (pressed.fact, pressed.value) == ("sos", "pressed")
    assert (asked.fact, asked.value, asked.source) == (
        "by hand: Press the SOS button for three seconds",
        "done",
        "manual",
    )
    assert pressed.bench < asked.bench <= released.bench
