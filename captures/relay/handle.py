"""The bench's handle on the relay."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from captures.capturing import CaptureProcess
from captures.relay.counts import RelayCounts
from telltale.processes import Spawner


class Relay(CaptureProcess[RelayCounts]):
    """A running relay. Between windows it turns connections away."""

    name = "the recording relay"
    module = "captures.relay"
    ports: Mapping[str, tuple[str, int]] = MappingProxyType({})
    """Uplink to the address of its SOCKS port."""

    @classmethod
    def start(cls, *, spawn: Spawner, interfaces: Mapping[str, str], gateway: tuple[str, int]) -> Relay:
        """Listen on a port of 127.0.0.1 for each uplink.

        :param interfaces: interface name, as the capture is to have it, to uplink name
        :param gateway: where the gateway's SOCKS mode listens
        :raises RigError: it does not start
        """
        relay, answer = cls._launch(spawn, interfaces=dict(interfaces), gateway=list(gateway))
        relay.ports = {uplink: (host, port) for uplink, (host, port) in answer["ports"].items()}
        return relay

    @classmethod
    def _read(cls, answer: Mapping[str, Any]) -> RelayCounts:
        return RelayCounts.of(answer)
