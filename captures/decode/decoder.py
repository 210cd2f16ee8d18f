"""A whole capture at once: what a window of a trial is decoded with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from captures.decode.accounts import StreamAccounts
from captures.decode.decoding import Decoding
from captures.decode.senders import Senders
from captures.decode.setting import Setting
from captures.decode.tls_keys import KeyLog
from captures.pcapng import Packet
from telltale.times import ClockMap
from telltale.transmission import Transmission, Volume


@dataclass(frozen=True, kw_only=True, slots=True)
class Decoded:
    """What a capture holds."""

    transmissions: tuple[Transmission, ...]
    """What left the unit, in order of time sent, numbered from 0."""
    accounts: StreamAccounts
    volumes: Mapping[int, Volume]
    """By the number of the conversation."""
    notes: tuple[str, ...]
    """What could not be read and why, a sentence each."""


def decode(
    packets: Iterable[Packet],
    *,
    keylog: KeyLog,
    uplinks: Mapping[str, str],
    units: Collection[str] = (),
    clock: ClockMap | None = None,
    names: Mapping[str, str] | None = None,
    senders: Mapping[str, Senders] | None = None,
) -> Decoded:
    """Everything that left the unit, and the account of every payload byte.

    :param uplinks: interface to uplink; packets of other interfaces are decoded with uplink None
    :param units: the unit's own IP addresses; when empty, whoever opens a conversation is the unit
    :param clock: for bench times; without it they are None
    :param names: address to host name, beside what DNS in the capture tells
    :param senders: uplink to the control units that share it; without, who sent is not told
    """
    setting = Setting(uplinks=uplinks, units=units, clock=clock, names=names or {}, senders=senders or {})
    decoding = Decoding(setting, keylog=keylog, whole=True)
    return Decoded(
        transmissions=tuple(decoding.run(packets)),
        accounts=decoding.accounts,
        volumes=decoding.volumes,
        notes=decoding.notes,
    )
