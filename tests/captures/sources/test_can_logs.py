"""CAN logs of any maker tell the same: diagnostics put together, and what is broadcast in several frames."""

import contextlib
import gzip
import random
import re

import can
import isotp
import pytest

from captures.decode.isotp import Assembler
from captures.sightings import Engine
from captures.sources import open_source
from telltale.errors import InputError
from telltale.identity import Identities, Identity

VIN = "LTESTVIN000000017"
WRITERS = {
    "blf": (can.BLFWriter, "log.blf"),
    "asc": (can.ASCWriter, "log.asc"),
    "trc": (can.TRCWriter, "log.trc"),
    "candump": (can.CanutilsLogWriter, "log.log"),
}


def segments(payload: bytes) -> list[bytes]:
    """*payload* in frames as can-isotp, which is not ours, cuts it."""
    sent: list[bytes] = []
    address = isotp.Address(isotp.AddressingMode.Normal_11bits, txid=0x7E8, rxid=0x7E0)
    layer = isotp.TransportLayerLogic(
        rxfn=lambda _timeout: waiting.pop(0) if waiting else None,
        txfn=lambda frame: sent.append(bytes(frame.data)),
        address=address,
        params={"stmin": 0, "blocksize": 0, "tx_padding": 0xAA},
    )
    waiting = [isotp.CanMessage(arbitration_id=0x7E0, data=bytes((0x30, 0, 0)))]
    layer.send(payload)
    for _ in range(50):
        layer.process()
    return sent


def frames(*, lost: int | None = None) -> list[can.Message]:
    """A workshop reads the VIN; the car also broadcasts it in three frames that count, among cyclic ones."""
    said = [(0x7E0, bytes((3, 0x22, 0xF1, 0x90)) + b"\xaa" * 4)]
    said += [(0x7E8, data) for data in segments(b"\x62\xf1\x90" + VIN.encode())]
    said += [(0x7E8, bytes((3, 0x7F, 0x2E, 0x33)) + b"\xaa" * 4)]
    for turn, start in enumerate(range(0, len(VIN), 7)):
        said += [(0x40A, bytes((turn,)) + VIN.encode()[start : start + 7].ljust(7, b"\0")), (0x100, b"\1\2\3\4")]
    if lost is not None:
        del said[lost]
    return [
        can.Message(timestamp=1_790_000_000 + n / 100, arbitration_id=i, data=d, is_extended_id=False, channel=0)
        for n, (i, d) in enumerate(said)
    ]


@pytest.fixture
def written(tmp_path):
    def write(kind, messages, *, packed=False):
        writer, name = WRITERS[kind]
        path = tmp_path / name
        with writer(path) as log:
            for message in messages:
                log(message)
        if packed:
            path.write_bytes(gzip.compress(path.read_bytes()))
            path = path.rename(path.with_name(path.name + ".gz"))
        return path

    return write


def told(path):
    source = open_source(path)
    engine = Engine(Identities([Identity(item="vin", value=VIN)]))
    sent = list(source.transmissions())
    seen = [(sent[s.transmission].channel, s.part, s.form) for t in sent for s in engine.search(t)]
    return source, sent, sorted(seen)


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("packed", [False, True])
def test_every_kind_of_log_tells_the_same(written, kind, packed):
    """The answer that holds the VIN, the refusal, and the VIN that is broadcast behind a counter."""
    source, sent, seen = told(written(kind, frames(), packed=packed))
    assert source.kind == kind
    assert source.notes == ()
    diagnostics = [(t.summary, t.complete) for t in sent if t.channel == "uds"]
    assert diagnostics == [
        ("ReadDataByIdentifier 0xF190", True),
        ("ReadDataByIdentifier answered 0xF190", True),
        ("WriteDataByIdentifier refused: security access denied", True),
    ]
    [answer] = [t for t in sent if t.kind == "ReadDataByIdentifier answered"]
    assert [(f.name, f.value) for f in answer.fields] == [("vin", VIN)]
    assert seen == [("can", "multiplexed", "plain"), ("uds", "payload", "plain")]
    assert [t.index for t in sent] == list(range(len(sent)))


def test_a_lost_frame_cuts_the_message_off_and_the_rest_is_read(written):
    """The second of the answer's frames."""
    _, sent, seen = told(written("blf", frames(lost=2)))
    [answer] = [t for t in sent if t.kind == "ReadDataByIdentifier answered"]
    assert not answer.complete
    assert ("can", "multiplexed", "plain") in seen
    assert ("uds", "payload", "plain") not in seen


@pytest.mark.parametrize("kind", WRITERS)
def test_a_log_that_is_damaged_is_read_as_far_as_it_makes_sense(written, kind):
    """One line says why, or nothing was lost; never an exception."""
    good = written(kind, frames() * 20).read_bytes()
    draw = random.Random(kind)
    for turn in range(60):
        data = bytearray(good[: draw.randrange(len(good) // 2, len(good))])
        for _ in range(turn % 5):
            data[draw.randrange(len(data))] = draw.randrange(256)
        path = written(kind, [])
        path.write_bytes(bytes(data))
        with contextlib.suppress(InputError):  # its beginning is no longer that of a capture
            source = open_source(path)
            list(source.transmissions())
            assert all("\n" not in note for note in source.notes)


DAMAGES = {
    "candump": (" 7E0#", " can1 7E0#", "too many values to unpack", "`(1700000000.123456) can0 7E8#0322F1`"),
    "asc": ("7E0 ", "7EZ ", "invalid literal for int()", "`0.123456 1 7E8 Rx d 3 03 22 F1`"),
    "trc": ("07E0", "07EZ", "invalid literal for int()", "the columns that the log's head announces"),
}
"""By kind of log: what stands in the first frame's line, what instead, and what is told of it."""


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_line_is_told_by_its_number_and_the_rest_is_read(written, kind):
    """What was expected stands there too, and it is a gap."""
    path = written(kind, frames())
    good, bad, why, expected = DAMAGES[kind]
    text = path.read_text()
    number = text[: text.index(good)].count("\n") + 1
    path.write_text(text.replace(good, bad, 1))
    source, _, seen = told(path)
    [note] = source.notes
    assert note.startswith(f"line {number} cannot be read ({why}")
    assert f"expected {expected}" in note
    assert source.gaps == source.notes
    assert seen == [("can", "multiplexed", "plain"), ("uds", "payload", "plain")]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("asc", "0.055 1 7E8 Rx d 8 10"),  # bytes are missing
        ("asc", "0.0x5 1 7E8 Rx d 1 10"),
        ("asc", "0.055 L1 3C Rx 2 10 11"),  # a bus of which nothing is read
        ("trc", "9 55.0 DT 1 07E8 Rx - 8"),
        ("candump", "(1790000000.0) can0 7E8#123"),
        ("candump", "(nan) can0 7E8#12"),
        ("candump", "(1e300) can0 7E8#12"),
    ],
)
def test_a_line_that_a_reader_passes_over_is_told(written, kind, line):
    """The readers of python-can say nothing of some lines that hold a frame, or only a part of one."""
    path = written(kind, frames())
    *lines, last = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, line + "\n", last]))
    source, _, seen = told(path)
    assert f"line {len(lines) + 1} cannot be read" in "".join(source.notes)
    assert ("uds", "payload", "plain") in seen


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("asc", "// 0.1 1 7E8 Rx d 1 10"),
        ("asc", "0.1 CAN 1 Status:chip status error active"),
        ("asc", "0.1 1 Statistic: D 1 R 0 XD 0 XR 0 E 0 O 0 B 0.0%"),
        ("asc", "0.1 J1939TP FEE3p 6 0 0 - Rx d 3 A0 0F A6"),
        ("asc", "0.1 1 ErrorFrame"),
        ("trc", "; 9 55.0 DT 1 07E8 Rx - 8"),
        ("trc", "9 55.0 ST 1 - Rx - 4 00 00 00 00"),
        ("candump", ""),
        ("candump", "(1790000000.5) can0 123#R"),
        ("candump", "(1790000000.5) can0 12345678##1112233 R"),
    ],
)
def test_a_line_that_holds_no_frame_by_right_is_no_damage(written, kind, line):
    """Remarks, states of the bus, remote frames."""
    path = written(kind, frames())
    *lines, last = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, line + "\n", last]))
    assert told(path)[0].notes == ()


def test_an_asc_log_without_the_line_that_ends_its_head_keeps_its_first_frame(tmp_path):
    path = tmp_path / "log.asc"
    path.write_text("date Sun Nov 22 06:00:00.000 2026\nbase hex timestamps absolute\n0.1 1 7E0 Rx d 4 03 22 F1 90\n")
    source, sent, _ = told(path)
    assert (source.notes, [t.summary for t in sent]) == ((), ["ReadDataByIdentifier 0xF190"])


def packed_differently(path, level, size):
    """The frames in many small containers."""

    class Writer(can.BLFWriter):
        max_container_size = size

    with Writer(path, compression_level=level) as log:
        for message in frames() * 20:
            log(message)
    return path


@pytest.mark.parametrize("level", [0, 6], ids=["plain", "deflated"])
def test_a_damaged_container_of_a_blf_costs_no_other(tmp_path, level):
    """The byte is told up to which the log had been read."""
    path = packed_differently(tmp_path / "log.blf", level, 1000)
    whole = path.read_bytes()
    count = sum(1 for _ in can.BLFReader(path))
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(60) + whole[middle + 60 :])
    source = open_source(path)
    left = list(source._frames())
    assert count - 40 < len(left) < count
    assert left[-1].timestamp == pytest.approx(frames()[-1].timestamp)
    [note] = source.notes
    assert re.match(r"byte [\d,]+ cannot be read \(.*\): expected an object of a Vector log", note)


def test_an_object_of_a_blf_that_has_no_size_ends(tmp_path):
    """A reader that steps on by the size of an object of an unknown version would never end."""
    path = packed_differently(tmp_path / "log.blf", 0, 1000)
    whole = bytearray(path.read_bytes())
    first = whole.index(b"LOBJ", whole.index(b"LOBJ") + 4)
    whole[first + 6 : first + 12] = bytes((9, 0, 0, 0, 0, 0))
    path.write_bytes(whole)
    source, sent, _ = told(path)
    assert sent
    assert "an object says that it has 0 bytes" in source.notes[0]


def test_a_blf_that_was_cut_off_between_two_containers_is_no_whole_one(tmp_path):
    """Each holds whole frames here, so the chain of objects is sound; the head knows better."""
    path = packed_differently(tmp_path / "log.blf", 6, 48)
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"LOBJ")])
    source, sent, _ = told(path)
    assert sent
    assert "the log is cut off: its head tells of" in source.notes[0]


def test_can_fd_carries_long_single_and_first_frames():
    """ISO 15765-2, 9.6.2 and 9.6.3."""
    [single] = Assembler().feed(bytes((0, 20)) + VIN.encode() + b"abc" + b"\xcc" * 4, 1, 0)
    assert single.data == VIN.encode() + b"abc"
    body = bytes(range(256)) * 20
    assembler, place = Assembler(), 58
    assert assembler.feed(b"\x10\0" + len(body).to_bytes(4, "big") + body[:place], 1, 0) == []
    turn, done = 1, []
    while not done:
        done = assembler.feed(bytes((0x20 | turn,)) + body[place : place + 63], 2, turn)
        place, turn = place + 63, (turn + 1) % 16
    assert [(carried.data, carried.complete) for carried in done] == [(body, True)]


def test_frames_as_text_are_read_by_the_protocol_that_they_look_like(tmp_path):
    """Digits bare, spaced or after 0x, and JSON; what is neither is told by its line."""
    doip = b"\x02\xfd\0\4" + (33).to_bytes(4, "big") + VIN.encode() + bytes(16)
    someip = bytes.fromhex("1234800100000019 00010002 01010200") + VIN.encode()
    connect = bytes.fromhex("101a00044d515454040000 3c 000e") + b"car-0000000017"
    path = tmp_path / "frames.txt"
    path.write_text(
        f"# written down at the bench\n{doip.hex()}\n0x{someip.hex(' ')}\nno digits\n"
        f'{{"id": 1, "frame": "{connect.hex()}"}}\n'
    )
    source = open_source(path)
    sent = list(source.transmissions())
    assert source.kind == "frames"
    assert [(t.channel, t.kind) for t in sent] == [
        ("doip", "vehicle announcement"),
        ("someip", "notification"),
        ("mqtt", "connect"),
    ]
    assert sent[0].fields[0].value == VIN
    assert source.notes == ("no frame in line 4",)
