"""`telltale lint` and `telltale drift`, as a reviewer types them."""

import json
import shutil
from pathlib import Path

import pytest

from trials.cli import main

ROOT = Path(__file__).parents[2]
XIAOMI = ROOT / "policies" / "xiaomi-ev-2025-06"
EXAMPLE = ROOT / "docs" / "example" / "policy"
SOURCE = ROOT.parent / "shared" / "seeds" / "003_317671e9d665abd2.txt"
# pairs of clauses that the document's own sentences set against each other, and the kind that each is
CONFLICTS = {
    ("XM-02-03", "XM-02-06"): "kept and gone",  # recorded to the stick, stored nowhere
    ("XM-02-05", "XM-02-06"): "kept and gone",
    ("XM-20-07", "XM-21-03"): "allowed and forbidden",  # safety logs carry the VIN, the plan is off
    ("XM-12-05", "XM-16-01"): "beyond its confines",  # music stays in the car, the greeting learns it
    ("XM-21-02", "XM-16-01"): "beyond its confines",  # and so does the plan
    ("XM-16-02", "XM-16-01"): "beyond its confines",  # and the partner that plays it
    ("XM-02-05", "XM-22-02"): "beyond its confines",  # what cameras see stays in the car
    ("XM-03-01", "XM-22-02"): "beyond its confines",
    ("XM-05-07", "XM-22-02"): "beyond its confines",
    ("XM-19-01", "XM-22-02"): "beyond its confines",
    ("XM-P1-02", "XM-P1-04"): "works and stops",  # the radio plays on, and does not
    ("XM-04-03", "XM-06-02"): "beyond its confines",  # identifiers kept in phone and car alone
    ("XM-06-08", "XM-06-02"): "beyond its confines",
    ("XM-08-01", "XM-08-03"): "rough and exact",  # the weather's position
    ("XM-14-01", "XM-14-03"): "allowed and forbidden",  # remote management without the permission
    ("XM-14-01", "XM-14-05"): "beyond its confines",  # only on the watch
}


def test_lint_names_the_conflicts_of_a_real_document_with_both_sections(tmp_path, capsys):
    """By what the clauses say; what the register reads more narrowly, or a reading resolves, is told as such."""
    assert main(["lint", "--policy", str(XIAOMI), "--json", str(tmp_path / "l.jsonl")]) == 1
    rows = [json.loads(line) for line in (tmp_path / "l.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {tuple(row["clauses"]): row for row in rows if len(row["clauses"]) == 2}
    assert {pair: found[pair]["kind"] for pair in CONFLICTS if pair in found} == CONFLICTS
    assert all(len(row["sections"]) == 2 for row in found.values())
    assert found["XM-20-07", "XM-21-03"]["readings"] == ["strict"]
    assert found["XM-02-03", "XM-02-06"]["by_words"]
    told = capsys.readouterr().out
    assert (
        "XM-20-07 (二(一)20) permits vin, account_id for safety logs to Xiaomi EV, XM-21-03 (二(一)21) forbids" in told
    )
    assert "under the strict reading, which the lenient one resolves" in told


def test_lint_of_a_policy_without_a_flaw_ends_0(capsys):
    assert main(["lint", "--policy", str(EXAMPLE)]) == 0
    assert capsys.readouterr().out.startswith("Example Motors: Privacy notice of the Example EV (1): 0 remarks")


def test_lint_reads_every_policy_of_a_folder(monkeypatch, capsys):
    """Which is what it does where nothing is said."""
    monkeypatch.chdir(ROOT)
    assert main(["lint"]) == 1
    told = capsys.readouterr().out
    assert all(f"{publisher}: " in told for publisher in ("Xiaomi EV", "BMW China"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["lint", "--policy", "docs/exampel"], "docs/exampel: no such policy folder; did you mean `example`?"),
        (
            ["lint", "--against", "docs/example/policy"],
            "policies: holds several policies, and --against takes one; known: `mini-connected-zh-2025-09`, `xiaomi",
        ),
        (["lint", "--polcy", "x"], "telltale lint has no option `--polcy`; did you mean `--policy`?"),
        (["drift", "CHANGELOG.MD"], "CHANGELOG.MD: no such file; did you mean `CHANGELOG.md`?"),
        (
            ["drift", "CHANGELOG.md"],
            "CHANGELOG.md: has no section in common with any of mini-connected-zh-2025-09, xiaomi-ev-2025-06; name",
        ),
        (["drift", "docs/report.png", "--digests"], "docs/report.png: is not UTF-8 text: byte 0 is no part of a"),
        (
            ["drift", "CHANGELOG.md", "--policy", "policies/xiaomi-ev-2025-06"],
            "CHANGELOG.md: holds none of the document's",
        ),
        (["drift", "README.md", "--digests", "九"], "README.md: has no section `九`: no line opens with the mark"),
        (["drift", "README.md", "--digests", "ix"], "README.md: `ix` is not a section's name; write it like"),
    ],
)
def test_a_slip_is_one_line(given, told, monkeypatch, capsys):
    """And ends 2."""
    monkeypatch.chdir(ROOT)
    assert main(given) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"telltale: {told}")


@pytest.fixture
def ours(tmp_path):
    """The example's policy, written from a text of three sections."""
    text = tmp_path / "notice.txt"
    text.write_text("1. Diary\nKept with your VIN.\n2. Roads\nSpeed alone.\n3. Nothing else\nIs sent.\n")
    folder = Path(shutil.copytree(EXAMPLE, tmp_path / "policy"))
    return folder, text


def test_digests_are_printed_as_the_document_has_them(ours, capsys):
    """They are put into document.yaml, and then nothing has drifted."""
    folder, text = ours
    assert main(["drift", str(text), "--digests", "1", "2", "3"]) == 0
    printed = capsys.readouterr().out
    document = folder / "document.yaml"
    before, _, rest = document.read_text(encoding="utf-8").partition("source:")
    document.write_text(before + printed + rest[rest.index("default deny") :], encoding="utf-8")
    assert main(["drift", str(text), "--policy", str(folder)]) == 0
    assert "0 clauses touched; 3 sections are as they were" in capsys.readouterr().out
    text.write_text(text.read_text().replace("Speed alone.", "Speed and VIN, for Sunny Maps Ltd."))
    assert main(["drift", str(text), "--policy", str(folder), "--json", str(folder / "d.jsonl")]) == 1
    told = capsys.readouterr().out
    assert "2: changed; it names Sunny Maps Ltd., which recipients.yaml does not" in told
    assert "1 clause touched; 2 sections are as they were" in told
    [row] = [json.loads(line) for line in (folder / "d.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (row["section"], row["change"], [c["id"] for c in row["clauses"]]) == ("2", "changed", ["EV-2"])


def test_an_edited_copy_of_a_real_document_names_exactly_the_clauses_touched(tmp_path, monkeypatch):
    """A sentence changed, a section less, a third party more."""
    if not SOURCE.is_file():
        pytest.skip("the source texts are not part of the repository")
    monkeypatch.chdir(ROOT)
    text = SOURCE.read_text(encoding="utf-8")
    assert main(["drift", str(SOURCE)]) == 0
    lines = text.splitlines()
    plan = next(n for n, line in enumerate(lines) if line.strip().lstrip("-* ").startswith("21.用户体验改进计划"))
    lines[plan] += "相关数据会提供给晴天数据科技有限公司。"
    edited = tmp_path / "edited.txt"
    edited.write_text("\n".join(lines), encoding="utf-8")
    assert main(["drift", str(edited), "--json", str(tmp_path / "d.jsonl")]) == 1
    [row] = [json.loads(line) for line in (tmp_path / "d.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (row["section"], row["change"]) == ("二(一)21", "changed")
    assert {clause["id"][:5] for clause in row["clauses"]} == {"XM-21"}
    assert row["organisations"] == ["晴天数据科技有限公司"]
