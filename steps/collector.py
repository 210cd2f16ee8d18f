"""Feature files as pytest collects them: no Python beside them is needed, inside this repository or outside.

A folder of features may hold a ``defaults.yaml`` that names the rig and the policy of its scenarios::

    rig: ../../rigs/xiaomi-su7.yaml
    policy: ../../policies/xiaomi-ev-2025-06

The options ``--rig`` and ``--policy`` win over it; a rig file may name a policy too, which comes last.
"""

from __future__ import annotations

import types
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_bdd
from pytest_bdd.exceptions import GherkinParseError
from pytest_bdd.feature import get_feature
from pytest_bdd.steps import step_function_context_registry

from steps.lint import HARNESS_TAGS, complaints, tags_of
from telltale.errors import InputError
from trials.defaults import nearest
from trials.setup import Setup
from trials.trial import Trial

if TYPE_CHECKING:
    from pytest_bdd.parser import Feature


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """What a collected item stands for."""

    name: str
    """The scenario's title, with the row of its examples; without the defect when proving."""
    clauses: tuple[str, ...]
    """Clauses named by its tags, its rule's and its feature's."""
    setup: Setup
    """Rig, policy and defects it runs with."""
    feature: str
    rule: str | None
    said: str
    """What the feature and the scenario say of themselves."""


CASE = pytest.StashKey[Case]()
"""On an item that is a scenario."""


def conclude(trial: Trial) -> None:
    """The body of every scenario, after its steps: the verdict over all that its Then steps judged."""
    trial.conclude()


class FeatureFile(pytest.Module):
    """A ``.feature`` file; its items are scenarios, named by their titles."""

    def _getobj(self) -> types.ModuleType:
        module = types.ModuleType(self.path.stem.replace("-", "_"))
        module.__file__ = str(self.path)
        return module

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """One item a scenario, or a row of its examples; when proving, one more for each defect of its clauses."""
        feature = read_feature(self.path)
        setup = setup_for(self.path, self.config)
        for clause in setup.policy.clauses.values():
            self.config.addinivalue_line("markers", f"{clause.id}: {clause.section}")
        definitions = list(step_function_context_registry.values())
        for complaint in complaints(feature, definitions, setup.policy.clause_ids):
            raise complaint
        super().collect()  # sets up the module's own fixtures
        for title, template in feature.scenarios.items():
            clauses = tuple(sorted(tags_of(feature, template) - HARNESS_TAGS))
            for name, run in self._variants(title, clauses, setup):
                function = pytest_bdd.scenario(str(self.path), title)(conclude)
                setattr(self.obj, name, function)  # pytest looks a test up by its name
                for item in self._genfunctions(name, function):
                    item.stash[CASE] = Case(
                        name=item.name.replace(name, title, 1),
                        clauses=clauses,
                        setup=run,
                        feature=feature.name,
                        rule=template.rule.name if template.rule else None,
                        said=f"{feature.description}\n\n{template.description}".strip(),
                    )
                    yield item

    def _variants(self, title: str, clauses: Collection[str], setup: Setup) -> Iterator[tuple[str, Setup]]:
        yield title, setup
        if self.config.getoption("prove"):
            for path, defect in setup.known_defects():
                if set(clauses) & set(defect.breaks):
                    yield f"{title} <- {defect.defect}", setup.with_defects((path,))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:  # type: ignore[override]  # as Collector
        """One line for the user's mistakes, no traceback."""
        return str(excinfo.value) if isinstance(excinfo.value, InputError) else super().repr_failure(excinfo)


@cache
def read_feature(path: Path) -> Feature:
    """The parsed file.

    :raises InputError: it is not Gherkin
    """
    try:
        return get_feature(str(path.parent), path.name)
    except GherkinParseError as error:
        raise InputError(str(error.message).splitlines()[0], file=path, line=error.line) from None
    except KeyError:  # what pytest-bdd makes of an empty file
        raise InputError("holds no Feature", file=path, line=1) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}", file=path) from None


def setup_for(path: Path, config: pytest.Config) -> Setup:
    """Rig, policy and defects for the features at *path*: options, then the nearest ``defaults.yaml`` above it."""
    rig, policy = config.getoption("rig"), config.getoption("policy")
    defaults = nearest(path)
    rig, policy = rig or defaults.rig, policy or defaults.policy
    if rig is None:
        raise InputError("no rig: give --rig, or name one in a defaults.yaml beside the features", file=path)
    setup = Setup.read(
        Path(rig), policy=policy and Path(policy), defects=tuple(Path(p) for p in config.getoption("defect"))
    )
    if config.getoption("prove") and setup.unit is None:
        raise setup.rig.fault(("kind",), "a proof seeds defects, which takes a simulated rig; this one is real")
    return setup if config.getoption("collectonly") else setup.on(config.getoption("fidelity"))
