"""What the pages for people say is so: their links lead somewhere, their sentences are steps, their scenario runs."""

import re
from pathlib import Path

import pytest
from pytest_bdd.steps import step_function_context_registry

from captures.decode.datagrams import DATAGRAM_PROTOCOLS
from captures.decode.recognise import PROTOCOLS, UPGRADES
from captures.sightings.decoders import DECODERS
from captures.sightings.forms import DIGESTS
from captures.sources import KINDS
from steps.car import StimulusParser

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SCENARIOS = ROOT / "docs" / "scenarios.md"
WORDS = {
    "CAR": "MINI",
    "SWITCH": "sentry mode",
    "TIME": "30 seconds",
    "ITEM": "VIN",
    "FUNCTION": "weather",
    "RECIPIENT": "BMW",
    "READING": "strict",
    " N ": " 10 ",
}
"""What stands for a word in the tables of steps."""


def sentences(kind):
    """The steps of the page's table with that heading, filled with words; a piece with an ellipsis is no sentence."""
    table = SCENARIOS.read_text(encoding="utf-8").split(f"\n| {kind} |")[1].split("\n\n")[0]
    for row in table.splitlines()[2:]:
        for sentence in re.findall(r"`([^`]+)`", row.split("|")[1]):
            if "…" not in sentence:
                yield re.sub("|".join(WORDS), lambda found: WORDS[found[0]], sentence)


def definitions(kind):
    """Our step definitions that a sentence after *kind* can mean, but for the words of vehicle files."""
    ours = [d for d in step_function_context_registry.values() if d.step_func.__module__.startswith("steps.")]
    return [d for d in ours if d.type == kind.lower() and not isinstance(d.parser, StimulusParser)]


@pytest.mark.parametrize("kind", ["Given", "When", "Then"])
def test_the_tables_tell_every_step_and_no_other(kind):
    """Each sentence is one definition's, and each definition has a sentence."""
    told = {}
    for sentence in sentences(kind):
        matching = [d for d in definitions(kind) if d.parser.is_matching(sentence)]
        assert len(matching) == 1, sentence
        told[id(matching[0])] = sentence
    untold = [d.parser.name for d in definitions(kind) if id(d) not in told]
    assert not untold


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    """Every link inside the repository, and every heading that it names."""
    for link in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if link.startswith("https://"):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE) if heading else []
        assert not heading or heading in [h.lower().replace(" ", "-") for h in headings], link


def test_the_scenario_shown_is_the_one_that_runs():
    """The page prints the beginning of the example's feature file, letter by letter."""
    shown = SCENARIOS.read_text(encoding="utf-8").split("```gherkin\n")[1].split("```")[0]
    feature = (ROOT / "docs" / "example" / "trip_diary.feature").read_text(encoding="utf-8")
    assert feature.startswith(shown)


def first_cells(heading):
    """The words in the first column of the table on the page of sightings that begins with *heading*."""
    text = (ROOT / "docs" / "sightings.md").read_text(encoding="utf-8")
    table = text.split(f"\n| {heading} |")[1].split("\n\n")[0]
    return {word for row in table.splitlines()[2:] for word in re.findall(r"`([^`]+)`", row.split("|")[1])}


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("form", set(DIGESTS)),
        ("link", {decoder.name for decoder in DECODERS}),
        ("source", {kind.name for kind in KINDS}),
        ("protocol", {row.name for row in (*PROTOCOLS, *DATAGRAM_PROTOCOLS)} | set(UPGRADES)),
    ],
    ids=["forms", "encodings", "sources", "protocols"],
)
def test_the_page_of_sightings_tells_every_row(heading, names):
    """A form, an encoding, a kind of file or a protocol that the program knows stands on its page."""
    assert names - first_cells(heading) == set()
