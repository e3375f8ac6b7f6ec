"""Paths that users give: read once, in one way, so that what is checked before the work is what is written after it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from alliance_sim.errors import InputError, shown

__all__ = ["FIGURES", "local_path", "suffix_of"]

#: Endings of figures.
FIGURES = (".png", ".svg", ".pdf")

#: ``s3://bucket/x``, which `Path` turns into ``s3:/bucket/x``; a single letter is a drive.
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:(?:/|:)|file:", re.IGNORECASE)


def local_path(path: str | os.PathLike[str], folder: str | os.PathLike[str] = "") -> Path:
    """Return the path of a file or folder of this machine, ``~`` expanded; whether it exists is not checked.

    Every function that is given a path by a user begins with it; the result comes back as it is. Libraries would read
    a name with a colon as an address, and one that begins with ``~`` as a home folder: such a path is made absolute.

    Parameters
    ----------
    path : str or PathLike
    folder : str or PathLike
        What `path` is relative to; default: the working directory.

    Raises
    ------
    InputError
        If it is no path, empty, the address of another machine, or in the home folder of a user that does not exist.

    Examples
    --------
    >>> from alliance_sim.paths import local_path
    >>> local_path("results/reset").as_posix()
    'results/reset'
    >>> local_path("~/results") == local_path("~") / "results"
    True
    """
    text = os.fspath(path) if isinstance(path, os.PathLike) else path
    if not isinstance(text, str) or not text or "\0" in text:
        raise InputError(f"{shown(path)} is no path; allowed: the path of a file or folder")
    if _ADDRESS.match(text):
        raise InputError(f"{text}: is an address; allowed: the path of a file or folder of this machine")
    expanded = os.path.expanduser(text)  # noqa: PTH111 - leaves names of files such as ~draft.yaml as they are
    found = Path(folder, expanded)
    if text.startswith("~") and expanded == text and not os.path.lexists(found):
        raise InputError(f"{text}: there is no such home folder or file; allowed: ~/ for your own, or another path")
    first = "".join(found.parts[:1])
    return found.absolute() if first.startswith("~") or ":" in first else found


def suffix_of(path: str | os.PathLike[str]) -> str:
    """Return the ending of a file's name in lower case: ``.yaml`` for ``A.YAML``.

    Examples
    --------
    >>> from alliance_sim.paths import suffix_of
    >>> suffix_of("figures/Fan.PNG"), suffix_of("results")
    ('.png', '')
    """
    return Path(path).suffix.lower()
