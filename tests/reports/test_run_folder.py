"""The folder of a run: fresh, private, written as it goes."""

from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from reports.run_folder import RunFolder


def test_a_folder_is_named_by_its_scenario_and_private(tmp_path):
    """Captures hold identities."""
    folder = RunFolder(tmp_path / "runs", "Nobody is filmed, while driving!")
    assert folder.path.name == "nobody-is-filmed-while-driving"
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("title", "name"), [("…", "scenario"), ("../../etc", "etc"), ("警报视频", "警报视频"), ("a" * 300, "a" * 80)]
)
def test_any_title_gives_a_name_inside_the_folder(tmp_path, title, name):
    """Of at most eighty characters."""
    assert RunFolder(tmp_path, title).path == tmp_path / name


def test_runs_side_by_side_never_share_a_folder(tmp_path):
    """Several workers, one title."""
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: RunFolder(tmp_path, "same").path, range(24)))
    assert len(paths) == 24


def test_lines_are_added_and_files_replaced_whole(tmp_path):
    """Nothing half-written is ever seen under the file's own name."""
    folder = RunFolder(tmp_path, "x")
    folder.append("timeline.jsonl", [{"fact": "gear", "value": "D"}])
    folder.append("timeline.jsonl", [{"fact": "警报", "value": 1}])
    folder.write("run.json", {"verdict": "complies"})
    folder.write("run.json", {"verdict": "violates"})
    lines = folder.file("timeline.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["fact"] for line in lines] == ["gear", "警报"]
    assert "警报" in lines[1]
    assert json.loads(folder.file("run.json").read_text(encoding="utf-8")) == {"verdict": "violates"}
    assert sorted(path.name for path in folder.path.iterdir()) == ["run.json", "timeline.jsonl"]
