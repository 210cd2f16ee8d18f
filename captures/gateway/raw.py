"""Connections that are handed through byte by byte."""

from __future__ import annotations

from collections.abc import Callable

from mitmproxy.connection import Client
from mitmproxy.proxy import commands, events, layer
from mitmproxy.proxy.context import Context
from mitmproxy.proxy.layers.tcp import TCPLayer

Watch = Callable[[Client, bool, int], None]
"""Told of every read: the unit's connection, whether the bytes come from the unit, and how many they are."""


class RawLayer(TCPLayer):
    """mitmproxy's, which stops for a hook at every message, reads on meanwhile and keeps what it has read.

    So a fast sender fills the memory. Here bytes are handed on at once, and the next are read when they are gone.
    """

    def __init__(self, context: Context, ignore: bool = False, *, watch: Watch) -> None:  # noqa: FBT001, FBT002 - as is
        super().__init__(context, ignore)
        self._watch = watch

    def relay_messages(self, event: events.Event) -> layer.CommandGenerator[None]:
        """Bytes go to the other side; the end of a side is mitmproxy's business."""
        if isinstance(event, events.DataReceived):
            from_unit = event.connection is self.context.client
            self._watch(self.context.client, from_unit, len(event.data))
            yield commands.SendData(self.context.server if from_unit else self.context.client, event.data)
        else:
            yield from super().relay_messages(event)
