"""That no face can be made out is believed only where a face would have been."""

from importlib.util import find_spec
from sys import path

import pytest

from telltale.identity import Identities
from telltale.verdict import Verdict
from trials import pictures

pytestmark = pytest.mark.xdist_group("windows")
needs_the_extra = pytest.mark.skipif(find_spec("cv2") is None, reason="the extra `faces` is not installed")
PHOTO = (["parking_image"], "parking photo")


def locked(scenario, *defects):
    """The car takes its photo and has sent it."""
    run = scenario(*defects, clauses=("XM-03-03",)).given(parking_photo="on").when("it is locked")
    run.trial.wait(10_000_000_000)
    return run


@needs_the_extra
def test_a_blurred_photo_complies_and_what_was_looked_at_is_told(scenario):
    run = locked(scenario).then(pictures.no_face_leaves, *PHOTO)
    assert run.verdict is None
    ((finding,),) = (judgement.findings for judgement in run.trial.judgements)
    assert finding.reason.startswith("no face is made out in JPEG, 320x240, ")
    assert finding.reason.endswith("; frames looked at: 1")


@needs_the_extra
def test_a_face_violates_with_the_picture_that_shows_it(scenario):
    """Beside a detector that cannot be asked for the other claims."""
    run = locked(scenario, "parking-photo-thumbnail-not-blurred").then(pictures.no_face_leaves, *PHOTO)
    (found,) = (f for f in run.trial.judgements[0].findings if f.verdict is Verdict.VIOLATES)
    assert (found.sighting.item, found.sighting.form, found.sighting.part) == ("face_image", "recognised", "body")
    assert found.transmission.recipient == "parking.xiaomiev.test"
    assert "XM-03-03" in found.clauses


def test_without_the_extra_it_is_inconclusive_and_names_it(scenario, tmp_path, monkeypatch):
    """Also for a car that blurs nothing: nobody looked."""
    run = locked(scenario, "parking-photo-not-blurred")
    (tmp_path / "cv2.py").write_text("raise ImportError('No module named cv2')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(path)}")
    run.then(pictures.no_face_leaves, *PHOTO)
    assert run.trial.judgements[0].verdict is Verdict.INCONCLUSIVE
    assert "telltale-bench[faces]" in str(run.verdict)


@needs_the_extra
def test_without_a_face_before_the_camera_finding_none_is_inconclusive(scenario):
    """The run's own footage is the control."""
    run = locked(scenario)
    run.session.identities = Identities([i for i in run.trial.identities if i.item != "parking_image"])
    run.then(pictures.no_face_leaves, *PHOTO)
    assert run.trial.judgements[0].verdict is Verdict.INCONCLUSIVE
    assert "no parking_image of the run shows a face that the detector finds" in str(run.verdict)


@needs_the_extra
def test_a_picture_that_never_left_is_a_missed_expectation(scenario):
    run = scenario(clauses=("XM-03-03",)).given(parking_photo="off").when("it is locked")
    run.then(pictures.no_face_leaves, *PHOTO)
    assert run.trial.judgements[0].verdict is Verdict.INCONCLUSIVE
    assert "expected, but not seen: a parking_image for parking photo that can be looked at" in str(run.verdict)
