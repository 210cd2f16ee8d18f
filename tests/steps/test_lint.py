"""What a feature file must not lack; each rule is seen to fail on a bad example."""

import pytest
from pytest_bdd.feature import get_feature
from pytest_bdd.parsers import parse, re
from pytest_bdd.steps import StepFunctionContext

from steps.collector import read_feature
from steps.lint import complaints, sentences
from steps.phrases import DURATION
from telltale.errors import InputError

CLAUSES = ("XM-21-03", "XM-20-01")
GOOD = """\
Feature: f

  @XM-21-03
  Rule: r

    Scenario: s
      Given a car
      When it is driven for 5 minutes
      Then nothing leaves the car
"""


def definition(kind, parser):
    def step():
        pass

    step.__name__ = f"{kind}_{len(parser.name)}"
    return StepFunctionContext(type=kind, step_func=step, parser=parser)


DEFINITIONS = [
    definition("given", parse("a car")),
    definition("when", re(r"it is driven for \d+ minutes")),
    definition("when", re(r"it is driven for .+ minutes")),
    definition("when", parse("it rains")),
    definition("then", parse("nothing leaves the car")),
]


@pytest.fixture
def told(tmp_path):
    """The complaints about a feature as they are printed, without the folder."""

    def told(text, definitions=(*DEFINITIONS[:2], *DEFINITIONS[3:])):
        file = tmp_path / "a.feature"
        file.write_text(text, encoding="utf-8")
        feature = get_feature(str(tmp_path), file.name)
        return [str(c).removeprefix(f"{tmp_path}/") for c in complaints(feature, definitions, CLAUSES)]

    return told


def test_a_sound_feature_has_no_complaint(told):
    assert told(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "      When it is driven for 5 minutes\n",
            "",
            "a.feature:6: scenario `s` has no When: it could not fail",
        ),
        ("      Then nothing leaves the car\n", "", "a.feature:6: scenario `s` has no Then: it could not fail"),
        ("@XM-21-03", "@XM-21-30", "a.feature:6: tag `@XM-21-30` names no clause; did you mean `XM-21-03`"),
        (
            "  @XM-21-03\n",
            "",
            "a.feature:5: scenario `s` names no clause that it tests; tag it, its rule or its feature",
        ),
        (
            "@XM-21-03",
            "@slow",
            "a.feature:6: scenario `s` names no clause that it tests; tag it, its rule or its feature",
        ),
        ("When it is driven", "When it is riven", "a.feature:8: no step says `When it is riven for 5 minutes`"),
        (
            "When it is driven for 5 minutes",
            "When it rain",
            "a.feature:8: no step says `When it rain`; did you mean `it rains`?",
        ),
        ("Then nothing leaves", "Then it rains\n      And nothing leaves", "a.feature:9: no step says `Then it rains`"),
    ],
)
def test_what_a_scenario_must_not_lack_is_told_with_its_line(told, old, new, complaint):
    assert old in GOOD
    (said,) = told(GOOD.replace(old, new))
    assert said.startswith(complaint)


def test_a_line_that_means_two_things_is_told_with_both(told):
    (said,) = told(GOOD, DEFINITIONS)
    assert said.startswith("a.feature:8: `When it is driven for 5 minutes` matches ")
    assert said.endswith(": one of them must be narrower")
    assert said.count("test_lint.when_") == 2


def test_tags_of_feature_rule_and_scenario_count(told):
    assert told(GOOD.replace("  @XM-21-03\n", "").replace("Feature:", "@XM-20-01\nFeature:")) == []
    assert told(GOOD.replace("  @XM-21-03\n", "").replace("    Scenario:", "    @XM-20-01 @slow\n    Scenario:")) == []


def test_every_row_of_an_outline_is_looked_at(told):
    outline = GOOD.replace("Scenario: s", "Scenario Outline: s").replace("5 minutes", "<time> minutes")
    outline += "\n      Examples:\n        | time |\n        | 5    |\n        | few  |\n"
    assert [line.split("; ")[0] for line in told(outline)] == [
        "a.feature:8: no step says `When it is driven for few minutes`"
    ]


def test_an_outline_without_rows_is_told(told):
    """It would be collected as nothing at all."""
    outline = GOOD.replace("Scenario: s", "Scenario Outline: s").replace("5 minutes", "<time> minutes")
    outline += "\n      Examples:\n        | time |\n"
    assert told(outline)[0] == "a.feature:6: scenario `s` has examples without a row: it would not run for them"


def test_two_scenarios_of_one_name_are_told(told):
    """pytest-bdd keeps the last of them, and the other would never run."""
    again = GOOD[GOOD.index("    Scenario:") :]
    (said,) = told(GOOD + "\n" + again)
    assert said == "a.feature:11: another scenario is called `s`: only one of them would run"


def test_a_feature_without_a_scenario_is_told(told):
    """A misspelt keyword makes the rest of the file a description."""
    assert told("Feature: f\n\n  Scenari: s\n    Then nothing leaves the car\n") == [
        "a.feature:3: `Scenari:` is no keyword, so what follows would not run; did you mean `Scenario:`?",
        "a.feature: holds no scenario: nothing would run",
    ]


def test_a_scenario_under_a_misspelt_keyword_is_told(told):
    """Beside one that is sound it would be lost without a word: it is the description of what stands above it."""
    lost = GOOD[GOOD.index("    Scenario:") :].replace("Scenario: s", "Scenaro: t")
    (said,) = told(GOOD.replace("  Rule: r\n", f"  Rule: r\n\n{lost}"))
    assert said == "a.feature:6: `Scenaro:` is no keyword, so what follows would not run; did you mean `Scenario:`?"


def test_a_description_may_have_colons(told):
    assert (
        told(GOOD.replace("Feature: f\n", "Feature: f\n  Note: when it rains, nothing leaves. See also: the policy.\n"))
        == []
    )


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"Feature: f\n  Scenario: s\n    Given a\n    nonsense\n", ":4: "),
        (b"", ":1: holds no Feature"),
        (b"Feature: \xff\n", ": cannot be read: 'utf-8' codec can't decode byte 0xff"),
    ],
)
def test_what_is_not_gherkin_is_one_line(tmp_path, content, complaint):
    file = tmp_path / "a.feature"
    file.write_bytes(content)
    with pytest.raises(InputError) as error:
        read_feature(file)
    assert "\n" not in str(error.value)
    assert str(error.value).startswith(f"{file}{complaint}")


@pytest.mark.parametrize(
    ("parser", "sentence"),
    [
        (parse("it is powered off and on again"), "it is powered off and on again"),
        (re(rf"it is driven for (?P<time>{DURATION})"), "it is driven for <time>"),
        (
            re(rf"(?:within (?P<time>{DURATION}) )?nothing leaves the car(?: for the (?P<function>.+))?"),
            "[within <time> ]nothing leaves the car[ for the <function>]",
        ),
        (re(r"no finer than (?P<kilometres>\d+(?:\.\d+)?) km"), "no finer than <kilometres> km"),
    ],
)
def test_a_near_miss_is_shown_as_people_write_it(parser, sentence):
    assert sentences(definition("when", parser)) == [sentence]
