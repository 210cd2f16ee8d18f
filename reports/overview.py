"""What was seen in a capture, small however long the capture is: alike sightings are one row, with their number.

Values are masked as they come in, in rows and in the names of recipients, so that nothing that is made from an
overview can show them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from reports.gravity import gravest
from reports.masking import mask_all, printable
from telltale.identity import masked
from telltale.sighting import RECOGNISED, Sighting
from telltale.transmission import Transmission
from telltale.verdict import Verdict

MOST = 5_000
"""Rows of each kind; what comes after is only counted."""


@dataclass(slots=True)
class Row:
    """Sightings that differ in their time and place alone; of recognised values also in the value."""

    transmission: int
    """The first of them."""
    recipient: str
    channel: str
    item: str
    value: str
    """Masked, unless values are to be revealed."""
    how: str
    """Chain and form, from the outside in: ``base64 > gzip > plain``."""
    part: str
    offset: int
    length: int
    count: int = 1
    verdict: Verdict | None = None
    """The gravest; None where nothing was judged."""

    @property
    def where(self) -> str:
        """Part, offset and length of the first: ``body 12+17``."""
        return f"{self.part} {self.offset}+{self.length}"


@dataclass(slots=True)
class Unread:
    """Parts that could not be read, of one recipient and for one reason."""

    transmission: int
    """The first of them."""
    recipient: str
    channel: str
    part: str
    reason: str
    count: int = 0
    size: int = 0
    """Bytes, over all of them."""

    def __str__(self) -> str:
        size = f"{self.size:,} bytes of {self.part} ({self.reason})"
        if self.count == 1:
            return f"transmission {self.transmission} to {self.recipient}: {size}"
        return f"{self.count:,} transmissions to {self.recipient}, the first is {self.transmission}: {size}"


class Overview:
    """What was seen in one capture, or in several.

    :param secrets: identities in clear, masked wherever they stand; none reveals everything
    """

    def __init__(self, secrets: Sequence[str], *, reveal: bool) -> None:
        self.reveal = reveal
        self.sent = 0
        """Transmissions."""
        self.found = 0
        """Sightings."""
        self.beyond = 0
        """Sightings and silent recipients that no row holds any more."""
        self._secrets = () if reveal else tuple(secrets)
        self._rows: dict[tuple[object, ...], Row] = {}
        self._silent: Counter[tuple[str, str]] = Counter()
        self._unread: dict[tuple[str, ...], Unread] = {}
        self._names: dict[str, str] = {}

    @property
    def rows(self) -> tuple[Row, ...]:
        """Alike sightings, in the order of the first of each."""
        return tuple(self._rows.values())

    @property
    def unread(self) -> tuple[Unread, ...]:
        """What could not be read."""
        return tuple(self._unread.values())

    @property
    def silent(self) -> Mapping[tuple[str, str], int]:
        """Recipient and channel to the number of transmissions without a sighting."""
        return self._silent

    @property
    def counted(self) -> str:
        """``2 transmissions, 1 sighting``."""
        sightings = f"{self.found:,} sighting{'' if self.found == 1 else 's'}"
        return f"{self.sent:,} transmission{'' if self.sent == 1 else 's'}, {sightings}"

    def add(
        self,
        transmission: Transmission,
        sightings: Sequence[Sighting],
        verdicts: Mapping[int, Verdict] | None = None,
    ) -> None:
        """Enter one transmission with what was seen in it.

        :param verdicts: place in *sightings* to the gravest verdict on it, where it was judged
        """
        self.sent += 1
        recipient = self.name(transmission.recipient, sightings)
        for part in transmission.opaque:
            self._add_unread(transmission, recipient, part.name, part.opaque or "", len(part.data))
        if not sightings:
            key = recipient, transmission.channel
            if key in self._silent or len(self._silent) < MOST:
                self._silent[key] += 1
            else:
                self.beyond += 1
            return
        self.found += len(sightings)
        for place, sighting in enumerate(sightings):
            self._add_row(transmission, recipient, sighting, (verdicts or {}).get(place))

    def name(self, text: str, sightings: Iterable[Sighting] = ()) -> str:
        """A recipient's name as it may be shown: masked and printable."""
        shown = self._names.get(text)
        if shown is None:
            shown = printable(mask_all(text, self._secrets) if self._secrets else text)
            if len(self._names) < MOST:
                self._names[text] = shown
        if self.reveal:
            return shown
        for sighting in sightings:
            if sighting.form == RECOGNISED and sighting.value.casefold() in shown.casefold():
                shown = re.sub(re.escape(sighting.value), lambda found: masked(found[0]), shown, flags=re.IGNORECASE)
        return shown

    def _add_row(self, transmission: Transmission, recipient: str, sighting: Sighting, verdict: Verdict | None) -> None:
        how = " > ".join((*sighting.chain, sighting.form))
        value = "" if sighting.form == RECOGNISED else sighting.value
        key = (recipient, transmission.channel, sighting.item, value, how, sighting.part)
        row = self._rows.get(key)
        if row is not None:
            row.count += 1
            row.verdict = gravest((row.verdict, verdict))
        elif len(self._rows) < MOST:
            self._rows[key] = Row(
                transmission=transmission.index,
                recipient=recipient,
                channel=transmission.channel,
                item=sighting.item,
                value=printable(sighting.value if self.reveal else masked(sighting.value)),
                how=how,
                part=printable(sighting.part),
                offset=sighting.offset,
                length=sighting.length,
                verdict=verdict,
            )
        else:
            self.beyond += 1

    def _add_unread(self, transmission: Transmission, recipient: str, part: str, reason: str, size: int) -> None:
        key = (recipient, transmission.channel, part, reason)
        row = self._unread.get(key)
        if row is None:
            if len(self._unread) >= MOST:
                self.beyond += 1
                return
            row = self._unread[key] = Unread(
                transmission=transmission.index,
                recipient=recipient,
                channel=transmission.channel,
                part=printable(part),
                reason=printable(reason),
            )
        row.count += 1
        row.size += size
