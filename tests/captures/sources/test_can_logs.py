"""CAN logs of any maker tell the same: diagnostics put together, and what is broadcast in several frames."""

import contextlib
import gzip
import random

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
