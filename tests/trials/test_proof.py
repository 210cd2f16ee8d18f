"""When a scenario counts as able to fail, and when the whole proof is."""

from types import SimpleNamespace

import pytest

from rigs.sim.overlay import load_defect
from telltale.errors import ExitStatus
from telltale.fidelity import Fidelity
from telltale.finding import Finding, Judgement
from telltale.sighting import Sighting
from telltale.transmission import Address, Transmission
from telltale.verdict import Verdict
from trials.proof import Catch, Pair, judge_pair, shortcomings, unshown

DEFECT = """\
defect: vin-in-base64
unit: su7
story: somebody forgot
breaks: [XM-21-03]
collateral: [XM-00-07]
caught as: {item: [vin, account_id], form: plain, chain: [base64], recipient: plan.test, uplink: cellular}
patch: {unit: {uplink: wifi}}
"""


@pytest.fixture
def defect(tmp_path):
    (tmp_path / "d.yaml").write_text(DEFECT)
    return load_defect(tmp_path / "d.yaml")


def found(**changes):
    """A finding that meets the defect's declaration, but for *changes*."""
    wanted = {"item": "vin", "form": "plain", "chain": ("base64",), "host": "plan.test", "uplink": "cellular"}
    wanted |= {"clauses": ("XM-21-03",), "verdict": Verdict.VIOLATES} | changes
    transmission = Transmission(
        index=0,
        channel="https",
        uplink=wanted["uplink"],
        sent=1,
        ended=2,
        source=Address(ip="10.64.0.2", port=40000),
        destination=Address(ip="192.0.2.9", port=443),
        host=wanted["host"],
        summary="POST /",
    )
    sighting = Sighting(
        transmission=0,
        item=wanted["item"],
        value="V",
        form=wanted["form"],
        chain=wanted["chain"],
        part="body",
        offset=0,
        length=1,
    )
    return Finding(
        verdict=wanted["verdict"],
        reason="because",
        clauses=wanted["clauses"],
        transmission=transmission,
        sighting=sighting,
    )


def pair(defect, status, *findings, fidelity=Fidelity.SEALED, gaps=()):
    """What is proven by a scenario with *findings* and *gaps*; *defect* is None for the clean unit."""
    trial = SimpleNamespace(judgements=[Judgement.of("claim", findings, gaps=gaps)], concluded=True)
    error = None if status is ExitStatus.COMPLIES else AssertionError("said so")
    setup = SimpleNamespace(defects=(defect,) if defect else (), fidelity=fidelity)
    return judge_pair("scenario", setup, trial, status, error)


def test_a_violation_as_declared_is_caught(defect):
    caught = pair(defect, ExitStatus.VIOLATES, found(), found(verdict=Verdict.COMPLIES))
    assert (caught.catch, caught.sound) == (Catch.CAUGHT, True)
    assert caught.expected == "violates XM-21-03: vin or account_id as base64 > plain to plan.test over cellular"


@pytest.mark.parametrize("changes", [{"item": "account_id"}, {"clauses": ("XM-00-07",)}], ids=str)
def test_another_declared_item_or_a_collateral_clause_is_caught_too(defect, changes):
    assert pair(defect, ExitStatus.VIOLATES, found(**changes)).catch is Catch.CAUGHT


@pytest.mark.parametrize(
    "changes",
    [
        {"item": "iccid"},
        {"form": "sha256"},
        {"chain": ()},
        {"host": "other.test"},
        {"uplink": "wifi"},
        {"clauses": ("XM-20-01",)},
        {"verdict": Verdict.INCONCLUSIVE},
    ],
    ids=str,
)
def test_a_violation_that_differs_from_the_declaration_goes_astray(defect, changes):
    astray = pair(defect, ExitStatus.VIOLATES, found(**changes))
    assert (astray.catch, astray.sound) == (Catch.ASTRAY, False)


def test_a_scenario_that_complies_did_not_provoke_the_defect(defect):
    assert pair(defect, ExitStatus.COMPLIES).catch is Catch.UNSEEN


@pytest.mark.parametrize("status", [ExitStatus.INCONCLUSIVE, ExitStatus.USAGE])
def test_what_could_not_be_judged_proves_nothing(defect, status):
    assert pair(defect, status, found()).catch is Catch.FAILED


@pytest.mark.parametrize(("status", "catch"), [(s, Catch.FAILED) for s in (1, 2, 3)] + [(0, Catch.CLEAN)])
def test_the_clean_unit_must_comply(status, catch):
    error = AssertionError("said so") if status else None
    setup = SimpleNamespace(defects=(), fidelity=Fidelity.SEALED)
    assert judge_pair("s", setup, None, ExitStatus(status), error).catch is catch


BLIND = Fidelity.LOOPBACK.blind_spots
UNSURE = Finding(verdict=Verdict.INCONCLUSIVE, reason="expected, but not seen")


@pytest.mark.parametrize(
    ("seeded", "findings", "gaps", "catch"),
    [
        (False, [found(verdict=Verdict.COMPLIES)], BLIND, Catch.UNSHOWN),
        (False, [UNSURE], BLIND, Catch.FAILED),
        (False, [], [*BLIND, "the unit is off"], Catch.FAILED),
        (True, [], BLIND, Catch.UNSHOWN),
        (True, [UNSURE], BLIND, Catch.UNSHOWN),
        (True, [UNSURE], [*BLIND, "the unit is off"], Catch.FAILED),
    ],
)
def test_what_nothing_but_the_fidelity_keeps_open_is_neither_proven_nor_refuted(defect, seeded, findings, gaps, catch):
    """A clean unit must meet every expectation; and any other gap is a failure of the bench."""
    judged = pair(defect if seeded else None, ExitStatus.INCONCLUSIVE, *findings, fidelity=Fidelity.LOOPBACK, gaps=gaps)
    assert judged.catch is catch


def test_in_the_sealed_network_no_gap_is_excused(defect):
    assert pair(defect, ExitStatus.INCONCLUSIVE, gaps=BLIND).catch is Catch.FAILED


def made(scenario, defect, catch):
    return Pair(scenario=scenario, defect=defect, expected="", catch=catch, reason="why")


WHOLE = [made("s", None, Catch.CLEAN), made("s", "d1", Catch.CAUGHT), made("s", "d2", Catch.CAUGHT)]


def test_a_whole_proof_has_no_shortcomings():
    unseen_elsewhere = [made("t", None, Catch.CLEAN), made("t", "d1", Catch.CAUGHT), made("t", "d2", Catch.CAUGHT)]
    assert shortcomings([*WHOLE, *unseen_elsewhere, made("t", "d3", Catch.UNSEEN), made("s", "d3", Catch.CAUGHT)]) == []


def test_what_is_not_shown_is_no_shortcoming_but_told():
    """A line for each defect that nobody was seen to catch, and one for each scenario."""
    open_pairs = [
        made("t", None, Catch.UNSHOWN),
        made("t", "d1", Catch.UNSHOWN),
        made("t", "d3", Catch.UNSHOWN),
        made("s", "d3", Catch.UNSHOWN),
    ]
    assert shortcomings([*WHOLE, *open_pairs]) == []
    assert unshown([*WHOLE, *open_pairs]) == [
        "that any scenario catches d3",
        "t: whether the clean unit complies, and whether it provokes 2 defects more",
        "s: whether it provokes 1 defect more",
    ]
    assert unshown(WHOLE) == []


@pytest.mark.parametrize(
    ("more", "declared", "told"),
    [
        ([made("s", "d3", Catch.UNSEEN)], [], "defect d3 is caught by no scenario"),
        ([made("s", "d3", Catch.ASTRAY)], [], "s <- d3: astray: why"),
        ([made("t", None, Catch.FAILED)], [], "t <- clean unit: failed: why"),
        ([], [("d9", "XM-1")], "defect d9 is tried by no scenario: none names XM-1"),
        ([made("t", None, Catch.CLEAN)], [], "t catches 0 defects, fewer than 2"),
        ([made("t", None, Catch.CLEAN), made("t", "d1", Catch.CAUGHT)], [], "t catches 1 defect, fewer than 2"),
    ],
)
def test_each_thing_that_is_not_proven_is_told(more, declared, told):
    assert told in shortcomings([*WHOLE, *more], declared)
