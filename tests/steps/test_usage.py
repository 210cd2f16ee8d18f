"""Exit status and words of pytest, as a user meets them: one clear line, never a traceback."""

import shutil

import pytest

from steps.verdicts import Verdicts
from telltale.errors import ExitStatus

pytestmark = pytest.mark.xdist_group("runs")


def rewrite(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def clear(done):
    """Nothing that only a programmer could read."""
    assert "Traceback" not in done.out, done.out
    assert "INTERNALERROR" not in done.out, done.out
    return done


SLIPS = {
    "rig": (
        "rig.yaml",
        ("cloud:", "clod:"),
        "rig.yaml:5: unknown key `clod`; did you mean `cloud`?",
    ),
    "no-rig": (
        "defaults.yaml",
        ("rig: rig.yaml", ""),
        "trip_diary.feature: no rig: give --rig, or name one in a defaults.yaml beside the features",
    ),
    "missing-rig": (
        "defaults.yaml",
        ("rig.yaml", "rgi.yaml"),
        "rgi.yaml: no such file; did you mean `rig.yaml`",
    ),
    "defaults": (
        "defaults.yaml",
        ("policy:", "polcy:"),
        "defaults.yaml:3: unknown key `polcy`; did you mean `policy`?",
    ),
    "unit": (
        "units/example-ev.yaml",
        ("uplink:", "uplnk:"),
        "units/example-ev.yaml:4: unknown key `uplnk`; did you mean `uplink`?",
    ),
    "signal": (
        "units/example-ev.yaml",
        ("Drive.Speed", "Drive.Sped"),
        "units/example-ev.yaml:8: example-ev.dbc has no signal `Drive.Sped`; did you mean `Drive.Speed`?",
    ),
    "policy": (
        "policy/clauses.yaml",
        ("modality:", "modalty:"),
        "policy/clauses.yaml:6: unknown key `modalty`; did you mean `modality`?",
    ),
    "vehicle": (
        "vehicles/example-ev.yaml",
        ("Ignition: Run", "Igniton: Run"),
        "vehicles/example-ev.yaml:10: the DBC's message `Drive` has no signal `Igniton`; did you mean `Ignition`?",
    ),
    "tag": (
        "trip_diary.feature",
        ("@EV-1 @EV-2", "@EV-12"),
        "trip_diary.feature:7: tag `@EV-12` names no clause; did you mean `EV-2` or `EV-1`",
    ),
    "step": (
        "trip_diary.feature",
        ("it is driven", "it is riven"),
        "trip_diary.feature:9: no step says `When it is riven for 10 minutes`; did you mean `it is driven for <time>`",
    ),
    "when": (
        "trip_diary.feature",
        ("      When it is driven for 10 minutes\n", ""),
        "trip_diary.feature:7: scenario `With the trip diary off no VIN leaves the car` has no When: it could not fail",
    ),
    "gherkin": ("trip_diary.feature", ("      When", "      Whenever"), "trip_diary.feature:9: "),
}
"""Name of a folder to: file, what is replaced in it, and the line that must be told."""


def test_input_that_is_wrong_is_told_when_it_is_collected_and_ends_2(outside, tmp_path, run_pytest):
    """One line each, with the place and the near-miss; a folder beside them that is sound is collected all the same."""
    benches = tmp_path / "benches"
    for name, (file, (old, new), _) in SLIPS.items():
        shutil.copytree(outside, benches / name)
        rewrite(benches / name / file, old, new)
    shutil.move(outside, benches / "sound")
    done = clear(run_pytest("--collect-only", "-q", "--continue-on-collection-errors", folder=benches))
    for name, (_, _, line) in SLIPS.items():
        assert len([one for one in done.lines(f"{name}/") if line in one]) == 1, f"{name}: {line}\n{done.out}"
    assert len(done.lines("sound/trip_diary.feature::")) == 2
    assert done.status == 2


def test_a_defect_for_another_unit_is_told(outside, run_pytest, request):
    defect = request.config.rootpath / "rigs/sim/defects/xiaomi-su7/21-experience-plan/ux-vin-sha256.yaml"
    done = clear(run_pytest("--collect-only", "--defect", defect, folder=outside))
    assert done.lines(
        "ux-vin-sha256.yaml:2: the defect is for the unit `xiaomi-su7`, and this rig's unit is `example-ev`"
    )
    assert done.status == 2


def test_an_unknown_option_is_pytests_own_affair(outside, run_pytest):
    done = clear(run_pytest("--rigg", "rig.yaml", folder=outside))
    assert done.lines("unrecognized arguments: --rigg")
    assert done.status == 4


def test_a_step_with_two_definitions_is_told_with_both(outside, run_pytest):
    """Somebody's own Python beside the features may add steps, but not steal a line from another."""
    (outside / "conftest.py").write_text(
        "from pytest_bdd import when\nfrom pytest_bdd.parsers import parse\n\n"
        "@when(parse('it is driven for {time} minutes'))\ndef drives(time):\n    pass\n",
        encoding="utf-8",
    )
    done = clear(run_pytest("--collect-only", folder=outside))
    (line,) = done.lines("trip_diary.feature:9: `When it is driven for 10 minutes` matches ")
    assert "steps.road.it_is_driven" in line
    assert "conftest.drives: one of them must be narrower" in line
    assert done.status == 2


REFUSED = "this host does not let the bench enter "
BLIND = "in loopback an undeclared direct connection, a name lookup or a datagram cannot be seen"


def test_a_host_that_refuses_namespaces_gets_loopback_says_so_and_why_and_ends_3(outside, run_pytest, refusing):
    """At the top, beside each claim that it cannot make, and below the table; nothing is complied with blindly."""
    done = clear(run_pytest("-k", "off", folder=outside, through=refusing))
    assert done.status == 3, done.out
    (top,) = done.lines("fidelity of simulated rigs: loopback (")
    assert REFUSED in top
    assert done.out.index(top) < done.out.index("collected")
    assert len(done.lines(f"not seen: {BLIND}")) >= 2
    (below,) = done.lines("Fidelity: loopback (")
    assert "a simulated rig, which says nothing about a real vehicle" in below


def test_a_violation_that_is_seen_in_loopback_ends_1(outside, run_pytest, refusing):
    defect = "defects/example-ev/road-report-names-car.yaml"
    done = clear(run_pytest("-k", "off", "--defect", defect, folder=outside, through=refusing))
    assert done.status == 1, done.out
    assert "vin as base64 > gzip > plain in body bytes" in done.lines("violates: no clause permits vin")[0]


def test_a_sealed_network_that_is_asked_for_and_refused_is_one_line_and_ends_3(outside, run_pytest, refusing):
    done = clear(run_pytest("-k", "off", "--fidelity", "sealed", folder=outside, through=refusing))
    assert done.status == 3
    assert len(done.lines(REFUSED)) == 1


@pytest.mark.usefixtures("sealed_host")
def test_what_the_rig_does_not_have_skips_and_ends_3(outside, run_pytest):
    """All skipped is no pass; the reason stands in the table."""
    rewrite(outside / "trip_diary.feature", "an Example EV with the trip diary off", "a MINI")
    done = clear(run_pytest("-rs", "-k", "off", folder=outside))
    assert done.lines("this rig has Example EV, the scenario needs MINI")
    assert "1 skipped" in done.out
    assert done.status == 3


def test_nothing_selected_is_nothing_judged(outside, run_pytest):
    done = clear(run_pytest("-k", "no_such_scenario", folder=outside))
    assert done.status == 3


@pytest.mark.usefixtures("sealed_host")
def test_a_slip_that_only_shows_on_the_bench_is_told_with_the_line_of_its_step(outside, run_pytest):
    """A function, an organisation, a switch, an item: words that the policy or the car must know."""
    steps = {
        "a function": "Then no VIN leaves the car for the trip dairy",
        "an item": "Then no VINN leaves the car",
        "an organisation": "Then the VIN leaves the car for Exampel Motors only",
        "a switch": "When the trip dairy is switched on\n      Then no VIN leaves the car",
    }
    text = "Feature: f\n\n  @EV-1\n  Rule: r\n"
    for name, step in steps.items():
        text += f"\n    Scenario: {name}\n      Given an Example EV\n      When 1 minutes have passed\n      {step}\n"
    (outside / "trip_diary.feature").write_text(text, encoding="utf-8")
    done = clear(run_pytest("-q", folder=outside))
    assert done.status == 2
    for line, told in (
        (9, "unknown function `trip dairy`; did you mean `trip diary`?"),
        (14, "unknown item `VINN`; did you mean `vin`?"),
        (19, "unknown organisation `Exampel Motors`; did you mean `Example Motors`?"),
        (24, "Example EV has no switch `trip dairy`; did you mean `trip diary`?"),
    ):
        assert [one for one in done.lines(told) if f"trip_diary.feature:{line}: " in one], f"{line} {told}\n{done.out}"


class _Session:
    """What the plugin reads of a session, and the exit status that it leaves there."""

    def __init__(self, config, exitstatus):
        self.config = config
        self.exitstatus = exitstatus


class _Config:
    def getoption(self, _name):
        return False


@pytest.mark.parametrize(
    ("statuses", "scenarios", "pytests", "status"),
    [
        ([0, 0], 2, 0, 0),
        ([0, 1, 3], 3, 1, 1),
        ([0, 3], 2, 1, 3),
        ([3, 1, 2], 3, 1, 2),
        ([], 2, 0, 3),  # all skipped
        ([0, 1], 1, 1, 1),  # a scenario complies, an ordinary test failed
        ([0, 3], 1, 1, 3),  # a worker died with a scenario
        ([0, 2], 1, 1, 2),  # a feature file that could not be read, the others complied
        ([], 0, 0, 0),  # ordinary tests alone
        ([1], 0, 1, 1),
        ([0], 1, 2, 2),  # interrupted: pytest's own stays
        ([0], 1, 4, 4),
    ],
)
def test_the_gravest_status_wins(statuses, scenarios, pytests, status):
    verdicts = Verdicts(_Config())
    verdicts._statuses = [ExitStatus(value) for value in statuses]
    verdicts._rows = [object()] * scenarios
    session = _Session(_Config(), pytests)
    verdicts.pytest_sessionfinish(session, pytests)
    assert session.exitstatus == status
