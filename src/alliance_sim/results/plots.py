"""What all figures share: colours, style, title and note, and the files they are written to.

The figures themselves are in `results.run_plots`, `analysis.plots` and `validation.plots`.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from alliance_sim.errors import InputError, shown
from alliance_sim.paths import FIGURES, local_path, suffix_of

try:
    from matplotlib import rc_context
except ValueError as error:  # of a setting of the environment
    raise InputError(f"matplotlib does not start: {error}") from None
from matplotlib.figure import Figure

__all__ = ["check_kind", "write"]

INK, GREY, BLUE = "#1f2933", "#7b8794", "#1f5f99"
#: Outcomes of an item, from agreed to refused; they differ in lightness as well as in hue.
COLOURS = {
    "adopted": "#1f5f99",
    "diluted": "#9cc0df",
    "withdrawn": "#ecd2ae",
    "blocked": "#b04a18",
    "deferred": "#dfe3e8",
}
STYLE: Any = {
    "font.size": 9.0,
    "axes.edgecolor": GREY,
    "text.color": INK,
    "axes.labelcolor": INK,
    "svg.hashsalt": "alliance_sim",
}


class NotebookFigure(Figure):
    """A figure that every notebook shows. Of others only the text is shown, unless pyplot has made a figure before."""

    def _repr_png_(self) -> bytes:
        with rc_context(STYLE):
            self.savefig(picture := io.BytesIO(), format="png")
        return picture.getvalue()


def check_kind(path: Path) -> None:
    """Refuse a file whose ending names no kind of figure.

    Raises
    ------
    InputError
        With the endings allowed.

    Examples
    --------
    >>> from pathlib import Path
    >>> check_kind(Path("cohesion.svg"))
    """
    if suffix_of(path) not in FIGURES:
        raise InputError(f"{path}: no figure ends in {shown(path.suffix)}; allowed: {', '.join(FIGURES)}")
    if path.is_dir():
        raise InputError(f"{path}: is a folder; allowed: a file")


def write(figure: Figure, path: str | Path) -> None:
    """Write a figure to a file of the kind its ending names.

    Raises
    ------
    InputError
        If the kind is unknown or the file cannot be written; then a file of that name stays as it was.

    Examples
    --------
    >>> from pathlib import Path
    >>> import alliance_sim as als
    >>> write(als.simulate("baseline_2018", draws=2).plot("cohesion"), Path("cohesion.png"))
    """
    path = local_path(path)
    # Dates would make two equal figures differ.
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(suffix_of(path))
    try:
        check_kind(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".unfinished-") as temporary:
            unfinished = Path(temporary) / path.name
            with rc_context(STYLE), unfinished.open("wb") as file:
                figure.savefig(file, format=suffix_of(path).removeprefix("."), metadata=metadata)
            unfinished.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from None


def frame(figure: Figure, title: str, note: str) -> None:
    """Write a title above a figure, and a note, small, in its corner."""
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, parse_math=False)
    figure.supxlabel(note, x=0.995, ha="right", fontsize=6.5, color=GREY)
