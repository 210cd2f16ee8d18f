"""``telltale lint`` and ``telltale drift``: what a reviewer asks of a policy, at the terminal and as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any

from policies import Policy, load_policy
from policies import drift as drifting
from policies.drift import Touched
from policies.lint import lint as remarks_on
from policies.remarks import GROUPS, Remark
from telltale.errors import ExitStatus, InputError, near_miss

_ALIKE = 3
"""Remarks of one kind on one clause, beyond the first, that are told in its line."""


def lint(place: Path, *, against: Path | None, json_file: Path | None) -> ExitStatus:
    """Print every remark on the policy at *place*, or on each below it.

    :raises InputError: a policy file is wrong, or there is none
    """
    policies = shelf(place)
    if against is not None and len(policies) > 1:
        raise InputError(
            "holds several policies, and --against takes one" + near_miss("", [p.folder.name for p in policies]),
            file=place,
        )
    beside = load_policy(against) if against is not None else None
    lines: list[dict[str, Any]] = []
    for policy in policies:
        remarks = remarks_on(policy, against=beside)
        lines += [{"policy": policy.folder.name, **asdict(remark)} for remark in remarks]
        print("\n".join(_told(policy, remarks)))
    _write(json_file, lines)
    return ExitStatus.VIOLATES if lines else ExitStatus.COMPLIES


def _told(policy: Policy, remarks: Sequence[Remark]) -> Iterable[str]:
    yield f"{_title(policy)}: {len(remarks)} remark{'' if len(remarks) == 1 else 's'}"
    for kind, group in groupby(remarks, key=lambda remark: remark.kind):
        yield f"\n{GROUPS[kind]}"
        alike: dict[tuple[str, bool], list[Remark]] = {}
        for remark in group:
            against = remark.clauses[1] if len(remark.clauses) > 1 else remark.text
            alike.setdefault((against, remark.by_words), []).append(remark)
        for first, *others in alike.values():
            also = [f"{one.clauses[0]} ({one.sections[0]})" for one in others]
            yield f"  {first.text}" + (f"; in the same way {', '.join(also)}" if len(also) >= _ALIKE else "")
            yield from (f"  {one.text}" for one in others if len(also) < _ALIKE)
    yield ""


def drift(text: Path, *, policy: Path, json_file: Path | None) -> ExitStatus:
    """Print the sections of *text* that differ from what the policy was written from, and the clauses on them.

    :param policy: its folder, or one that holds several, of which the nearest to the text is taken
    :raises InputError: a file is wrong, or the text is not one of the document
    """
    read = _read(text)
    chosen = _nearest(shelf(policy), text, read)
    try:
        touched = drifting.drift(chosen, read)
    except ValueError as error:
        raise InputError(str(error), file=text) from None
    print(f"{_title(chosen)}, held against {text.name}")
    for one in touched:
        print(_line(one))
        for clause in one.clauses:
            print(f"  {clause.id}: {clause.statement}")
    clauses = sum(len(one.clauses) for one in touched)
    same = len(chosen.document.source.sections) - sum(one.change != "added" for one in touched)
    print(f"{clauses} clause{'' if clauses == 1 else 's'} touched; {same} sections are as they were")
    _write(
        json_file,
        ({**asdict(one), "clauses": [{"id": c.id, "statement": c.statement} for c in one.clauses]} for one in touched),
    )
    return ExitStatus.VIOLATES if touched else ExitStatus.COMPLIES


def _line(one: Touched) -> str:
    where = f" to {one.now}" if one.now else ""
    names = f"; it names {', '.join(one.organisations)}, which recipients.yaml does not" if one.organisations else ""
    without = "" if one.clauses or one.change == "added" else ", on which no clause rests"
    return f"{one.section}: {one.change}{where}{without}{names}"


def digests(text: Path, sections: Sequence[str]) -> ExitStatus:
    """Print the digests of *text* as document.yaml has them.

    :raises InputError: the file cannot be read, or has no such section
    """
    read = _read(text)
    try:
        table = drifting.digests(read, sections)
    except ValueError as error:
        raise InputError(str(error), file=text) from None
    print(f"source:\n  sha256: {drifting.file_digest(text.read_bytes())}\n  sections:")
    for name, digest in table.items():
        print(f"    {json.dumps(name) if name.isascii() and name[:1].isdigit() else name}: {digest}")
    return ExitStatus.COMPLIES


def shelf(place: Path) -> list[Policy]:
    """The policy at *place*, or every one in the folders just below it.

    :raises InputError: one is wrong, or there is none
    """
    below = sorted(path.parent for path in place.glob("*/document.yaml"))
    return (
        [load_policy(folder) for folder in below]
        if below and not (place / "document.yaml").exists()
        else [load_policy(place)]
    )


def _nearest(policies: Sequence[Policy], file: Path, text: str) -> Policy:
    """The policy that has most of its sections unchanged in *text*."""
    if len(policies) == 1:
        return policies[0]
    kept = {policy.folder: drifting.unchanged(policy, text) for policy in policies}
    best = max(policies, key=lambda policy: kept[policy.folder])
    if not kept[best.folder]:
        names = ", ".join(policy.folder.name for policy in policies)
        raise InputError(f"has no section in common with any of {names}; name its policy by --policy", file=file)
    return best


def _read(text: Path) -> str:
    try:
        return text.read_text(encoding="utf-8")
    except FileNotFoundError:
        beside = [path.name for path in text.parent.glob("*") if path.is_file()] if text.parent.is_dir() else []
        raise InputError("no such file" + near_miss(text.name, beside), file=text) from None
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8 text: byte {error.start} is no part of a character", file=text) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=text) from None


def _title(policy: Policy) -> str:
    document = policy.document
    return f"{document.publisher}: {document.title} ({document.version})"


def _write(file: Path | None, lines: Iterable[Mapping[str, Any]]) -> None:
    if file is not None:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        try:
            file.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"cannot be written: {error.strerror}", file=file) from None
