"""The page of public captures tells what the decoders make of them today."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT.parent / "shared" / "captures"
PAGE = ROOT / "docs" / "captures.md"


def maker():
    spec = importlib.util.spec_from_file_location("public_captures", ROOT / "benchmarks" / "public_captures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not FOLDER.exists(), reason="the public captures are not beside this checkout")
def test_every_public_capture_is_read_and_the_page_tells_how():
    """Row by row; none is refused, and none is left out."""
    public = maker()
    told = PAGE.read_text(encoding="utf-8").partition(public.BEGIN)[2].partition(public.END)[0].splitlines()
    found = public.table(FOLDER).splitlines()
    assert found == told
    assert len(found) == 2 + sum(path.suffix in public.SUFFIXES for path in FOLDER.rglob("*"))


def test_the_page_is_written_between_its_marks(tmp_path):
    """What stands round the table stays as it is; an empty folder gives a table without rows."""
    public = maker()
    page = tmp_path / "page.md"
    page.write_text(f"before\n{public.BEGIN}old\n{public.END}after\n", encoding="utf-8")
    (tmp_path / "none").mkdir()
    public.main(str(tmp_path / "none"), str(page))
    assert page.read_text(encoding="utf-8") == f"before\n{public.BEGIN}{public.HEAD}{public.END}after\n"
