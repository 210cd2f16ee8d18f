"""Sections of a policy text, found by their marks."""
# ruff: noqa: RUF001 - full-width brackets stand in real policies

from __future__ import annotations

import pytest

from policies.sections import section_digest, section_lines

TEXT = """
Title
目录
一、Scope
二、Data

一、Scope
  lead of one
(一)Who
someone
（二）Where
here
二、Data
lead of two
(一)Use
1.Sync
about sync
2.Camera
**about the camera**
- 1) first
- 2) second
2.1 Detail
a. one
b. two
2.2 More
3. Last
"""


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("一", "一、Scope", "here"),
        ("一(一)", "(一)Who", "someone"),
        ("一(二)", "（二）Where", "here"),
        ("一（二）", "（二）Where", "here"),
        ("二(一)1", "1.Sync", "about sync"),
        ("二(一)2", "2.Camera", "2.2 More"),
        ("二(一)2 1)", "1) first", "1) first"),
        ("二(一)2.1", "2.1 Detail", "b. two"),
        ("二(一)2.1a", "a. one", "a. one"),
        ("二(一)3", "3. Last", "3. Last"),
        ("preamble", "Title", "目录"),
        ("一 preamble", "一、Scope", "lead of one"),
        ("二(一)2 preamble", "2.Camera", "2) second"),
    ],
)
def test_a_section_runs_from_its_mark_to_the_next_of_its_rank_or_a_higher_one(name, first, last):
    """A table of contents is not taken for the text."""
    lines = section_lines(TEXT, name)
    assert (lines[0], lines[-1]) == (first, last)


def test_a_preamble_ends_at_the_first_mark_there_is():
    """Also in a document that counts 1, 2, 3 from the start."""
    text = "Notice\n1. Diary\nwritten\na. by hand\n2. Roads"
    assert section_lines(text, "preamble") == ["Notice"]
    assert section_lines(text, "1 preamble") == ["1. Diary", "written"]


def test_layout_does_not_count():
    """White space, list dashes, asterisks and empty lines come and go from one rendering to another."""
    again = TEXT.replace("- 1)", "  1)").replace("**about the camera**", "about the camera\n\n")
    assert section_digest(again, "二(一)2") == section_digest(TEXT, "二(一)2")


def test_one_changed_word_changes_its_section_alone():
    """And the sections that hold it."""
    changed = TEXT.replace("about sync", "about everything")
    assert section_digest(changed, "二(一)1") != section_digest(TEXT, "二(一)1")
    assert section_digest(changed, "二") != section_digest(TEXT, "二")
    assert section_digest(changed, "二(一)2") == section_digest(TEXT, "二(一)2")


@pytest.mark.parametrize("name", ["", "Data", "(一)二", "21(一)", "二(一)2x!"])
def test_a_name_that_is_no_chain_of_marks_is_refused(name):
    """With the way to write one."""
    with pytest.raises(ValueError, match="write it like"):
        section_lines(TEXT, name)


def test_a_section_that_the_text_has_not_is_told_by_the_mark_that_is_missing():
    """Not found is not empty."""
    with pytest.raises(ValueError, match="no line opens with the mark `9`"):
        section_lines(TEXT, "二(一)9")
