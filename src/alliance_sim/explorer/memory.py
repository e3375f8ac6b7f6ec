"""Memory of sessions that have ended, given back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys
import threading

#: Seconds after the end of a session until what it held is freed.
_LATER = 2.0


def give_back() -> None:
    """Give back the memory of a session that ends, a moment later; the C library of Linux would keep it for itself."""
    timer = threading.Timer(_LATER, _trim)
    timer.daemon = True
    timer.start()


def _trim() -> None:
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc only
        if trim:
            trim(0)
