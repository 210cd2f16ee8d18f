"""Whether a connection begins as HTTP/1."""

from __future__ import annotations

import re

_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ (/|\*|https?://)[^\r\n]* HTTP/1\.[0-9]\r?\n")
_BEGUN_REQUEST_LINE = re.compile(rb"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|PROPFIND) (/|\*|https?://)[^\r\n]*")
"""A text protocol without line ends could be mistaken for it, so only for well-known methods."""


def looks_like_http1(data: bytes) -> bool:
    """Whether *data* starts with an HTTP/1 request line, or with what has arrived of one (RFC 9112, section 3)."""
    if b"\n" in data:
        return _REQUEST_LINE.match(data) is not None
    return _BEGUN_REQUEST_LINE.fullmatch(data) is not None
