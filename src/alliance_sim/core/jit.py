"""How the core is compiled, and where the compiled code is kept.

numba's own cache looks at the file of the function it stores and not at the files of the functions that one calls.
So the cache lives in a folder named after the content of every file of the core and the names of the outcomes: a change
anywhere starts a new one.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

import llvmlite.binding as llvm
import numba

from alliance_sim.core.layout import O

__all__ = ["CACHE_BASE", "exact", "fused", "inline", "inner", "is_compiled", "leaf", "njit"]

#: Sums may be reordered (they do not vectorise otherwise); NaN and infinity keep their meaning.
FLOAT_FLAGS = {"reassoc", "contract", "nsz", "arcp"}


def core_hash() -> str:
    """Return a hash over all source files of the core, the outcomes, and what else decides about machine code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    cpu = numba.config.CPU_NAME or llvm.get_host_cpu_name()
    features = numba.config.CPU_FEATURES or llvm.get_host_cpu_features().flatten()
    for part in (*O._fields, sys.version, numba.__version__, cpu, features, numba.config.OPT, numba.config.BOUNDSCHECK):
        digest.update(str(part).encode())
    return digest.hexdigest()[:16]


def cache_base() -> Path:
    """Return a writable folder for compiled code, one of this process alone where no lasting one can be written."""
    for base in filter(None, (os.environ.get("NUMBA_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME"), "~/.cache")):
        folder = Path(base).expanduser()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=folder):
                return folder
        except (OSError, RuntimeError):  # RuntimeError: no home folder
            continue
    own = tempfile.mkdtemp(prefix="alliance_sim-")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return Path(own)


CACHE_BASE = cache_base()
_FOLDER = CACHE_BASE / "alliance_sim" / f"core-{core_hash()}"
numba.config.CACHE_DIR = str(_FOLDER)


def is_compiled(name: str) -> bool:
    """Tell whether the function called `name` has compiled code in the cache of this core, on this CPU."""
    return any(_FOLDER.rglob(f"*.{name}-*.nbc"))


_OPTIONS = {"nogil": True, "fastmath": FLOAT_FLAGS, "error_model": "numpy"}

#: For arithmetic that is to give the same bits wherever it is inlined: nothing is reordered or fused. (Said aloud: a
#: function that leaves the option out takes on that of the one which calls it first.) Loops around it vectorise.
exact = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=False, forceinline=True)

#: For what Python calls. No `parallel=True`: threads run chunks of draws, each without the interpreter lock.
njit = numba.njit(cache=True, **_OPTIONS)

#: The same where the last bit may be the machine's: a product and a sum are one instruction if it has that.
fused = numba.njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"}, forceinline=True)

#: For what only compiled code calls: without a way in from Python it compiles in half the time (and a call from Python
#: crashes; tests go through the kernel or `.py_func`).
inner = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)

#: For inner functions that neither allocate nor return arrays: what is only borrowed needs no reference counts, which
#: would take a third of the time of the smallest ones. A leaf must not call what returns arrays.
leaf = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, **_OPTIONS)

#: A leaf that is always inlined: a call hands over every array of its arguments in seven words, which costs more than
#: the smallest functions do.
inline = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, forceinline=True, **_OPTIONS)
