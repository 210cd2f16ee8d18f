"""Hands media to a process that looks at them, and says what each came to, also of those that the process died of."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from telltale.errors import RigError

Piece = tuple[str, bytes]
"""Format and bytes of a medium."""


class DetectorMissingError(RigError):
    """Decoder and detector are not installed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What was made out in a medium."""

    frames: int = 0
    """How many were looked at."""
    faces: tuple[int, ...] = ()
    """Width of each face in each of them, pixels."""
    doubts: int = 0
    """What may be a face."""
    unclear: str | None = None
    """Why the medium, or part of it, could not be looked at."""


def look(media: Sequence[Piece]) -> list[Shown]:
    """What each of *media* shows; those that are equal are looked at once.

    :raises DetectorMissingError: the extra ``faces`` is not installed
    """
    answers: dict[Piece, Shown] = {}
    while waiting := [piece for piece in dict.fromkeys(media) if piece not in answers]:
        heads = (json.dumps({"name": name, "length": len(data)}).encode() + b"\n" for name, data in waiting)
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "captures.faces.child"],
            input=b"".join(head + data for head, (_, data) in zip(heads, waiting, strict=True)),
            capture_output=True,
            check=False,
        )
        greeting, *told = ran.stdout.splitlines() or [b'{"missing": "it does not start"}']
        if missing := json.loads(greeting)["missing"]:
            raise DetectorMissingError(
                f"faces are looked for by the extra `faces`, which is not installed ({missing});"
                " run `pip install 'telltale-bench[faces]'`"
            )
        answers.update((piece, _shown(json.loads(line))) for piece, line in zip(waiting, told, strict=False))
        if len(told) < len(waiting):
            answers[waiting[len(told)]] = Shown(unclear=_cause(ran.returncode))
    return [answers[piece] for piece in media]


def _shown(answer: Mapping[str, object]) -> Shown:
    faces = answer["faces"]
    return Shown(**{**answer, "faces": tuple(faces) if isinstance(faces, list) else ()})  # type: ignore[arg-type] # the child's words are its own


def _cause(status: int) -> str:
    if status == -signal.SIGALRM:
        return "looking at it takes too long"
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    return f"the decoder ended with {how}"
