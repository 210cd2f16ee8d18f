"""Access rows of rig files: what they take, and what is wrong told with line and mend."""

import pytest

from rigs.rigfile import load_rig
from telltale.errors import InputError

SIMULATED = "rig: r\nkind: simulated\nunit: unit.yaml\ncloud: cloud.yaml\nvehicle: car.yaml\npolicy: policy\n"
REAL = "rig: r\nkind: real\nvehicle: car.yaml\npolicy: policy\nuplinks: [{name: c, kind: cellular, interface: eth1}]\n"


@pytest.fixture
def load(tmp_path):
    """A rig file of these lines, beside the files that it may name."""
    (tmp_path / "policy").mkdir()
    for name in ("unit.yaml", "cloud.yaml", "car.yaml", "unit.pem"):
        (tmp_path / name).touch()

    def loaded(text):
        path = tmp_path / "rig.yaml"
        path.write_text(text)
        return load_rig(path)

    return loaded


def test_a_row_tells_how_much_of_a_recipient_can_be_opened(load, tmp_path):
    """As plain data by host, for the judge; paths are relative to the rig file, but for those on the unit."""
    rig = load(
        REAL + "adb: {usb: A1}\naccess:\n"
        "  - {host: tsp.x.test, access: client_cert, certificate: unit.pem}\n"
        "  - {host: ota.x.test, access: keylog, path: /data/keys.log}\n"
        "  - {host: nav.x.test, access: keylog, from: file, path: keys.log}\n"
        "  - {host: app.x.test, access: backend_tap, path: tap.log}\n"
        "  - {host: '*.sdk.test', access: metadata, pinned: fails}\n"
        "  - {host: api.sdk.test, access: metadata}\n"
    )
    assert rig.access_by_host == {
        "tsp.x.test": "client_cert",
        "ota.x.test": "keylog",
        "nav.x.test": "keylog",
        "app.x.test": "backend_tap",
        "*.sdk.test": "metadata",
        "api.sdk.test": "metadata",
    }
    assert rig.access[0].certificate == tmp_path / "unit.pem"
    assert [row.path for row in rig.access[1:4]] == ["/data/keys.log", f"{tmp_path}/keys.log", f"{tmp_path}/tap.log"]
    assert [row.opened_by_gateway for row in rig.access] == [True, False, False, False, True, False]


@pytest.mark.parametrize(
    ("kind", "row", "complaint"),
    [
        (SIMULATED, "host: x.test, access: keylogs", "expected one of intercept, client_cert, keylog, backend_tap, me"),
        (SIMULATED, "host: 'x.test:443/', access: metadata", "expected a host, `ota.example.test`"),
        (SIMULATED, "host: x.test, access: keylog", "access `keylog` needs `path`, where the key log is"),
        (SIMULATED, "host: x.test, access: metadata, path: k", "`path` does not belong to access `metadata`"),
        (SIMULATED, "host: x.test, access: client_cert, certificate: unit.pem", "leave `certificate` out"),
        (SIMULATED, "host: x.test, acces: metadata", "unknown key `acces`; did you mean `access`?"),
        (REAL, "host: x.test, access: client_cert", "needs `certificate`, a PEM file with the unit's certificate"),
        (REAL, "host: x.test, access: client_cert, certificate: unti.pem", "did you mean `unit.pem`?"),
        (REAL, "host: x.test, access: backend_tap", "needs `path`, the key log that the backend's TLS terminator"),
        (REAL, "host: x.test, access: keylog, path: /k", "this rig has no `adb`; give it one, or `from: file`"),
    ],
)
def test_what_is_wrong_with_a_row_is_told_with_its_line(load, kind, row, complaint):
    """And with what to write instead."""
    with pytest.raises(InputError) as raised:
        load(f"{kind}access:\n  - {{{row}}}\n")
    assert complaint in raised.value.message
    assert raised.value.line == len(kind.splitlines()) + 2


def test_two_rows_about_one_host_are_refused(load):
    """Nobody could tell which one counts."""
    with pytest.raises(InputError, match=r"two rows of `access` are about X\.test"):
        load(SIMULATED + "access: [{host: x.test, access: metadata}, {host: X.test, access: intercept}]\n")
