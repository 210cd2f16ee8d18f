"""FAT32, the file system of USB sticks that cars record to (Microsoft, "FAT32 File System Specification" 1.03, 2000).

volume     a block device or image with FAT32 on it
cluster    the unit of allocation; the *table* (FAT) says which cluster follows which
chain      the clusters of one file
torn       a file whose chain and size disagree, or a chain that no file owns: power or stick went in mid-write

`Volume` reads whatever a stick holds, damaged ones included; `Recorder` writes the way a car does, piece by piece.
It is our own because the bench wants what libraries hide: torn files and lost chains are evidence. The one kept
library, pyfatfs, refuses or repairs such volumes, miscounts free clusters, and brings PyFilesystem with it, which needs
the ``pkg_resources`` that setuptools no longer has.
"""

from rigs.fat.recorder import Recorder, Recording, format_volume
from rigs.fat.volume import Content, File, Volume

__all__ = ["Content", "File", "Recorder", "Recording", "Volume", "format_volume"]
