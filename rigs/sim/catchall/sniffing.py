"""Which engine a connection needs, by what came first."""

from __future__ import annotations

import re

from rigs.sim.catchall.engine import Engine, Swallow
from rigs.sim.catchall.gbt32960 import Platform
from rigs.sim.catchall.http1 import Http1
from rigs.sim.catchall.http2 import PREFACE, Http2
from rigs.sim.catchall.mqtt import Mqtt
from rigs.sim.unit.gbt32960 import IS_COMMAND, STARTS

_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^ \r\n]+ HTTP/1\.[0-9]\r?\n")
_BEGUN_REQUEST_LINE = re.compile(rb"[A-Z-]{1,20}( [^ \r\n]*( [HTP/1.0\r]{0,9})?)?")
_CONNECT = re.compile(rb"\x10[\x80-\xff]{0,3}[\x00-\x7f](\x00\x04MQTT|\x00\x06MQIsdp)")
_LONGEST = 16384
"""Bytes after which a connection that still might become something is taken for raw."""


def engine_for(data: bytes) -> Engine | None:
    """The engine for a connection that began with *data*; None while it takes more to tell."""
    if data.startswith(PREFACE):
        return Http2()
    if _REQUEST_LINE.match(data):
        return Http1()
    if _CONNECT.match(data):
        return Mqtt()
    if data.startswith(STARTS) and data[3:4] == bytes([IS_COMMAND]):
        return Platform()
    undecided = (
        PREFACE.startswith(data)
        or _BEGUN_REQUEST_LINE.fullmatch(data) is not None
        or (len(data) < 4 and any(data.startswith(start[: len(data)]) for start in STARTS))
        or (data[:1] == b"\x10" and len(data) < 13)  # type, at most 4 bytes of length, 8 bytes of MQIsdp
    )
    return None if undecided and len(data) < _LONGEST else Swallow()
