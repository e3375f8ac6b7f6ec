"""How the core is compiled, and where the compiled code is kept.

numba's own cache looks at the file of the function it stores and not at the files of the functions that one calls.
So the cache lives in a folder named after the content of every file of the core and what it takes from the registry: a
change anywhere starts a new one.

Three things cannot be requested through numba's public interface; each makes the core measurably faster
(benchmarks/README.md): vectors of the processor's full width, functions that are never inlined, and arguments that
share no memory.
"""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Literal

import llvmlite.binding as llvm
import numpy as np

from alliance_sim.core import structures
from alliance_sim.errors import InputError

try:
    import numba
except ValueError as error:  # of a setting of the environment
    raise InputError(f"numba does not start: {error}") from None
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

__all__ = ["CHECK_ALIASING", "INTERPRETED", "aligned", "is_compiled", "kernel"]

#: Sums may be reordered (they do not vectorise otherwise); NaN and infinity keep their meaning.
FAST = {"reassoc", "contract", "nsz", "arcp"}
#: Arithmetic that gives the same bits wherever it is inlined; with "contract" a product and a sum may be one
#: instruction (FMA), so that the last bit may differ between processors. A function that leaves `fastmath` out would
#: take on that of the function which calls it first.
FLOATS: dict[str, bool | set[str]] = {"fast": FAST, "contract": {"contract"}, "strict": False}

#: Debug mode, from the environment: no function of arrays is compiled, and each that was promised arguments without
#: shared memory checks the promise.
CHECK_ALIASING = bool(os.environ.get("ALLIANCE_SIM_CHECK_ALIASING"))
#: The core runs in Python, where debuggers and coverage see it; with `CHECK_ALIASING` alone, random numbers and
#: elementary functions stay compiled.
INTERPRETED = CHECK_ALIASING or bool(numba.config.DISABLE_JIT)


def core_hash() -> str:
    """Return a hash over all source files of the core, the names it knows, and what else decides about machine code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    cpu = numba.config.CPU_NAME or llvm.get_host_cpu_name()
    features = numba.config.CPU_FEATURES or llvm.get_host_cpu_features().flatten()
    versions = (
        sys.version,
        sys.flags.optimize,
        numba.__version__,
        cpu,
        features,
        numba.config.OPT,
        numba.config.BOUNDSCHECK,
        INTERPRETED,
    )
    for part in (structures.names_in_machine_code(), *versions):
        digest.update(str(part).encode())
    return digest.hexdigest()[:16]


def _bases() -> Iterator[Path]:
    """Yield folders that may hold compiled code, the first choice first; the last is of this user on this machine."""
    for base in filter(None, (os.environ.get("NUMBA_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME"), "~/.cache")):
        try:
            yield Path(base).expanduser()
        except RuntimeError:  # no home folder
            continue
    user = os.getuid() if hasattr(os, "getuid") else "user"
    own = Path(tempfile.gettempdir()) / f"alliance_sim-{user}"
    own.mkdir(mode=0o700, exist_ok=True)
    if own.is_symlink() or own.stat().st_uid not in (user, 0):  # code of somebody else is not to run
        raise InputError(f"{own} belongs to another user; NUMBA_CACHE_DIR names a folder for compiled code")
    yield own


def _writable(base: Path) -> bool:
    try:
        base.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=base):
            return True
    except OSError:
        return False


def cache_folder() -> Path:
    """Return the folder of this core's compiled code, below the first base that can be written or has it already.

    numba writes into any folder it reads from. Code in a folder that cannot be written (an image, a share) is
    copied into one that can, once for all processes, apart from what is compiled there.

    Raises
    ------
    InputError
        If no folder can be written, not even a temporary one.
    """
    name = Path("alliance_sim", f"core-{core_hash()}")
    kept: Path | None = None
    try:
        for base in _bases():
            folder = base / name
            if _writable(base):
                return _copied(kept, folder) if kept else folder
            kept = kept or (folder if any(folder.glob("*/kernel.run_block-*.nbi")) else None)
    except OSError:
        pass
    raise InputError("no folder can be written for compiled code; NUMBA_CACHE_DIR or TMPDIR names one")


def _copied(folder: Path, beside: Path) -> Path:
    """Return a copy of a folder, of which processes that begin at the same time see none or all."""
    target = beside.with_name(f"{beside.name}-{hashlib.sha256(bytes(folder)).hexdigest()[:8]}")
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        copied = shutil.copytree(folder, Path(temporary) / target.name, copy_function=shutil.copyfile)
        try:
            copied.rename(target)
        except OSError:
            if not target.is_dir():  # else another process was first
                raise
    return target


_FOLDER = cache_folder()
numba.config.CACHE_DIR = str(_FOLDER)


def is_compiled(function) -> bool:
    """Return whether a compiled function is in the cache of this core, for this CPU and this place of the package.

    Examples
    --------
    >>> from alliance_sim.core.kernel import run_block
    >>> is_compiled(run_block) in (True, False)
    True
    """
    name = function.py_func.__qualname__
    # The index is written last.
    return any(Path(function.stats.cache_path).glob(f"*.{name}-*.nbi"))


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
    if INTERPRETED and floats == "fast":
        return _checked if CHECK_ALIASING and noalias else _interpreted
    if numba.config.DISABLE_JIT:
        return _wrapping
    return numba.njit(nogil=True, error_model="numpy", **options)


def _interpreted(function, original=None):
    """Return the function as it is, with the attribute of a compiled one by which Python finds the original."""
    function.py_func = original or function
    return function


def _wrapping(function):
    """Return the function as it is, in whole numbers that wrap around without a warning."""
    return _interpreted(np.errstate(over="ignore")(function), function)


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
