"""What pictures and films show: whether a face can be made out in them.

look      pieces of media, decoded and searched in a process of its own, whatever they hold (`looking`)
shown     what one piece of media came to: faces, doubts, and what could not be looked at (`looking`)
frame     a picture, or one of those that a film is sampled by (`frames`)
detector  two cascades that OpenCV's wheel brings along; a face is what both find (`detector`)

Decoder and detector come with the extra ``faces``; without it a look ends in `DetectorMissingError`.
"""

from captures.faces.looking import DetectorMissingError, Piece, Shown, look

__all__ = ["DetectorMissingError", "Piece", "Shown", "look"]
