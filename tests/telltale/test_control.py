"""Control lines and child processes, with real ones."""

import socket
import sys
import threading

import pytest

from telltale.control import Control, PeerGoneError
from telltale.errors import RigError
from telltale.processes import inherited, spawn_here

CHILD = """
import asyncio, socket
from telltale.control import serve
from telltale.processes import inherited

async def slow(): await asyncio.sleep(60)
def fail(): raise ValueError("no paper")
asyncio.run(serve(socket.socket(fileno=inherited("control")), {"echo": lambda **a: a, "fail": fail, "slow": slow}))
"""


@pytest.fixture
def child():
    control, theirs = Control.pair("the child")
    process = spawn_here([sys.executable, "-c", CHILD], fds={"control": theirs.fileno()})
    theirs.close()
    yield control, process
    control.close()
    assert process.wait(10) == 0


def test_questions_are_answered_in_order(child):
    control, _ = child
    assert [control.ask("echo", n=n) for n in range(3)] == [{"n": 0}, {"n": 1}, {"n": 2}]


def test_an_error_in_the_child_is_told_and_the_line_stays_open(child):
    control, _ = child
    with pytest.raises(RigError, match="the child: ValueError: no paper"):
        control.ask("fail")
    with pytest.raises(RigError, match="cannot do `paint`; can do echo, fail, slow"):
        control.ask("paint")
    assert control.ask("echo") == {}


def test_a_silent_child_is_gone_and_stays_gone():
    control, theirs = Control.pair("the child")
    with theirs:
        with pytest.raises(PeerGoneError, match=r"did not answer `echo` within 0\.05 s"):
            control.ask("echo", timeout=0.05)
        with pytest.raises(PeerGoneError, match="did not answer"):
            control.ask("echo")
    control.close()


def test_a_child_that_ends_in_mid_question_is_gone():
    control, theirs = Control.pair("the child")
    thread = threading.Thread(target=lambda: (theirs.recv(100), theirs.close()))
    thread.start()
    with pytest.raises(PeerGoneError, match="the child has ended"):
        control.ask("echo")
    thread.join()
    control.close()


def test_a_program_that_cannot_be_started_is_one_line():
    with pytest.raises(RigError, match="cannot start /nowhere/at-all: No such file"):
        spawn_here(["/nowhere/at-all"])


def test_a_descriptor_that_was_not_passed_is_named(monkeypatch):
    monkeypatch.setenv("TELLTALE_FDS", "control=3")
    assert inherited("control") == 3
    with pytest.raises(RigError, match="without the descriptor `clock`"):
        inherited("clock")


def test_a_closed_line_says_so():
    control, theirs = Control.pair("the child")
    theirs.close()
    control.close()
    with pytest.raises(PeerGoneError, match="the line to the child is closed"):
        control.ask("echo")
    assert socket.socketpair  # the pair is closed by now: no ResourceWarning
