"""Simulated parts are copies of a process that has imported them: as confined and as bare as a program of their own."""

import os
import sys
from pathlib import Path

import pytest

PATIENCE = 20.0


def _links(pid, folder):
    return {str(entry.readlink()) for entry in Path(f"/proc/{pid}/{folder}").iterdir()}


@pytest.fixture(name="parked")
def _parked(scenario):
    return scenario().given()


def test_a_copy_holds_no_capability_that_opens_the_seal(parked):
    """Neither now nor by what it executes: entering namespaces, mounting, looking into others, the host's devices."""
    status = Path(f"/proc/{parked.process('unit')}/status").read_text(encoding="utf-8")
    masks = {
        name: int(value, 16)
        for name, _, value in (line.partition(":\t") for line in status.splitlines())
        if "Cap" in name
    }
    denied = sum(1 << number for number in (16, 17, 19, 21, 22, 25, 27))
    assert [name for name, mask in masks.items() if mask & denied] == []


def test_a_copy_lives_in_its_own_namespaces(parked):
    """Unit and cloud share neither network nor mounts, with each other or with the bench."""
    networks = {
        Path(f"/proc/{pid}/ns/net").readlink() for pid in (parked.process("unit"), parked.process("cloud"), "self")
    }
    assert len(networks) == 3


def test_a_copy_keeps_no_descriptor_of_who_was_copied(parked):
    """No namespace of another part, and no line to the bench but its own."""
    assert not [link for link in _links(parked.process("unit"), "fd") if link.startswith(("net:", "mnt:"))]


def test_what_goes_wrong_in_a_copy_is_told_like_in_a_program(parked):
    """The traceback goes to its log, and its status is 1."""
    read, write = os.pipe()
    with os.fdopen(read, "rb") as log:
        process = parked.wiring.spawner("cloud")([sys.executable, "-m", "rigs.sim.cloud"], stderr=write)
        os.close(write)
        said = log.read().decode()
    assert process.wait(PATIENCE) == 1
    assert "started without the descriptor `boot`" in said
