"""How the core is compiled, and where the compiled code is kept.

numba's own cache looks at the file of the function it stores and not at the files of the functions that one calls.
So the cache lives in a folder named after the content of every file of the core: a change anywhere starts a new one.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

import numba

__all__ = ["cache_folder", "inner", "is_compiled", "leaf", "njit"]

#: Sums may be reordered (they do not vectorise otherwise); NaN and infinity keep their meaning.
FLOAT_FLAGS = {"reassoc", "contract", "nsz", "arcp"}


def core_hash() -> str:
    """Return a hash over all source files of the core."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path | None:
    """Return a writable folder for the compiled code of exactly this core, or None if there is none."""
    bases = [os.environ.get("NUMBA_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME"), "~/.cache"]
    for base in filter(None, bases):
        folder = Path(base).expanduser() / "alliance_sim" / f"core-{core_hash()}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except OSError:
            continue
    return None


_FOLDER = cache_folder()
if _FOLDER is not None:
    numba.config.CACHE_DIR = str(_FOLDER)


def is_compiled(name: str) -> bool:
    """Tell whether the function called `name` has compiled code in the cache of this core."""
    return _FOLDER is not None and any(_FOLDER.rglob(f"*.{name}-*.nbi"))


_OPTIONS = {"nogil": True, "fastmath": FLOAT_FLAGS, "error_model": "numpy"}

#: For what Python calls. No `parallel=True`: threads run chunks of draws, each without the interpreter lock.
njit = numba.njit(cache=_FOLDER is not None, **_OPTIONS)

#: For what only compiled code calls: without a way in from Python it compiles in half the time (and a call from Python
#: crashes; tests go through the kernel or `.py_func`).
inner = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)

#: For inner functions that neither allocate nor return arrays: what is only borrowed needs no reference counts, which
#: would take a third of the time of the smallest ones. A leaf calls leaves only.
leaf = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, **_OPTIONS)
