"""Runs a command as on a host that refuses namespaces: ``python refusing_host.py COMMAND ARGUMENTS...``.

A seccomp filter has `unshare` and `setns` fail with EPERM, as container runtimes' default profiles do, for the command
and all that it starts, whoever runs it.
"""

import ctypes
import os
import platform
import struct
import sys

NUMBERS = {  # machine: AUDIT_ARCH, unshare, setns (linux/audit.h, asm/unistd.h)
    "x86_64": (0xC000003E, 272, 308),
    "aarch64": (0xC00000B7, 97, 268),
}
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06  # BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_RET|K (linux/bpf_common.h)
_ALLOW, _EPERM = 0x7FFF0000, 0x00050001  # linux/seccomp.h
_NUMBER_AT, _ARCH_AT = 0, 4  # struct seccomp_data
_PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _FILTER = 22, 38, 2


def refuse() -> None:
    """From now on, for this process and its children."""
    arch, unshare, setns = NUMBERS[platform.machine()]
    rules = [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUAL, 0, 3, arch),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_EQUAL, 2, 0, unshare),
        (_EQUAL, 1, 0, setns),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _EPERM),
    ]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
    program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in (
        (_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
        (_PR_SET_SECCOMP, _FILTER, ctypes.c_char_p(program), 0, 0),
    ):
        if libc.prctl(*arguments):
            raise OSError(ctypes.get_errno(), "prctl")


if __name__ == "__main__":
    refuse()
    os.execvp(sys.argv[1], sys.argv[1:])
