"""Reports as files: a page for readers who do not program, or a workbook with all numbers."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from alliance_sim.errors import InputError, shown
from alliance_sim.paths import local_path, suffix_of
from alliance_sim.results.report_facts import Facts
from alliance_sim.results.stored import write_file

if TYPE_CHECKING:
    from alliance_sim.results.ensemble import Ensemble

__all__ = ["check_kind", "report"]

#: Endings of files of reports.
KINDS = (".html", ".xlsx")


def check_kind(path: Path) -> None:
    """Refuse a file whose ending names no kind of report, or whose kind needs a library that is missing.

    Raises
    ------
    InputError
        With the endings allowed, or the line that installs the library.

    Examples
    --------
    >>> check_kind(Path("reset.html"))
    """
    if suffix_of(path) not in KINDS:
        raise InputError(f"{path}: no report ends in {shown(path.suffix)}; allowed: {', '.join(KINDS)}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; allowed: a file")
    if suffix_of(path) == ".xlsx" and find_spec("openpyxl") is None:
        raise InputError(f"{path}: a workbook needs openpyxl; install it with: pip install 'alliance_sim[report]'")


def report(ensemble: Ensemble, path: str | Path, base: Ensemble | None = None) -> Path:
    """Write a report on a run: an HTML page for readers who do not program, or an Excel workbook with all numbers.

    The page is one file without scripts, which asks no other address for anything: the decision that matters, what is
    assumed, which texts pass and who objects, outcomes by month, how sure that is, and how to compute it again. The
    same run gives the same bytes.

    Parameters
    ----------
    ensemble : Ensemble
        Kept ``allies`` for the sheet of allies in a workbook, ``monthly`` or more for figures and beside a base.
    path : str or Path
        Ends in ``.html`` or ``.xlsx``; a file of that name is replaced.
    base : Ensemble, optional
        What it is set against: of the same seed, number of draws and era.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the ending is another one, the file cannot be written, `headline` refuses the base, or openpyxl is missing
        for a workbook; then a file of that name stays as it was.

    Examples
    --------
    >>> import alliance_sim as als
    >>> base, reset = (als.simulate(name, draws=5) for name in ("baseline_2025", "us_russia_reset_2025"))
    >>> als.report(reset, "reset.html", base).read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    """
    path = local_path(path)
    check_kind(path)
    facts = Facts(ensemble, base)
    _ = facts.headline  # refuses what is no run, or no base of it
    if suffix_of(path) == ".html":
        from alliance_sim.results.page import page

        data = page(facts).encode()
    else:
        from alliance_sim.results.workbook import workbook

        data = workbook(facts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, data)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None
    return path
