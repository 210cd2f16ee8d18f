"""The direction of imports, which keeps the judge pure and the licence line clean."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("telltale", "rigs", "captures", "policies", "reports", "trials", "steps")
MAY_IMPORT = {
    "telltale": set(),
    "rigs": {"telltale"},
    "captures": {"telltale"},
    "policies": {"telltale"},
    "reports": {"telltale"},
    "trials": {"telltale", "rigs", "captures", "policies", "reports"},
    "steps": {"telltale", "rigs", "captures", "policies", "reports", "trials"},
}
ONLY_IN = {
    "allure": ("reports",),
    "allure_commons": ("reports",),
    "pytest": ("steps",),
    "pytest_bdd": ("steps",),
    "scapy": ("captures/tap",),
    "mitmproxy": ("captures/gateway", "captures/sources/flows.py"),
}


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def modules() -> list[Path]:
    return sorted(file for package in OURS for file in (ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("file", modules(), ids=lambda f: str(f.relative_to(ROOT)))
def test_a_module_imports_only_what_its_package_may(file: Path) -> None:
    """steps → trials → {rigs, captures, policies, reports} → telltale, and the four do not import each other."""
    place = file.relative_to(ROOT)
    package = place.parts[0]
    for module in imports(file):
        top = module.split(".")[0]
        if top in OURS and top != package:
            assert top in MAY_IMPORT[package], f"{place} imports {module}"
        if top in ONLY_IN:
            assert str(place).startswith(ONLY_IN[top]), f"{place} imports {module}, which only {ONLY_IN[top]} may"


def test_the_check_sees_a_forbidden_import(tmp_path: Path) -> None:
    """The reader of imports finds plain, dotted and from-imports, nested in functions as well."""
    file = tmp_path / "m.py"
    file.write_text("import rigs.sim\ndef f():\n    from captures.decode import decode\n    import policies as p\n")
    assert set(imports(file)) == {"rigs.sim", "captures.decode", "policies"}


def test_a_simulated_car_never_reads_the_policy_that_judges_it() -> None:
    """Nothing below rigs/ names the policies folder, except a rig file that says which policy is the default."""
    rig_files = (ROOT / "rigs", ROOT / "rigs" / "examples")
    for file in (ROOT / "rigs").rglob("*"):
        if file.suffix in (".py", ".yaml") and file.parent not in rig_files:
            text = file.read_text(encoding="utf-8")
            assert "policies/" not in text, f"{file} names the policies folder"


def test_no_check_knows_a_defect_by_name() -> None:
    """Code and policies never contain the name of a defect: it must be caught by what it sends."""
    names = {file.stem for file in (ROOT / "rigs" / "sim" / "defects").rglob("*.yaml")}
    assert names, "no defects found"
    for package in OURS:
        for file in (ROOT / package).rglob("*"):
            if file.suffix in (".py", ".yaml") and "defects" not in file.parts:
                found = [name for name in names if name in file.read_text(encoding="utf-8")]
                assert not found, f"{file} knows {found}"
