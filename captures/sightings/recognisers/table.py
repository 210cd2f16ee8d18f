"""The recognisers: a shape, its check and its source in a row. To see one more kind of value, add a row."""

from __future__ import annotations

import re

from captures.sightings.recognisers import checks
from captures.sightings.recognisers.reading import BETWEEN, Recogniser

_VIN = rb"[A-HJ-NPR-Za-hj-npr-z0-9]{13}[0-9]{4}\b"  # ISO 3779:2009, 5.3: the last four are digits
_HEX = rb"[0-9A-Fa-f]"
_PAIRS = _HEX + rb"{2}(?:[:-]" + _HEX + rb"{2}){5}"
_BARE = _HEX + rb"{12}\b"
_ADDRESS = rb"(?:" + _PAIRS + rb"|" + _HEX + rb"{12})\b"
_UUID = _HEX + rb"{8}-" + _HEX + rb"{4}-" + _HEX + rb"{4}-" + _HEX + rb"{4}-" + _HEX + rb"{12}"
_IPV4 = rb"[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b"
_IPV6 = rb"(?:" + _HEX + rb"{1,4}:{1,2}){2,7}" + _HEX + rb"{1,4}\b"
_MOBILE = rb"1[3-9][0-9]{9}\b"  # numbering plan of mainland China
_PLUS = rb"(?:\+|%2[Bb]|00)"
_PHONES = "phone mobile tel telephone msisdn cell caller contact 手机号 手机号码 电话"
_CARDS = "card bank_card pan account 银行卡号 卡号"
_DEVICES = "device_id device_uuid uuid idfa idfv gaid adid udid client_id install_id"
_HOSTS = "ip ip_addr ip_address ipv4 ipv6 x_forwarded_for x_real_ip"


def _plate(encoding: str, province: bytes) -> bytes:
    """A plate in one of the encodings that Chinese is written in; the serial's last place may be a character."""
    last = rb"|".join(re.escape(c.encode(encoding)) for c in "挂学警港澳使领")
    dot = re.escape("·".encode(encoding))
    serial = rb"[A-HJ-NP-Z0-9]{4}(?:[A-HJ-NP-Z0-9]{1,2}|" + last + rb")"
    return province + rb"[A-HJ-NP-Z](?:" + dot + rb"|[ -])?" + serial


_IN_UTF8 = rb"(?:" + rb"|".join(re.escape(c.encode()) for c in checks.PROVINCES) + rb")"
_NO_HALF = rb"(?:^|[\x00-\x2f:-@\[-`{-\x7f])"  # no second byte of a character


def _mail(at: bytes) -> bytes:
    return rb"[A-Za-z0-9]" + at + rb"[A-Za-z0-9-]{1,63}\.[A-Za-z]{2}"


def _coordinates() -> bytes:
    """Two numbers by their names, in either order, up to the second's third decimal."""

    def coordinate(names: bytes, more: bytes) -> bytes:
        # the name goes on behind an underscore or with a capital, so that lateral force is no latitude
        return (
            rb"(?:"
            + names
            + rb")(?:_[A-Za-z0-9_]*|[A-Z][a-z]+[A-Za-z_]*)?"
            + BETWEEN
            + rb"-?[0-9]{1,3}\.[0-9]{3}"
            + more
        )

    def both(first: bytes, second: bytes) -> bytes:
        return coordinate(first, rb"[0-9]*") + rb"[^0-9{}]+" + coordinate(second, b"")

    latitude = rb"(?i:lat(?:itude)?)|" + "纬度".encode()
    longitude = rb"(?i:lon(?:g(?:itude)?)?|lng)|" + "经度".encode()
    return both(latitude, longitude) + rb"|" + both(longitude, latitude)


_VINS = "ISO 3779:2009, 5; GB 16735-2019, annex A"
_E118 = "ITU-T E.118 (2006), 6.2"
_E164 = "ITU-T E.164 (2010), 6.2"
_802 = "IEEE 802-2014, 8.1 and 8.2"
_GA36 = "GA 36-2018"
_9562 = "RFC 9562, section 4"

RECOGNISERS: tuple[Recogniser, ...] = (
    Recogniser("vin", _VIN, checks.bare_vin, _VINS, gate=rb"[0-9A-Za-z]{17}"),
    Recogniser("vin", _VIN, checks.vin, _VINS, names="vin vehicle 车架号 车辆识别代号"),
    Recogniser("imei", rb"[0-9]{15}\b", checks.equipment, "3GPP TS 23.003, 6.2.1", names="imei device meid"),
    Recogniser("imsi", rb"[0-9]{15}\b", checks.subscriber, "3GPP TS 23.003, 2.2", names="imsi subscriber"),
    Recogniser("iccid", rb"8986[0-9]{15}[0-9Ff]?\b", checks.sim, _E118),
    Recogniser("iccid", rb"89[0-9]{16}[0-9A-Fa-f]{1,2}\b", checks.named_sim, _E118, names="iccid sim sim_serial"),
    Recogniser("phone_number", _PLUS + rb"86-?" + _MOBILE, checks.phone, _E164, before=rb"(?:^|[^0-9A-Za-z+])"),
    Recogniser("phone_number", rb"(?:86-?)?" + _MOBILE, checks.phone, _E164, names=_PHONES),
    Recogniser("phone_number", _PLUS + rb"[1-9][0-9]{6,14}\b", checks.phone, _E164, names=_PHONES),
    Recogniser(
        "id_card_number",
        rb"[1-9][0-9]{5}(?:19|20)[0-9]{2}[01][0-9][0-3][0-9][0-9]{3}[0-9Xx]\b",
        checks.resident,
        "GB 11643-1999; ISO/IEC 7064, MOD 11-2",
    ),
    Recogniser("licence_plate", _plate("utf-8", _IN_UTF8), checks.plate, _GA36, before=b""),
    Recogniser(
        "licence_plate",
        _plate("gbk", rb"[\xb2-\xf6][\xa1-\xfe]"),
        checks.plate,
        _GA36,
        before=_NO_HALF,
        encoding="gbk",
        apart=tuple(_plate("gbk", re.escape(province.encode("gbk"))) for province in checks.PROVINCES),
    ),
    Recogniser(
        "email",
        _mail(rb"(?:@|%40)"),
        checks.mail,
        "RFC 5321, 4.1.2",
        before=b"",
        more=rb"[A-Za-z0-9.-]{0,80}",
        after=b"",
        apart=(_mail(b"@"), _mail(b"%40")),
    ),
    Recogniser("mac_address", _PAIRS, checks.mac, _802, before=rb"(?:^|[^0-9A-Za-z:-])", after=rb"(?![0-9A-Za-z:-])"),
    Recogniser("mac_address", _BARE, checks.mac, _802, names="mac mac_addr mac_address"),
    Recogniser("wifi_bssid", _ADDRESS, checks.mac, _802, names="bssid ap_mac"),
    Recogniser(
        "bluetooth_mac",
        _ADDRESS,
        checks.mac,
        "Bluetooth Core 5.4, volume 2 part B, 1.2",
        names="bt_mac bluetooth_mac ble_mac bt_addr bluetooth_address",
    ),
    Recogniser(
        "bank_card_number",
        rb"[2-6][0-9]{3}(?:[ -]?[0-9]{4}){2}(?:[ -]?[0-9]{1,4}){1,2}\b",
        checks.bank_card,
        "ISO/IEC 7812-1:2017, 4 and annex B",
        names=_CARDS,
    ),
    Recogniser("oaid", rb"(?:" + _UUID + rb"|" + _HEX + rb"{16,64})\b", checks.identifier, _9562, names="oaid"),
    Recogniser(
        "android_id", _HEX + rb"{16}\b", checks.identifier, "Android, Settings.Secure.ANDROID_ID", names="android_id"
    ),
    Recogniser("device_id", rb"(?:" + _UUID + rb"|" + _HEX + rb"{32})\b", checks.identifier, _9562, names=_DEVICES),
    Recogniser("ip_address", _IPV4, checks.internet, "RFC 791, 3.1", names=_HOSTS),
    Recogniser("ip_address", _IPV6, checks.internet, "RFC 4291, 2.2", names=_HOSTS),
    Recogniser(
        "position",
        _coordinates(),
        checks.pair,
        "ISO 6709:2022, annex D",
        before=b"",
        more=rb"[0-9]{0,12}",
        after=b"",
        once=True,
    ),
)
"""Every shape that is recognised."""
