"""allure-pytest shows test functions; this makes it show scenarios: titles, Gherkin steps, labels and evidence.

Without ``--alluredir`` allure has no listener, and each call here does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import allure
import allure_commons

TEXT = allure.attachment_type.TEXT
_SUFFIX = {
    ".html": allure.attachment_type.HTML,
    ".json": allure.attachment_type.JSON,
    ".svg": allure.attachment_type.SVG,
    ".txt": TEXT,
    ".log": TEXT,
    ".jsonl": TEXT,
}


def start_scenario(
    *, title: str, feature: str, rule: str | None, description: str, labels: Mapping[str, Sequence[str]], unit: str
) -> None:
    """Name the test as its scenario and file it under policy → feature → rule."""
    allure.dynamic.title(title)
    allure.dynamic.feature(feature)
    allure.dynamic.parent_suite(unit)
    allure.dynamic.suite(feature)
    if rule:
        allure.dynamic.story(rule)
        allure.dynamic.sub_suite(rule)
    if description:
        allure.dynamic.description(description)
    for name, values in labels.items():
        for value in values:
            allure.dynamic.label(name, value)
    for document in labels.get("document", ()):
        allure.dynamic.epic(document)


def start_step(title: str) -> str:
    """Open a Gherkin step; returns the handle to stop it with."""
    handle = str(uuid4())
    allure_commons.plugin_manager.hook.start_step(uuid=handle, title=title, params={})
    return handle


def stop_step(handle: str, error: BaseException | None) -> None:
    """Close a step: failed for an `AssertionError`, broken for any other error, passed for none."""
    allure_commons.plugin_manager.hook.stop_step(
        uuid=handle, exc_type=type(error) if error else None, exc_val=error, exc_tb=None
    )


def attach_text(name: str, text: str, kind: str = ".txt") -> None:
    """Attach a text; *kind* is the suffix that tells how it is shown (``.html``, ``.json``, ``.svg``, ``.txt``)."""
    allure.attach(text, name=name, attachment_type=_SUFFIX[kind])


def attach_file(name: str, path: Path) -> None:
    """Attach a file as it is, e.g. the packet capture."""
    known = _SUFFIX.get(path.suffix)
    if known is not None:
        allure.attach.file(str(path), name=name, attachment_type=known)
    else:
        allure.attach.file(str(path), name=name, extension=path.suffix.lstrip("."))
