"""What a session ran on, in the file that Allure shows as the report's environment: rigs, units, policies, versions.

A session may use several rigs; where they differ, the values stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

FILE = "environment.properties"
SAYS = "says"
"""The entry that tells which kind of rig the results are about."""
SIMULATED = "a simulated rig"
"""What it holds when one of the rigs was simulated."""


def merged(provenances: Iterable[Mapping[str, object]]) -> dict[str, str]:
    """One flat table of all runs: mappings inside are spread out, lists are joined, empty entries left out."""
    found: dict[str, dict[str, None]] = {}
    for provenance in provenances:
        for name, value in provenance.items():
            inner = value.items() if isinstance(value, Mapping) else [(name, value)]
            for key, one in inner:
                texts = one if isinstance(one, list | tuple) else [one]
                found.setdefault(str(key), {}).update(dict.fromkeys(str(text) for text in texts))
    return {name: "; ".join(values) for name, values in found.items() if values}


def write(results: Path, table: Mapping[str, str]) -> None:
    """Put *table* beside Allure's results."""
    lines = (f"{_escaped(name, ' :=#!')} = {_escaped(value)}\n" for name, value in table.items())
    results.mkdir(parents=True, exist_ok=True)
    (results / FILE).write_text("".join(lines), encoding="utf-8")


def title(results: Path) -> str:
    """The title of a report on these results; where a rig was simulated, it says so on its face."""
    try:
        table = (results / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        table = ""
    simulated = any(line.startswith(f"{SAYS} = ") and SIMULATED in line for line in table.splitlines())
    about = " on a simulated rig, which says nothing about a real vehicle" if simulated else ""
    return f"What left the car{about}"


def _escaped(text: str, special: str = "") -> str:
    """As Java's properties files want it (java.util.Properties)."""
    text = " ".join(text.split()).replace("\\", "\\\\")
    return "".join(f"\\{c}" if c in special else c for c in text)
