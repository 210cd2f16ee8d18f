"""From a send of the unit file and the car's present state to a message."""

from __future__ import annotations

import json
import secrets
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

from rigs.sim.unit import gbt32960
from rigs.sim.unit.exif import tagged
from rigs.sim.unit.message import WIPE, Channel, Message
from rigs.sim.unit.templates import Lookup, Value, render, render_all, render_text, through

METHODS = ("get", "post", "put", "delete")
OTHERS: Mapping[str, Channel] = {"ws": "ws", "mqtt": "mqtt", "ntp": "ntp"}
"""Destinations with a protocol of their own, and the channel of each."""
PLACES: Mapping[str, Channel] = {"usb": "usb", "store": "storage", WIPE: "storage"}
"""Destinations that are files, or a folder of them, and the channel of each."""
CONTENTS = ("json", "form", "text", "media", "multipart")
_MEDIA_TYPES = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/wav"}
_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded", "text": "text/plain; charset=utf-8"}

Send = Mapping[str, Any]
"""A send as its file says it, keys in the file's words."""


def address(text: str) -> tuple[str, int]:
    """``host:port``. :raises ValueError: it is none"""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"`{text}` is no `host:port`")
    return host.strip("[]"), int(port)


def compose(
    function: str, name: str, send: Send, *, uplink: str, lookup: Lookup, counter: Callable[[str], int], now: int
) -> Message:
    """The message that *send* makes at bench time *now*.

    :param counter: gives the serial of a GB/T 32960 login, or the last one for a logout
    :raises KeyError: a template asks for a value the car does not have
    """
    common: dict[str, Any] = {
        "function": function,
        "send": name,
        "uplink": send.get("uplink") or uplink,
        "ecu": send.get("ecu"),
        "generated": now,
    }
    if kind := send.get("gbt32960"):
        host, port = address(send["to"])
        return Message(
            channel="gbt32960",
            host=host,
            port=port,
            command=gbt32960.COMMANDS[kind],
            vin=str(lookup("vin")),
            body=_data_unit(kind, send, lookup, counter, now),
            **common,
        )
    body, content_type = _content(send, lookup)
    for stage in send.get("encode") or ():
        body = _bytes(through(body, stage))
    if notice := send.get("show"):
        return Message(channel="screen", host="", port=0, body=render_text(notice, lookup).encode(), **common)
    if peer := send.get("bluetooth"):
        method = "rfcomm" if send.get("rfcomm") else "att"
        port = int(send[method])
        return Message(channel="bluetooth", host=peer, port=port, method=method, body=body, **common)
    for transport in ("tcp", "udp", "ntp", "mqtt"):
        if place := send.get(transport):
            host, port = address(render_text(place, lookup))
            return Message(
                channel=transport,
                host=host,
                port=port,
                body=body,
                target=render_text(send.get("topic") or "", lookup),
                client=render_text(send.get("client id") or "", lookup),
                **common,
            )
    for destination, channel in PLACES.items():
        if path := send.get(destination):
            return Message(
                channel=channel,
                host="",
                port=0,
                method=WIPE if destination == WIPE else "",
                target=render_text(path, lookup),
                body=body,
                over=send.get("over") or 0,
                keep=send.get("keep") or 0,
                keep_last=send.get("keep last") or 0,
                **common,
            )
    method = next(method for method in (*METHODS, "ws") if send.get(method))
    url = urllib.parse.urlsplit(render_text(send[method], lookup))
    secure = url.scheme in ("https", "wss")
    query = urllib.parse.urlencode(render_all(send.get("query") or {}, lookup))
    headers = [(key.lower(), render_text(value, lookup)) for key, value in (send.get("headers") or {}).items()]
    if (content_type or send.get("content type")) and method != "ws":
        headers.append(("content-type", send.get("content type") or content_type))
    return Message(
        channel=OTHERS.get(method, "http"),
        host=url.hostname or "",
        port=url.port or (443 if secure else 80),
        tls=secure,
        text=not send.get("encode") and not send.get("media"),
        http=send.get("http") or 1,
        method=method.upper(),
        target=(url.path or "/")
        + "".join(f"?{part}" for part in ("&".join(filter(None, (url.query, query))),) if part),
        headers=tuple(headers),
        body=body,
        **common,
    )


def _data_unit(kind: str, send: Send, lookup: Lookup, counter: Callable[[str], int], now: int) -> bytes:
    if kind == "login":
        return gbt32960.login(now, counter(kind), str(lookup("iccid")))
    if kind == "logout":
        return gbt32960.logout(now, counter(kind))
    if kind == "control":
        return gbt32960.control(now, _content(send, lookup)[0])
    values: dict[str, Any] = {}
    for fact in ("ignition", "gear", "speed", "odometer", "soc"):
        values[fact] = _or_none(lookup, fact)
    latitude, longitude = _or_none(lookup, "position.lat"), _or_none(lookup, "position.lon")
    values["position"] = None if latitude is None or longitude is None else (latitude, longitude)
    values["fix"] = _or_none(lookup, "position.fix") == "valid"
    return gbt32960.report(now, values)


def _or_none(lookup: Lookup, name: str) -> Value | None:
    try:
        return lookup(name)
    except KeyError:
        return None


def _content(send: Send, lookup: Lookup) -> tuple[bytes, str]:
    if send.get("json") is not None:
        # The separators that most encoders use; a body is bytes on the wire, not a style
        text = json.dumps(render_all(send["json"], lookup), ensure_ascii=False, separators=(",", ":"))
        return text.encode(), _TYPES["json"]
    if send.get("form") is not None:
        return urllib.parse.urlencode(render_all(send["form"], lookup)).encode(), _TYPES["form"]
    if send.get("text") is not None:
        return _bytes(render(send["text"], lookup)), _TYPES["text"]
    if item := send.get("media"):
        picture = _bytes(render(f"{{{item}}}", lookup))
        marks = render_all(send.get("exif") or {}, lookup)
        return (tagged(picture, marks) if marks else picture), media_type(item)
    if (parts := send.get("multipart")) is not None:
        return _multipart(parts, lookup)
    return b"", ""


def media_type(item: str) -> str:
    """The Content-Type of a media item and what it passes, by what the item's name ends in: ``sentry_video|still``."""
    name, *stages = item.split("|")
    return _MEDIA_TYPES.get("image" if "still" in stages else name.rpartition("_")[2], "application/octet-stream")


def _multipart(parts: Mapping[str, str], lookup: Lookup) -> tuple[bytes, str]:
    """RFC 7578; a part whose value is bytes is a file, named after the part."""
    boundary = f"----{secrets.token_hex(12)}"
    body = b""
    for name, template in parts.items():
        value = render(template, lookup)
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"'
        if isinstance(value, bytes):
            head += f'; filename="{name}"\r\nContent-Type: {media_type(template.strip("{}"))}'
        body += f"{head}\r\n\r\n".encode() + _bytes(value) + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()
