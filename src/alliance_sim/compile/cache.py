"""The compiled kernel of this process: loaded from the cache once, and compiled into it where it is not there."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from alliance_sim.core.jit import INTERPRETED, is_compiled
from alliance_sim.core.kernel import run_block
from alliance_sim.errors import InputError

_log = logging.getLogger("alliance_sim")
_loading = threading.Lock()
_loaded = False


def _after_fork() -> None:
    """Give a forked process a lock of its own: a thread that held it is not there to release it."""
    global _loading
    _loading = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


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
    global _loaded
    if _loaded:
        return
    with _loading:
        if _loaded:
            return
        if INTERPRETED:
            _log.warning("running without compiled code, as the environment asks: a thousand times slower")
        else:
            _compile()
            run_first(0)
            run_block.disable_compile()
        _loaded = True


def _compile() -> None:
    """Compile the kernel into the cache if it is not there."""
    if is_compiled(run_block):
        return
    _log.warning("compiling the model for this machine: a minute or two, this once")
    folder = Path(run_block.stats.cache_path)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):  # processes of a batch wait for the first
        if not is_compiled(run_block):
            _store(folder)


def _store(folder: Path) -> None:
    """Compile in a process of its own.

    Code fresh from the compiler may be linked in another way than the same code from the cache, and differ in the last
    bit.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    code = "from alliance_sim.compile import store_kernel; store_kernel()"
    # In a session of its own: on Ctrl-C it is this process that ends it, and says so once.
    done = subprocess.run([sys.executable, "-c", code], env=environment, start_new_session=True)
    if done.returncode or not is_compiled(run_block):
        raise InputError(
            f"compiling failed, see the error above; if {folder} cannot hold compiled code, "
            "NUMBA_CACHE_DIR names another folder"
        )
