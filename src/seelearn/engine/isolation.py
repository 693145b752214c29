"""Take the network away from a process that runs a lesson, where the platform allows it."""

import ctypes
import os
import sys
from pathlib import Path

NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000
"""Linux's CLONE_NEWUSER and CLONE_NEWNET, see unshare(2)."""


def cut_network() -> str:
    """Move this process, which must have one thread only, to a network of its own that leads nowhere.

    Return why that is not possible, or nothing: a lesson runs all the same.
    """
    if not sys.platform.startswith("linux"):
        return f"{sys.platform} has no network namespaces"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(NEW_NETWORK) == 0:  # the administrator may
        return ""
    user, group = os.getuid(), os.getgid()
    if libc.unshare(NEW_USER | NEW_NETWORK) != 0:
        return os.strerror(ctypes.get_errno())
    # In its namespace it is who it was, so its files stay its own.
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(text)
    return ""


if __name__ == "__main__":
    print(cut_network())
