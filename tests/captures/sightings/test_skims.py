"""What looks encoded: the search ahead must lose nothing that the expressions tell."""

import base64
import binascii
import zlib
from collections.abc import Callable
from random import Random

import pytest

from captures.sightings.reasons import Reason
from captures.sightings.skims import Skimmer

_WORDS = (b"vehicleSpeed", b"battery_temperature", b"timestamp", b"x-www-form-urlencoded", b"URLPath2", b"aB3", b"G")
_BETWEEN = (b'": "', b", ", b"\n", b"\r\n", b"/", b"&a=", b"\0", b"\xff\n", b"_", b"x", b"0b", b"G", b"\n\xff\n")


def _deflated(random: Random) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(random.choice(_WORDS) * 2) + stream.flush()


_PIECES: tuple[Callable[[Random], bytes], ...] = (
    lambda random: random.choice(_WORDS),
    lambda random: random.randbytes(random.choice((3, 30, 300, 3000))),
    lambda random: base64.b64encode(random.randbytes(random.randrange(4, 90))),
    lambda random: base64.urlsafe_b64encode(random.choice(_WORDS) * random.randrange(1, 20)),
    lambda random: base64.encodebytes(random.randbytes(random.randrange(40, 400))),
    lambda random: base64.encodebytes(random.choice(_WORDS) * random.randrange(5, 60)),
    lambda random: base64.b64encode(_deflated(random)),
    lambda random: binascii.hexlify(_deflated(random)),
    lambda random: binascii.hexlify(random.randbytes(random.randrange(4, 60))).upper(),
    lambda random: binascii.hexlify(random.choice(_WORDS)),
    lambda random: binascii.hexlify(random.choice(_WORDS).decode().encode("utf-16-le")),
    lambda random: b"\n".join(binascii.hexlify(random.randbytes(32)) for _ in range(random.randrange(1, 6))),
    lambda random: base64.b32encode(random.randbytes(random.randrange(4, 40))),
    lambda random: base64.b32encode(random.choice(_WORDS)),
    lambda random: random.choice((b"A", b"0", b"q", b"_")) * random.choice((9, 12, 16, 60, 67, 96, 250, 700)),
    lambda random: str(random.randrange(10**19)).encode(),
)


def _layer(random: Random, pieces: int) -> bytes:
    return b"".join(random.choice(_PIECES)(random) + random.choice(_BETWEEN) for _ in range(pieces))


def _of_digits(told: list[tuple[str, Reason]]) -> list[tuple[str, Reason]]:
    return sorted(each for each in told if each[0] in ("base64", "base32", "hex"))


@pytest.fixture(scope="module", name="skimmer")
def _skimmer() -> Skimmer:
    return Skimmer()


@pytest.mark.parametrize("pieces", [1, 3, 40, 1500])
def test_the_search_ahead_loses_nothing(skimmer: Skimmer, pieces: int) -> None:
    """Reasons are those of the expressions, for texts of every kind in any neighbourhood, and over many windows."""
    random, told = Random(pieces), 0
    for _ in range(3000 // (pieces + 9)):
        data = _layer(random, pieces)
        wanted = sorted(skimmer.of_digits_alone(data))
        told += len(wanted)
        assert _of_digits(list(skimmer.reasons(data))) == wanted, data
    assert told


def test_a_text_across_the_edge_of_a_window_is_seen(skimmer: Skimmer) -> None:
    """What the search ahead passes over goes by windows, a text does not."""
    text = base64.b64encode(b"LSVAM4187C2184847 and more")
    for before in range((1 << 15) - len(text) - 2, (1 << 15) + 2):
        data = b"\x80" * before + text + b"\x80" * (1 << 16)
        told = [one for name, one in skimmer.reasons(data) if name == "base64"]
        assert told
        assert before <= told[0].start < before + 8


def test_hex_between_lines_of_base64_is_seen(skimmer: Skimmer) -> None:
    """The lines of a wrapped text seem to go on with a hex text, which is told all the same."""
    lines = base64.encodebytes(b"\0" * 3000)
    told = skimmer.reasons(lines + binascii.hexlify(b"LSVAM4187C2184847") + b"\n" + lines)
    assert any(name == "hex" and len(lines) <= one.start < len(lines) + 34 for name, one in told)


def test_noise_gives_hardly_a_reason(skimmer: Skimmer) -> None:
    """Media and ciphertext are not decoded for their looks."""
    assert len(_of_digits(list(skimmer.reasons(Random(1).randbytes(1 << 21))))) < 10
