"""End-to-end protection of CAN messages."""

import pytest

from rigs.drivers.messages import load_dbc
from rigs.e2e import Protection, Receiver, protections
from telltale.errors import InputError

DBC = """VERSION "1"
NS_ :
BS_:
BU_: Bench Unit
BO_ 416 Guarded: 8 Bench
 SG_ Sum : 0|8@1+ (1,0) [0|255] "" Unit
 SG_ Count : 8|4@1+ (1,0) [0|14] "" Unit
 SG_ Value : 16|8@1+ (1,0) [0|255] "" Unit
BO_ 417 Plain: 8 Bench
 SG_ Other : 0|8@1+ (1,0) [0|255] "" Unit
BA_DEF_ BO_ "E2EDataId" INT 0 65535;
BA_DEF_ SG_ "E2ERole" ENUM "None","Counter","CRC";
BA_DEF_DEF_ "E2EDataId" 0;
BA_DEF_DEF_ "E2ERole" "None";
BA_ "E2EDataId" BO_ 416 291;
BA_ "E2ERole" SG_ 416 Sum 2;
BA_ "E2ERole" SG_ 416 Count 1;
"""


@pytest.fixture
def load(tmp_path):
    def read(text):
        path = tmp_path / "bus.dbc"
        path.write_text(text)
        return protections(load_dbc(path))

    return read


@pytest.mark.parametrize(
    ("data_id", "frame"),
    [
        (0x123, "cc00000000000000"),
        (0x123, "9101000000000000"),
        (0x123, "cd0e000000000000"),
        (0x1A0, "ce01000000000000"),
        (0x2B0, "38251122334455ff"),
    ],
)
def test_the_crc_is_that_of_profile_1(data_id, frame):
    """The first is the example of AUTOSAR's own document; the others come from the PyPI package autosar-e2e 1.0."""
    data = bytes.fromhex(frame)
    protection = Protection(data_id, "Count", 8, 0)
    assert protection.protected(bytes([0xFF]) + data[1:]) == data
    assert protection.is_intact(data)


def test_the_dbc_says_which_messages_are_protected_and_how(load):
    """By its attributes, whatever the signals are called."""
    assert load(DBC) == {"Guarded": Protection(291, "Count", 8, 0)}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('BA_ "E2ERole" SG_ 416 Sum 2;\n', "", r"`Guarded` has E2EDataId and 0 signals whose E2ERole is CRC"),
        ("Count : 8|4", "Count : 8|5", r"counter `Guarded\.Count` is no half byte"),
        ("Sum : 0|8", "Sum : 1|7", r"CRC `Guarded\.Sum` is no whole byte"),
    ],
)
def test_a_message_that_profile_1_does_not_fit_is_told(load, old, new, message):
    """With the name of what does not fit."""
    assert old in DBC
    with pytest.raises(InputError, match=message):
        load(DBC.replace(old, new))


def test_a_receiver_believes_a_frame_once_and_only_intact():
    """Wrong CRC, a counter that stands still, and its value for "none" are told apart; lost frames are no matter."""
    protection = Protection(291, "Count", 8, 0)

    def frame(count, value):
        return protection.protected(bytes([0, count, value, 0, 0, 0, 0, 0]))

    receiver = Receiver(protection)
    assert receiver.objection(frame(3, 1)) is None
    assert receiver.objection(frame(3, 2)) == "counter stands still"
    assert receiver.objection(frame(4, 2)[:-1] + b"x") == "wrong CRC"
    assert receiver.objection(frame(15, 2)) == "no counter"
    assert receiver.objection(b"") == "wrong CRC"
    assert receiver.objection(frame(6, 2)) is None
