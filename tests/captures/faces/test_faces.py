"""Faces are made out in pictures and films of every format, within limits, and what could not be looked at is told."""

import io
import random
import struct
import sys
import zlib

import pytest
from PIL import Image

from captures.faces import DetectorMissingError, look
from rigs.anonymiser import blurred, small, still
from rigs.footage import SIZE, picture, video
from rigs.portrait import portrait

FACE = picture(random.Random(5))
FILM = video(random.Random(6), frames=6)
needs_the_extra = pytest.mark.skipif(
    "not __import__('importlib.util').util.find_spec('cv2')", reason="no extra `faces`"
)


def coded(kind, **options):
    out = io.BytesIO()
    with Image.open(io.BytesIO(FACE)) as image:
        image.save(out, kind, **options)
    return out.getvalue()


def encoded(codec, container):
    """A second of a face, as a camera's encoder would write it."""
    av = pytest.importorskip("av")
    out = io.BytesIO()
    with av.open(out, "w", format=container) as file:
        stream = file.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        with Image.open(io.BytesIO(FACE)) as image:
            for _ in range(10):
                file.mux(stream.encode(av.VideoFrame.from_image(image)))
        file.mux(stream.encode(None))
    return out.getvalue()


@needs_the_extra
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF"])
def test_a_face_is_made_out_in_pictures_of_each_format(kind):
    """Each is decoded by its own name."""
    (shown,) = look([({"WEBP": "WebP"}.get(kind, kind), coded(kind))])
    assert (len(shown.faces), shown.unclear) == (1, None)


@needs_the_extra
@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("MP4 H.264", "libx264", "mp4"),
        ("MP4 H.265", "libx265", "mp4"),
        ("Matroska", "libx264", "matroska"),
        ("WebM", "libvpx-vp9", "webm"),
        ("MPEG-TS", "libx264", "mpegts"),
        ("H.264", "libx264", "h264"),
        ("H.265", "libx265", "hevc"),
    ],
)
def test_a_face_is_made_out_in_films_of_each_format(name, codec, container):
    """A frame each half a second; a bare stream, which tells no times, frame by frame."""
    (shown,) = look([(name, encoded(codec, container))])
    assert shown.frames >= 2
    assert len(shown.faces) == shown.frames
    assert shown.unclear is None


@needs_the_extra
def test_what_is_blurred_shows_no_face_and_what_is_blurred_elsewhere_does():
    """In pictures, previews and films."""
    shown = look(
        [
            ("JPEG", blurred(FACE)),
            ("JPEG", small(blurred(FACE))),
            ("MP4", blurred(FILM)),
            ("JPEG", small(still(FILM))),
            ("JPEG", blurred(small(FACE))),
            ("MP4", FILM),
        ]
    )
    assert [bool(one.faces) for one in shown] == [False, False, False, True, True, True]
    assert not any(one.doubts or one.unclear for one in shown)


@needs_the_extra
def test_faces_down_to_24_pixels_are_made_out_and_noise_is_none():
    """The figures of docs/sightings.md."""
    draw = random.Random(7)
    media = []
    for width in (24, 40, 120):
        image = Image.new("RGB", SIZE, (120, 120, 120))
        image.paste(portrait(draw, width), (60, 60))
        out = io.BytesIO()
        image.save(out, "PNG")
        media.append(("PNG", out.getvalue()))
    for seed in range(10):
        out = io.BytesIO()
        Image.frombytes("RGB", SIZE, random.Random(seed).randbytes(SIZE[0] * SIZE[1] * 3)).save(out, "PNG")
        media.append(("PNG", out.getvalue()))
    assert [len(shown.faces) for shown in look(media)] == [1] * 3 + [0] * 10


@needs_the_extra
def test_a_picture_cut_off_is_looked_at_as_far_as_it_goes():
    """What is there may show a face."""
    (shown,) = look([("JPEG", FACE[: len(FACE) * 9 // 10])])
    assert shown.frames == 1


@needs_the_extra
def test_equal_media_are_looked_at_once_and_answered_each():
    """A stream repeats itself."""
    one, other, again = look([("JPEG", FACE), ("JPEG", blurred(FACE)), ("JPEG", FACE)])
    assert one == again != other


def png_of(width, height):
    """A head that promises a picture, and little behind it."""
    head = struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))))
    sound = (struct.pack(">I", len(b)) + name + b + struct.pack(">I", zlib.crc32(name + b)) for name, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(sound)


@needs_the_extra
@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("PNG", png_of(60_000, 60_000), "60000x60000 is more than 40,000,000 pixels"),
        ("HEIF", b"ftypheic", "there is no decoder for HEIF"),
        ("JPEG", b"\xff\xd8\xff\xe0 not much", "JPEG cannot be decoded"),
        ("MP4 H.264", FILM[:4000], "MP4 cannot be decoded"),
        ("MP4", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n", "MP4 cannot be decoded"),
        ("MPEG-TS", b"\x47\x40\x00\x10" * 400, "MPEG-TS cannot be decoded"),
    ],
    ids=["too large", "no decoder", "damaged", "cut off", "a playlist", "no stream"],
)
def test_what_cannot_be_looked_at_is_told_and_the_next_is_looked_at(name, data, told):
    """Nothing that others made ends the search."""
    unclear, shown = look([(name, data), ("JPEG", FACE)])
    assert told in (unclear.unclear or "")
    assert not unclear.faces
    assert shown.faces


@needs_the_extra
def test_mutated_media_never_end_a_look():
    """Whatever decoders make of them."""
    draw = random.Random(8)
    media = []
    for data, name in ((FACE, "JPEG"), (FILM, "MP4"), (coded("GIF"), "GIF"), (coded("WEBP"), "WebP")) * 4:
        damaged = bytearray(data)
        for _ in range(draw.randrange(1, 60)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        media.append((name, bytes(damaged)))
    assert len(look(media)) == len(media)


@needs_the_extra
def test_a_decoder_that_dies_is_told_and_the_rest_is_looked_at(tmp_path, monkeypatch):
    """A crash costs the medium that it came from, and no other."""
    (tmp_path / "sitecustomize.py").write_text(
        "import captures.faces.frames as f, os, signal\n"
        "whole = f.frames\n"
        "f.frames = lambda name, data: os.kill(os.getpid(), signal.SIGSEGV) if name == 'bad' else whole(name, data)\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(sys.path)}")
    bad, good = look([("bad", b""), ("JPEG", FACE)])
    assert bad.unclear == "the decoder ended with SIGSEGV"
    assert good.faces


def test_without_the_extra_it_is_named(tmp_path, monkeypatch):
    """Together with what installs it."""
    (tmp_path / "cv2.py").write_text("raise ImportError('No module named cv2')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{':'.join(sys.path)}")
    with pytest.raises(DetectorMissingError, match=r"the extra `faces`.*No module named cv2.*telltale-bench\[faces\]"):
        look([("JPEG", FACE)])
