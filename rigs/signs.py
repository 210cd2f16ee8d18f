"""Whether the unit under test lives, and believes its bench: what silence has to be held against."""

from __future__ import annotations

from collections.abc import Collection

from rigs.instruments import Instruments
from telltale.errors import RigError

UNBELIEVED = "the unit does not believe what the bench plays on CAN, so that stimuli did not take"


def no_sign_of_life(instruments: Instruments, *, without_coverage: bool = False) -> str | None:
    """Why nothing tells that the unit lives and can send; None if something does.

    Its modem is asked first, which must be registered. If the modem does not answer at all (or the rig has none), an
    answered diagnostic request will do.

    :param without_coverage: the bench itself has taken coverage away, so that a modem lives that merely answers
    """
    tried: list[str] = []
    if instruments.modem is not None:
        try:
            return None if instruments.modem.registered() or without_coverage else "its modem is not registered"
        except RigError as error:
            tried.append(str(error))
    if instruments.diagnosis is not None:
        if instruments.diagnosis.answers():
            return None
        tried.append("it does not answer over diagnosis")
    return "; ".join(tried) or "this rig has neither `modem`, `adb` nor `diagnosis` to ask it by"


def doubts(instruments: Instruments, codes: Collection[str]) -> list[str]:
    """Those of the fault *codes* that the unit has confirmed: it does not believe what the bench plays on its bus.

    :param codes: codes of data that is not believed, as the vehicle file lists them
    """
    if instruments.diagnosis is None or not codes:
        return []
    try:
        return [fault.code for fault in instruments.diagnosis.faults() if fault.confirmed and fault.code in codes]
    except RigError as error:
        return [f"its fault memory cannot be read ({error})"]
