"""What the bench saw up to one moment, and what it could not see.

An absence means something only in a window that was controlled: the tap counted every packet, the streams add up, a
control transmission came through the same gateway, uplink and decoder, and the unit gave a sign of life. Each thing
that is missing is a *gap*, named by its cause; gaps turn ``complies`` into ``inconclusive``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from captures.decode import Decoded, KeyLog, Senders, decode
from captures.pcapng import CaptureFile
from captures.sightings import Engine
from telltale.sighting import Sighting
from telltale.times import ClockMap
from telltale.transmission import Transmission, Volume

CONTROL_HOST = "control.telltale.test"
"""Where the bench's own control transmissions go; never counted as the unit's."""


class Counts(Protocol):
    """Equation 1 of the accounting: was all that crossed the uplinks recorded?"""

    @property
    def equation(self) -> str:
        """What is held against what: ``interface counters = captured bytes + counted drops``."""

    @property
    def complete(self) -> bool:
        """Whether it closes without a drop."""

    def explain(self) -> str:
        """The figures, a line each uplink."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Control:
    """A transmission that the bench itself sent through an uplink, to prove that it would have been seen."""

    uplink: str
    nonce: str
    began: int | None = field(default=None, compare=False)
    """Wall time at which the bench began to send it, ns; None if it did not get that far."""
    answered: int | None = field(default=None, compare=False)
    """Wall time at which its answer was there, ns; None if none came."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """Everything that left the unit since the trial began, and every reason not to trust silence."""

    transmissions: tuple[Transmission, ...]
    """Without the bench's controls; indices are those of the whole capture, and beyond it those of `trials.places`."""
    sightings: tuple[Sighting, ...]
    gaps: tuple[str, ...]
    volumes: Mapping[int, Volume]
    """Bytes each way of every conversation, by its number."""
    accounts: Mapping[str, str]
    """The accounting equations in words, by name."""
    controls: Mapping[Control, int] = field(default_factory=dict)
    """When each of the bench's controls left, as the capture says: wall time, ns."""

    def sightings_in(self, transmission: Transmission) -> tuple[Sighting, ...]:
        """What was seen in one transmission."""
        return tuple(s for s in self.sightings if s.transmission == transmission.index)

    def transmission(self, index: int) -> Transmission:
        """By its index in the capture.

        :raises KeyError: no such transmission, or one of the bench's own
        """
        for transmission in self.transmissions:
            if transmission.index == index:
                return transmission
        raise KeyError(index)


def uncontrolled(uplink: str) -> str:
    """The gap of an uplink whose control transmission is not in the capture."""
    return f"the control transmission over {uplink} was not seen, so silence there proves nothing"


def look(
    capture: Path,
    *,
    keylog: bytes,
    uplinks: Mapping[str, str],
    units: Collection[str],
    clock: ClockMap | None,
    engine: Engine,
    controls: Sequence[Control],
    counts: Counts | None,
    causes: Sequence[str],
    names: Mapping[str, str],
    senders: Mapping[str, Senders] | None = None,
    remarks: Mapping[str, str] = MappingProxyType({}),
    held: Sequence[Transmission] = (),
) -> Observation:
    """Decode the capture file as it stands, search it, and account for it.

    :param counts: None when the tap could not be asked any more
    :param causes: gaps that the bench already knows of (the gateway died, the unit gave no sign of life)
    :param names: address to host name, as the bench's own DNS handed them out
    :param senders: uplink to the control units that share it
    :param remarks: what else the bench has to say about how it looked, shown beside the accounts
    :param held: what was found in places that are no network
    """
    gaps = list(causes)
    source = CaptureFile(capture)
    decoded = decode(
        source.packets(),
        keylog=KeyLog.parse(keylog),
        uplinks=uplinks,
        units=units,
        clock=clock,
        names={**source.names(), **names},
        senders=senders,
    )
    if source.truncated:
        gaps.append(f"the capture is cut off: {source.truncated}")
    seen = {_control(t): t for t in decoded.transmissions if t.recipient == CONTROL_HOST}
    ours = {seen[control].index for control in controls if control in seen}  # the host's name alone excuses nothing
    missing = [control.uplink for control in controls if control not in seen]
    # What is left of a control that failed is not held against the unit, and its gap keeps the window from complying
    ours |= {t.index for t in decoded.transmissions if t.recipient == CONTROL_HOST and t.uplink in missing}
    gaps += map(uncontrolled, missing)
    gaps += _unbalanced(counts, decoded)
    theirs = (*(t for t in decoded.transmissions if t.index not in ours), *held)
    examined = list(engine.examine_all(theirs))
    theirs = tuple(t.marked(found.opaque) for t, found in examined)
    gaps += [f"transmission {t.index} to {t.recipient}: {gap}" for t, found in examined for gap in found.gaps]
    sightings = tuple(s for _, found in examined for s in found.sightings)
    return Observation(
        transmissions=theirs,
        sightings=sightings,
        gaps=tuple(dict.fromkeys(gaps)),
        volumes=decoded.volumes,
        accounts=_accounts(counts, decoded) | dict(remarks),
        controls={control: seen[control].sent for control in controls if control in seen},
    )


def _control(transmission: Transmission) -> Control | None:
    """The control that a transmission is, if its whole body is one's nonce."""
    nonce = sent_control(transmission)
    if nonce is None or transmission.uplink is None:
        return None
    return Control(uplink=transmission.uplink, nonce=nonce)


def sent_control(transmission: Transmission) -> str | None:
    """The nonce that a transmission carries if it is a control: its whole body."""
    body = transmission.part("body")
    return bytes(body.data).decode(errors="replace") if body is not None else None


def _unbalanced(counts: Counts | None, decoded: Decoded) -> list[str]:
    packets = [] if counts is None or counts.complete else [f"packets do not add up: {counts.explain()}"]
    return packets + [f"streams do not add up: {problem}" for problem in decoded.accounts.problems()]


def _accounts(counts: Counts | None, decoded: Decoded) -> dict[str, str]:
    streams = [
        f"{way} over {uplink or 'no known uplink'}: {account.captured_payload:,} captured = {account.unique:,} unique"
        f" + {account.retransmitted:,} retransmitted; {account.unique:,} unique = {account.decoded:,} decoded"
        f" + {account.opaque.total():,} opaque"
        + "".join(f" ({size:,} {reason})" for reason, size in account.opaque.items())
        for (uplink, way), account in decoded.accounts.items()
    ]
    return {
        **({counts.equation: counts.explain()} if counts else {"what crossed the uplinks": "the recording is gone"}),
        "captured payload = unique + retransmitted; unique = decoded + opaque": "\n".join(streams) or "no streams",
        "could not be read": "\n".join(decoded.notes) or "nothing",
    }
