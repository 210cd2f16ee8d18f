"""A new version of a document is held against digests; the old text is not needed."""

import hashlib

import pytest

from policies import load_policy
from policies.drift import digests, drift, unchanged

TEXT = """
Privacy policy
一、Scope
What this is about.
二、Data
Of the car.
(一)Functions
How they work.
1.Sync
Settings are kept at Maker.
2.Camera
Pictures are kept in the car.
3.Weather
The city is sent to Maker.
(二)Permissions
None is needed.
三、Contact
Write to us.
"""
NAMES = ("preamble", "一", "二 preamble", "二(一) preamble", "二(一)1", "二(一)2", "二(一)3", "二(二)", "三")


@pytest.fixture
def policy(write):
    """A policy whose digests are those of the text, with a clause on each function."""
    old = "  sections:\n    一: ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\n"
    sections = "".join(f"    {name}: {digest}\n" for name, digest in digests(TEXT).items())
    folder = write("document.yaml", old, f"  sections:\n{sections}")
    path = folder / "clauses.yaml"
    text = path.read_text(encoding="utf-8")
    for clause, section in (("T-01", "二(一)1"), ("T-02", "二(一)1"), ("T-11", "二(一)2"), ("T-06", "二(一)3")):
        text = text.replace(f"  {clause}:\n    section: 一", f"  {clause}:\n    section: {section}")
    path.write_text(text, encoding="utf-8")
    return load_policy(folder)


def seen(policy, text):
    """Section, change and clauses of all that is told."""
    return [(one.section, one.change, [clause.id for clause in one.clauses]) for one in drift(policy, text)]


def test_every_part_of_a_text_has_a_digest():
    """Down to the third rank, with what stands before the first subsection."""
    assert tuple(digests(TEXT)) == NAMES
    assert digests(TEXT, ["三"]) == {"三": digests(TEXT)["三"]}
    assert digests(TEXT)["三"] == hashlib.sha256("三、Contact\nWrite to us.".encode()).hexdigest()


def test_the_text_itself_touches_nothing_however_it_is_laid_out(policy):
    assert seen(policy, TEXT.replace("\n", "\n\n").replace("Pictures", "  Pictures")) == []
    assert unchanged(policy, TEXT) == len(NAMES)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("Settings are kept at Maker.", "Settings are sold.", [("二(一)1", "changed", ["T-01", "T-02"])]),
        ("2.Camera\nPictures are kept in the car.\n", "", [("二(一)2", "removed", ["T-11"])]),
        ("(二)Perm", "4.Seats\nTheir heat is sent.\n(二)Perm", [("二(一)4", "added", [])]),
        ("Write to us.", "Write to us.\n四、Annex\nMore.", [("四", "added", [])]),
        ("How they work.", "How they work now.", [("二(一) preamble", "changed", [])]),
        ("1.Sync\n", "1.Sync\nAs you like.\n", [("二(一)1", "changed", ["T-01", "T-02"])]),
    ],
    ids=["a sentence", "a section less", "a section more", "a part more", "a preamble", "a line more"],
)
def test_an_edit_touches_its_section_and_the_clauses_on_it_alone(old, new, told, policy):
    assert old in TEXT
    assert seen(policy, TEXT.replace(old, new)) == told


def test_a_section_that_only_moved_up_is_found_again(policy):
    """What stood after the one that was removed has other numbers and the same text."""
    text = TEXT.replace("2.Camera\nPictures are kept in the car.\n", "").replace("3.Weather", "2.Weather")
    assert seen(policy, text) == [("二(一)2", "removed", ["T-11"]), ("二(一)3", "moved", ["T-06"])]
    assert [one.now for one in drift(policy, text)] == [None, "二(一)2"]


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("The city is sent to Maker and Sunny Weather Co., Ltd.", ("Sunny Weather Co., Ltd.",)),
        ("城市信息会提供给晴天气象科技有限公司。", ("晴天气象科技有限公司",)),
        ("The city is sent to us.", ()),
    ],
)
def test_an_organisation_that_the_policy_does_not_name_is_told(said, names, policy):
    """By its legal form: a new third party is never only a changed section."""
    [one] = drift(policy, TEXT.replace("The city is sent to Maker.", said))
    assert (one.section, one.organisations) == ("二(一)3", names)


def test_another_document_is_no_new_version(policy):
    with pytest.raises(ValueError, match="holds none of the document's 9 sections"):
        drift(policy, "Something else.")
