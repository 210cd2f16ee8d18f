"""Escapes: they are undone as the standard says, however that is done."""

from random import Random
from urllib.parse import unquote_to_bytes

from captures.sightings.escapes import decode_percent

_PIECES = (
    b"%41",
    b"%e4%B8%ad",
    b"=",
    b"==",
    b"=\n",
    b"=3D",
    b"%3D",
    b"%25",
    b"%0D%0A",
    b"\r\n",
    b" \n",
    b"_+",
    b"\0",
    b"\xff",
)
_DAMAGED = (b"%", b"%4", b"%zz", b"%%41", b"%=3D")


def test_percent_is_undone_as_the_standard_library_does() -> None:
    """Also beside what another encoding takes for an escape or a line break, and where an escape is damaged."""
    random = Random(3986)
    for pieces in (_PIECES, _PIECES + _DAMAGED):
        for _ in range(4000):
            text = b"".join(random.choices(pieces, k=random.randrange(9)))
            assert decode_percent(text) == unquote_to_bytes(text), text
