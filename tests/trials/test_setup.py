"""Bad input: one line with file, line, what was given and the near-miss."""

import pytest

from telltale.errors import ExitStatus, InputError
from trials.setup import Setup

UNIT, CLOUD, VEHICLE = "units/example-ev.yaml", "clouds/example-motors.yaml", "vehicles/example-ev.yaml"
DEFECT = "defects/example-ev/road-report-names-car.yaml"


@pytest.fixture
def complaint(outside):
    """Reads the example after one piece of text in one of its files was replaced; returns what is complained about."""

    def complaint(file, old, new, *defects):
        path = outside / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InputError) as error:
            Setup.read(outside / "rig.yaml", policy=None, defects=[outside / name for name in defects])
        assert error.value.exit_status is ExitStatus.USAGE
        line = str(error.value).replace(f"{outside}/", "")
        assert "\n" not in line
        return line

    return complaint


def test_the_example_itself_is_sound(outside):
    setup = Setup.read(outside / "rig.yaml", policy=None, defects=[outside / DEFECT])
    assert setup.unit_name == "example-ev"
    assert [defect.defect for defect in setup.defects] == ["road-report-names-car"]


@pytest.mark.parametrize(
    ("file", "old", "new", "line"),
    [
        ("rig.yaml", "cloud:", "clod:", ":5: unknown key `clod`; did you mean `cloud`?"),
        ("rig.yaml", "simulated\n", "simulate\n", ":3: `kind` is `simulate`, expected one of simulated, real"),
        (
            "rig.yaml",
            "units/example-ev",
            "units/example-eb",
            ":4: `unit` is `units/example-eb.yaml`: no such file; did you mean `example-ev.yaml`?",
        ),
        (
            "rig.yaml",
            "policy: policy",
            "policy: polcy",
            ":7: `policy` is `polcy`: no such folder; did you mean `policy`?",
        ),
        (UNIT, "uplink:", "uplnk:", ":4: unknown key `uplnk`; did you mean `uplink`?"),
        (UNIT, "    while:", "    whil:", ":13: unknown key `whil`; did you mean `while`?"),
        (
            UNIT,
            "Drive.Speed",
            "Drive.Sped",
            ":8: example-ev.dbc has no signal `Drive.Sped`; did you mean `Drive.Speed`?",
        ),
        (UNIT, "{vin}", "{vim}", ":18: `{vim}` is no fact, item or moment; did you mean `vin`?"),
        (CLOUD, "sinks:", "sinsk:", ":5: unknown key `sinsk`; did you mean `sinks`"),
        (VEHICLE, "called:", "caled:", ":3: unknown key `caled`; did you mean `called`?"),
        (
            VEHICLE,
            "Ignition: Run",
            "Igniton: Run",
            ":10: the DBC's message `Drive` has no signal `Igniton`; did you mean `Ignition`?",
        ),
        (VEHICLE, "Drive:", "Driv:", ":10: the DBC has no message `Driv`; did you mean `Drive`?"),
        (
            VEHICLE,
            "Run, Speed",
            "Running, Speed",
            ":10: signal `Ignition` is `Running`: no such value; did you mean `Run`?",
        ),
        (
            VEHICLE,
            "example-ev.dbc",
            "exampel-ev.dbc",
            ":4: `dbc` is `../exampel-ev.dbc`: no such CAN database; did you mean `example-ev.dbc`?",
        ),
        (
            "example-ev.dbc",
            "SG_ Speed : 8|16@1+",
            "SG_ Speed : 8|16@",
            f"{VEHICLE}:4: `dbc` is `../example-ev.dbc`: is no CAN database: ",
        ),
        (
            "policy/clauses.yaml",
            "modality: permit",
            "modality: permits",
            ":6: `clauses.EV-1.modality` is `permits`, expected one of permit, forbid",
        ),
        (
            "policy/clauses.yaml",
            "    recipients:",
            "    recipeints:",
            ":9: unknown key `recipeints`; did you mean `recipients`",
        ),
        (
            "policy/clauses.yaml",
            "trip diary\n",
            "trip dairy\n",
            ":8: unknown function `trip dairy`; did you mean `trip diary`?",
        ),
        ("policy/clauses.yaml", "[vin,", "[vinn,", ":7: unknown item `vinn`; did you mean `vin`?"),
        (
            "policy/endpoints.yaml",
            "organisation: maker",
            "organisation: makre",
            ":4: unknown organisation `makre`; did you mean `maker`?",
        ),
        (
            "policy/document.yaml",
            "default deny: EV-3",
            "default deny: EV-4",
            ":12: unknown clause `EV-4`; did you mean ",
        ),
    ],
)
def test_a_slip_in_a_file_is_told_in_one_line_with_its_place(complaint, file, old, new, line):
    assert complaint(file, old, new).startswith(line if not line.startswith(":") else f"{file}{line}")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        (
            "unit: example-ev",
            "unit: example-eb",
            ":2: the defect is for the unit `example-eb`, and this rig's unit is `example-ev`",
        ),
        ("story:", "stroy:", ":3: unknown key `stroy`; did you mean `story`?"),
        ("item: vin,", "item: vinn,", ":5: unknown item `vinn`; did you mean `vin`?"),
        ("road report:", "rode report:", ":9: `rode report` is no function of the unit, and as a new one it is not"),
    ],
)
def test_a_slip_in_a_defect_is_told_in_one_line_with_its_place(complaint, old, new, line):
    assert complaint(DEFECT, old, new, DEFECT).startswith(f"{DEFECT}{line}")
