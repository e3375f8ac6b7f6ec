"""The compiled kernel of this process: loaded from the cache once, and compiled into it where it is not there."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable

from alliance_sim.core.jit import CACHE_BASE, CHECK_ALIASING, is_compiled
from alliance_sim.core.kernel import run_block
from alliance_sim.errors import InputError

_log = logging.getLogger("alliance_sim")
_compiling = threading.Lock()
_compiled = threading.Event()


def load_kernel(run_first: Callable[[int], None]) -> None:
    """Load the kernel from the cache, once in a process, and switch further compilation off.

    Parameters
    ----------
    run_first : callable
        Runs a number of draws and discards them; 0 load what a run needs.

    Raises
    ------
    InputError
        If it cannot be compiled.
    """
    if _compiled.is_set():
        return
    with _compiling:
        if not _compiled.is_set():
            if not CHECK_ALIASING:
                _compile()
            run_first(0)
            if not CHECK_ALIASING:
                run_block.disable_compile()
            _compiled.set()


def _compile() -> None:
    """Compile the kernel into the cache if it is not there.

    In a process of its own: code fresh from the compiler may be linked in another way than the same code from the
    cache, and differ in the last bit.
    """
    if is_compiled("run_block"):
        return
    _log.warning("compiling the model for this machine: a minute or two, this once")
    environment = {
        **os.environ,
        "NUMBA_CACHE_DIR": str(CACHE_BASE),
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
    }
    code = "from alliance_sim.compile import store_kernel; store_kernel()"
    # In a session of its own: on Ctrl-C it is this process that ends it, and says so once.
    done = subprocess.run([sys.executable, "-c", code], env=environment, start_new_session=True)
    if done.returncode:
        raise InputError(
            f"compiling failed, see the error above; if {CACHE_BASE} cannot hold compiled code, "
            "NUMBA_CACHE_DIR names another folder"
        )
