"""Pictures, films and sounds of any origin, found in bytes by how they begin and how they are built.

kind     one format of media: how it begins, and how its structure is walked (`kinds`)
medium   a piece of media of some kind, as far as its structure reaches
whole    the structure was walked to its own end; a medium that is not was cut off, or goes on where nobody saw it
mark     what a medium says about its making: a place, or the serial number of a device (`marks`)

Pure functions over bytes; nothing is decoded to pixels or samples. The work is bounded by the bytes that are walked.
"""

from captures.media.finding import Search, search, told
from captures.media.kinds import KINDS
from captures.media.marks import Mark, marks
from captures.media.medium import Kind, Medium

__all__ = ["KINDS", "Kind", "Mark", "Medium", "Search", "marks", "search", "told"]
