"""The ledger of obligations."""

import multiprocessing
import os
import signal
import sqlite3
import stat

import pytest

import policies.ledger
from policies.ledger import Ledger, Obligation
from telltale.errors import InputError, RigError
from telltale.verdict import Verdict


def duty(**given):
    """An obligation."""
    return Obligation(
        **{
            "duty": "respond",
            "clause": "T-20",
            "readings": ("strict", "lenient"),
            "what": "a copy",
            "policy": "/p",
            "rig": "/r.yaml",
            "simulated": False,
            "run": "/run",
            "begun": 100,
            "wall": 100,
            "earliest": 200,
            "due": 200,
            "ask": {"at": "https://app.test/requests/1"},
            **given,
        }
    )


def test_what_is_entered_is_there_the_next_time(tmp_path):
    """In the order in which it falls due, with every look and the verdict."""
    file = tmp_path / "new" / "ledger.db"
    late, soon = Ledger(file).enter([duty(due=900), duty(what="deletion")])
    Ledger(file).note(soon, [{"bench": 150, "answer": None}])
    Ledger(file).judge(soon, Verdict.VIOLATES, "still open")
    first, second = Ledger(file).all()
    assert (first.id, first.what, first.verdict, first.reason) == (soon, "deletion", Verdict.VIOLATES, "still open")
    assert (first.looks, first.settled) == (({"bench": 150, "answer": None},), True)
    assert second == duty(due=900, id=late)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_obligation_is_entered_once(tmp_path):
    ledger = Ledger(tmp_path / "ledger.db")
    assert ledger.enter([duty()]) == ledger.enter([duty()])
    assert len(ledger.all()) == 1


def test_no_file_is_an_empty_ledger(tmp_path):
    assert Ledger(tmp_path / "ledger.db").all() == []


def _enter_and_die(file):
    Ledger(file).enter([duty()])
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_killed_process_leaves_its_obligations_behind(tmp_path):
    file = tmp_path / "ledger.db"
    process = multiprocessing.get_context("spawn").Process(target=_enter_and_die, args=(file,))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert [one.what for one in Ledger(file).all()] == ["a copy"]


def test_a_locked_ledger_is_told_and_unchanged(tmp_path, monkeypatch):
    """It is the bench that cannot go on, so nothing is judged by that."""
    monkeypatch.setattr(policies.ledger, "PATIENCE", 0.1)
    file = tmp_path / "ledger.db"
    Ledger(file).enter([duty()])
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(RigError, match="locked by another program; nothing was changed"):
        Ledger(file).enter([duty(what="deletion")])
    other.close()
    assert len(Ledger(file).all()) == 1


def test_a_damaged_ledger_is_told_and_left_as_it_is(tmp_path):
    """Nothing is written over what may still be saved."""
    file = tmp_path / "ledger.db"
    Ledger(file).enter([duty()])
    broken = b"SQLite format 3\x00" + b"\xff" * 4096
    file.write_bytes(broken)
    with pytest.raises(InputError, match=r"ledger.db: is damaged, or no ledger .*; move it away"):
        Ledger(file).all()
    assert file.read_bytes() == broken


def test_another_program_s_database_is_no_ledger(tmp_path):
    file = tmp_path / "other.db"
    other = sqlite3.connect(file)
    other.execute("CREATE TABLE t (a)")
    other.close()
    with pytest.raises(InputError, match="is a database, and no ledger"):
        Ledger(file).enter([duty()])


def test_a_ledger_of_a_later_version_is_not_touched(tmp_path):
    file = tmp_path / "ledger.db"
    Ledger(file).enter([duty()])
    other = sqlite3.connect(file)
    other.execute("PRAGMA user_version = 9")
    other.close()
    with pytest.raises(InputError, match="is a ledger of version 9, expected 1"):
        Ledger(file).all()
