"""What the linter finds in a policy, by what its clauses say."""

import pytest

from policies import load_policy
from policies.lint import lint
from policies.remarks import GROUPS
from telltale.errors import InputError

PERMIT = "{section: 二, statement: s, modality: permit, items: %s, functions: %s, recipients: %s}"


@pytest.fixture
def with_clauses(write):
    """The small policy with a second section and further clauses, as their YAML lines."""

    def make(*lines):
        folder = write("document.yaml", "    一: ", f"    二: {'e' * 64}\n    一: ")
        path = folder / "clauses.yaml"
        text = path.read_text(encoding="utf-8")
        path.write_text(text + "".join(f"  {line}\n" for line in lines), encoding="utf-8")
        return load_policy(folder)

    return make


def told(policy, kind, *clauses):
    """The texts of a kind of remark about these clauses."""
    remarks = lint(policy)
    assert {remark.kind for remark in remarks} <= set(GROUPS)
    return [r.text for r in remarks if r.kind == kind and (not clauses or set(clauses) <= set(r.clauses))]


# further clauses; the kind of remark, the clauses that it is about, and what its line must hold
X = "X: {section: 二, statement: s, modality: "
CONFLICTS = {
    "a permit that another section forbids in some state": (
        X + "forbid, items: position, functions: weather, recipients: any, when: {gear: D}}",
        ("allowed and forbidden", "T-06", "X"),
        "T-06 (一) permits position for weather to Maker with permission on, X (二) forbids it with gear D",
    ),
    "a permit that is forbidden wherever it holds": (
        X + "forbid, items: position, functions: weather, recipients: any, when: [{permission: on}, {gear: D}]}",
        ("opens nothing", "T-06", "X"),
        "X (二) forbids it all with permission on, or gear D",
    ),
    "a duty that is forbidden": (
        X + "forbid, items: vin, functions: report, recipients: any, when: {plan: off}}",
        ("cannot be met", "T-04", "X"),
        "T-04 (一) obliges vin for report to platform, X (二) forbids it with plan off",
    ),
    "somebody else than it is confined to": (
        X + "confine, items: position, functions: weather, recipients: platform}",
        ("beyond its confines", "T-06", "X"),
        "T-06 (一) opens position for weather to Maker, X (二) confines it to platform",
    ),
    "kept longer than it may be there": (
        X + "retain, items: cabin_video, within: 30 days, counted from: upload}",
        ("kept and gone", "X", "T-13"),
        "X (二) has cabin_video kept for 30 d, T-13 (一) has it gone within 1 min",
    ),
    "exact by one section, rough by another": (
        X + "transform, items: position, functions: weather, recipients: any, precision: 20000}",
        ("rough and exact", "T-06", "X"),
        "X (二) holds it to no finer than 20000 m",
    ),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_two_clauses_that_cannot_both_be_kept(name, with_clauses):
    """Told once, with both clauses, both sections, and the state of the car."""
    line, (kind, *clauses), text = CONFLICTS[name]
    [said] = told(with_clauses(line), kind, *clauses)
    assert text in said


@pytest.mark.parametrize(
    "rest",
    [
        "items: position, functions: weather, recipients: any, when: {permission: off}}",
        "items: position, functions: camera, recipients: any}",
        "items: position, functions: weather, recipients: platform}",
        "items: destination, functions: weather, recipients: any}",
        "items: any, functions: any, recipients: any, when: {gear: D}}",
        "items: position, functions: weather, recipients: any, channels: http, when: {gear: D}}",
    ],
    ids=["another state", "another function", "another recipient", "another item", "a gate", "a channel"],
)
def test_clauses_that_do_not_meet_are_no_conflict(rest, with_clauses):
    """Nor is what every permit waits for, nor how something travels."""
    assert told(with_clauses(f"{X}forbid, {rest}"), "allowed and forbidden", "T-06", "X") == []


def test_an_exception_within_a_section_is_no_conflict(with_clauses):
    """That is how rules are written; in another section it is one."""
    line = f"{X}forbid, items: position, functions: weather, recipients: any, when: {{gear: D}}}}"
    assert told(with_clauses(line.replace("二", "一")), "allowed and forbidden", "T-06", "X") == []


def test_what_goes_on_by_one_clause_and_stops_by_another(with_clauses):
    """In a state that both speak of."""
    attest = "{section: 二, statement: s, modality: attest, procedure: p, evidence: e, "
    lines = (
        f"X: {attest}works: {{weather: {{gear: P}}}}}}",
        f"Y: {attest}stops: {{weather: {{lock: locked}}}}}}",
        f"Z: {attest}stops: {{weather: {{gear: D}}}}}}",
    )
    assert told(with_clauses(*lines), "works and stops") == [
        "X (二) has weather go on with gear P, Y (二) has it stop with lock locked"
    ]


def test_a_conflict_that_a_reading_resolves_is_told_as_such(with_clauses):
    """By its name, and the others'."""
    line = "X: {section: 二, statement: s, modality: forbid, items: vin, functions: camera, recipients: any, under: "
    policy = with_clauses(line + "{strict: {functions: [camera, logs], when: {gear: P}}}}")
    [said] = told(policy, "allowed and forbidden", "T-08", "X")
    assert said.endswith("; under the strict reading, which the lenient one resolves")


def test_the_words_alone_of_a_clause_that_is_read_more_narrowly_are_held_against_others(with_clauses):
    """Which is told; the judge knows nothing of it."""
    line = "X: {section: 二, statement: s, modality: confine, items: cabin_video, functions: weather, "
    policy = with_clauses(line + "recipients: platform, literally: {functions: any}}")
    [said] = told(policy, "beyond its confines", "T-11", "X")
    assert said.endswith("; so the words of X, which the register reads more narrowly")
    assert all(clause.functions == ("weather",) for clause in policy.under("strict") if clause.id == "X")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (PERMIT[:-1] % ("vin", "plan", "maker") + ", when: {gear: P}, unless: {gear: P}}", "is never in force"),
        (PERMIT.replace("permit", "confine") % ("vin", "plan", "any"), "which leaves nobody out"),
        (
            PERMIT[:-1].replace("permit", "erase") % ("face_image", "camera", "maker")
            + ", within: 1 h, counted from: upload}",
            "which no clause lets leave",
        ),
    ],
)
def test_a_clause_that_nothing_can_break(line, why, with_clauses):
    """By its own words, or because nothing was opened for it to limit."""
    [said] = told(with_clauses(f"X: {line}"), "cannot be broken", "X")
    assert why in said


def test_a_function_without_a_way_out_is_told(write):
    """Nothing that leaves could be told to be it."""
    folder = write("endpoints.yaml", "function: camera", "function: weather")
    [said, *_] = told(load_policy(folder), "cannot be broken", "T-11")
    assert "is about camera, for which endpoints.yaml has no row" in said


def test_what_is_declared_in_vain_is_told(write, with_clauses):
    """Facts, recipients, functions, readings, and sections that no clause stands for."""
    policy = with_clauses()
    assert told(policy, "without a clause") == ["二: no clause stands for it"]
    folder = write("document.yaml", "  gear: [P, D]", "  gear: [P, D]\n  charging: [on, off]")
    assert "fact `charging`: no clause speaks of it" in told(load_policy(folder), "unused")


def test_an_inferred_clause_without_a_note_is_told(small):
    """What it was inferred from is what a reviewer asks first."""
    assert told(small, "without a note", "T-15") == [
        "T-15 (一) is a warning, and no `note` says what it is inferred from"
    ]


def test_two_versions_are_held_beside_each_other(small, write):
    """By what their clauses say, and by what only one of them lets leave."""
    later = load_policy(write("clauses.yaml", "    within: 60 minutes\n", "    within: 30 minutes\n"))
    between = [r.text for r in lint(small, against=later) if r.kind == "between the documents"]
    assert between == ["T-13 (一) has within 1 h, T-13 (一) of 1 has 30 min"]


def test_what_only_one_of_two_documents_allows_is_told_by_item_function_and_recipient(small, write):
    """Whatever their clauses and functions are called: a name in common is enough."""
    folder = write("clauses.yaml", "  T-06:\n", "  Z-06:\n")
    for old, new in (
        ("    items: position\n    functions: weather\n", "    items: destination\n    functions: weather\n"),
    ):
        path = folder / "clauses.yaml"
        path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    between = [r.text for r in lint(small, against=load_policy(folder)) if r.kind == "between the documents"]
    assert any(text.startswith("T-06 (一) permits position for weather with permission on") for text in between)
    assert any(text.startswith("Z-06 (一) permits destination for weather with permission on") for text in between)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("works: {wether: {gear: P}}", "unknown function `wether`; did you mean `weather`?"),
        ("stops: {weather: {gaer: P}}", "unknown fact `gaer`; did you mean `gear`?"),
        ("stops: {weather: {gear: X}}", "`gear` is never `X`"),
        ("literally: {items: vinn}", "unknown item `vinn`"),
    ],
)
def test_a_slip_in_what_the_linter_reads_is_told_with_its_line(extra, said, with_clauses):
    """As in every other part of a clause."""
    with pytest.raises(InputError, match=said.replace("?", r"\?")) as error:
        with_clauses(f"X: {PERMIT[:-1] % ('vin', 'plan', 'maker')}, {extra}}}")
    assert error.value.line is not None
