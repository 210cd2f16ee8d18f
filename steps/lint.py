"""What pytest-bdd does not check, so that no scenario can pass by accident.

A step line that matches two definitions takes the last one loaded; a scenario without a Then passes; a tag that names
no clause tests nothing; of two scenarios with one name only the last is run; under a misspelt keyword the steps are a
description. Each is an error of the feature file, told with its line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_bdd.gherkin_parser import get_gherkin_document

from telltale.errors import InputError, near_miss

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature, ScenarioTemplate, Step
    from pytest_bdd.steps import StepFunctionContext

HARNESS_TAGS = frozenset({"slow"})
"""Tags that are not clauses."""
_KEYWORDS = (
    "Feature",
    "Rule",
    "Background",
    "Scenario",
    "Scenario Outline",
    "Scenario Template",
    "Example",
    "Examples",
)


def complaints(
    feature: Feature, definitions: Collection[StepFunctionContext], clauses: Collection[str]
) -> Iterator[InputError]:
    """Everything wrong with *feature*."""
    yield from _of_descriptions(feature)
    yield from _of_names(feature)
    for scenario in feature.scenarios.values():
        yield from _of_scenario(feature, scenario, definitions, clauses)


def _of_names(feature: Feature) -> Iterator[InputError]:
    outer = get_gherkin_document(feature.filename).feature.children
    inner = [child for one in outer for child in (one.rule.children if one.rule else [one])]
    written = [child.scenario for child in inner if child.scenario]
    if not written:
        yield InputError("holds no scenario: nothing would run", file=feature.filename)
    names: set[str] = set()
    for scenario in written:
        if scenario.name in names:
            message = f"another scenario is called `{scenario.name}`: only one of them would run"
            yield InputError(message, file=feature.filename, line=scenario.location.line)
        names.add(scenario.name)
        if any(not examples.table_body for examples in scenario.examples):
            message = f"scenario `{scenario.name}` has examples without a row: it would not run for them"
            yield InputError(message, file=feature.filename, line=scenario.location.line)


def _of_descriptions(feature: Feature) -> Iterator[InputError]:
    """A description may say anything; but one that begins a line like ``Scenaro:`` has swallowed a scenario."""
    root = get_gherkin_document(feature.filename).feature
    rules = [child.rule for child in root.children if child.rule]
    inner = [*root.children, *(child for rule in rules for child in rule.children)]
    scenarios = [child.scenario for child in inner if child.scenario]
    described = [(block.description, block.location.line) for block in rules]
    described += [(block.description, block.location.line) for block in scenarios]
    described.append((root.description, root.location.line))
    lines = Path(feature.filename).read_text(encoding="utf-8").splitlines()
    for description, line in described:
        for said in (description or "").splitlines():
            word = said.partition(":")[0].strip()
            if ":" in said and (meant := difflib.get_close_matches(word, _KEYWORDS, n=1, cutoff=0.8)):
                message = f"`{word}:` is no keyword, so what follows would not run; did you mean `{meant[0]}:`?"
                below = range(line, len(lines))
                number = next((i + 1 for i in below if lines[i].strip() == said.strip()), line)
                yield InputError(message, file=feature.filename, line=number)


def _of_scenario(
    feature: Feature,
    template: ScenarioTemplate,
    definitions: Collection[StepFunctionContext],
    clauses: Collection[str],
) -> Iterator[InputError]:
    file = Path(feature.filename)
    kinds = {step.type for step in template.steps}
    for kind, word in (("when", "When"), ("then", "Then")):
        if kind not in kinds:
            yield InputError(
                f"scenario `{template.name}` has no {word}: it could not fail", file=file, line=template.line_number
            )
    tags = tags_of(feature, template)
    for tag in sorted(tags - set(clauses) - HARNESS_TAGS):
        yield InputError(
            f"tag `@{tag}` names no clause" + near_miss(tag, clauses), file=file, line=template.line_number
        )
    if not tags - HARNESS_TAGS:
        yield InputError(
            f"scenario `{template.name}` names no clause that it tests; tag it, its rule or its feature",
            file=file,
            line=template.line_number,
        )
    contexts: Iterable[dict[str, str]] = [
        context for examples in template.examples for context in examples.as_contexts()
    ] or [{}]
    for context in contexts:
        for step in template.render(context).steps:
            yield from _of_step(step, file, definitions)


def _of_step(step: Step, file: Path, definitions: Collection[StepFunctionContext]) -> Iterator[InputError]:
    matching = [d for d in definitions if d.type in (None, step.type) and d.parser.is_matching(step.name)]
    if len(matching) == 1:
        return
    line = f"{step.keyword.strip()} {step.name}"
    if not matching:
        known = [sentence for d in definitions if d.type in (None, step.type) for sentence in sentences(d)]
        yield InputError(f"no step says `{line}`" + near_miss(step.name, known), file=file, line=step.line_number)
    else:
        names = " and ".join(f"{d.step_func.__module__}.{d.step_func.__name__}" for d in matching)
        yield InputError(f"`{line}` matches {names}: one of them must be narrower", file=file, line=step.line_number)


def sentences(definition: StepFunctionContext) -> Collection[str]:
    """What a definition matches, as people write it: ``it is driven for <time>``, ``nothing leaves[ for <what>]``."""
    own: Collection[str] | None = getattr(definition.parser, "sentences", None)
    if own is not None:
        return own
    text = str(definition.parser.name)
    while (simpler := _GROUP.sub(_as_written, text)) != text:
        text = simpler
    return [text.replace("\\", "")]


_GROUP = re.compile(r"\((?:\?:|\?P<(?P<name>\w+)>)(?P<inside>[^()]*)\)(?P<optional>\??)")
"""An innermost group of a regular expression."""


def _as_written(group: re.Match[str]) -> str:
    inside = f"<{group['name']}>" if group["name"] else group["inside"]
    return f"[{inside}]" if group["optional"] else inside


def tags_of(feature: Feature, template: ScenarioTemplate) -> set[str]:
    """Tags of the scenario with those of its rule and feature."""
    return set(feature.tags) | set(template.tags) | (set(template.rule.tags) if template.rule else set())
