"""What a proof has shown is kept, session by session, and known by the files that it rests on."""

from dataclasses import replace
from pathlib import Path

import pytest

from telltale.errors import InputError
from trials import proofs
from trials.proof import Catch, Pair
from trials.setup import Setup

EXAMPLE = Path(__file__).parents[2] / "docs" / "example"
FEATURE = EXAMPLE / "trip_diary.feature"
DEFECT = EXAMPLE / "defects" / "example-ev" / "road-report-names-car.yaml"


@pytest.fixture(scope="module")
def setup():
    return Setup.read(EXAMPLE / "rig.yaml", policy=EXAMPLE / "policy", defects=(DEFECT,))


@pytest.fixture
def caught(setup):
    pair = Pair(
        scenario="off", defect="road-report-names-car", expected="", catch=Catch.CAUGHT, reason="violates: because"
    )
    return proofs.entry(pair, setup, feature=FEATURE, clauses=("EV-2",))


def test_an_entry_says_what_it_rests_on(caught, monkeypatch):
    """The feature is named from the folder that the session was started in, so that others find it again."""
    assert (caught.breaks, caught.outcome, caught.unit) == (("EV-2",), Catch.CAUGHT, "example-ev")
    assert set(caught.digests) == {"policy", "feature", "unit", "defect"}
    monkeypatch.chdir(EXAMPLE)
    assert proofs.short(FEATURE) == "trip_diary.feature"


def test_the_unit_of_an_entry_is_the_clean_one(setup, caught):
    """Or every defect would make the proof of the others look stale."""
    clean = Pair(scenario="off", defect=None, expected="", catch=Catch.CLEAN, reason="")
    entry = proofs.entry(clean, replace(setup, defects=()), feature=FEATURE, clauses=("EV-2",))
    assert entry.digests == {name: digest for name, digest in caught.digests.items() if name != "defect"}


def test_a_later_session_replaces_what_it_tried_and_leaves_the_rest(caught, tmp_path):
    """A proof may be made feature by feature."""
    assert proofs.read(tmp_path) == []
    proofs.keep(tmp_path / "runs", [caught, replace(caught, scenario="on")])
    proofs.keep(tmp_path / "runs", [replace(caught, outcome=Catch.ASTRAY)])
    assert [(e.scenario, e.outcome) for e in proofs.read(tmp_path / "runs")] == [
        ("off", Catch.ASTRAY),
        ("on", Catch.CAUGHT),
    ]


@pytest.mark.parametrize("text", ["{", "[1]", '[{"outcome": "good"}]', '[{"outcome": "caught"}]'])
def test_a_file_that_is_something_else_is_told(text, tmp_path):
    """And the mend."""
    (tmp_path / proofs.FILE).write_text(text)
    with pytest.raises(InputError, match=r"is not what `telltale prove` writes .* prove anew"):
        proofs.read(tmp_path)
