"""FAT32 volumes, whole, torn and hostile."""

import random
import shutil
import struct
import subprocess

import pytest

from rigs.fat import Recorder, Volume, format_volume
from rigs.fat.layout import FatError

MOMENT = 1_795_300_001_230_000_000
"""2026-11-22, to the hundredth of a second that FAT keeps."""


@pytest.fixture
def stick(tmp_path):
    path = tmp_path / "stick.img"
    format_volume(path)
    return path


def record(stick, path, *pieces, close=True):
    with stick.open("r+b", buffering=0) as stream:
        recorder = Recorder(stream)
        recording = recorder.begin(path, MOMENT)
        for piece in pieces:
            recording.append(piece, MOMENT)
        if close:
            recording.close(MOMENT)
            recorder.close()
        return recording


def read(stick):
    with stick.open("rb") as stream:
        volume = Volume(stream)
        return {file.path: volume.read(file) for file in volume.files()}, volume


def test_what_is_written_in_pieces_is_read_back_whole(stick):
    content = random.Random(1).randbytes(5000)
    record(stick, "/sentry/2026/a rather long name.mp4", content[:700], content[700:1024], content[1024:])
    files, volume = read(stick)
    assert list(files) == ["/sentry/2026/a rather long name.mp4"]
    assert (files["/sentry/2026/a rather long name.mp4"].data, volume.clean) == (content, True)
    assert files["/sentry/2026/a rather long name.mp4"].torn is None


def test_a_directory_grows_beyond_one_cluster(stick):
    for number in range(40):
        record(stick, f"/sentry/clip number {number}.mp4", bytes([number]) * 10)
    files, _ = read(stick)
    assert {path: content.data for path, content in files.items()} == {
        f"/sentry/clip number {number}.mp4": bytes([number]) * 10 for number in range(40)
    }


def test_the_time_of_creation_is_kept_to_a_hundredth_of_a_second(stick):
    record(stick, "/a.mp4", b"x")
    with stick.open("rb") as stream:
        [file] = Volume(stream).files()
    assert file.entry.created == MOMENT


def test_a_stick_taken_out_in_mid_write_holds_a_torn_file_with_all_that_was_written(stick):
    record(stick, "/whole.mp4", b"w" * 600)
    record(stick, "/torn.mp4", b"t" * 512, b"t" * 512, close=False)
    files, volume = read(stick)
    assert files["/whole.mp4"].torn is None
    assert files["/torn.mp4"].data == b"t" * 1024
    assert "being written" in files["/torn.mp4"].torn
    assert not volume.clean


def test_a_chain_that_no_file_owns_is_found(stick):
    record(stick, "/gone.mp4", b"secret" * 200)
    with stick.open("r+b", buffering=0) as stream:
        volume = Volume(stream)
        [file] = volume.files()
        stream.seek(volume.geometry.offset(volume.geometry.root) + file.entry.at * 32)
        stream.write(b"\xe5")
    files, _ = read(stick)
    [(path, content)] = files.items()
    assert path.startswith("/lost chain")
    assert content.data.startswith(b"secret")
    assert content.torn


def test_a_deleted_file_gives_its_clusters_back_and_a_new_one_replaces_its_namesake(stick):
    record(stick, "/a.mp4", b"old" * 1000)
    record(stick, "/a.mp4", b"new")
    files, _ = read(stick)
    assert {path: content.data for path, content in files.items()} == {"/a.mp4": b"new"}
    with stick.open("r+b", buffering=0) as stream:
        recorder = Recorder(stream)
        assert recorder.delete("/a.mp4")
        assert not recorder.delete("/a.mp4")
        recorder.close()
    assert read(stick)[0] == {}


def test_names_that_fat_forbids_are_written_otherwise(stick):
    assert record(stick, "/at 10:00?/ä*.mp4", b"x").path == "/at 10_00_/ä_.mp4"
    assert list(read(stick)[0]) == ["/at 10_00_/ä_.mp4"]


def test_a_full_stick_is_told(stick):
    with stick.open("r+b", buffering=0) as stream:
        recorder = Recorder(stream)
        recording = recorder.begin("/big.mp4", MOMENT)
        recorder._volume.table[2:] = type(recorder._volume.table)("I", [1]) * (len(recorder._volume.table) - 2)
        with pytest.raises(OSError, match="full"):
            recording.append(b"x" * 600, MOMENT)


def test_the_first_fat32_partition_of_a_partitioned_stick_is_read(stick, tmp_path):
    record(stick, "/a.mp4", b"partitioned")
    table = bytearray(512)
    table[446:462] = struct.pack("<B3xB3xII", 0, 0x0C, 8, 65_536)
    table[510:] = b"\x55\xaa"
    whole = tmp_path / "whole.img"
    whole.write_bytes(bytes(table) + bytes(7 * 512) + stick.read_bytes())
    assert read(whole)[0]["/a.mp4"].data == b"partitioned"


@pytest.mark.parametrize("damage", ["circle", "nowhere", "open"])
def test_a_damaged_chain_is_read_as_far_as_it_makes_sense(stick, damage):
    recording = record(stick, "/a.mp4", b"1" * 512 + b"2" * 512)
    with stick.open("r+b", buffering=0) as stream:
        target = {"circle": recording.first, "nowhere": 0x0ABC_DEF0, "open": 0}[damage]
        Recorder(stream).link(recording.first + 1, target)
    content = read(stick)[0]["/a.mp4"]
    assert content.data == b"1" * 512 + b"2" * 512
    assert content.torn


@pytest.mark.parametrize("content", [b"", b"\0" * 4096, b"\xff" * 4096, b"\xeb\x58\x90" + b"\0" * 507 + b"\x55\xaa"])
def test_what_is_no_fat32_volume_is_told(tmp_path, content):
    path = tmp_path / "x.img"
    path.write_bytes(content)
    with pytest.raises(FatError):
        read(path)


def test_a_volume_that_is_cut_off_is_told_or_read_as_far_as_it_goes(stick, tmp_path):
    record(stick, "/a.mp4", b"x" * 2000)
    whole = stick.read_bytes()
    for length in (512, 16_384, 40_000, 573_952 + 600, len(whole) // 2):
        cut = tmp_path / "cut.img"
        cut.write_bytes(whole[:length])
        try:
            files, _ = read(cut)
        except FatError:
            continue
        assert set(files) <= {"/a.mp4"} or any("lost" in path for path in files)


def test_a_volume_with_bytes_at_random_ends_in_files_or_an_error(stick, tmp_path):
    record(stick, "/sentry/a.mp4", b"x" * 2000)
    whole = bytearray(stick.read_bytes()[: 2 << 20])
    draw = random.Random(7)
    broken = tmp_path / "broken.img"
    for _ in range(60):
        damaged = bytearray(whole)
        for _ in range(40):
            place = draw.choice(
                (draw.randrange(512), 16_384 + draw.randrange(600), 573_952 - 512 + draw.randrange(3000))
            )
            damaged[place] = draw.randrange(256)
        broken.write_bytes(damaged)
        try:
            files, _ = read(broken)
        except FatError:
            continue
        assert all(isinstance(content.data, bytes) for content in files.values())


@pytest.mark.skipif(shutil.which("fsck.vfat") is None, reason="dosfstools is not installed")
def test_the_systems_own_check_finds_nothing_wrong(stick):
    for number in range(20):
        record(stick, f"/sentry/clip number {number}.mp4", b"x" * 777 * number)
    done = subprocess.run(["fsck.vfat", "-n", stick], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
