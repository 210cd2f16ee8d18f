"""Faces in a frame, by two of the boosted cascades that OpenCV's wheel holds (Viola and Jones 2001; Lienhart 2002).

Either alone takes a pattern of light and dark for a face now and then. So one of them searches, and where it finds
something the other has to find it too: a face is what both find, what one finds alone is a doubt.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import cv2
import cv2.data

from captures.faces.frames import Frame

SMALLEST = 20
"""Pixels: the width of the window that the cascades were trained on."""
_SEARCHES = "haarcascade_frontalface_alt2.xml"
_CONFIRMS = "haarcascade_frontalface_alt.xml"
_SCALE = 1.1
_NEIGHBOURS = 3
_MARGIN = 0.5  # of a box's width, on each side: where the other cascade looks for the same face
_LEGIBLE = 96  # pixels: smaller stretches are enlarged to this before the second look


class Box(NamedTuple):
    """Where something was found, pixels."""

    x: int
    y: int
    width: int


class Detector:
    """Finds faces that look at the camera, more or less upright."""

    def __init__(self) -> None:
        """:raises ImportError: OpenCV is there, but brings no cascades (from version 5 on)"""
        self._searches, self._confirms = _cascade(_SEARCHES), _cascade(_CONFIRMS)

    def look(self, frame: Frame) -> tuple[list[Box], list[Box]]:
        """Faces in *frame*, and what one cascade alone takes for a face."""
        found = self._searches.detectMultiScale(frame, _SCALE, _NEIGHBOURS, minSize=(SMALLEST, SMALLEST))
        faces: list[Box] = []
        doubts: list[Box] = []
        for x, y, width, _ in found:
            box = Box(int(x), int(y), int(width))
            (faces if self._is_confirmed(frame, box) else doubts).append(box)
        return faces, doubts

    def _is_confirmed(self, frame: Frame, box: Box) -> bool:
        margin = int(box.width * _MARGIN)
        top, left = max(0, box.y - margin), max(0, box.x - margin)
        crop = frame[top : box.y + box.width + margin, left : box.x + box.width + margin]
        if box.width < _LEGIBLE:
            scale = _LEGIBLE / box.width
            crop = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC).astype(frame.dtype)
        least = max(box.width, _LEGIBLE) // 2
        return len(self._confirms.detectMultiScale(crop, _SCALE, _NEIGHBOURS, minSize=(least, least))) > 0


def _cascade(name: str) -> cv2.CascadeClassifier:
    path = Path(cv2.data.haarcascades) / name
    if not path.is_file():
        raise ImportError(f"opencv {cv2.__version__} has no {name}")
    return cv2.CascadeClassifier(str(path))
