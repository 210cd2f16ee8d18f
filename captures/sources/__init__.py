"""Captures as files, whoever made them: opened by what is in them, read piece by piece, handed out as transmissions.

open_source    the capture at a path, plain or in gzip
read_keylog    the TLS keys of a separate key log file
Source         what every kind of capture offers
Setting        what is known about a bench beside its capture

KINDS (`registry`) is the table of what can be opened: one row a kind, told by its first bytes, and by the file's name
where bytes leave it open. A kind's module is only loaded when such a file is opened.
"""

from captures.decode import Setting
from captures.sources.file import SourceFile
from captures.sources.registry import KINDS, Kind, open_source, read_keylog
from captures.sources.source import Source

__all__ = ["KINDS", "Kind", "Setting", "Source", "SourceFile", "open_source", "read_keylog"]
