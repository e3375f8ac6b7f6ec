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
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

from alliance_sim.core import layout

__all__ = [
    "CACHE_BASE", "aligned", "apart", "exact", "fused", "inline", "inner", "is_compiled", "leaf", "njit", "outline",
]  # fmt: skip

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
    versions = (sys.version, numba.__version__, cpu, features, numba.config.OPT, numba.config.BOUNDSCHECK)
    for part in (*layout.O._fields, *versions):
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


class _WideLower(Lower):
    """Lets the compiler use the machine's widest vector registers: by itself it keeps to half of them on many CPUs."""

    def pre_lower(self):
        super().pre_lower()
        # llvmlite lists only attributes without a value, hence past its check of names.
        set.add(self.function.attributes, '"prefer-vector-width"="512"')


class _OutlineLower(_WideLower):
    """Forbids inlining."""

    def pre_lower(self):
        super().pre_lower()
        self.function.attributes.add("noinline")


@register_pass(mutates_CFG=True, analysis_only=False)
class _WideLowering(NativeLowering):
    _name = "wide_lowering"
    lowering_class = _WideLower


@register_pass(mutates_CFG=True, analysis_only=False)
class _OutlineLowering(NativeLowering):
    _name = "outline_lowering"
    lowering_class = _OutlineLower


class _Compiler(CompilerBase):
    """numba's own compiler but for the width of vectors, and not by a setting that other code of the process shares."""

    lowering = _WideLowering

    def define_pipelines(self):
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        passes.passes = [(self.lowering, why) if step is NativeLowering else (step, why) for step, why in passes.passes]
        passes.finalize()
        return [passes]


class _ApartCompiler(_Compiler):
    """Takes the word of whoever calls that arrays do not overlap, where loops would look each time."""

    def define_pipelines(self):
        self.state.flags.noalias = True
        return super().define_pipelines()


class _OutlineCompiler(_Compiler):
    """Compiles functions that stay functions."""

    lowering = _OutlineLowering


_OPTIONS = {"nogil": True, "fastmath": FLOAT_FLAGS, "error_model": "numpy", "pipeline_class": _Compiler}

#: For arithmetic that is to give the same bits wherever it is inlined: nothing is reordered or fused. (Said aloud: a
#: function that leaves the option out takes on that of the one which calls it first.) Loops around it vectorise.
exact = numba.njit(cache=True, **{**_OPTIONS, "fastmath": False}, forceinline=True)

#: The same where the last bit may be the machine's: a product and a sum are one instruction if it has that.
fused = numba.njit(cache=True, **{**_OPTIONS, "fastmath": {"contract"}}, forceinline=True)

#: For what Python calls. No `parallel=True`: threads run chunks of draws, each without the interpreter lock.
njit = numba.njit(cache=True, **_OPTIONS)

#: For what only compiled code calls: without a way in from Python it compiles in half the time (and a call from Python
#: crashes; tests go through the kernel or `.py_func`).
inner = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **_OPTIONS)

#: For inner functions that neither allocate nor return arrays: what is only borrowed needs no reference counts, which
#: would take a third of the time of the smallest ones. A leaf must not call what returns arrays.
leaf = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, **_OPTIONS)

#: A leaf that is never inlined, being large or seldom run: copies at each call take long to compile and are in the way
#: of what always runs.
outline = numba.njit(
    no_cpython_wrapper=True,
    no_cfunc_wrapper=True,
    _nrt=False,
    forceinline=False,
    **{**_OPTIONS, "pipeline_class": _OutlineCompiler},
)

#: A leaf that is always inlined: a call hands over every array of its arguments in seven words, which costs more than
#: the smallest functions do.
inline = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, forceinline=True, **_OPTIONS)

#: The same for arguments that share no memory.
apart = numba.njit(
    no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False, forceinline=True,
    **{**_OPTIONS, "pipeline_class": _ApartCompiler},
)  # fmt: skip

#: `layout.aligned` for compiled code.
aligned = njit(layout.aligned)
