"""allure-pytest shows test functions; this makes it show scenarios: titles, Gherkin steps, labels and evidence.

Without ``--alluredir`` allure has no listener, and each call here does nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import uuid4

import allure_commons
from allure_commons.model2 import Parameter, Status
from allure_commons.types import AttachmentType

from telltale.errors import TelltaleError

if TYPE_CHECKING:
    from allure_commons.model2 import ExecutableItem, TestResult, TestResultContainer

_KINDS = {
    ".html": AttachmentType.HTML,
    ".json": AttachmentType.JSON,
    ".csv": AttachmentType.CSV,
    ".svg": AttachmentType.SVG,
    ".txt": AttachmentType.TEXT,
}
_MACHINERY = re.compile(r"_pytest_bdd_example|pytestbdd_|(trial|benches)(::|$)|.*::<lambda>$")
"""Fixtures by which scenarios are run; they are of interest only when they fail."""
_TREE = ("epic", "feature", "story")
"""Labels that a scenario is filed under: policy, feature, rule."""
_EXAMPLE = "_pytest_bdd_example"
"""How pytest-bdd calls the parameter that holds a row of examples."""


class _Tidy:
    """Takes out of Allure's results what is about the machinery, just before they are written."""

    @allure_commons.hookimpl(tryfirst=True)
    def report_container(self, container: TestResultContainer) -> None:
        """Set-up and tear-down that went well say nothing about a car; the last of them have no status yet."""
        for fixtures in (container.befores, container.afters):
            fixtures[:] = [
                f for f in fixtures if f.status not in (None, Status.PASSED) or not _MACHINERY.match(f.name or "")
            ]

    @allure_commons.hookimpl(tryfirst=True)
    def report_result(self, result: TestResult) -> None:
        """A place in the tree by policy, feature and rule; a label a fact; examples as parameters; errors in words."""
        filed = {label.name: label.value for label in result.labels if label.name in _TREE}
        if "epic" in filed:
            result.titlePath = [filed[name] for name in _TREE if name in filed]
        result.labels[:] = list({(label.name, label.value): label for label in result.labels}.values())
        result.parameters[:] = [plain for parameter in result.parameters for plain in _parameters(parameter)]
        for item in _with_steps(result):
            _speak_plainly(item)


def install() -> None:
    """Have results tidied; once a process is enough."""
    if not allure_commons.plugin_manager.has_plugin("telltale"):
        allure_commons.plugin_manager.register(_Tidy(), "telltale")


def describe(
    *, title: str, feature: str, rule: str | None, description: str, labels: Mapping[str, Sequence[str]]
) -> None:
    """Name the test as its scenario, with the row of its examples, and file it under policy, feature and rule."""
    hook = allure_commons.plugin_manager.hook
    hook.add_title(test_title=re.sub(r"(?<=\S)(\[[^\]]*\])$", r" \1", title))
    hook.add_description(test_description=description)
    filed = {
        "epic": labels.get("document", ()),
        "feature": [feature],
        "story": [rule] if rule else [],
        "parentSuite": labels.get("unit", ()),
        "suite": [feature],
        "subSuite": [rule] if rule else [],
    }
    for name, values in (filed | dict(labels)).items():
        hook.add_label(label_type=name, labels=list(values))


def start_step(title: str) -> str:
    """Open a Gherkin step; returns the handle to stop it with."""
    handle = str(uuid4())
    allure_commons.plugin_manager.hook.start_step(uuid=handle, title=title, params={})
    return handle


def stop_step(handle: str, error: BaseException | None) -> None:
    """Close a step: failed for `AssertionError`, skipped for pytest's skip, broken for any other error, else passed."""
    allure_commons.plugin_manager.hook.stop_step(
        uuid=handle, exc_type=type(error) if error else None, exc_val=error, exc_tb=None
    )


def attach(name: str, text: str, kind: str = ".txt") -> None:
    """Attach a text to the step that is open, else to the scenario.

    :param kind: how it is shown: ``.html``, ``.json``, ``.csv``, ``.svg`` or ``.txt``
    """
    allure_commons.plugin_manager.hook.attach_data(
        body=text, name=name, attachment_type=_KINDS[kind], extension=kind.removeprefix(".")
    )


def _with_steps(item: ExecutableItem) -> Iterator[ExecutableItem]:
    yield item
    for step in item.steps:
        yield from _with_steps(step)


def _speak_plainly(item: ExecutableItem) -> None:
    """Errors of ours are one readable text: no class name before it, and no trace that repeats it."""
    details = item.statusDetails
    if details is None or not details.message:
        return
    for prefix in _class_names(TelltaleError):
        if details.message.startswith(prefix):
            details.message = details.message.removeprefix(prefix).rstrip()
            details.trace = None


def _class_names(kind: type[BaseException]) -> Iterator[str]:
    yield f"{kind.__module__}.{kind.__qualname__}: "
    for narrower in kind.__subclasses__():
        yield from _class_names(narrower)


def _parameters(parameter: Parameter) -> list[Parameter]:
    """A row of examples as one parameter a column."""
    if parameter.name != _EXAMPLE:
        return [parameter]
    return [Parameter(name=name, value=value) for name, value in ast.literal_eval(parameter.value).items()]
