"""What the engine sees in a transmission, where, and what it must not see."""

import base64
import gzip
import hashlib
import hmac
import json
import zlib
from random import Random
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from captures.sightings import Engine, exploration
from captures.sightings import scanner as scanner_module
from captures.sightings.scanner import Needle, with_hyperscan, with_re
from telltale.identity import Identities, Identity
from telltale.transmission import Field, Part

VIN = b"LSVAM4187C2184847"


@pytest.mark.parametrize("part", ["url", "header", "body", "topic", "payload", "sni"])
def test_a_sighting_names_part_and_bytes(engine, send, part):
    """A VIN in any part is told with the part's name and its own bytes there."""
    (seen,) = engine.search(send(Part(name="other", data=b"nothing"), Part(name=part, data=b"x=" + VIN + b";")))
    assert (seen.transmission, seen.part, seen.offset, seen.length) == (3, part, 2, 17)
    assert seen.describe() == f"vin as plain in {part} bytes 2-18"


def test_the_same_value_at_two_places_is_two_sightings(search):
    """Each place counts, also where the encoded texts are equal."""
    text = base64.b64encode(b'{"vin":"' + VIN + b'"}')
    body = VIN + b"," + text + b"," + VIN + b"," + text
    assert [(s.offset, s.chain) for s in search(body)] == [
        (0, ()),
        (18, ("base64",)),
        (18 + len(text) + 1, ()),
        (18 + len(text) + 19, ("base64",)),
    ]


def test_the_shortest_chain_counts(seen):
    """What is visible directly is not told again for the escapes beside it."""
    assert seen(b"/a%20b/" + VIN + b"%20") == [("vin", "plain", (), VIN)]
    inner = json.dumps({"vin": VIN.decode()})
    assert seen(json.dumps({"log": inner}).encode()) == [("vin", "plain", (), VIN)]
    assert seen(quote(inner).encode()) == [("vin", "plain", (), VIN)]


def test_what_deflate_keeps_as_it_is_stands_inside_the_stream(seen):
    """Stored blocks show the value in plain sight; it has been compressed all the same."""
    packer = zlib.compressobj(0, zlib.DEFLATED, 31)
    stream = packer.compress(VIN) + packer.flush()
    assert VIN in stream
    assert seen(stream + b"--" + VIN) == [("vin", "plain", ("gzip",), stream), ("vin", "plain", (), VIN)]


@pytest.mark.parametrize(
    ("item", "written"),
    [
        ("vin", "lsvam4187c2184847"),
        ("mac_address", "aa:bb:cc:01:02:0d"),
        ("mac_address", "AA-BB-CC-01-02-0D"),
        ("mac_address", "aabbcc01020d"),
        ("phone_number", "138-0013-8000"),
        ("phone_number", "138 0013 8000"),
        ("iccid", "8986 0012 3456 7890 1237"),
        ("licence_plate", "京A·12345"),
        ("licence_plate", "京a12345"),
        ("nickname", "zhang san"),
        ("home_address", "北京市海淀区清河中街68号"),
    ],
)
def test_spellings_are_plain(seen, item, written):
    """Letter case and the separators that an item admits change neither form nor chain."""
    text = f'{{"k": "{written}"}}'.encode()
    assert seen(text) == [(item, "plain", (), written.encode())]


def test_a_digest_of_any_spelling_is_found(seen):
    """Programs hash a MAC address with or without its colons, in either case."""
    for spelling in ("aa:bb:cc:01:02:0d", "AABBCC01020D"):
        digest = hashlib.sha256(spelling.encode()).hexdigest()
        assert seen(b'{"h":"' + digest.encode() + b'"}') == [("mac_address", "sha256", ("hex",), digest.encode())]


def test_a_form_writes_a_space_as_plus(seen):
    """application/x-www-form-urlencoded: the plus is percent-encoding's."""
    body = urlencode({"name": "Zhang San"}).encode()
    assert seen(body) == [("nickname", "plain", ("percent",), b"Zhang+San")]


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("item", ["vin", "home_address"])
@pytest.mark.parametrize("frame", ["{}", "name={}&", "\0{}\0", "地址是{}。", "\0\0{}"], ids=repr)
def test_utf16(seen, values, item, order, frame):
    """UTF-16 in either byte order is a link, whatever stands beside the value."""
    body = frame.format(values[item]).encode(order)
    assert seen(body) == [(item, "plain", ("utf-16",), values[item].encode(order))]


def test_an_encoding_inside_utf16(seen):
    """A base64 text in UTF-16 is two links."""
    text = base64.b64encode(VIN + b"!").decode().encode("utf-16-le")
    assert seen(b"\x01\x02" + text) == [("vin", "plain", ("utf-16", "base64"), text)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"/v1/upload/", b""),
        (b"/v1/upload/", b"/done"),
        (b"https://oss.example.cn/a/b-c_d/", b"?x=1"),
        (b"device-", b""),
        (b"eyJhbGciOiJub25lIn0.", b".c2lnbmF0dXJlLW9mLW5vYm9keQ"),
        (b"Authorization: Basic ", b"\r\nHost: x\r\n"),
        (b'{"d":"', b'\\n"}'),
        (b"x=", b"%0A"),
    ],
    ids=["path", "path segment", "url", "prefix", "JWT", "header", "JSON line end", "percent line end"],
)
def test_base64_among_neighbours(seen, before, after):
    """What stands beside a base64 text and could belong to it is told apart."""
    text = base64.urlsafe_b64encode(b'{"vin":"' + VIN + b'","t":1}').rstrip(b"=")
    assert seen(before + text + after) == [("vin", "plain", ("base64",), text)]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("width", [64, 76])
def test_base64_in_lines(seen, newline, width):
    """Lines of PEM and MIME belong together, escaped line breaks in JSON as well."""
    text = base64.b64encode(Random(1).randbytes(150) + VIN + Random(2).randbytes(31))
    lines = newline.join(text[at : at + width] for at in range(0, len(text), width))
    assert seen(b"-----BEGIN X-----\n" + lines + b"\n-----END X-----") == [("vin", "plain", ("base64",), lines)]
    escaped = json.dumps(lines.decode())[1:-1].encode()
    assert seen(b'{"d": "' + escaped + b'"}') == [("vin", "plain", ("json", "base64"), escaped)]


def test_escaped_slashes_and_padding_belong_to_base64(seen):
    r"""PHP writes ``\/`` and forms write ``%2F`` and ``%3D`` in a base64 text: a link of its own."""
    text = base64.b64encode(b'{"q": "a???", "vin": "' + VIN + b'"}  ')
    assert b"/" in text
    assert b"=" in text
    escaped = text.replace(b"/", b"\\/")
    assert seen(b'{"d":"' + escaped + b'"}') == [("vin", "plain", ("json", "base64"), escaped)]
    quoted = quote(text, safe="").encode()
    assert seen(b"d=" + quoted + b"&e=1") == [("vin", "plain", ("percent", "base64"), quoted)]


@pytest.mark.parametrize("wbits", [31, 15, -15])
def test_compressed_streams(seen, wbits):
    """gzip, zlib and (as a whole body) raw deflate; what follows a stream is not part of it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    stream = packer.compress(b'{"vin": "' + VIN + b'", "again": "' + VIN + b'"}') + packer.flush()
    name = {31: "gzip", 15: "zlib", -15: "deflate"}[wbits]
    assert seen(stream) == [("vin", "plain", (name,), stream)]
    if wbits > 0:
        assert seen(b"\x00\x01" + stream + b"trailer") == [("vin", "plain", (name,), stream)]


def test_a_stream_cut_off_gives_what_can_be_decoded(seen):
    """An upload killed half-way, in binary or in base64, still shows the VIN at its beginning."""
    log = b'{"vin": "' + VIN + b'"}' + Random(3).randbytes(4000).hex().encode()
    half = gzip.compress(log)[:2000]
    assert seen(half) == [("vin", "plain", ("gzip",), half)]
    text = base64.b64encode(half)[:-3]
    assert seen(b"d=" + text) == [("vin", "plain", ("base64", "gzip"), text)]


def test_a_damaged_stream_gives_what_came_before(seen):
    """A byte overwritten in the middle does not hide the beginning."""
    log = b'{"vin": "' + VIN + b'"}' + Random(3).randbytes(4000).hex().encode()
    stream = bytearray(gzip.compress(log))
    stream[1500:1600] = b"\xff" * 100
    assert [entry[:3] for entry in seen(bytes(stream))] == [("vin", "plain", ("gzip",))]


def test_a_bomb_is_bounded_and_told(engine, send, monkeypatch):
    """A stream that grows beyond the budget is searched as far as that, and what is left is a gap."""
    monkeypatch.setattr(exploration, "BUDGET", 1 << 20)
    bomb = gzip.compress(VIN + bytes(50 << 20))
    examined = engine.examine(send(Part(name="body", data=bomb)))
    assert [s.chain for s in examined.sightings] == [("gzip",)]
    assert examined.gaps == ("body as gzip holds more than is searched", "body decodes to more than 1048576 bytes")


def test_what_is_searched_together_is_told_as_if_each_were_searched_alone(engine, send, monkeypatch):
    """Parts lie side by side in the search; sightings, gaps and what is opaque stay with the part that they are of."""
    monkeypatch.setattr(exploration, "BUDGET", 1 << 20)
    secret = base64.b64encode(Random(3).randbytes(2048))
    inside = gzip.compress(b'{"vin":"' + VIN + b'","lat":39.9,"lon":116.4}')
    bodies = [
        b"nothing",
        VIN,
        inside,
        b"",
        b'{"t":"' + base64.b64encode(inside) + b'"}',
        secret,
        gzip.compress(bytes(50 << 20)),
        b"lat=39.9&lon=116.4",
        Random(4).randbytes(4096),
        VIN[:9],
        VIN[9:],
        bytes(200_000) + VIN,
    ]
    sent = [send(Part(name="url", data=b"/v1?x=%4C%53"), Part(name="body", data=body)) for body in bodies]
    sent.append(send(Part(name="payload", data=VIN, opaque="encrypted"), Part(name="body", data=inside)))
    together = list(engine.examine_all(sent))
    assert [one for one, _ in together] == sent
    assert [found for _, found in together] == [engine.examine(one) for one in sent]
    assert [bool(found.sightings) for _, found in together] == [b in (1, 2, 4, 7, 10, 11, 12) for b in range(13)]
    assert [bool(found.gaps) for _, found in together] == [b == 6 for b in range(13)]
    assert [bool(found.opaque) for _, found in together] == [b in (5, 8) for b in range(13)]


def test_depth_is_limited_and_told(identities, send):
    """Beyond the depth given nothing is decoded, and that is a gap."""
    text = VIN
    for _ in range(4):
        text = base64.b64encode(text)
    transmission = send(Part(name="body", data=text))
    assert Engine(identities, depth=4).examine(transmission).gaps == ()
    assert len(Engine(identities, depth=4).search(transmission)) == 1
    shallow = Engine(identities, depth=3).examine(transmission)
    assert shallow.sightings == ()
    assert shallow.gaps == ("body as base64 > base64 > base64 > base64 is deeper than 3 encodings",)


def test_an_opaque_part_is_searched_as_it_is(seen):
    """No encodings are undone in what cannot be read, but a plain value in it is seen."""
    body = b"\x17\x03\x03" + VIN + b"\x00" + base64.b64encode(VIN + b"x")
    assert seen(body, opaque="no TLS keys") == [("vin", "plain", (), VIN)]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"id": "10086"}', True),
        ("id=10086&x=1", True),
        ("10086", True),
        ("id: 110086", False),
        ("10086x", False),
        ("\x00\x0110086\x00\x02", False),
        ('{"name": "张三"}', False),
    ],
)
def test_a_poor_value_is_seen_as_a_token_in_text_only(engine, send, body, found):
    """Five digits within a longer number or in binary are chance."""
    items = [s.item for s in engine.search(send(Part(name="body", data=body.encode())))]
    assert ("account_id" in items) is found


def test_a_name_is_bounded_in_its_own_script(seen):
    """A short Chinese name is not seen within a longer one."""
    assert seen("姓名\n张三。".encode()) == [("person_name", "plain", (), "张三".encode())]
    assert seen("张三丰".encode()) == []


@pytest.mark.parametrize(
    "body", [b"x: ali@example.cn", b"li@example.cnn", b"110.64.0.2", b"10.64.0.25", b"v10.64.0.2.1"]
)
def test_other_peoples_values_that_hold_ours_are_not_ours(seen, body):
    """A longer address is another address."""
    assert seen(body) == []


def test_in_binary_a_length_byte_does_not_hide_a_value(seen):
    """Protocol buffers put a length before a text, and a tag that may look like a digit behind it."""
    body = b"\x0a\x0dli@example.cn\x32\x01\x00"
    assert seen(body) == [("email", "plain", (), b"li@example.cn")]


@pytest.mark.parametrize(
    ("body", "item", "form", "precision"),
    [
        ('{"lat": 39.9042, "lon": 116.4074}', "position", "plain", 11.132),
        ('{"lng":116.407400,"lat":39.904200}', "position", "plain", 0.11132),
        ("q=39.904,116.407", "position", "plain", 111.32),
        ("?loc=39.90,116.41&z=1", "position", "coarse", 1113.2),
        ('{"gps": [39.9, 116.4]}', "position", "coarse", 11132.0),
        ('{"lat": 39.9042, "alt": 43.5, "lon": 116.41}', "position", "coarse", 1113.2),
        ("39.9042-116.4074", "position", "plain", 11.132),
        ("-33.8567,151.2152", "home_position", "plain", 11.132),
        ("-33.8568,151.2153", "home_position", "plain", 11.132),
    ],
)
def test_positions(search, body, item, form, precision):
    """Decimal degrees, rounded or cut off, in either order; the decimals tell the precision in metres."""
    (seen,) = search(body.encode())
    assert (seen.item, seen.form, seen.precision) == (item, form, pytest.approx(precision))
    assert seen.value in ("39.904200,116.407400", "-33.856784,151.215297")
    text = body[seen.offset : seen.offset + seen.length]
    assert text[0] in "-0123456789"
    assert text[-1] in "0123456789"


@pytest.mark.parametrize(
    "body",
    [
        '{"lat": 39.9043, "lon": 116.4074}',
        '{"lat": 39.9042, "lon": 116.4083}',
        '{"a": 39.9, "b": 116.4}',
        '{"a": 39.90, "b": 116.41}',
        '{"lat": 12.5, "a": 39.9, "b": 116.4}',
        '{"lat": 39.9, "a": 7, "b": 116.4}',
        '{"a": 39, "b": 116}',
        "33.8567,151.2152",
        "139.9042,116.4074",
        "39.9042.1,116.4074",
        "39.9042e2,116.4074",
        "39.9042" + " " * 300 + "116.4074",
        "39.9042 and nothing else",
    ],
)
def test_numbers_that_are_no_position(search, body):
    """Another place, a poor pair without a name, another sign, a longer number, a number alone."""
    assert search(body.encode()) == []


def test_a_track_is_as_many_sightings_as_points(search):
    """Each point counts, and no number is used twice."""
    body = json.dumps([{"lat": 39.9042, "lon": 116.4074}] * 5).encode()
    seen = search(body)
    assert [s.offset for s in seen] == [9 + 35 * n for n in range(5)]


def test_a_position_inside_an_encoding(search):
    """A position keeps its chain."""
    text = base64.b64encode(gzip.compress(b'{"lat": 39.9042, "lon": 116.4074}'))
    (seen,) = search(b"d=" + text)
    assert (seen.item, seen.chain, seen.offset, seen.length) == ("position", ("base64", "gzip"), 2, len(text))


class TestMedia:
    """Media is seen by slices of it."""

    def test_whole(self, search, values):
        (seen,) = search(b"--boundary\r\n\r\n" + values["cabin_video"] + b"\r\n--boundary--")
        assert (seen.item, seen.form, seen.chain) == ("cabin_video", "plain", ())
        assert (seen.offset, seen.length) == (14, len(values["cabin_video"]))

    @pytest.mark.parametrize(("first", "last"), [(0, 100_000), (100_000, 200_000), (70_000, 78_000)])
    def test_a_part_of_it(self, search, values, first, last):
        """The first half of an upload cut off, the second, a chunk."""
        chunk = values["cabin_video"][first:last]
        (seen,) = search(b"\x00\x00" + chunk + b"\x01")
        assert (seen.offset, seen.length) == (2, len(chunk))

    def test_in_base64(self, search, values):
        text = base64.b64encode(values["cabin_video"])
        (seen,) = search(b'{"image": "' + text + b'"}')
        assert (seen.chain, seen.offset, seen.length) == (("base64",), 11, len(text))

    def test_a_common_header_is_not_the_media(self, search):
        """Two pictures of one camera begin alike."""
        assert search(b"\xff\xd8\xff\xe0 common header \xff\xda" + Random(9).randbytes(100_000)) == []

    def test_even_media(self, send):
        """Simulated media without much variety is seen all the same."""
        media = b"".join(b"frame %06d\n" % n for n in range(500))
        engine = Engine(Identities([Identity(item="cabin_image", value=media)]))
        (seen,) = engine.search(send(Part(name="body", data=b"xx" + media[: len(media) // 2])))
        assert seen.offset == 2


class TestFields:
    """Values that the protocol's decoder names."""

    def test_a_report_shows_each_item_once(self, engine, send):
        """An identity counts before the field that names it; other items of the taxonomy come from their fields."""
        data = b"##\x02\xfe" + VIN + b"\x01\x00\x3c" + b"\x02\x5f\xe0\xf0\x06\xf0\x36\x80" + b"\x00\x50"
        fields = (
            Field(name="vin", value=VIN.decode(), part="payload", offset=4, length=17),
            Field(name="speed", value=60.0, part="payload", offset=22, length=2),
            Field(name="position", value=(39.9042, 116.4074), part="payload", offset=24, length=8),
            Field(name="soc", value=80, part="payload", offset=32, length=2),
            Field(name="checksum", value=7, part="payload", offset=34, length=1),
        )
        seen = engine.search(send(Part(name="payload", data=data), fields=fields, generated=42))
        assert [(s.item, s.value, s.offset, s.length) for s in seen] == [
            ("vin", VIN.decode(), 4, 17),
            ("speed", "60.0", 22, 2),
            ("position", "39.904200,116.407400", 24, 8),
            ("soc", "80", 32, 2),
        ]
        assert {(s.form, s.chain, s.generated) for s in seen} == {("plain", (), 42)}
        assert seen[2].precision == pytest.approx(11.132)

    def test_another_cars_vin_is_a_vin(self, engine, send):
        """A field counts also when its value is no identity of the run."""
        field = Field(name="vin", value="LSVXX4187C2184847", part="payload", offset=0, length=17)
        (seen,) = engine.search(send(Part(name="payload", data=b"LSVXX4187C2184847"), fields=(field,)))
        assert (seen.item, seen.value) == ("vin", "LSVXX4187C2184847")

    def test_a_position_that_is_the_home_is_both(self, engine, send):
        """The car stands at home: its position gives the home away."""
        field = Field(name="position", value=(-33.856784, 151.215297), part="payload", offset=0, length=8)
        seen = engine.search(send(Part(name="payload", data=bytes(8)), fields=(field,)))
        assert [s.item for s in seen] == ["position", "home_position"]


def test_generated_is_carried(engine, send):
    """Store and forward: the sighting says when the value was made."""
    (seen,) = engine.search(send(Part(name="body", data=VIN), generated=17))
    assert seen.generated == 17


def test_nothing_is_seen_where_nothing_is(engine, send):
    """Telemetry, tokens, digests, media and other people's values: not one sighting, and no gap."""
    random = Random(5)
    record = {
        "vin": "LFV2A2150A3012345",
        "phone": "13912345678",
        "name": "王五",
        "email": "wang@example.cn",
        "mac": "02:00:00:00:00:00",
        "plate": "京B54321",
    }
    bodies = [
        random.randbytes(1 << 20),
        random.randbytes(1 << 19).hex().encode(),
        base64.b64encode(random.randbytes(1 << 20)),
    ]
    rows = []
    for _ in range(4000):
        record["lat"], record["lon"] = round(random.uniform(-90, 90), 6), round(random.uniform(-180, 180), 6)
        record["values"] = [round(random.uniform(0, 200), random.randrange(1, 4)) for _ in range(8)]
        record["token"] = base64.urlsafe_b64encode(random.randbytes(random.randrange(8, 60))).decode()
        record["sign"] = hashlib.md5(random.randbytes(8)).hexdigest()
        rows.append(json.dumps(record, ensure_ascii=random.random() < 0.5))
    bodies.append("\n".join(rows).encode())
    bodies.append(gzip.compress(bodies[-1]))
    bodies.append(urlencode({"batch": rows[0], "more": rows[1]}).encode())
    examined = engine.examine(send(*(Part(name="body", data=body) for body in bodies)))
    assert examined.sightings == ()
    assert examined.gaps == ()


@given(
    needles=st.lists(
        st.tuples(st.binary(min_size=1, max_size=4).map(lambda b: bytes(97 + x % 3 for x in b)), st.booleans()),
        min_size=1,
    ),
    data=st.binary(max_size=60).map(lambda b: bytes(b"abcABC\0"[x % 7] for x in b)),
)
def test_both_scanners_see_the_same(needles, data):
    """Every occurrence of every needle, overlapping or not, whichever engine searches."""
    wanted = [Needle(literal, caseless) for literal, caseless in dict.fromkeys(needles)]
    assert with_hyperscan(wanted)(data) == with_re(wanted)(data)


def test_the_fallback_sees_the_same(identities, engine, send, values):
    """Without hyperscan an engine finds the same."""
    digest = hashlib.sha1(VIN).hexdigest().encode()
    body = b" ".join([VIN, digest, base64.b64encode("京A12345".encode()), b"39.9042,116.4074", values["cabin_video"]])
    transmission = send(Part(name="body", data=body))
    found = Engine(identities, scan_with=with_re).search(transmission)
    assert found == engine.search(transmission)
    assert [s.item for s in found] == ["vin", "vin", "licence_plate", "position", "cabin_video"]


def test_the_fallback_is_chosen_where_hyperscan_is_missing(identities, send, monkeypatch):
    """On a platform without its wheel the module is None, and `re` searches."""
    monkeypatch.setattr(scanner_module, "hyperscan", None)
    assert [s.item for s in Engine(identities).search(send(Part(name="body", data=VIN)))] == ["vin"]


def test_no_identities_give_no_sightings(send):
    """A run without identities still reports what the protocol names."""
    field = Field(name="speed", value=1, part="payload", offset=0, length=1)
    engine = Engine(Identities([]))
    assert [s.item for s in engine.search(send(Part(name="payload", data=b"\x01"), fields=(field,)))] == ["speed"]


def test_an_engine_is_made_whatever_bytes_its_values_have_packed(send):
    """Some have zero bytes beside what has to be escaped in JSON."""
    body = b"tel=18888888888"
    for number in ("18888888888", "13808880000"):
        made = Engine(Identities([Identity(item="phone_number", value=number)]))
        seen = made.search(send(Part(name="body", data=body)))
        assert len(seen) == (number.encode() in body)


def test_keys_of_the_identities_are_used_without_being_asked_for(send):
    """What an identities file names under `keys` needs no argument of the engine's."""
    known = Identities([Identity(item="vin", value=VIN.decode())], keys=[b"fleet-2025"])
    digest = hmac.digest(b"fleet-2025", VIN, "sha256").hex().encode()
    (seen,) = Engine(known).search(send(Part(name="body", data=b'{"id": "' + digest + b'"}')))
    assert (seen.item, seen.form, seen.chain) == ("vin", "hmac-sha256", ("hex",))
