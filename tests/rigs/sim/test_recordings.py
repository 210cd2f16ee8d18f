"""Files that a simulated unit writes: on the USB stick and in itself."""

import hashlib

import pytest

from telltale.errors import RigError
from telltale.times import SECOND

UNIT = """
unit: test
made by: Test
uplink: cellular
state:
  person: {default: nobody, can: BodyStatus.PersonNear, values: {Nobody: nobody, Near: near}}
  stick: {default: absent, usb: stick}
  place: {default: elsewhere, near: [home_position], within: 200, values: {near: home, away: elsewhere}}
functions:
  sentry:
    unless: {place: home}
    sends:
      recording:
        when: {person: near}
        while: {stick: plugged}
        usb: "/sentry/{now.unix}.txt"
        over: 10 s
        text: "0123456789abcdefghij"
      note: {when: {person: near}, store: "/data/notes/{now.unix}.txt", keep: 60 s, text: near}
      last: {when: {person: near}, store: "/data/last/{now.unix}.txt", keep last: 2, text: near}
"""


def someone_comes(bench):
    bench.send("BodyStatus", PersonNear=1)
    bench.send("BodyStatus", PersonNear=0)


def on_stick(bench):
    return {file.path: (file.data, file.torn) for file in bench.stick.read().files}


def test_a_recording_is_written_piece_by_piece_and_is_whole_at_its_end(bench):
    bench.start_unit(UNIT)
    bench.stick.plug()
    began = bench.clock.now()
    someone_comes(bench)
    assert bench.stick.writing()
    bench.wait("4 s")
    [(data, torn)] = on_stick(bench).values()
    assert data.startswith(b"0123456789")
    assert torn
    bench.wait("6 s")
    assert not bench.stick.writing()
    [(path, found)] = on_stick(bench).items()
    assert (path, found) == (f"/sentry/{began // SECOND}.txt", (b"0123456789abcdefghij", None))
    [file] = bench.stick.read().files
    assert file.written[0] <= began <= file.written[1]
    assert bench.unit.failures == []


def test_a_stick_that_is_yanked_holds_what_had_been_written_and_the_unit_tells_its_loss(bench):
    bench.start_unit(UNIT)
    bench.stick.plug()
    someone_comes(bench)
    bench.wait("3 s")
    bench.stick.pull()
    bench.wait("30 s")
    [(data, torn)] = on_stick(bench).values()
    assert data.rstrip(b"\0") == b"01234567"
    assert torn == "it was being written when the stick was taken out"
    assert [failure.reason for failure in bench.unit.failures] == ["the USB stick is gone"]
    assert bench.unit.state()["facts"]["stick"] == "absent"


def test_a_stick_that_is_asked_for_first_holds_a_whole_file(bench):
    bench.start_unit(UNIT)
    bench.stick.plug()
    someone_comes(bench)
    bench.wait("3 s")
    bench.stick.unplug()
    assert list(on_stick(bench).values()) == [(b"01234567", None)]
    bench.stick.plug()
    someone_comes(bench)
    bench.wait("10 s")
    assert sorted(on_stick(bench).values()) == [(b"01234567", None), (b"0123456789abcdefghij", None)]


def test_a_unit_without_power_leaves_a_torn_file_and_finds_the_stick_again_when_it_boots(bench):
    bench.start_unit(UNIT)
    bench.stick.plug()
    someone_comes(bench)
    bench.wait("2 s")
    bench.unit.power_off()
    assert [torn for _, torn in on_stick(bench).values()] == ["it was being written when the stick was taken out"]
    bench.power_on()
    assert bench.unit.state()["facts"]["stick"] == "plugged"


def test_a_stick_is_plugged_in_once_and_taken_out_once(bench):
    bench.start_unit(UNIT)
    assert bench.stick.read().files == ()
    with pytest.raises(RigError, match="is not plugged in"):
        bench.stick.pull()
    bench.stick.plug()
    with pytest.raises(RigError, match="is plugged in already"):
        bench.stick.plug()


def test_without_a_stick_nothing_is_recorded_and_nothing_is_missed(bench):
    bench.start_unit(UNIT)
    someone_comes(bench)
    bench.wait("30 s")
    assert on_stick(bench) == {}
    assert bench.unit.failures == []


def test_files_in_the_car_outlive_power_off_and_go_when_their_time_is_over(bench):
    bench.start_unit(UNIT, **bench.open_ports())
    someone_comes(bench)
    assert bench.adb_shell("find /data/notes -type f -exec stat -c '%s %n' {} +").startswith("4 /data/notes/")
    bench.wait("30 s")
    bench.unit.power_off()
    bench.power_on(**bench.open_ports())
    assert bench.adb_shell("find /data/notes -type f -exec sha256sum {} +").startswith(
        hashlib.sha256(b"near").hexdigest()
    )
    bench.wait("29 s")
    assert bench.adb_shell("find /data/notes -type f")
    bench.wait("1 s")
    assert bench.adb_shell("find /data/notes -type f") == ""


def test_of_files_that_are_counted_the_oldest_go(bench):
    bench.start_unit(UNIT, **bench.open_ports())
    for _ in range(3):
        someone_comes(bench)
        bench.wait("10 s")
    second, third = bench.adb_shell("find /data/last -type f").split()
    assert second < third


FILES = """
unit: test
made by: Test
uplink: cellular
state: {}
functions:
  camera:
    sends:
      picture: {on app: take, store: "/card/{now.unix}.txt", text: a picture}
      film: {on app: film, store: "/card/films/{now.unix}.txt", over: 10 s, text: "0123456789abcdefghij"}
      note: {on app: take, store: "/cards/note.txt", text: kept}
      format: {on app: format, wipe: /card}
"""


def test_a_folder_is_wiped_with_what_is_being_written_in_it(bench):
    """Files below it alone; a file in the writing is not taken up again."""
    bench.start_unit(FILES, **bench.open_ports())
    bench.adb_shell("am start -n take/.Now")
    bench.adb_shell("am start -n film/.Now")
    bench.wait("2 s")
    assert len(bench.adb_shell("find /card -type f").split()) == 2
    bench.adb_shell("am start -n format/.Now")
    bench.wait("20 s")
    assert bench.adb_shell("find /card /cards -type f").split() == ["/cards/note.txt"]
    assert bench.unit.failures == []


def test_a_function_rests_at_a_place_that_is_excluded(bench):
    bench.start_unit(UNIT, **bench.open_ports())
    bench.stick.plug()
    bench.move(39.6042, 116.2074)
    someone_comes(bench)
    assert bench.unit.state()["facts"]["place"] == "home"
    assert on_stick(bench) == {}
    bench.move(39.6442, 116.2074)
    someone_comes(bench)
    assert len(on_stick(bench)) == 1
