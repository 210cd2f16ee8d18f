"""Policy folders, read strictly."""

from __future__ import annotations

import shutil

import pytest

from policies import load_policy
from telltale.errors import InputError

CLAUSES, DOCUMENT, ENDPOINTS, PEOPLE = "clauses.yaml", "document.yaml", "endpoints.yaml", "recipients.yaml"

# file, text, its replacement; where the error is, words of it
WRONG = {
    "an unknown key": (
        *(CLAUSES, "time basis:", "time bases:"),
        *("time bases", "unknown key `time bases`; did you mean `time basis`?"),
    ),
    "an unknown modality": (
        *(CLAUSES, "modality: oblige", "modality: order"),
        *("modality: order", "`order`, expected one of permit, forbid"),
    ),
    "an unknown item": (
        *(CLAUSES, "[vin, account_id]", "[vin, acount_id]"),
        *("acount", "unknown item `acount_id`; did you mean `account_id`"),
    ),
    "an unknown function": (
        *(CLAUSES, "functions: plan", "functions: plane"),
        *("plane", "unknown function `plane`; did you mean `plan`?"),
    ),
    "an unknown recipient": (
        *(CLAUSES, "recipients: maker", "recipients: makr"),
        *("makr", "unknown organisation `makr`; did you mean `maker`?"),
    ),
    "an unknown section": (
        *(CLAUSES, "section: 一\n", "section: 二\n"),
        *("section: 二", "unknown section `二`; known: `一`"),
    ),
    "an unknown fact": (
        *(CLAUSES, "{plan: on}", "{plans: on}"),
        *("{plans", "unknown fact `plans`; did you mean `plan`?"),
    ),
    "an unknown value": (
        *(CLAUSES, "{plan: on}", "{plan: onn}"),
        *("onn", "`plan` is never `onn`; the document's facts say on, off"),
    ),
    "a list in a condition": (
        *(CLAUSES, "when: {plan: on}", "when: [{plan: on}, {plan: onn}]"),
        *("onn", "`plan` is never `onn`"),
    ),
    "an unknown reading": (
        *(CLAUSES, "reading: lenient", "reading: lenientt"),
        *("lenientt", "did you mean `lenient`?"),
    ),
    "a variant for no reading": (
        *(CLAUSES, "strict: {when", "stict: {when"),
        *("stict", "did you mean `strict`?"),
    ),
    "a wrong fact in a variant": (
        *(CLAUSES, "{when: {plan: on}}", "{when: {plam: on}}"),
        *("plam", "unknown fact `plam`"),
    ),
    "a repeated id": (
        *(CLAUSES, "  T-02:", "  T-01:"),
        *("T-01:\n    section: 一\n    statement: the plan takes neither", "repeats the key `T-01`"),
    ),
    "a wrong duration": (
        *(CLAUSES, "within: 60 minutes", "within: an hour"),
        *("within: an hour", "is not a duration; write it like"),
    ),
    "no deadline": (
        *(CLAUSES, "    within: 60 minutes\n", ""),
        *("T-13", "`T-13` has no `within`; an erase clause needs it"),
    ),
    "no start of the deadline": (
        *(CLAUSES, "    counted from: upload\n", ""),
        *("T-13", "`T-13` has no `counted from`"),
    ),
    "a transform without form": (
        *(CLAUSES, "    precision: 10000\n", ""),
        *("T-07", "has no `form` or `precision`; a transform clause"),
    ),
    "exceptions from functions that are named": (
        *(CLAUSES, "    when: {permission: on}\n", "    but for: report\n"),
        *("but for", "`T-06` has `but for`, which belongs to `functions: any`"),
    ),
    "an unknown exception": (
        *(CLAUSES, "items: any\n", "items: any\n    but for: reprt\n"),
        *("but for", "unknown function `reprt`; did you mean `report`"),
    ),
    "no items": (
        *(CLAUSES, "    items: [vin, account_id]\n", ""),
        *("T-01", "`T-01` has no `items`; a permit clause needs it"),
    ),
    "no precision at all": (
        *(CLAUSES, "precision: 10000", "precision: 0"),
        *("precision: 0", "greater than 0"),
    ),
    "a digest that is none": (
        *(DOCUMENT, "sha256: f", "sha256: x"),
        *("sha256", "`source.sha256`"),
    ),
    "a section that is none": (
        *(DOCUMENT, "    一: ", "    One: "),
        *("One", "`One` is not a section's name"),
    ),
    "an unknown default": (
        *(DOCUMENT, "default deny: T-00", "default deny: T-99"),
        *("T-99", "unknown clause `T-99`; did you mean"),
    ),
    "a function of no section": (
        *(DOCUMENT, "{zh: 天气, section: 一}", "{zh: 天气, section: 三}"),
        *("三", "unknown section"),
    ),
    "a date that is none": (
        *(DOCUMENT, "2026-01-01", "soon"),
        *("soon", "`effective`"),
    ),
    "a name for two": (
        *(PEOPLE, "en: platform", "en: maker"),
        *("en: maker", "both called `maker`"),
    ),
    "a kind that is none": (
        *(PEOPLE, "kind: authority", "kind: authorities"),
        *("authorities", "expected one of maker"),
    ),
    "an endpoint of nobody": (
        *(ENDPOINTS, "organisation: maker", "organisation: makers"),
        *("makers", "unknown organisation"),
    ),
    "an endpoint for nothing": (
        *(ENDPOINTS, "function: plan", "function: plam"),
        *("plam", "unknown function `plam`; did you mean `plan`?"),
    ),
    "an endpoint that claims all": (
        *(ENDPOINTS, "  - channel: dns\n", "  - kind: A\n"),
        *("kind: A", "would claim every transmission"),
    ),
    "an endpoint without approval": (
        *(ENDPOINTS, "approved by: t, ", ""),
        *("host: plan", "`endpoints.0.approved by` is missing"),
    ),
    "a rest in the middle of a path": (
        *(ENDPOINTS, "/v1/**", "/**/v1"),
        *("/**/v1", "`**` stands for the rest, so only at the end"),
    ),
    "a host with a star inside": (
        *(ENDPOINTS, "host: logs.test", "host: lo*.test"),
        *("lo*", "a host is a name, an address or"),
    ),
    "two rows for one": (
        *(ENDPOINTS, "host: logs.test", "host: plan.test"),
        *(
            "host: plan.test, channel: https, organisation: maker, function: logs",
            "and the row in line 2 could both claim one",
        ),
    ),
    "no YAML": (
        *(DOCUMENT, "publisher: Maker", "publisher: [Maker"),
        *("title", "is not YAML"),
    ),
}


@pytest.mark.parametrize("row", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_in_one_line_with_file_and_line(row, write):
    """Given, expected, near-miss, mend."""
    file, old, new, place, words = row
    folder = write(file, old, new)
    text = (folder / file).read_text(encoding="utf-8")
    line = 1 + text[: text.index(place)].count("\n")
    with pytest.raises(InputError) as error:
        load_policy(folder)
    assert words in str(error.value)
    assert (error.value.file, error.value.line) == (folder / file, line)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("file", [CLAUSES, DOCUMENT, ENDPOINTS, PEOPLE])
def test_a_missing_file_is_told(file, small, tmp_path):
    """By its path."""
    folder = tmp_path / "policy"
    shutil.copytree(small.folder, folder)
    (folder / file).unlink()
    with pytest.raises(InputError, match=f"{file}: no such file"):
        load_policy(folder)


def test_a_missing_folder_shows_its_neighbours(small):
    """A typing error is mended at once."""
    with pytest.raises(InputError, match=r"no such policy folder; did you mean `small`\?"):
        load_policy(small.folder.with_name("smal"))


def test_a_file_is_no_policy(small):
    """The folder is."""
    with pytest.raises(InputError, match="is a file; a policy is the folder"):
        load_policy(small.folder / DOCUMENT)


@pytest.mark.parametrize("words", ["maker", "Maker", "the Maker", "maker  inc", "厂商"])
def test_organisations_go_by_their_names(words, small):
    """In English or Chinese, in any case."""
    assert small.organisation_named(words).id == "maker"


@pytest.mark.parametrize("words", ["plan", "Plan", "the improvement plan", "计划"])
def test_functions_go_by_their_names(words, small):
    """As people say them."""
    assert small.function_named(words) == "plan"


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda policy: policy.organisation_named("platfrom"),
            "unknown organisation `platfrom`; did you mean `platform`?",
        ),
        (lambda policy: policy.function_named("wether"), "unknown function `wether`; did you mean `weather`?"),
        (lambda policy: policy.clause("T-1"), "unknown clause `T-1`; did you mean"),
        (lambda policy: policy.under("loose"), "unknown reading `loose`; known: `lenient`, `strict`"),
    ],
)
def test_an_unknown_name_shows_its_near_misses(ask, words, small):
    """In one line, with the policy's folder."""
    with pytest.raises(InputError) as error:
        ask(small)
    assert words in str(error.value)
    assert error.value.file == small.folder


def test_a_document_without_readings_has_one(write):
    """So that every judgement has a verdict."""
    folder = write(DOCUMENT, "readings:\n  strict: what protects more counts\n  lenient: what allows more counts\n", "")
    text = (folder / CLAUSES).read_text(encoding="utf-8")
    for variant in ("    under:\n      strict: {when: {plan: on}}\n", "    under:\n      strict: {within: 60 s}\n"):
        text = text.replace(variant, "")
    (folder / CLAUSES).write_text(text.replace("    reading: lenient\n", ""), encoding="utf-8")
    policy = load_policy(folder)
    assert policy.readings == ("only",)
    assert len(policy.under("only")) == len(policy.clause_ids)


def test_a_clause_can_read_otherwise_under_a_reading(small):
    """Only in what the variant names."""
    strict, lenient = small.clause("T-08").read_as("strict"), small.clause("T-08").read_as("lenient")
    assert (strict.when, lenient.when) == (({"plan": ("on",)},), ())
    assert strict.items == lenient.items == ("vin",)
    assert {c.id for c in small.under("lenient")} - {c.id for c in small.under("strict")} == {"T-16"}


def test_the_folder_of_all_policies_is_no_policy(tmp_path):
    """What it holds is named, and not the file that it lacks."""
    (tmp_path / "all" / "maker").mkdir(parents=True)
    (tmp_path / "all" / "maker" / DOCUMENT).touch()
    with pytest.raises(InputError, match=r"all: holds policies and is none itself; known: `maker`"):
        load_policy(tmp_path / "all")
