"""The centre screen in a run: a picture after each When, and what it says.

A picture may show anything, so it stays in the run folder and the report names it with its hash; a rig whose screens
hold nothing personal may say ``screens: attach``.
"""

from __future__ import annotations

import base64
import hashlib

from reports.run_folder import RunFolder
from rigs.instruments import Instruments
from telltale.errors import RigError
from telltale.finding import Finding, Judgement
from telltale.verdict import Verdict
from trials.evidence import Exhibit

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


def says(instruments: Instruments, text: str, now: int) -> Judgement:
    """An expectation: the screen shows *text* now, in any case and among other words."""
    shown = instruments.needed_adb().screen_texts()
    found = any(" ".join(text.casefold().split()) in " ".join(line.casefold().split()) for line in shown)
    reason = f"the screen says `{text}`" if found else f"the screen does not say `{text}`"
    verdict = Verdict.COMPLIES if found else Verdict.INCONCLUSIVE
    return Judgement.of(f"the screen says {text}", [Finding(verdict=verdict, reason=reason, bench=now)])
