"""Unit files are checked before anything is played, and a complaint names line, near-miss and mend."""

import pytest

from rigs.sim.parts import UnitBoot
from rigs.sim.unit.checks import load_unit
from telltale.errors import InputError
from telltale.identity import Identities, Identity

UNIT = """\
unit: test
made by: Test
uplink: cellular
state:
  ignition: {default: off, can: VehicleStatus.Ignition, values: {Off: off, Run: on}}
  plan: {default: off, setting: global/plan, values: {"0": off, "1": on}, kept: true}
queues:
  later: {}
functions:
  plan:
    while: {ignition: on, plan: on}
    sends:
      records:
        every: 60 s
        post: https://ux.maker.test/v1/records
        json: {vin: "{vin}", clip: "{cabin_video|base64}", lat: "{position.lat:.1f}"}
        queue: later
      all:
        at: end
        flush: later
"""


@pytest.fixture
def loaded(tmp_path, sim):
    def load(old="", new=""):
        path = tmp_path / "unit.yaml"
        assert old in UNIT
        path.write_text(UNIT.replace(old, new, 1))
        return load_unit(path, dbc=sim.parent / "dbc" / "body.dbc")

    return load


def test_a_unit_file_tells_which_values_a_run_must_give(loaded, tmp_path):
    """And a run that lacks one is refused beforehand."""
    unit = loaded()
    assert unit.needs == {"vin", "cabin_video", "position"}
    boot = UnitBoot(
        unit=unit,
        identities=Identities([Identity(item="vin", value="LNBSCPAE5RW000017")]),
        flash=tmp_path,
        authorities=None,
        interfaces={},
    )
    with pytest.raises(InputError, match="needs `cabin_video`, `position`, which identities and footage do not give"):
        boot.as_json()


@pytest.mark.parametrize(
    ("change", "line", "complaint"),
    [
        (("uplink: cellular", "uplink: celular"), 3, "`uplink` is `celular`, expected one of cellular, wifi"),
        (("VehicleStatus.Ignition", "VehicleStatus.Igniton"), 5, "did you mean `VehicleStatus.Ignition`"),
        (("VehicleStatus.Ignition", "Ignition"), 5, "expected a CAN signal, `Message.Signal`"),
        (("global/plan", "globl/plan"), 6, "namespace being global, secure, system"),
        (
            ("setting: global/plan, ", ""),
            6,
            "which only a fact with a `setting`, a `command` or an `app` can be",
        ),
        (("while: {ignition: on", "while: {igniton: on"), 11, "unknown fact `igniton`; did you mean `ignition`?"),
        (("functions:", "gate: {igniton: on}\nfunctions:"), 9, "unknown fact `igniton`; did you mean `ignition`?"),
        (("plan: on}", "plan: yes}"), 11, "`plan` is never `yes`; known: `off`, `on`"),
        (("every: 60 s", "every: 60 sec"), 14, "is not a duration"),
        (("every: 60 s", "every: 0 s"), 14, "more than no time"),
        (("every: 60 s", "after: 60 s"), 13, "has none; a send has one trigger of every, at, when"),
        (("every: 60 s", "follows: recods"), 14, "`recods` is no send of this function; did you mean `records`?"),
        (("every: 60 s", "on command: x"), 14, "the unit has no `command link`"),
        (("post: https", "post: htps"), 15, "expected a URL"),
        (("{vin}", "{destination}"), 16, "`{destination}` is no fact, item or moment; did you mean `destination.l"),
        (("{vin}", "{vn}"), 16, "`{vn}` is no fact, item or moment; did you mean `vin`?"),
        (("{cabin_video|base64}", "{cabin_video|bas64}"), 16, "unknown stage `bas64`; did you mean `base64`"),
        (("queue: later", "queue: latr"), 17, "unknown queue `latr`; did you mean `later`?"),
        (("queue: later", "qeue: later"), 17, "unknown key `qeue`; did you mean `queue`"),
        (("queue: later", "text: hello"), 13, "has json and text; a message has one content"),
        (("queue: later", "to: a.test:1"), 13, "needs both `gbt32960` and `to`"),
        (("post: https://ux.maker.test/v1/records", "usb: records"), 15, "expected the path of a file, `/folder/name`"),
        (("queue: later", "keep: 60 s"), 13, "has `keep`, which belongs to a file, `usb` or `store`"),
        (("queue: later", "exif: {taken: '{now}'}"), 13, "has `exif`, which belongs to `media`, a picture"),
        (("queue: later", "rfcomm: 2"), 13, "needs `bluetooth`, the device's address, with one of `rfcomm` and `att`"),
        (("post: https://ux.maker.test/v1/records", "bluetooth: phone"), 15, "`phone` is no Bluetooth address"),
        (
            ("can: VehicleStatus.Ignition", "near: [home_postion]"),
            5,
            "`home_postion` is no place; did you mean `home_position`",
        ),
        (
            ("setting: global/plan", "setting: global/plan, usb: stick"),
            6,
            "has `setting` and `usb`; a fact has one source",
        ),
        (
            ("flush: later", "flush: later\n        udp: a.test:1"),
            18,
            "has `udp` and `flush`; a send has one destination",
        ),
    ],
)
def test_a_unit_file_that_is_wrong_names_its_line(loaded, change, line, complaint):
    """With the near-miss."""
    with pytest.raises(InputError) as error:
        loaded(*change)
    assert complaint in str(error.value)
    assert error.value.line == line


def test_a_dbc_that_is_missing_or_none_is_an_input_error(loaded, tmp_path):
    """With the near-miss of its name."""
    loaded()
    (tmp_path / "body.dbc").write_text("no database")
    with pytest.raises(InputError, match=r"bdy\.dbc: no such file; did you mean `body\.dbc`\?"):
        load_unit(tmp_path / "unit.yaml", dbc=tmp_path / "bdy.dbc")
    with pytest.raises(InputError, match=r"body\.dbc: is no CAN database"):
        load_unit(tmp_path / "unit.yaml", dbc=tmp_path / "body.dbc")
