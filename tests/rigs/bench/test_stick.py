"""A USB stick of a real bench: moved by a multiplexer or by hand, read as a block device."""

import pytest

from rigs.addresses import StickAddress
from rigs.drivers.stick import BlockStick, ByHand, Multiplexer
from rigs.fat import Recorder, format_volume
from telltale.errors import RigError
from telltale.times import SECOND

NOW = 1_795_300_100 * SECOND
MADE = 1_795_300_000 * SECOND
HOURS = 3600 * SECOND


class Lines:
    """Digital lines that stay as they were set."""

    def __init__(self):
        self.stands = {}
        self.history = []

    def set(self, line, state):
        self.stands[line] = state
        self.history.append((line, state))

    def state(self, line):
        return self.stands.get(line, "open")


class BenchClock:
    def __init__(self):
        self.waited = 0

    def now(self):
        return NOW

    def advance(self, duration):
        self.waited += duration


@pytest.fixture
def address(tmp_path):
    device = tmp_path / "stick"
    format_volume(device)
    with device.open("r+b", buffering=0) as stream:
        recorder = Recorder(stream)
        recording = recorder.begin("/sentry/a.mp4", MADE + 8 * HOURS)  # in the car's local time
        recording.append(b"film", MADE + 8 * HOURS)
        recording.close(MADE + 8 * HOURS)
        recorder.close()
    return StickAddress.model_validate({"device": device, "mux": "usb", "hours ahead": 8, "patience": "200 ms"})


def test_a_multiplexer_moves_the_stick_and_gives_the_car_time_to_finish(address):
    lines, clock = Lines(), BenchClock()
    stick = BlockStick(address, Multiplexer(lines, "usb", clock, address.quiet), clock)
    stick.plug()
    assert stick.plugged
    stick.unplug()
    assert clock.waited == address.quiet
    stick.plug()
    stick.pull()
    assert clock.waited == address.quiet
    assert lines.history == [("usb", "closed"), ("usb", "open")] * 2
    assert not stick.plugged


def test_its_files_are_read_with_the_bench_time_that_the_cars_local_time_means(address):
    clock = BenchClock()
    stick = BlockStick(address, Multiplexer(Lines(), "usb", clock, address.quiet), clock)
    [file] = stick.read().files
    assert (file.path, file.data, file.torn) == ("/sentry/a.mp4", b"film", None)
    assert file.written == (MADE, MADE + SECOND // 100 - 1)


def test_it_is_not_read_while_it_is_in_the_car(address):
    clock = BenchClock()
    stick = BlockStick(address, Multiplexer(Lines(), "usb", clock, address.quiet), clock)
    stick.plug()
    with pytest.raises(RigError, match="it is in the car; let the scenario pull it out"):
        stick.read()
    with pytest.raises(RigError, match="cannot tell whether the car is writing"):
        stick.writing()


def test_a_device_that_does_not_appear_or_holds_no_fat32_is_told(address):
    clock = BenchClock()
    stick = BlockStick(address, Multiplexer(Lines(), "usb", clock, address.quiet), clock)
    address.device.write_bytes(b"\0" * 4096)
    with pytest.raises(RigError, match="it has no boot sector"):
        stick.read()
    address.device.unlink()
    with pytest.raises(RigError, match="cannot be read: No such file or directory"):
        stick.read()


def test_the_engineer_is_asked_in_words(address):
    said = []

    class Terminal:
        def ask(self, prompt, kind="deed"):
            said.append((prompt, kind))
            return "yes"

    stick = BlockStick(address, ByHand(Terminal()), BenchClock())
    stick.plug()
    assert stick.writing()
    stick.pull()
    stick.plug()
    stick.unplug()
    assert [kind for _, kind in said] == ["deed", "yes or no", "deed", "deed", "deed"]
    assert said[2][0] == "pull the USB stick out at once and plug it into the bench"
    assert "eject" in said[4][0]
