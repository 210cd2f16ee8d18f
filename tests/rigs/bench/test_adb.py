"""adbutils and the real adb program against the simulated adbd."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rigs.addresses import AdbAddress, SnoopAddress, StorageAddress
from rigs.drivers.adb import AdbDriver
from rigs.drivers.adbserver import CHOICE, AdbServer, adb_program
from rigs.drivers.storage import AdbSnoop, AdbStorage
from telltale.errors import InputError, RigError


@pytest.fixture(params=["adbutils' own", "the host's"])
def chosen(request, monkeypatch):
    """The adb program of server and client: the one that adbutils brings, and the one that the host has, if any."""
    if request.param == "adbutils' own":
        monkeypatch.delenv(CHOICE, raising=False)
        return adb_program()
    if not (installed := shutil.which("adb")):
        pytest.skip("this host has no adb of its own")
    monkeypatch.setenv(CHOICE, installed)
    assert adb_program() == installed
    return installed


@pytest.fixture
def adb(unit, chosen):  # noqa: ARG001 - it takes effect by the environment
    driver = AdbDriver(unit.addresses.adb)
    yield driver
    driver.close()


@pytest.fixture
def program(unit, chosen, tmp_path):
    """Runs the adb program, on a server of its own."""
    server = AdbServer(usb=False)

    def run(*words):
        argv = [chosen, "-P", str(server.port), *words]
        return subprocess.run(argv, capture_output=True, timeout=30, check=False, env={"HOME": str(tmp_path)})

    run("connect", unit.addresses.adb.tcp)
    yield run
    server.close()


def test_the_real_adb_program_lists_the_unit_by_its_model(program):
    """``adb devices -l`` shows a connected device."""
    assert b"device product:unit model:unit" in program("devices", "-l").stdout


def test_the_real_adb_program_passes_on_output_errors_and_status(program):
    """The shell protocol, version 2, keeps the three apart."""
    done = program("shell", "echo one; nope")
    assert (done.stdout, done.returncode) == (b"one\n", 127)
    assert b"nope: inaccessible or not found" in done.stderr


def test_the_real_adb_program_pushes_and_pulls_a_large_file(program, tmp_path):
    """A file comes back byte by byte, across many sync chunks."""
    there, back = tmp_path / "there", tmp_path / "back"
    there.write_bytes(os.urandom(700_001))
    assert program("push", str(there), "/sdcard/Movies/clip").returncode == 0
    assert program("shell", "ls", "/sdcard/Movies").stdout == b"clip\n"
    assert program("pull", "/sdcard/Movies/clip", str(back)).returncode == 0
    assert back.read_bytes() == there.read_bytes()
    assert program("pull", "/sdcard/nothing", str(back)).returncode == 1


def test_the_real_adb_program_is_refused_a_service_that_the_unit_lacks(program):
    """An unknown service is closed at once instead of hanging."""
    assert program("jdwp").returncode != 0 or program("jdwp").stdout == b""
    assert program("shell", "true").returncode == 0


def test_a_setting_reaches_the_unit_and_is_read_back(adb, unit):
    """``settings put`` tells the unit before it returns."""
    adb.put_setting("global", "experience_plan", "0")
    assert unit.told == [("global", "experience_plan", "0")]
    assert adb.get_setting("global", "experience_plan") == "0"


def test_a_setting_that_was_never_set_is_none(adb):
    """The settings provider's ``null`` is not a value."""
    assert adb.get_setting("global", "nothing") is None


def test_a_setting_that_the_unit_does_not_keep_is_an_error(adb, unit):
    """A put that does not read back is never taken for done."""
    unit.adbd._shell._on_setting = lambda space, key, _value: unit.settings.update({(space, key): "2"})
    with pytest.raises(RigError, match=r"did not take the setting global/plan: it is `2`, not `1`"):
        adb.put_setting("global", "plan", "1")


def test_a_command_that_fails_is_an_error_with_its_status(adb):
    """The status is the command's own."""
    with pytest.raises(RigError, match=r"`cat /nothing` on .* ended with status 1: cat: /nothing: No such file"):
        adb.shell("cat /nothing")


def test_an_app_is_opened_by_its_component(adb, unit):
    """``am start -n`` names package and activity."""
    adb.start("com.example.weather/.Main")
    assert unit.told == ["com.example.weather/.Main"]


def test_the_unit_is_connected_again_after_a_reboot(adb, unit):
    """A reboot cuts the connection; the next call makes a new one."""
    assert adb.shell("echo before") == "before"
    adb.reboot()
    assert unit.told == ["reboot"]
    assert adb.shell("echo after") == "after"


def test_files_go_both_ways_and_a_missing_one_is_an_error(adb, tmp_path):
    """What adbutils takes for an empty folder is told as a missing file."""
    (tmp_path / "a").write_bytes(b"route")
    adb.push(tmp_path / "a", "/sdcard/a")
    adb.pull("/sdcard/a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == b"route"
    with pytest.raises(RigError, match=r"could not pull /sdcard/c .*no such file"):
        adb.pull("/sdcard/c", tmp_path / "c")


def test_a_unit_that_is_gone_is_an_error_of_the_rig(unit, monkeypatch):
    """A unit that accepts and says nothing does not hang the bench."""
    monkeypatch.setattr("rigs.drivers.adb._CONNECT", 0.5)
    adb = AdbDriver(unit.addresses.adb)
    unit.close()
    with pytest.raises(RigError, match="ADB could not run `echo`"):
        adb.shell("echo")
    adb.close()
    unit.close = lambda: None


def test_nobody_at_the_address_is_an_error_of_the_rig_file(closed_port):
    """It is told when the bench starts, before anything runs."""
    with pytest.raises(InputError, match=f"nothing answers at 127.0.0.1:{closed_port}"):
        AdbDriver(AdbAddress(tcp=f"127.0.0.1:{closed_port}"))


def test_the_server_leaves_no_file_and_no_process(adb):
    """Key and log of the private server vanish with it."""
    adb.shell("true")
    folder, keeper = adb._server._folder, adb._server._keeper
    assert list(folder.rglob("adbkey"))
    adb.close()
    assert not folder.exists()
    assert keeper.poll() is not None


def test_the_server_ends_with_a_bench_that_is_killed(until):
    """Not even SIGKILL leaves a server or its folder behind."""
    code = (
        "from rigs.drivers.adbserver import AdbServer; import time\n"
        "server = AdbServer(usb=False); print(server._keeper.pid, server._folder, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as bench:
        keeper, folder = bench.stdout.readline().split()
        until(lambda: _children(keeper), "the server's start")
        server = _children(keeper)[0]
        bench.send_signal(signal.SIGKILL)
    until(lambda: not Path(folder).exists() and not _alive(server) and not _alive(keeper), "the server's end")


def test_the_server_ends_with_a_keeper_that_is_killed(until):
    """The kernel ends adb when its keeper dies first."""
    server = AdbServer(usb=False)
    keeper = str(server._keeper.pid)
    until(lambda: _children(keeper), "the server's start")
    program = _children(keeper)[0]
    server._keeper.kill()
    until(lambda: not _alive(program), "adb's end")
    until(lambda: not server.alive, "the keeper's end")
    server.close()
    assert not server._folder.exists()


def test_the_server_starts_without_being_felt(unit):
    """A private server is up, and the unit connected, in a fraction of a second."""
    start = time.monotonic()
    adb = AdbDriver(unit.addresses.adb)
    adb.shell("true")
    adb.close()
    assert time.monotonic() - start < 15  # ten times the aim: a busy machine is no defect


def _children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_picture_of_the_screen_comes_byte_by_byte(adb, program):
    """`exec-out` changes no line ends, as `shell` may."""
    picture = adb.screenshot()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert program("exec-out", "screencap", "-p").stdout == picture


def test_the_screen_tells_the_app_in_front_and_how_settings_stand(adb):
    before = adb.screenshot()
    adb.put_setting("global", "sentry_mode", "1")
    adb.start("com.example.radio/.Main")
    texts = adb.screen_texts()
    assert texts[0] == "com.example.radio"
    assert "global/sentry_mode: 1" in texts
    assert adb.screenshot() != before


def test_what_has_changed_in_the_storage_is_pulled_and_what_is_as_before_is_not(adb, program, tmp_path):
    """New and changed files, but for the folders that are left out and those that are no root."""
    file = tmp_path / "file"
    file.write_text("before")
    for path in ("/sdcard/same", "/sdcard/changed"):
        program("push", str(file), path)
    storage = AdbStorage(adb, StorageAddress(roots=["/data", "/sdcard"], leave_out=["/data/own"]), BenchClock())
    with pytest.raises(RigError, match="was not looked at before"):
        storage.changed()
    storage.remember()
    file.write_text("after, and longer")
    for path in ("/sdcard/changed", "/data/new", "/data/own/log", "/vendor/other"):
        program("push", str(file), path)
    found = storage.changed()
    assert {file.path: file.data for file in found.files} == {
        "/data/new": b"after, and longer",
        "/sdcard/changed": b"after, and longer",
    }
    assert found.causes == ()
    assert all(BenchClock.NOW == early == late for early, late in (file.written for file in found.files))


def test_a_bluetooth_log_that_is_not_there_is_told(adb):
    with pytest.raises(RigError, match="could not pull /data/nothing"):
        AdbSnoop(adb, SnoopAddress(path="/data/nothing")).read()


class BenchClock:
    """Stands still, long before what the unit's own clock says."""

    NOW = 1_000_000_000

    def now(self):
        return self.NOW
