"""Media of every kind is found by its structure, in whatever it stands in, with what it says of the run."""

import base64
import io
import struct
import wave
import zlib
from collections.abc import Callable
from random import Random

import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from captures.media import KINDS, search
from captures.sightings import Engine
from telltale.identity import Identities, Identity
from telltale.sighting import Sighting
from telltale.transmission import Address, Part, Transmission

HERE = (39.9042, 116.4074)
RUN = Identities([Identity(item="position", value=HERE), Identity(item="vin", value="LSVAM4187C2184847")])
NOISE = Random(4).randbytes(3000)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(RUN, recognise=True)


@pytest.fixture
def seen(engine: Engine) -> Callable[[bytes], list[Sighting]]:
    """Search a body."""
    address = Address(ip="203.0.113.10", port=443)

    def look(body: bytes) -> list[Sighting]:
        part = Part(name="body", data=body)
        return engine.search(
            Transmission(
                index=0,
                channel="https",
                uplink=None,
                sent=0,
                ended=0,
                source=address,
                destination=address,
                summary="",
                parts=(part,),
            )
        )

    return look


def picture(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.effect_noise((64, 48), 80).convert("RGB").save(out, kind, **options)
    return out.getvalue()


def exif(latitude: float, longitude: float) -> bytes:
    tags = Image.Exif()
    gps = {1: "N" if latitude >= 0 else "S", 3: "E" if longitude >= 0 else "W"}
    for tag, degrees in ((2, abs(latitude)), (4, abs(longitude))):
        minutes = degrees % 1 * 60
        seconds = IFDRational(round(minutes % 1 * 6000), 100)
        gps[tag] = (IFDRational(int(degrees)), IFDRational(int(minutes)), seconds)
    tags._ifds[0x8825] = gps
    tags[0x8825] = gps
    tags[0x8769] = {0xA431: "CAM-20260817-0042"}
    return bytes(tags.tobytes())


def box(name: bytes, *inside: bytes) -> bytes:
    body = b"".join(inside)
    return struct.pack(">I4s", 8 + len(body), name) + body


def film(*more: bytes) -> bytes:
    mvhd = box(b"mvhd", bytes(12), struct.pack(">II", 1000, 12_500), bytes(80))
    tkhd = box(b"tkhd", bytes(76), struct.pack(">HHHH", 1920, 0, 1080, 0))
    hdlr = box(b"hdlr", bytes(8), b"vide", bytes(13))
    stsd = box(b"stsd", bytes(8), box(b"hvc1", bytes(78)))
    track = box(b"trak", tkhd, box(b"mdia", hdlr, box(b"minf", box(b"stbl", stsd))))
    return box(b"ftyp", b"isom", bytes(4), b"isom") + box(b"moov", mvhd, track, *more) + box(b"mdat", NOISE)


def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(32_000))
    return out.getvalue()


def ogg() -> bytes:
    head = b"OpusHead" + bytes(11)
    first = b"OggS\0\x02" + bytes(20) + b"\x01" + bytes([len(head)]) + head
    return first + b"OggS\0\x04" + struct.pack("<Q", 96_000) + bytes(12) + b"\x02\xff\x10" + NOISE[:271]


def matroska() -> bytes:
    head = b"\x42\x82\x84webm"
    segment = b"\x16\x54\xae\x6b" + bytes([0x80 | 7]) + b"\x86\x85V_VP9"[:7] + NOISE[:100]
    return (
        b"\x1a\x45\xdf\xa3"
        + bytes([0x80 | len(head)])
        + head
        + b"\x18\x53\x80\x67\x40"
        + bytes([len(segment)])
        + segment
    )


FORMATS = {
    "JPEG, 64x48": (picture("JPEG"), "image"),
    "JPEG, 64x48, progressive": (picture("JPEG", progressive=True), "image"),
    "PNG, 64x48": (picture("PNG"), "image"),
    "GIF, 64x48": (picture("GIF"), "image"),
    "WebP, 64x48": (picture("WEBP"), "image"),
    "WebP, 64x48, lossless": (picture("WEBP", lossless=True), "image"),
    "MP4 H.265, 1920x1080, 12.5 s": (film(), "video"),
    "fMP4": (box(b"moof", box(b"mfhd", bytes(8)), bytes(20)) + box(b"mdat", NOISE), "video"),
    "HEIF, 64x48": (
        box(b"ftyp", b"heic", bytes(4))
        + box(b"meta", bytes(4), box(b"iprp", box(b"ipco", box(b"ispe", struct.pack(">III", 0, 64, 48)))))
        + box(b"mdat", NOISE),
        "image",
    ),
    "WebM": (matroska(), "video"),
    "Ogg Opus, 2.0 s": (ogg(), "audio"),
    "WAV, 1.0 s": (sound(), "audio"),
    "AMR, 0.2 s": (b"#!AMR\n" + (b"\x3c" + NOISE[:31]) * 10, "audio"),
    "AMR-WB, 0.2 s": (b"#!AMR-WB\n" + (b"\x44" + NOISE[:60]) * 10, "audio"),
    "FLAC, 2.0 s": (
        b"fLaC\x80\0\0\x22" + bytes(10) + struct.pack(">Q", 48_000 << 44 | 15 << 36 | 96_000) + NOISE[:16],
        "audio",
    ),
    "AAC, 0.1 s": (b"".join(b"\xff\xf1\x4c\x80\x19\x1f\xfc" + NOISE[:193] for _ in range(6)), "audio"),
    "MP3, 0.2 s": (b"".join(b"\xff\xfb\x90\x00" + NOISE[:413] for _ in range(6)), "audio"),
    "MPEG-TS": (b"".join(b"\x47\x40\x00\x10" + NOISE[:184] for _ in range(7)), "video"),
    "H.264": (b"\0\0\0\x01\x67\x64\0\x28" + b"\0\0\0\x01\x68\xee" + b"\0\0\x01\x65" + NOISE[:9], "video"),
    "H.265": (b"\0\0\0\x01\x40\x01\x0c" + b"\0\0\x01\x42\x01" + b"\0\0\x01\x44\x01" + NOISE[:9], "video"),
}


@pytest.mark.parametrize("told", FORMATS)
def test_each_kind_is_told_with_its_size(told: str, seen: Callable[[bytes], list[Sighting]]) -> None:
    """A file of each kind is one recognised sighting over all its bytes."""
    data, item = FORMATS[told]
    (one,) = seen(data)
    name = told.removesuffix(", progressive").removesuffix(", lossless")
    assert (one.item, one.form, one.chain) == (item, "recognised", ())
    assert (one.offset, one.length, one.value) == (0, len(data), f"{name}, {len(data):,} bytes")


@pytest.mark.parametrize("told", FORMATS)
def test_media_is_found_in_multipart_and_in_base64(told: str, seen: Callable[[bytes], list[Sighting]]) -> None:
    """What a picture stands in does not hide it."""
    data, item = FORMATS[told]
    body = b'--x\r\nContent-Disposition: form-data; name="f"\r\n\r\n' + data + b"\r\n--x--\r\n"
    assert [(s.item, s.offset) for s in seen(body)] == [(item, body.index(data))]
    wrapped = b'{"file":"' + base64.b64encode(data * (1 if len(data) > 200 else 8)) + b'"}'
    assert {(s.item, s.chain) for s in seen(wrapped)} >= {(item, ("base64",))}


@pytest.mark.parametrize("told", FORMATS)
def test_a_medium_cut_anywhere_ends_with_its_bytes(told: str) -> None:
    """No cut crashes a walk, and nothing is said to reach beyond what is there."""
    data, _ = FORMATS[told]
    for end in {*range(min(len(data), 80)), *range(80, len(data), 97)}:
        found = search(data[:end], [(0, kind) for kind in KINDS], [(0, end)])
        assert all(medium.end <= end for medium in found.media)


def test_noise_and_text_are_no_media(seen: Callable[[bytes], list[Sighting]]) -> None:
    """Beginnings without the structure behind them are nothing."""
    random = Random(9)
    for kind in (kind for kind in KINDS if kind.width <= 5):
        assert search(random.randbytes(4000), [(0, kind)], [(0, 4000)]).media == []
    assert seen(b'{"types":["GIF89a","RIFF1234WAVE","#!AMR","ftypisom","OggS"]}' + b"G@" * 400) == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_place_in_exif_is_a_sighting_of_the_run(kind: str, seen: Callable[[bytes], list[Sighting]]) -> None:
    """A photo taken where the car stands tells its position, as finely as it is written, and the camera."""
    by_item = {(s.item, s.form): s for s in seen(picture(kind, exif=exif(*HERE)))}
    place = by_item["position", "plain"]
    assert place.value == "39.904200,116.407400"
    assert place.chain == ("exif",)
    assert place.precision == pytest.approx(111_320 / 3600 / 25, rel=0.01)  # 15.12 seconds are written as 378/25
    assert by_item["device_identifier", "recognised"].value == "CAM-20260817-0042"
    assert ("image", "recognised") in by_item


def test_another_place_is_recognised(seen: Callable[[bytes], list[Sighting]]) -> None:
    """A place that is none of the run's is told as such."""
    places = [s for s in seen(picture("JPEG", exif=exif(-33.8568, 151.2153))) if s.item == "position"]
    assert [(s.form, s.value) for s in places] == [("recognised", "-33.856800,151.215300")]


def test_places_in_xmp_and_quicktime(seen: Callable[[bytes], list[Sighting]]) -> None:
    """XMP writes minutes with decimals, which are seen as such, QuickTime ISO 6709, 3GPP fixed point; all once."""
    xmp = b'<x:xmpmeta><rdf exif:GPSLatitude="39,54.252N" exif:GPSLongitude="116,24.444E"/></x:xmpmeta>'
    assert [s.chain for s in seen(picture("WEBP", xmp=xmp)) if s.item == "position"] == [("dms",)]
    text = b"+39.9042+116.4074+043.500/"
    udta = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(text), 0x15C7), text))
    assert [s.item for s in seen(film(udta))] == ["video", "position"]
    fixed = (round(degrees * 65_536) for degrees in (*reversed(HERE), 43.5))
    loci = box(b"udta", box(b"loci", bytes(4), b"\x15\xc7\0\0", struct.pack(">iii", *fixed)))
    assert [s.chain for s in seen(film(loci)) if s.item == "position"] == [("loci",)]


def test_media_of_the_run_is_told_by_its_own_name() -> None:
    """What slices identify is not told again as somebody's picture."""
    data = picture("JPEG", quality=95)
    address = Address(ip="203.0.113.10", port=443)
    sent = Transmission(
        index=0,
        channel="https",
        uplink=None,
        sent=0,
        ended=0,
        source=address,
        destination=address,
        summary="",
        parts=(Part(name="body", data=b"x" * 100 + data),),
    )
    assert [
        s.item for s in Engine(Identities([Identity(item="cabin_image", value=data)]), recognise=True).search(sent)
    ] == ["cabin_image"]


def test_more_media_than_is_told_is_a_gap(engine: Engine) -> None:
    """A thousand small pictures are told, and that there were more."""
    address = Address(ip="203.0.113.10", port=443)
    small = b"GIF89a\x01\0\x01\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"
    sent = Transmission(
        index=0,
        channel="https",
        uplink=None,
        sent=0,
        ended=0,
        source=address,
        destination=address,
        summary="",
        parts=(Part(name="body", data=small * 1200),),
    )
    examined = engine.examine(sent)
    assert len(examined.sightings) == 1000
    assert examined.gaps == ("body holds more media than is told",)


def test_png_needs_its_checksum(seen: Callable[[bytes], list[Sighting]]) -> None:
    """A damaged head is no picture."""
    data = bytearray(FORMATS["PNG, 64x48"][0])
    data[20] ^= 1
    assert zlib.crc32(data[12:29]) != int.from_bytes(data[29:33], "big")
    assert seen(bytes(data)) == []
