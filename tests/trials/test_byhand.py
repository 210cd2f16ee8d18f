"""A simulated engineer: asked at a terminal, it does what the words say, or says why not."""

import pytest

from rigs.drivers.manual import CannotError, arguments_of, task_of
from rigs.rigfile import load_rig
from telltale.errors import InputError
from tests.trials.conftest import RIGS


@pytest.fixture
def rig(tmp_path):
    """A rig like the one by hand, with skills."""

    def write(skills):
        text = (RIGS / "xiaomi-su7-by-hand.yaml").read_text(encoding="utf-8")
        for folder in ("sim/", "vehicles/"):
            text = text.replace(f": {folder}", f": {RIGS}/{folder}")
        path = tmp_path / "rig.yaml"
        path.write_text(f"{text.replace('../policies', str(RIGS.parent / 'policies'))}\n{skills}\n", encoding="utf-8")
        return path

    return write


def unit(run):
    return run.session._unit.ask("state")["facts"]


def test_what_is_asked_is_done_to_the_unit_and_stands_in_the_report(scenario, rig):
    """By the driver's own prompt; the bench itself has no such instrument."""
    run = scenario(rig=rig("")).given()
    run.when("it crashes")
    assert unit(run)["crash"] == "collision"
    (asked,) = run.session.instruments.engineer.asked
    assert (asked.prompt, asked.answer) == ("Set the line crash to closed", "done")
    assert [c.value for c in run.trial.timeline if c.fact == "by hand: Set the line crash to closed"] == ["done"]


def test_who_cannot_makes_the_scenario_inconclusive_in_these_words(scenario, rig):
    """Not skipped: it was begun."""
    run = scenario(rig=rig("engineer: {Set the line SOS to closed: {cannot: the cover is screwed on}}")).given()
    with pytest.raises(CannotError, match=r"asked: Set the line SOS to closed; and could not: the cover is screwed on"):
        run.when("the SOS button is pressed")
    assert unit(run)["sos"] == "released"


def test_a_skill_is_done_in_order_and_time_passes(scenario, rig):
    """For prompts that no driver has, those of a vehicle file's `manual` actions."""
    does = "[{io: {SOS: closed}}, {wait: 3 s}, {can: {BodyStatus: {AnyDoorOpen: Open}}}]"
    run = scenario(rig=rig(f"engineer: {{Get in with the button held: {{does: {does}}}}}")).given()
    run.when()
    before = run.trial.now
    assert run.session.instruments.engineer.ask("Get in with the button held") == "done"
    assert run.trial.now - before == 3_000_000_000
    assert (unit(run)["sos"], unit(run)["door"]) == ("pressed", "open")
    with pytest.raises(CannotError, match="could not: nobody has told me how"):
        run.session.instruments.engineer.ask("Sing")


def test_words_are_taken_back_to_the_call_that_they_are():
    """Whatever the table of calls says; numbers become numbers."""
    assert task_of("Set the line KL15 to open", ("power", "digital"))[:3] == ("digital", "set", ("KL15", "open"))
    assert task_of("Set the GNSS simulator to 39.904200, 116.407400", ("gnss",))[:3] == (
        "gnss",
        "place",
        (39.9042, 116.4074),
    )
    assert task_of("Leave the unit's supply in its safe state", ("power",)).call == "close"
    assert task_of("Set the line KL15 to open", ("power",)) is None
    assert arguments_of("Turn {0} {1}", "Turn on") is None


def test_a_skill_that_neither_does_nor_refuses_is_told_with_its_line(rig):
    """And an instrument that nobody can stand in for."""
    with pytest.raises(InputError, match=r"rig.yaml:\d+: .*expected `does`, a list of actions, or `cannot`"):
        load_rig(rig("engineer: {Press it: {}}"))
