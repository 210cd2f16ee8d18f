"""The bar that a real bench shows while it waits."""

import os
import pty
import re

import pytest

import trials.progress
from telltale.times import SECOND
from trials.progress import waiting


def test_a_wait_is_told_on_the_terminal(monkeypatch):
    """Whatever becomes of standard output; how much of it has passed, and of what."""
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    try:
        monkeypatch.setattr(trials.progress, "TERMINAL", trials.progress.Path(os.ttyname(theirs)))
        with waiting("time passes", 60 * SECOND) as tell:
            tell(30 * SECOND, 60 * SECOND)
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", os.read(ours, 65536).decode())
    finally:
        os.close(ours)
        os.close(theirs)
    assert "time passes: 1 min" in shown


@pytest.mark.parametrize("duration", [SECOND, 60 * SECOND])
def test_without_a_terminal_or_for_a_moment_nothing_is_told(monkeypatch, tmp_path, capfd, duration):
    monkeypatch.setattr(trials.progress, "TERMINAL", tmp_path / "none" / "tty")
    with waiting("time passes", duration) as tell:
        tell(SECOND, duration)
    assert capfd.readouterr() == ("", "")
