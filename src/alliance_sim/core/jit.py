"""How the core is compiled, and where the compiled code is kept.

numba's own cache looks at the file of the function it stores and not at the files of the functions that one calls.
So the cache lives in a folder named after the content of every file of the core and what it takes from the registry: a
change anywhere starts a new one.

Three things cannot be requested through numba's public interface; each makes the core measurably faster
(benchmarks/README.md): vectors of the processor's full width, functions that are never inlined, and arguments that
share no memory.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import sys
import tempfile
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Literal

import llvmlite.binding as llvm
import numba
import numpy as np
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

from alliance_sim.core import structures

__all__ = ["CACHE_BASE", "CHECK_ALIASING", "aligned", "is_compiled", "kernel"]

#: Sums may be reordered (they do not vectorise otherwise); NaN and infinity keep their meaning.
FAST = {"reassoc", "contract", "nsz", "arcp"}
#: Arithmetic that gives the same bits wherever it is inlined; with "contract" a product and a sum may be one
#: instruction (FMA), so that the last bit may differ between processors. A function that leaves `fastmath` out would
#: take on that of the function which calls it first.
FLOATS: dict[str, bool | set[str]] = {"fast": FAST, "contract": {"contract"}, "strict": False}

#: Debug mode, from the environment: no function of arrays is compiled, and each that was promised arguments without
#: shared memory checks the promise. A month takes seconds.
CHECK_ALIASING = bool(os.environ.get("ALLIANCE_SIM_CHECK_ALIASING"))


def core_hash() -> str:
    """Return a hash over all source files of the core, the names it knows, and what else decides about machine code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    cpu = numba.config.CPU_NAME or llvm.get_host_cpu_name()
    features = numba.config.CPU_FEATURES or llvm.get_host_cpu_features().flatten()
    versions = (sys.version, numba.__version__, cpu, features, numba.config.OPT, numba.config.BOUNDSCHECK)
    for part in (structures.names_in_machine_code(), *versions):
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
    """Return whether the function called `name` has compiled code in the cache of this core, on this CPU.

    Examples
    --------
    >>> is_compiled("no_such_function")
    False
    """
    return any(_FOLDER.rglob(f"*.{name}-*.nbc"))


class _WideLower(Lower):
    """Uses vectors of the processor's full width: by itself the compiler keeps to half of it on many processors."""

    def pre_lower(self):
        super().pre_lower()
        # llvmlite's own `add` accepts only attributes without a value.
        set.add(self.function.attributes, '"prefer-vector-width"="512"')


class _NeverInlinedLower(_WideLower):
    def pre_lower(self):
        super().pre_lower()
        self.function.attributes.add("noinline")


@register_pass(mutates_CFG=True, analysis_only=False)
class _WideLowering(NativeLowering):
    _name = "wide_lowering"
    lowering_class = _WideLower


@register_pass(mutates_CFG=True, analysis_only=False)
class _NeverInlinedLowering(NativeLowering):
    _name = "never_inlined_lowering"
    lowering_class = _NeverInlinedLower


@cache
def _compiler(never_inlined: bool, noalias: bool) -> type[CompilerBase]:
    """Return numba's own compiler but for the lowering, and not by a setting that other code of the process shares."""
    lowering = _NeverInlinedLowering if never_inlined else _WideLowering

    class Compiler(CompilerBase):
        def define_pipelines(self):
            if noalias:
                self.state.flags.noalias = True
            passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
            passes.passes = [(lowering if step is NativeLowering else step, why) for step, why in passes.passes]
            passes.finalize()
            return [passes]

    return Compiler


def kernel(
    *,
    python: bool = False,
    allocates: bool = False,
    inline: Literal["auto", "always", "never"] = "auto",
    noalias: bool = False,
    floats: Literal["fast", "contract", "strict"] = "fast",
):
    """Return a decorator that compiles a function, without the interpreter lock.

    There is no `parallel=True`: threads run chunks of draws.

    Parameters
    ----------
    python : bool
        Whether Python calls it: then it is kept in the cache. Without a way in from Python a function compiles in half
        the time, and a call from Python crashes.
    allocates : bool
        Whether a function that Python does not call allocates or returns arrays, or calls what returns them. Borrowed
        arrays need no reference counts, which take a third of the time of the smallest functions.
    inline : str
        ``always``: a call passes every array in seven words, which costs more than the smallest functions do.
        ``never``: for large functions and those that rarely run; copies take long to compile and slow down the rest.
    noalias : bool
        Promise that arguments share no memory that is written to (`CHECK_ALIASING` checks it).
    floats : str
        Key of `FLOATS`. In fast arithmetic loops over sums vectorise.

    Examples
    --------
    A function that compiled functions alone call, and that promises not to write to what it reads. ``py_func`` is the
    original:

    >>> @kernel(inline="always", noalias=True)
    ... def double(out, values):
    ...     for i in range(values.shape[0]):
    ...         out[i] = 2.0 * values[i]
    >>> out = np.zeros(2)
    >>> double.py_func(out, np.array([1.0, 2.0]))
    >>> out.tolist()
    [2.0, 4.0]
    """
    options = {"fastmath": FLOATS[floats], "pipeline_class": _compiler(inline == "never", noalias)}
    if inline != "auto":
        options["forceinline"] = inline == "always"
    if python:
        options["cache"] = True
    else:
        options |= {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        if not allocates:
            options["_nrt"] = False
    compiled = numba.njit(nogil=True, error_model="numpy", **options)
    if CHECK_ALIASING and floats == "fast":
        return _checked if noalias else _interpreted
    return compiled


def _interpreted(function, original=None):
    """Return the function as it is, with the attribute of a compiled one by which Python finds the original."""
    function.py_func = original or function
    return function


def _checked(function):
    """Return a function that raises if it changes memory which two of its arguments share."""

    @functools.wraps(function)
    def check(*arguments):
        arrays = list(_arrays(arguments))
        shared = [pair for pair in combinations(arrays, 2) if np.shares_memory(*pair)]
        before = [(one.copy(), other.copy()) for one, other in shared]
        result = function(*arguments)
        for (one, other), (was, was_other) in zip(shared, before, strict=True):
            if not (np.array_equal(one, was, equal_nan=True) and np.array_equal(other, was_other, equal_nan=True)):
                raise AssertionError(f"{function.__name__} changes memory that two of its arguments share")
        return result

    return _interpreted(check, function)


def _arrays(values):
    for value in values:
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, tuple):
            yield from _arrays(value)


#: `structures.aligned` for compiled code.
aligned = kernel(python=True)(structures.aligned)
