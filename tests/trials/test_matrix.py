"""The clause matrix: coverage, verdict and proof of each clause, from what runs and proofs have left."""

import json
import shutil
from pathlib import Path

import pytest

from trials import proofs
from trials.cli import main
from trials.proof import Catch, Pair
from trials.setup import Setup
from trials.stamps import of_policy

EXAMPLE = Path(__file__).parents[2] / "docs" / "example"
OFF = "With the trip diary off no VIN leaves the car"
ON = "With the trip diary on its entries go to the maker"
SAYS = "Example EV (simulated): a simulated rig, which says nothing about a real vehicle."


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the example that the command is typed in."""
    copy = Path(shutil.copytree(EXAMPLE, tmp_path / "theirs"))
    monkeypatch.chdir(copy)
    return copy


@pytest.fixture
def ran(folder):
    """Writes the folder of a run that ended."""

    def write(name, scenario, verdict, *, broken=(), defects=(), ended="2026-01-01", rig="sim"):
        run = folder / "reports" / "runs" / name
        run.mkdir(parents=True)
        told = {"scenario": scenario, "rig": rig, "unit": "example-ev", "says": SAYS, "ended": ended}
        told |= {"clauses": ["EV-1", "EV-2", "EV-3"], "policy sha256": of_policy(Path("policy")), "verdict": verdict}
        (run / "run.json").write_text(json.dumps({**told, "defects": list(defects)}))
        row = {"verdicts": {"only": verdict}, "broken": {"only": list(broken)}}
        (run / "findings.jsonl").write_text(json.dumps(row) + "\n")

    return write


def matrix(*given, status=0):
    """The rows by clause."""
    assert main(["matrix", "--policy", "policy", "--features", ".", "--json", "m.jsonl", *given]) == status
    rows = [json.loads(line) for line in Path("m.jsonl").read_text(encoding="utf-8").splitlines()]
    return {row["clause"]: row for row in rows}


@pytest.mark.usefixtures("folder")
def test_a_clause_is_automated_by_the_tag_of_a_scenario(capsys):
    """Without a run there is no verdict, and none is made up."""
    rows = matrix()
    assert {clause: (row["coverage"], row["verdict"]) for clause, row in rows.items()} == {
        clause: ("automated", {}) for clause in ("EV-1", "EV-2", "EV-3")
    }
    assert rows["EV-1"]["scenarios"] == [f"trip_diary: {OFF}", f"trip_diary: {ON}"]
    told = capsys.readouterr().out
    assert "3 clauses: 3 automated, 0 manual, 0 none" in told
    assert "No run was found." in told


@pytest.mark.parametrize(
    ("extra", "coverage", "status"),
    [
        ("modality: attest, procedure: Ask, evidence: A letter", "manual", 0),
        ("modality: permit, items: vin, functions: any, recipients: any, untested: No bench sees it", "manual", 0),
        ("modality: permit, items: vin, functions: any, recipients: any", "none", 1),
    ],
)
def test_a_clause_without_a_scenario_needs_a_reason(folder, extra, coverage, status):
    """It is what the status tells."""
    with (folder / "policy" / "clauses.yaml").open("a") as file:
        file.write(f'  EV-9: {{section: "1", statement: More., {extra}}}\n')
    assert matrix(status=status)["EV-9"]["coverage"] == coverage


def test_a_violation_is_that_of_the_clauses_that_were_broken(ran):
    """The others of the scenario are not vouched for by it; a seeded run and another rig's say nothing."""
    ran("a", OFF, "complies", ended="2026-01-01")
    ran("b", ON, "violates", broken=["EV-3"], ended="2026-01-02")
    ran("c", OFF, "violates", broken=["EV-1"], defects=["x"], ended="2026-01-03")
    ran("d", OFF, "violates", broken=["EV-1"], ended="2025-01-01", rig="another")
    rows = matrix()
    assert [rows[c]["verdict"]["only"] for c in ("EV-1", "EV-2", "EV-3")] == [
        "inconclusive",
        "inconclusive",
        "violates",
    ]
    assert matrix("--run", "reports/runs/a")["EV-3"]["verdict"] == {"only": "complies"}


def test_the_newest_run_of_a_scenario_counts(ran, capsys):
    """And what kind of rig it was is told on the matrix's face."""
    ran("a", OFF, "violates", broken=["EV-1"], ended="2026-01-01")
    ran("b", OFF, "complies", ended="2026-01-02")
    assert matrix()["EV-1"]["verdict"] == {"only": "complies"}
    assert SAYS in capsys.readouterr().out


def test_what_was_cut_short_is_inconclusive(ran):
    """Though all that it judged complies."""
    ran("a", OFF, "complies")
    file = Path("reports/runs/a/run.json")
    file.write_text(file.read_text().replace('"complies"', '"inconclusive"'))
    assert matrix()["EV-1"]["verdict"] == {"only": "inconclusive"}


@pytest.fixture
def proven(folder):
    """The example's first scenario catches the defect of its second clause."""
    defect = folder / "defects" / "example-ev" / "road-report-names-car.yaml"
    setup = Setup.read(folder / "rig.yaml", policy=folder / "policy", defects=(defect,))
    pair = Pair(scenario=OFF, defect=setup.defects[0].defect, expected="", catch=Catch.CAUGHT, reason="")
    entry = proofs.entry(pair, setup, feature=folder / "trip_diary.feature", clauses=("EV-1", "EV-2", "EV-3"))
    proofs.keep(folder / "reports" / "runs", [entry])
    return defect


@pytest.mark.usefixtures("proven")
def test_proof_counts_the_defects_of_the_clause_that_were_caught(capsys):
    """It is no verdict, and stands apart from it."""
    rows = matrix()
    assert {c: (r["caught"], r["declared"], r["stale"]) for c, r in rows.items()} == {
        "EV-1": (0, 0, []),
        "EV-2": (1, 1, []),
        "EV-3": (0, 1, []),
    }
    assert rows["EV-2"]["verdict"] == {}
    assert "1 of 1 caught" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["feature", "defect"])
def test_a_proof_whose_files_have_changed_is_stale(name, proven, capsys):
    """It is told by what has changed."""
    file = proven if name == "defect" else Path("trip_diary.feature")
    with file.open("a") as more:
        more.write("\n# more\n")
    proofs.of_file.cache_clear()
    assert matrix()["EV-2"]["stale"] == [f"the proof's {name} has changed"]
    assert "1 entry of the proof is stale" in capsys.readouterr().out


def test_the_page_needs_nothing_else_and_lets_no_markup_in(folder, ran):
    """Its own script alone may run."""
    clauses = folder / "policy" / "clauses.yaml"
    text = clauses.read_text(encoding="utf-8")
    clauses.write_text(text.replace("Road reports carry", "<b>Road</b> reports carry"), encoding="utf-8")
    ran("a", OFF, "complies")
    matrix("--html", "m.html")
    page = Path("m.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;Road&lt;/b&gt;" in page
    assert "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-" in page
    assert SAYS in page
    assert "http://" not in page


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--policy", "polic"], "polic: no such policy folder; did you mean `policy`?"),
        (["--policy", "policy", "--features", "trip_dairy.feature"], "trip_dairy.feature: no such feature file"),
        (["--policy", "policy", "--features", ".", "--run", "none"], "none: no such run folder"),
        (["--policy", "policy", "--features", ".", "--run", "units"], "units: holds no run of this policy"),
        (["--policy", "policy", "--features", ".", "--html", "no/m.html"], "no/m.html: cannot be written"),
        (["--features", "."], "the following arguments are required: --policy"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_slip_is_one_line(given, told, capsys):
    """And ends 2."""
    assert main(["matrix", *given]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"telltale: {told}")


def test_files_that_are_something_else_are_told(folder, capsys):
    """A feature that is no Gherkin with its line, a run that is none."""
    (folder / "other.feature").write_text("Feature: x\n  Scenario: y\n  nothing\n    Given a\n  nothing\n")
    assert main(["matrix", "--policy", "policy", "--features", "."]) == 2
    (folder / "other.feature").unlink()
    (folder / "reports" / "runs" / "x").mkdir(parents=True)
    (folder / "reports" / "runs" / "x" / "run.json").write_text("{}")
    assert main(["matrix", "--policy", "policy", "--features", "."]) == 2
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("telltale: other.feature:5: ")
    assert second == "telltale: reports/runs/x/run.json: is no run of this program (KeyError)"
