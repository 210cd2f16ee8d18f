"""Values of others are recognised by their shape, and look-alikes are not."""

import base64
import gzip
import json
import random
import re
from uuid import UUID

import pytest

from captures.sightings import Engine
from captures.sightings.recognisers import RECOGNISERS, recognise
from captures.sightings.scanner import with_hyperscan, with_re
from telltale.identity import Identities, Identity
from telltale.items import taxonomy
from telltale.transmission import Address, Field, Part, Transmission

OWN = "LSVAM4187C2184847"
OTHER = "1HGCM82633A004352"
WRONG = "LSVAM4187C2184848"  # its check digit would be another


def seen(text):
    """Item, value and remark of each."""
    data = text if isinstance(text, bytes) else text.encode()
    return [(one.item, one.value, one.remark) for one in recognise(data)]


def values(text):
    return {(item, value) for item, value, _ in seen(text)}


def examine(*parts, fields=(), known=(("vin", OWN),), **how):
    transmission = Transmission(
        index=0,
        channel="https",
        uplink=None,
        sent=1,
        ended=2,
        source=Address(ip="10.64.0.2", port=1),
        destination=Address(ip="192.0.2.1", port=443),
        summary="POST /",
        parts=tuple(Part(name="body", data=part) for part in parts),
        fields=fields,
    )
    identities = Identities([Identity(item=item, value=value) for item, value in known])
    return Engine(identities, **{"recognise": True, **how}).examine(transmission).sightings


SOUND = [
    ("vin", OTHER, OTHER),
    ("vin", f'{{"carVin":"{OTHER.lower()}"}}', OTHER),
    ("imei", '{"imei": "490154203237518"}', "490154203237518"),
    ("imei", "device-imei=490154203237518&x=1", "490154203237518"),
    ("imsi", "<IMSI>460001234567893</IMSI>", "460001234567893"),
    ("iccid", "89860012345678901238", "89860012345678901238"),
    ("phone_number", "mobile_no=13800138000", "13800138000"),
    ("phone_number", '"手机号":"13800138000"', "13800138000"),
    ("phone_number", "call +8613800138000 now", "13800138000"),
    ("phone_number", 'phone: "+4915112345678"', "+4915112345678"),
    ("id_card_number", "11010519491231002X", "11010519491231002X"),
    ("licence_plate", "plate 京A12345, white", "京A12345"),
    ("licence_plate", "粤B·D12345", "粤BD12345"),
    ("email", "mail=li.lei%2bcar@mail.example.com;", "2bcar@mail.example.com"),
    ("email", "to:Li.Lei@mail.example.com.", "Li.Lei@mail.example.com"),
    ("mac_address", "eth0 A4:C1:38:01:02:0D up", "a4:c1:38:01:02:0d"),
    ("mac_address", "wlanMac=a4c13801020d", "a4:c1:38:01:02:0d"),
    ("wifi_bssid", '"bssid":"a4:c1:38:01:02:0d"', "a4:c1:38:01:02:0d"),
    ("bluetooth_mac", "bt_mac a4-c1-38-01-02-0d", "a4:c1:38:01:02:0d"),
    ("bank_card_number", '"cardNo":"6222 0212 3456 7890 128"', "6222021234567890128"),
    ("oaid", '"oaid":"7f3fbae0a3a14a3c"', "7f3fbae0a3a14a3c"),
    ("android_id", "androidId=9774d56d682e549c", "9774d56d682e549c"),
    ("device_id", '"deviceId":"f81d4fae-7dec-41d0-a765-00a0c91e6bf6"', "f81d4fae-7dec-41d0-a765-00a0c91e6bf6"),
    ("ip_address", "X-Forwarded-For: 100.64.3.4", "100.64.3.4"),
    ("ip_address", '"ipv6":"2409:8a00::1f"', "2409:8a00::1f"),
    ("position", '{"latitude":39.904212,"longitude":116.407401}', "39.904212,116.407401"),
    ("position", "lng=116.407401&lat=39.904212", "39.904212,116.407401"),
]


@pytest.mark.parametrize(("item", "text", "value"), SOUND)
def test_a_value_is_recognised_by_its_shape_and_company(item, text, value):
    """Every kind of value is told with its item and without its separators."""
    assert (item, value) in values(text)


@pytest.mark.parametrize(
    "text",
    [
        WRONG,  # no company, and the check digit is wrong
        "20261122123456789",  # a time
        "vin=00000000000000000",
        "vin=LSVIM4187C2184847",  # holds an I
        "xx" + OTHER + "yy",
        "id=490154203237518",  # fifteen digits under another name
        "imei=490154203237519",
        "imei=000000000000000",
        "89860012345678901239",
        "total=13800138000",
        "ts=1795338346000",
        "110105194912310020",
        "11010519491331002X",  # a thirteenth month
        "京a12345",
        "logo@2x.png",
        "https://user:secret@host.example/",
        "02:00:00:00:00:00",
        "ff:ff:ff:ff:ff:ff",
        "01:00:5e:01:02:03",  # multicast
        "A4:C1:38:01:02:0D:11:22:33:44:55:66:77:88:99:AA",  # a fingerprint
        "cardNo=6222021234567890129",
        "requestId=f81d4fae-7dec-41d0-a765-00a0c91e6bf6",
        "deviceId=00000000-0000-0000-0000-000000000000",
        "version=10.2.3.4",
        "ip=127.0.0.1",
        "ip=300.2.3.4",
        "lat=0.000000&lng=0.000000",
        "lat=95.123456&lng=116.407401",
        "plat=39.9&lng=116.4",
        "description: 10.2.3.4",
    ],
)
def test_a_look_alike_is_not(text):
    """Placeholders, wrong check digits, and common shapes without company are nobody's values."""
    assert seen(text) == []


def test_a_vin_that_fails_its_check_digit_is_still_one_in_a_field_of_that_name():
    """Real cars have them; what is known of the check digit is told."""
    assert seen(f"vin={WRONG}") == [("vin", WRONG, "check digit wrong")]


def test_what_is_known_of_an_address_is_told():
    """Private and public, and locally administered."""
    assert [remark for _, _, remark in seen("ip=192.168.4.5 ip=8.8.4.4 da:a1:19:00:10:02")] == [
        "private",
        "public",
        "locally administered",
    ]


def test_a_plate_in_gbk_is_recognised():
    """JT/T 808 terminals register with it."""
    assert values("车牌=京A12345;".encode("gbk")) == {("licence_plate", "京A12345")}


def test_the_runs_own_values_are_not_strangers():
    """Whatever item they are known as, and however they are written."""
    body = f'{{"vin":"{OWN}","phone":"+8613800138000","lat":39.9042,"lng":116.4074,"bssid":"a4c13801020d"}}'
    known = (
        ("vin", OWN),
        ("phone_number", "13800138000"),
        ("position", (39.9042, 116.4074)),
        ("mac_address", "A4:C1:38:01:02:0D"),
    )
    assert "recognised" not in {sighting.form for sighting in examine(body.encode(), known=known)}


def test_recognised_values_keep_their_chain_and_place():
    """As every sighting does."""
    plain = f'{{"owner":"{OTHER}"}}'.encode()
    body = b"data=" + base64.b64encode(gzip.compress(plain))
    (sighting,) = examine(body)
    assert (sighting.item, sighting.value, sighting.form) == ("vin", OTHER, "recognised")
    assert sighting.chain == ("base64", "gzip")
    assert (sighting.offset, sighting.offset + sighting.length) == (5, len(body))


def test_a_value_at_the_end_of_what_was_decoded_is_seen():
    """The end of a text is as good as a blank."""
    body = base64.b64encode(b"my number plate is \xe4\xba\xacA12345")
    assert [sighting.value for sighting in examine(body)] == ["京A12345"]


def test_a_value_that_the_protocol_names_is_told_once():
    """A decoder's own field says more than a shape."""
    field = Field(name="vin", value=OTHER, part="body", offset=0, length=17)
    assert [sighting.form for sighting in examine(OTHER.encode(), fields=(field,))] == ["plain"]


def test_of_two_items_the_one_that_is_named_is_told():
    """A BSSID is a MAC address."""
    (sighting,) = examine(b'{"bssid":"a4:c1:38:01:02:0d"}')
    assert sighting.item == "wifi_bssid"


def test_a_track_is_told_once():
    """Its first point stands for all of them in one text."""
    track = [{"lat": 31 + n / 1000 + 0.000123, "lng": 121.123456} for n in range(50)]
    (sighting,) = examine(json.dumps(track).encode())
    assert (sighting.item, sighting.value) == ("position", "31.000123,121.123456")


def test_nothing_is_recognised_unasked():
    """The bench looks for its own values alone."""
    assert examine(OTHER.encode(), recognise=False) == ()


@pytest.mark.parametrize("scan", [with_hyperscan, with_re])
def test_both_scanners_recognise_the_same(scan):
    """A platform without hyperscan is slower, and sees as much."""
    if scan is with_hyperscan:
        pytest.importorskip("hyperscan")
    body = "\n".join(text for _, text, _ in SOUND).encode()
    found = {(sighting.item, sighting.value) for sighting in examine(body, known=(), scan_with=scan)}
    assert len(found) == len({(item, value) for item, _, value in SOUND if item != "position"}) + 1


def test_random_ids_raise_no_alarm():
    """Ids, hashes, times and counters in great number, in the fields that they usually have."""
    chance = random.Random(11)
    rows = [
        {
            "id": str(UUID(int=chance.getrandbits(128))),
            "traceId": chance.randbytes(16).hex(),
            "sum": chance.randbytes(32).hex().upper(),
            "token": base64.b64encode(chance.randbytes(30)).decode(),
            "n": chance.randrange(10 ** chance.randrange(8, 20)),
            "ts": 1_795_338_346_000 + chance.randrange(10**9),
            "v": ".".join(str(chance.randrange(30)) for _ in range(4)),
        }
        for _ in range(5000)
    ]
    assert seen(json.dumps(rows)) == []


def test_every_row_has_an_item_and_a_source():
    """A row is complete: its item is in the taxonomy, and both engines take its expressions."""
    for recogniser in RECOGNISERS:
        assert recogniser.item in taxonomy()
        assert recogniser.source
        assert all(re.compile(expression) for expression in recogniser.expressions)


def test_hostile_text_takes_no_longer_than_its_length():
    """Long runs of what a shape begins with, or nearly is."""
    for text in ("vin=" * 50_000, "1" * 200_000, "a@" * 100_000, "lat:" * 50_000, "aa:" * 70_000, "ip=1." * 40_000):
        assert recognise(text.encode()) == []
