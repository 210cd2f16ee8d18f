"""The ledger of obligations: what falls due later than a run can wait, in one SQLite file for a bench.

A row holds what its verdict needs, days later: where it began (run folder, transmission, bench and wall time), the
clause with its readings, when it is due, and what to ask where. Whatever is entered is on disk before the call returns,
so that a killed process leaves its obligations behind. The file holds addresses that open without a password: it is its
owner's alone.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from telltale.errors import InputError, RigError
from telltale.verdict import Verdict

APPLICATION = 0x54454C4C
"""SQLite's application id of a ledger: ``TELL``."""
VERSION = 1
PATIENCE = 10.0
"""Seconds that another program may hold the file locked."""

Duty = Literal["erase", "retain", "respond"]
_TABLES = """
CREATE TABLE obligation (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, clause TEXT NOT NULL, what TEXT NOT NULL, begun INTEGER NOT NULL,
    due INTEGER NOT NULL, verdict TEXT, row TEXT NOT NULL, UNIQUE (run, clause, what, begun, due)
);
CREATE TABLE look (obligation INTEGER NOT NULL REFERENCES obligation (id), look TEXT NOT NULL);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Obligation:
    """One duty of somebody's towards the owner, with the evidence of its beginning."""

    id: int = 0
    """Its number in the ledger; 0 until it is entered."""
    duty: Duty
    clause: str
    readings: tuple[str, ...]
    """Those under which the clause gives this time."""
    what: str
    """The item, or the request."""
    policy: str
    """Folder of the policy."""
    rig: str
    """The rig file."""
    simulated: bool
    run: str
    """The run folder that holds the evidence of the beginning."""
    transmission: int | None = None
    """Its number in that run, of an upload."""
    begun: int
    """Bench time, ns."""
    wall: int
    """The same by the host's clock, ns."""
    earliest: int
    """The earliest that it can be due, bench ns; before `due` only where working days are not announced."""
    due: int
    """When it surely is due, bench ns; on a real rig that is the host's clock."""
    uncertainty: int = 0
    """Of the beginning, ns."""
    ask: dict[str, Any] = field(default_factory=dict, repr=False)
    """What to ask, and where."""
    upload: dict[str, Any] = field(default_factory=dict)
    """Function, organisation and place of the sighting that was uploaded."""
    verdict: Verdict | None = None
    """None until somebody has judged it."""
    reason: str = ""
    looks: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    """Every look so far, as it was told."""

    @property
    def settled(self) -> bool:
        """Whether no later look can change what it came to."""
        return self.verdict in (Verdict.COMPLIES, Verdict.VIOLATES) or (self.simulated and self.verdict is not None)


class Ledger:
    """One file; made when something is first entered."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def enter(self, obligations: Iterable[Obligation]) -> list[int]:
        """Enter *obligations*, and return their numbers; one that stands there already keeps its own.

        :raises InputError: the file is no ledger, is damaged, or cannot be written
        :raises RigError: another program keeps it locked
        """
        numbers = []
        with self._open(create=True) as file:
            for one in obligations:
                key = (one.run, one.clause, one.what, one.begun, one.due)
                file.execute(
                    "INSERT OR IGNORE INTO obligation (run, clause, what, begun, due, row) VALUES (?, ?, ?, ?, ?, ?)",
                    (*key, json.dumps(_plain(one), ensure_ascii=False)),
                )
                found = file.execute(
                    "SELECT id FROM obligation WHERE run = ? AND clause = ? AND what = ? AND begun = ? AND due = ?", key
                )
                numbers.append(int(found.fetchone()[0]))
        return numbers

    def note(self, number: int, looks: Sequence[dict[str, Any]]) -> None:
        """Add looks at obligation *number*; raises as `enter` does."""
        with self._open() as file:
            rows = [(number, json.dumps(look)) for look in looks]
            file.executemany("INSERT INTO look (obligation, look) VALUES (?, ?)", rows)

    def judge(self, number: int, verdict: Verdict, reason: str) -> None:
        """Write down what obligation *number* came to; raises as `enter` does."""
        with self._open() as file:
            file.execute(
                "UPDATE obligation SET verdict = ?, row = json_set(row, '$.reason', ?) WHERE id = ?",
                (str(verdict), reason, number),
            )

    def all(self) -> list[Obligation]:
        """Every obligation, the one that is due first at the beginning; none if there is no file.

        Raises as `enter` does.
        """
        if not self.path.exists():
            return []
        with self._open() as file:
            looks: dict[int, list[dict[str, Any]]] = {}
            for number, look in file.execute("SELECT obligation, look FROM look ORDER BY rowid"):
                looks.setdefault(number, []).append(json.loads(look))
            rows = file.execute("SELECT id, verdict, row FROM obligation ORDER BY due, id").fetchall()
        return [
            replace(
                _obligation(row), id=number, verdict=verdict and Verdict(verdict), looks=tuple(looks.get(number, ()))
            )
            for number, verdict, row in rows
        ]

    @contextmanager
    def _open(self, *, create: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction, written whole or not at all."""
        try:
            if create:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            file = sqlite3.connect(self.path, timeout=PATIENCE, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"the ledger cannot be opened: {error}", file=self.path) from None
        try:
            file.execute("BEGIN IMMEDIATE")
            self._check(file)
            yield file
            file.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise RigError(f"{self.path}: the ledger is locked by another program; nothing was changed") from None
            raise InputError(f"the ledger cannot be used ({error}); nothing was changed", file=self.path) from None
        except (sqlite3.DatabaseError, json.JSONDecodeError) as error:
            raise InputError(
                f"is damaged, or no ledger ({error}); move it away, or name another with --ledger", file=self.path
            ) from None
        finally:
            file.close()

    def _check(self, file: sqlite3.Connection) -> None:
        (application,), (version,) = (
            file.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
        if not application and not file.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in filter(str.strip, _TABLES.split(";")):
                file.execute(statement)
            file.execute(f"PRAGMA application_id = {APPLICATION}")
            file.execute(f"PRAGMA user_version = {VERSION}")
        elif application != APPLICATION:
            raise InputError("is a database, and no ledger; name another file with --ledger", file=self.path)
        elif version != VERSION:
            raise InputError(f"is a ledger of version {version}, expected {VERSION}", file=self.path)


def _plain(one: Obligation) -> dict[str, Any]:
    return {key: value for key, value in asdict(one).items() if key not in ("id", "verdict", "looks")}


def _obligation(row: str) -> Obligation:
    told = json.loads(row)
    return Obligation(**{**told, "readings": tuple(told["readings"])})
