"""The centre screen in a run: a picture after each When, and what it says.

A picture may show anything, so it stays in the run folder and the report names it with its hash; a rig whose screens
hold nothing personal may say ``screens: attach``.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from policies.endpoints import attribute
from reports.run_folder import RunFolder
from rigs.instruments import Instruments
from telltale.errors import RigError
from telltale.finding import Finding, Judgement
from telltale.verdict import Verdict
from trials.claims import since_the_stimulus
from trials.evidence import Exhibit

if TYPE_CHECKING:
    from trials.trial import Trial

FOLDER = "screens"


def taken(instruments: Instruments, folder: RunFolder, number: int, *, attach: bool) -> Exhibit:
    """Take a picture of the screen as it is after step *number*; one that cannot be taken is told."""
    try:
        picture = instruments.needed_adb().screenshot()
    except RigError as error:
        return Exhibit("screen", ".txt", f"no picture of the screen: {error}")
    shots = folder.file(FOLDER)
    shots.mkdir(mode=0o700, exist_ok=True)
    place = shots / f"{number:02}.png"
    place.write_bytes(picture)
    if attach:
        coded = base64.b64encode(picture).decode()
        return Exhibit("screen", ".html", f'<img alt="centre screen" src="data:image/png;base64,{coded}">')
    digest = hashlib.sha256(picture).hexdigest()
    return Exhibit("screen", ".txt", f"{FOLDER}/{place.name} in {folder.path.name}, SHA-256 {digest}")


def shows(trial: Trial, text: str, function: str) -> Judgement:
    """A claim: what the car fetched for *function* since the latest block of Whens is on its screen, with these words.

    It is an expectation that something was fetched: before that the car knows of nothing that it owes its driver.
    """
    name = trial.policy.function_named(function)
    window = since_the_stimulus(trial)
    fetched = [t for t in window.transmissions if attribute(t, trial.policy).function == name]
    shown = _on_screen(trial.instruments, text)
    if not fetched:
        verdict, reason = Verdict.INCONCLUSIVE, f"nothing was fetched for the {name}, so nothing had to be shown"
    elif shown:
        verdict, reason = Verdict.COMPLIES, f"the screen says `{text}`"
    else:
        verdict, reason = Verdict.VIOLATES, f"the car fetched what its driver is to read, and does not say `{text}`"
    finding = Finding(
        verdict=verdict,
        reason=reason,
        function=name,
        transmission=fetched[-1] if fetched else None,
        bench=trial.now,
    )
    return Judgement.of(f"the driver is shown {text} for the {name}", [finding])


def says(instruments: Instruments, text: str, now: int) -> Judgement:
    """An expectation: the screen shows *text* now, in any case and among other words."""
    found = _on_screen(instruments, text)
    reason = f"the screen says `{text}`" if found else f"the screen does not say `{text}`"
    verdict = Verdict.COMPLIES if found else Verdict.INCONCLUSIVE
    return Judgement.of(f"the screen says {text}", [Finding(verdict=verdict, reason=reason, bench=now)])


def _on_screen(instruments: Instruments, text: str) -> bool:
    """Whether the screen shows these words now, in any case and among others."""
    shown = instruments.needed_adb().screen_texts()
    return any(" ".join(text.casefold().split()) in " ".join(line.casefold().split()) for line in shown)
