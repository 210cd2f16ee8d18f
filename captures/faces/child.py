"""The process that looks: decoders are large, and what they are given was made by others.

On standard input for each medium a line of JSON (`name`, `length`) and its bytes; on standard output first a line that
says whether the detector is there, then one for each medium, in order. A medium that takes too long, or too much
memory, ends the process; the parent goes on behind it with another.
"""

from __future__ import annotations

import json
import resource
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from captures.faces.detector import Detector

LONGEST = 120
"""Seconds for one medium; what takes longer is ended by SIGALRM."""
_MOST_MEMORY = 4 << 30
_MOST_SEARCHED = 1 << 26
"""Pixels that are searched of one medium, half a minute's work: 32 frames of 1920x1080."""


def main() -> None:
    """Answer until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, resource.RLIM_INFINITY))
    try:
        from captures.faces.detector import Detector  # noqa: PLC0415 - the extra may be missing, which is an answer
    except ImportError as error:
        _say({"missing": str(error)})
        return
    try:
        detector = Detector()
    except ImportError as error:
        _say({"missing": str(error)})
        return
    _say({"missing": None})
    while head := sys.stdin.buffer.readline():
        asked = json.loads(head)
        data = sys.stdin.buffer.read(asked["length"])
        signal.alarm(LONGEST)
        _say(_answer(detector, asked["name"], data))
        signal.alarm(0)


def _answer(detector: Detector, name: str, data: bytes) -> dict[str, Any]:
    """The fields of `captures.faces.Shown`."""
    from captures.faces.frames import UnclearError, frames  # noqa: PLC0415 - it needs the extra as well

    looked = searched = doubts = 0
    widths: list[int] = []
    unclear: str | None = None
    try:
        for frame in frames(name, data):
            searched += frame.size
            if searched > _MOST_SEARCHED:
                unclear = f"more than {_MOST_SEARCHED:,} pixels to be searched"
                break
            faces, doubtful = detector.look(frame)
            looked += 1
            widths += [face.width for face in faces]
            doubts += len(doubtful)
    except UnclearError as error:
        unclear = str(error)
    except MemoryError:
        unclear = "it takes too much memory"
    return {"frames": looked, "faces": widths, "doubts": doubts, "unclear": unclear}


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
