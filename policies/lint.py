"""What is wrong with a policy as a whole: clauses against each other and by themselves, what is declared in vain."""

from __future__ import annotations

from collections.abc import Iterator

from policies.conflicts import OPENING, at, conflicts
from policies.model import ANY, Clause, Policy, Variant
from policies.regions import circumstances, ever
from policies.remarks import GROUPS, Remark, resolved
from policies.side_by_side import differences
from policies.terms import covers_item
from telltale.items import taxonomy

_SEEN = OPENING | {"forbid", "transform", "confine", "erase"}
"""Modalities that are judged by what is seen to leave."""


def lint(policy: Policy, *, against: Policy | None = None) -> list[Remark]:
    """Every remark on *policy*, the gravest kind first.

    :param against: another version of the document, or the same one in another language, to be held beside it
    """
    remarks = [
        *conflicts(policy),
        *_of_single_clauses(policy),
        *_of_sections(policy),
        *_unused(policy),
        *(differences(policy, against) if against else ()),
    ]
    order = list(GROUPS)
    return sorted(remarks, key=lambda remark: order.index(remark.kind))


def _of_single_clauses(policy: Policy) -> Iterator[Remark]:
    served = {row.function for row in policy.endpoints}
    for clause in policy.clauses.values():
        broken_by: dict[str, list[str]] = {}
        for reading in policy.readings:
            standing = next((one for one in policy.under(reading) if one.id == clause.id), None)
            if standing is not None:
                for why in _unbreakable(standing, policy, reading, served):
                    broken_by.setdefault(why, []).append(reading)
        for why, readings in broken_by.items():
            holding = readings if clause.reading is None else list(policy.readings)
            yield _about(clause, "cannot be broken", why + resolved(holding, policy.readings))
        if clause.warning and clause.note is None:
            yield _about(clause, "without a note", "is a warning, and no `note` says what it is inferred from")
        for item in clause.items if clause.broad else ():
            if item != ANY and not any(row.parent == item for row in taxonomy().values()) and len(clause.items) == 1:
                yield _about(clause, "unused", f"says `broad: true`, and {item} has no narrower items")


def _unbreakable(clause: Clause, policy: Policy, reading: str, served: set[str]) -> Iterator[str]:
    """Why nothing that a car could do breaks *clause* as it stands under *reading*."""
    if clause.modality == "attest" or clause.untested:
        return  # its own words say why no scenario breaks it
    if not ever(clause, policy.document.facts):
        yield f"is never in force: no state of the car has it{circumstances(clause)}"
    if clause.modality == "confine" and ANY in clause.recipients and not clause.countries:
        yield "confines to any recipient, which leaves nobody out"
    functions = [name for name in clause.functions if name != ANY]
    if clause.modality in _SEEN and ANY not in clause.functions and not served & set(functions):
        yield f"is about {' and '.join(functions)}, for which endpoints.yaml has no row, so nothing is told to be it"
    if clause.modality in ("transform", "erase") and not any(_opened(clause, other) for other in policy.under(reading)):
        yield f"limits {', '.join(clause.items)}, which no clause lets leave for what it is about"


def _opened(clause: Clause, other: Clause) -> bool:
    if other.modality not in OPENING or ANY in other.items:
        return other.modality in OPENING
    functions = (*clause.functions, *other.functions)
    common = ANY in functions or any(clause.speaks_of(name) and other.speaks_of(name) for name in functions)
    return common and any(covers_item(clause, item) and covers_item(other, item) for item in taxonomy())


def _of_sections(policy: Policy) -> Iterator[Remark]:
    spoken = {clause.section for clause in policy.clauses.values()}
    for section in policy.document.source.sections:
        if section not in spoken:
            yield Remark(kind="without a clause", text=f"{section}: no clause stands for it", sections=(section,))


def _unused(policy: Policy) -> Iterator[Remark]:
    clauses = policy.clauses.values()
    parts: list[Clause | Variant] = [*clauses, *(v for clause in clauses for v in clause.under.values())]
    parts += [clause.literally for clause in clauses if clause.literally is not None]
    recipients = {name for part in parts for name in part.recipients or ()}
    functions = {name for part in parts for name in part.functions or ()}
    functions |= {name for clause in clauses for name in (*clause.works, *clause.stops)}
    stated = [*(part.when or () for part in parts), *(part.unless or () for part in parts)]
    for clause in clauses:
        stated += [clause.begins, *clause.works.values(), *clause.stops.values()]
    facts = {fact for conditions in stated for condition in conditions for fact in condition}
    readings = {clause.reading for clause in clauses} | {name for clause in clauses for name in clause.under}
    served = {row.organisation for row in policy.endpoints}
    background = {row.function for row in policy.endpoints if row.background}
    said = "no clause speaks of it"
    for what, names, used in (
        ("recipient", policy.organisations, recipients | (served if ANY in recipients else set())),
        ("function", policy.document.functions, functions | background),
        ("fact", policy.document.facts, facts),
        ("reading", policy.document.readings, readings),
    ):
        for name in names:
            if name not in used:
                yield Remark(kind="unused", text=f"{what} `{name}`: {said}")
    for row in policy.endpoints:
        if row.function not in functions | background:
            yield Remark(kind="unused", text=f"endpoint {row}: it is for `{row.function}`, and {said}")


def _about(clause: Clause, kind: str, says: str) -> Remark:
    return Remark(kind=kind, text=f"{at(clause)} {says}", clauses=(clause.id,), sections=(clause.section,))
