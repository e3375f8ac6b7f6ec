"""A run as an Excel workbook: all numbers of its tables, and what each column means."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from openpyxl import Workbook
from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.writer.excel import ExcelWriter

from alliance_sim.compile import ALLY_VARIABLES
from alliance_sim.errors import printable
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS, FORUM_NAMES, ISSUE_LABELS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.states import ALLY_STATES
from alliance_sim.results.happenings import happening, when
from alliance_sim.results.report_facts import Facts, limits
from alliance_sim.results.reproduction import reproduction
from alliance_sim.wording import month_in_words

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["workbook"]

#: A date that is the same in every workbook: equal runs are equal bytes.
_WRITTEN = datetime(2025, 6, 23)
_SHARE, _NUMBER, _MONTH = "0.0%", "0.000", "yyyy-mm"
#: Widest column, in characters; longer texts are broken into lines.
_WIDEST = 60
#: Columns of the sheets that have rows of runs: name, format of its numbers, what it is, unit.
_ITEM = (
    ("month", _MONTH, "month of the meeting", "month"),
    ("meeting", "", "name of the meeting in the scenario", ""),
    ("forum", "", "body that decides", ""),
    ("issue", "", "what the text is about", ""),
)
_DECISIONS = (
    *_ITEM,
    ("text", "", "the text on the agenda", ""),
    ("passes", _SHARE, "adopted, as it was tabled or in a weaker form", "share of draws"),
    ("base", _SHARE, "passes in the base; empty where the base does not decide it", "share of draws"),
    ("difference", _SHARE, "passes less base, with the same random numbers", "share of draws"),
    *((name, _SHARE, DECISION_LABELS[name], "share of draws") for name in DECISIONS),
    ("bypassed", _SHARE, "part of blocked that other allies worked around", "share of draws"),
    ("level before", _NUMBER, "strength of the response in force before, 0 none to 1 the strongest", "level"),
    ("level asked for", _NUMBER, "the same, asked for by the text, mean over draws", "level"),
    ("level agreed", _NUMBER, "the same, mean of the draws in which the text passes", "level"),
)
_OBJECTIONS = (
    *_ITEM,
    ("ally", "", "ally that objects, or is expected to where the text is withdrawn", ""),
    ("share", _SHARE, "how often it does", "share of draws"),
)
_STATISTICS = {
    "mean": "mean over draws",
    "p05": "value that 5 % of the draws are below",
    "p50": "median of the draws",
    "p95": "value that 95 % of the draws are below",
}
_OUTCOMES = (
    ("month", _MONTH, "month; values are those at its end", "month"),
    ("outcome", "", "what is measured; the rows of outcomes below define it", ""),
    *((name, _NUMBER, meaning, "that of the outcome") for name, meaning in _STATISTICS.items()),
    ("base mean", _NUMBER, "mean over draws in the base", "that of the outcome"),
)
_ALLIES = (
    ("month", _MONTH, "month; values are those at its end", "month"),
    ("ally", "", "member of the alliance in that month", ""),
    *(
        (name.replace("_", " "), _NUMBER, f"{ALLY_STATES[name].description}; mean over draws", ALLY_STATES[name].unit)
        for name in ALLY_VARIABLES
    ),
)
_INPUTS = (
    ("kind", "", "event, meeting or parameter", ""),
    ("when", "", "month, or months in which it may happen", ""),
    ("what", "", "what is assumed", ""),
    ("value", "General", "of a parameter: number or distribution", "unit of the parameter"),
    ("instead of", "", "what is drawn where a scenario sets nothing", "unit of the parameter"),
    ("name", "", "name in scenario files", ""),
    ("source", "", "where it comes from", ""),
)


def workbook(facts: Facts) -> bytes:
    """Return a run as the bytes of an Excel workbook.

    Parameters
    ----------
    facts : Facts
        Of a run, and of what it is set against.

    Examples
    --------
    >>> import alliance_sim as als
    >>> data = workbook(Facts(als.simulate("baseline_2018", draws=2), None))
    >>> data[:2], len(data) > 1000
    (b'PK', True)
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    _sheet(book, "Summary", (("what", "", "", ""), ("text", "", "", "")), _summary(facts))
    _sheet(book, "Decisions", _DECISIONS, _decisions(facts))
    _sheet(book, "Objections", _OBJECTIONS, _objections(facts))
    _sheet(book, "Outcomes", _OUTCOMES, _outcomes(facts))
    has_allies = facts.ensemble.output.allies.shape[1] > 0
    if has_allies:
        _sheet(book, "Allies", _ALLIES, _allies(facts))
    _sheet(book, "Inputs", _INPUTS, _inputs(facts))
    _sheet(
        book, "Labels", tuple((name, "", "", "") for name in ("sheet", "name", "meaning", "unit")), _labels(has_allies)
    )
    book.properties.creator, book.properties.title = "alliance_sim", printable(facts.ensemble.scenario.title)
    book.properties.created = book.properties.modified = _WRITTEN
    return _bytes(book)


def _summary(facts: Facts) -> Iterator[Sequence[Any]]:
    scenario = facts.ensemble.scenario
    yield "scenario", scenario.title
    first, *rest = facts.headline.sentences
    yield "what it says", first
    yield from (("", each) for each in rest)
    yield "what is assumed", scenario.description
    yield "", f"{facts.period}. {facts.base_sentence}"
    if facts.who_objects:
        yield "who objects", facts.who_objects
    for number, text in enumerate((*facts.certainty, *limits())):
        yield "" if number else "how sure this is", text
    found = reproduction(facts.ensemble, facts.base, ".xlsx")
    for number, text in enumerate((*found.commands, f"{facts.made_by}.", *filter(None, (found.note,)))):
        yield "" if number else "how to get it again", text
    for name, text in found.files.items():
        yield from ((name if not number else "", line) for number, line in enumerate(text.splitlines()))


def _decisions(facts: Facts) -> Iterator[Sequence[Any]]:
    for row in facts.board.to_dict("records"):
        yield (
            *_item(row), row["title"], row["passes"], row["base"], row["difference"],
            *(row[name] for name in (*DECISIONS, "bypassed", "reversion", "proposed", "level_passed")),
        )  # fmt: skip


def _objections(facts: Facts) -> Iterator[Sequence[Any]]:
    for row in facts.ensemble.objectors().to_dict("records"):
        yield *_item(row), _name(row["ally"]), row["share"]


def _item(row: dict[Any, Any]) -> tuple[Any, ...]:
    forum = FORUM_NAMES[row["forum"]].removeprefix("the ")
    return row["month"].to_pydatetime(), row["meeting"], forum, ISSUE_LABELS[row["issue"]]


def _outcomes(facts: Facts) -> Iterator[Sequence[Any]]:
    for name in OUTCOMES:
        series = facts.ensemble.series(name)
        base = facts.base.series(name)["mean"].reindex(series.index) if facts.base else series["mean"] * np.nan
        table = series[list(_STATISTICS)].assign(base=base)
        for month, *values in table.itertuples():
            yield month.to_pydatetime(), OUTCOME_LABELS[name], *values


def _allies(facts: Facts) -> Iterator[Sequence[Any]]:
    months = facts.ensemble.months
    means = facts.ensemble.output.allies.mean(axis=0)
    for t, month in enumerate(months):
        for i, ally in enumerate(ALLIES):
            if np.isfinite(means[t, :, i]).any():
                yield datetime.strptime(month, "%Y-%m"), _name(ally), *means[t, :, i].tolist()


def _inputs(facts: Facts) -> Iterator[Sequence[Any]]:
    scenario = facts.ensemble.scenario
    for event in scenario.events:
        yield "event", when(event), happening(event), "", "", event.id, event.source
    for meeting in scenario.meetings:
        for item in meeting.agenda:
            yield (
                "meeting",
                month_in_words(meeting.month),
                f"{meeting.title}: {item.text}",
                "",
                "",
                meeting.id,
                item.source,
            )
    for each in facts.settings:
        yield "parameter", "", f"{each.label} ({each.unit})", each.value, each.usual, each.name, ""


def _labels(has_allies: bool) -> Iterator[Sequence[Any]]:
    sheets = {"Decisions": _DECISIONS, "Objections": _OBJECTIONS, "Outcomes": _OUTCOMES, "Inputs": _INPUTS}
    for sheet, columns in (sheets | ({"Allies": _ALLIES} if has_allies else {})).items():
        yield from ((sheet, name, meaning, unit) for name, _, meaning, unit in columns)
    for name, outcome in OUTCOMES.items():
        yield f"Outcomes ({name})", OUTCOME_LABELS[name], outcome.definition, outcome.unit


def _name(ally: str) -> str:
    return ALLY_NAMES[ally].removeprefix("the ")


def _sheet(
    book: Workbook, title: str, columns: Sequence[tuple[str, str, str, str]], rows: Iterable[Sequence[Any]]
) -> None:
    """Add a sheet: its head stays in view, columns are as wide as their texts, and no text is read as a formula."""
    sheet = book.create_sheet(title)
    for place, (name, *_) in enumerate(columns, 1):
        _fill(sheet.cell(1, place), name, "").font = Font(bold=True)
    widths = [len(name) + 4 for name, *_ in columns]
    for number, row in enumerate(rows, 2):
        for place, (value, (_, form, *_)) in enumerate(zip(row, columns, strict=True)):
            cell = _fill(sheet.cell(number, place + 1), value, form)
            if cell.data_type == "s":
                widths[place] = max(widths[place], min(len(str(cell.value)) + 2, _WIDEST))
    if len(columns) == 2:  # sentences
        widths[1] = 2 * _WIDEST
    for place, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    _for_people(sheet)


def _fill(cell: Cell, value: Any, form: str) -> Cell:
    if isinstance(value, str):
        if value:
            cell.value = printable(value)
            # Excel takes what begins like a formula for one, in a file as when it is typed again.
            cell.data_type, cell.quotePrefix = "s", value[0] in "=+-@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    elif isinstance(value, date):
        cell.value, cell.number_format, cell.alignment = value, form, Alignment(horizontal="left", vertical="top")
    elif math.isfinite(value):
        cell.value, cell.number_format, cell.alignment = float(value), form, Alignment(vertical="top")
    return cell


def _for_people(sheet: Worksheet) -> None:
    """Keep the head in view and on every sheet of paper, and offer to filter."""
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = sheet.dimensions
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _bytes(book: Workbook) -> bytes:
    """Return the file of a workbook, without the time at which it is written."""
    written, found = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        ExcelWriter(book, archive).save()
    with zipfile.ZipFile(written) as parts, zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts.infolist():
            entry = zipfile.ZipInfo(part.filename, _WRITTEN.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, parts.read(part))
    return found.getvalue()
