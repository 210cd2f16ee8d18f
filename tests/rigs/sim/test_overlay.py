"""Defects are merge patches on unit and cloud files."""

import pytest

from rigs.sim.overlay import apply, load_defect
from rigs.sim.source import Source
from telltale.errors import InputError

DEFECT = """\
defect: experience-plan-vin-in-base64-of-gzip
unit: xiaomi-su7
story: A library update re-adds the vehicle to the plan's records, packed to save volume.
breaks: [XM-21-03]
caught as: {item: vin, form: plain, chain: [base64, gzip], recipient: ux-plan.xiaomiev.test, uplink: cellular}
patch:
  unit:
    functions:
      user experience plan, anonymous:
        sends:
          run data:
            json: {blob: "{vin|gzip|base64}"}
  cloud:
    stores:
      sentry clips: {keep: 61 min, summary: null}
"""


@pytest.fixture
def files(sim):
    return Source.read(sim / "units/xiaomi-su7.yaml"), Source.read(sim / "clouds/xiaomi-ev.yaml")


@pytest.fixture
def defect(tmp_path):
    def write(text=DEFECT):
        path = tmp_path / "defect.yaml"
        path.write_text(text)
        return load_defect(path)

    return write


def test_a_defect_tells_what_it_breaks_and_how_it_is_caught(defect):
    """For the proof that a scenario can fail."""
    loaded = defect()
    assert (loaded.defect, loaded.unit) == ("experience-plan-vin-in-base64-of-gzip", "xiaomi-su7")
    assert (loaded.breaks, loaded.collateral) == (("XM-21-03",), ())
    assert (loaded.caught_as.item, loaded.caught_as.chain) == (["vin"], ["base64", "gzip"])


def test_a_patch_changes_what_it_names_and_nothing_else(files, defect):
    """RFC 7386: mappings are merged, null deletes, all else replaces."""
    clean_unit, clean_cloud, _ = apply(*files)
    unit, cloud, _ = apply(*files, [defect()])
    sends = unit.functions["user experience plan, anonymous"].sends
    assert sends["run data"].json_["blob"] == "{vin|gzip|base64}"
    assert sends["run data"].json_["model"] == "su7"
    assert cloud.stores["sentry clips"].summary is None
    assert cloud.stores["sentry clips"].keep == 61 * 60 * 10**9
    assert unit.functions["weather"] == clean_unit.functions["weather"]
    assert clean_cloud.stores["sentry clips"].summary is not None


def test_defects_are_laid_one_over_the_other(files, defect, tmp_path):
    """A later one sees what the earlier one left."""
    second = tmp_path / "second.yaml"
    second.write_text(DEFECT.replace("keep: 61 min, summary: null", "keep: 62 min"))
    _, cloud, _ = apply(*files, [defect(), load_defect(second)])
    assert cloud.stores["sentry clips"].keep == 62 * 60 * 10**9
    assert cloud.stores["sentry clips"].summary is None


@pytest.mark.parametrize(
    ("change", "line", "complaint"),
    [
        (("unit: xiaomi-su7", "unit: mini-os9"), 2, "is for the unit `mini-os9`, and this rig's unit is `xiaomi-su7`"),
        (("unit: xiaomi-su7", "unit: xiaomi-su"), 2, "did you mean `xiaomi-su7`?"),
        (("plan, anonymous:", "plan, anonymus:"), 9, "not complete; did you mean `user experience plan, anonymous`"),
        (
            ("run data:", "rundata:"),
            11,
            "is no send of this function, and as a new one it is not complete; did you mean",
        ),
        (("json: {blob", "jsn: {blob"), 12, "unknown key `jsn`; did you mean `json`?"),
        (("{vin|gzip|base64}", "{vin|gzip|bse64}"), 12, "unknown stage `bse64`; did you mean `base64`"),
        (("{vin|gzip|base64}", "{vim}"), 12, "`{vim}` is no fact, item or moment; did you mean `vin`?"),
        (
            ("sentry clips:", "sentry clip:"),
            15,
            "`sentry clip` is no store of the cloud, and as a new one it is not complete; did you mean `sentry clips`?",
        ),
        (("summary: null", "sumary: null"), 15, "deletes what is not there; did you mean `summary`?"),
        (("keep: 61 min", "keep: 61 minuten"), 15, "is not a duration"),
        (("keep: 61 min", "keep: 25 h"), None, "nobody could tell gone from expired"),
        (("item: vin", "item: vim"), 5, "unknown item `vim`"),
        (("  cloud:", "  clod:"), 13, "unknown key `clod`; did you mean `cloud`?"),
    ],
)
def test_a_defect_that_misses_names_its_own_file_and_line(files, defect, change, line, complaint):
    """With the near-miss; what it breaks elsewhere is told where that stands."""
    assert change[0] in DEFECT
    with pytest.raises(InputError) as error:
        apply(*files, [defect(DEFECT.replace(*change, 1))])
    assert complaint in str(error.value)
    if line is None:
        assert error.value.file == files[1].path
    else:
        assert (error.value.file.name, error.value.line) == ("defect.yaml", line)


def test_a_defect_that_changes_nothing_is_refused(defect):
    """It could not prove anything."""
    with pytest.raises(InputError, match=r"defect\.yaml:6: `patch` is a mapping: changes nothing"):
        defect(DEFECT[: DEFECT.index("  unit:\n")] + "  unit: {}\n")
