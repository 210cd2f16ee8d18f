"""The few system calls that Python 3.11 does not offer, through the C library.

All of them raise `OSError` with the call's own errno.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
from collections.abc import Collection
from typing import Any

CLONE_NEWNS = 0x0002_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x4_0000

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_CAPBSET_DROP = 24
_CAPABILITY_VERSION_3 = 0x2008_0522

REFUSE_VARIABLE = "TELLTALE_REFUSE_NAMESPACES"
"""Environment variable: ``1`` makes `unshare` fail as it does on a host that refuses namespaces."""

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: Any) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces named by *flags* for new ones."""
    if os.environ.get(REFUSE_VARIABLE) == "1":
        raise PermissionError(errno.EPERM, f"unshare: {os.strerror(errno.EPERM)}")
    _call("unshare", ctypes.c_int(flags))


def setns(descriptor: int, kind: int) -> None:
    """Enter the namespace behind *descriptor*, which must be of *kind* (``CLONE_NEW…``)."""
    _call("setns", ctypes.c_int(descriptor), ctypes.c_int(kind))


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    """Put the file system *kind* of *source* at *target*; flags and data as in the manual page."""
    _call("mount", source.encode(), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags), data.encode() or None)


def umount(target: str) -> None:
    """Unmount what is at *target*."""
    _call("umount2", os.fsencode(target), 0)


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends."""
    _call("prctl", _PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)


def call_process(name: str) -> None:
    """Have this process shown under *name* by ``ps`` and ``top``, of which the kernel keeps 15 bytes."""
    _call("prctl", _PR_SET_NAME, name.encode(), 0, 0, 0)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def drop_capabilities(numbers: Collection[int]) -> None:
    """Give them up for good: neither this process nor a program that it executes can have them (capabilities(7))."""
    for number in numbers:
        _call("prctl", _PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0)
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    data = (_CapabilityData * 2)()  # the lower and the upper 32
    _call("capget", ctypes.byref(header), data)
    for number in numbers:
        word, keep = data[number // 32], ~(1 << number % 32) & 0xFFFF_FFFF
        word.effective, word.permitted, word.inheritable = (
            value & keep for value in (word.effective, word.permitted, word.inheritable)
        )
    _call("capset", ctypes.byref(header), data)
