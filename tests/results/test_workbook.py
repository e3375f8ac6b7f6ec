"""The workbook: numbers and dates are those of the tables, and nothing in it is a formula."""

import io
import math
from datetime import datetime

import pytest

import alliance_sim as als
from alliance_sim.registry.labels import ALLY_NAMES, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.results.report_facts import Facts
from alliance_sim.scenarios import load_text

openpyxl = pytest.importorskip("openpyxl", reason="needs the extra 'report'")

from alliance_sim.results.workbook import workbook  # noqa: E402 (needs openpyxl)

SHEETS = ["Summary", "Decisions", "Objections", "Outcomes", "Allies", "Inputs", "Labels"]
FORMULAS = """
name: formulas
extends: baseline_2018
title: "=1+1"
description: "=HYPERLINK(\\"https://example.org\\")"
events:
  - {month: 2018-05, type: escalation, size: 0.2, source: "=cmd|' /C calc'!A0"}
  - {month: 2018-06, type: escalation, size: 0.2, source: "#N/A"}
  - {month: 2018-07, type: escalation, size: 0.2, source: "+1"}
"""


@pytest.fixture(scope="module")
def pair() -> tuple[Ensemble, Ensemble]:
    return als.simulate("us_russia_reset_2025", 40, 3), als.simulate("baseline_2025", 40, 3, "monthly")


@pytest.fixture(scope="module")
def book(pair: tuple[Ensemble, Ensemble]) -> "openpyxl.Workbook":
    return openpyxl.load_workbook(io.BytesIO(workbook(Facts(*pair))))


def rows(book: "openpyxl.Workbook", sheet: str) -> list[dict[str, object]]:
    head, *lines = book[sheet].iter_rows(values_only=True)
    return [dict(zip(head, line, strict=True)) for line in lines]


def test_every_sheet_has_a_head_that_stays_in_view(book: "openpyxl.Workbook") -> None:
    assert book.sheetnames == SHEETS
    for sheet in book:
        assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref == sheet.dimensions
        assert all(cell.font.bold and isinstance(cell.value, str) for cell in sheet[1])
        assert all(sheet.column_dimensions[cell.column_letter].width >= len(cell.value) for cell in sheet[1])


def test_decisions_are_those_of_the_run_and_of_the_base(
    book: "openpyxl.Workbook", pair: tuple[Ensemble, Ensemble]
) -> None:
    found, board, before = rows(book, "Decisions"), pair[0].decisions(), pair[1].decisions()
    assert len(found) == len(board)
    for row, own, base in zip(found, board.to_dict("records"), before.to_dict("records"), strict=True):
        assert row["month"] == own["month"].to_pydatetime() and row["text"] == own["title"]
        assert row["passes"] == pytest.approx(own["adopted"] + own["diluted"])
        assert row["base"] == pytest.approx(base["adopted"] + base["diluted"])
        assert row["difference"] == pytest.approx(row["passes"] - row["base"], abs=1e-12)
        assert row["blocked"] == own["blocked"] and row["level asked for"] == pytest.approx(own["proposed"])
        agreed = own["level_passed"]
        assert row["level agreed"] == (None if math.isnan(agreed) else pytest.approx(agreed))


def test_objections_outcomes_and_allies_are_those_of_the_run(
    book: "openpyxl.Workbook", pair: tuple[Ensemble, Ensemble]
) -> None:
    objectors = pair[0].objectors()
    found = [(row["meeting"], row["ally"], row["share"]) for row in rows(book, "Objections")]
    names = [ALLY_NAMES[ally].removeprefix("the ") for ally in objectors["ally"]]
    assert found == list(zip(objectors["meeting"], names, objectors["share"], strict=True))
    outcomes = rows(book, "Outcomes")
    assert len(outcomes) == len(OUTCOMES) * 48
    own = [row for row in outcomes if row["outcome"] == OUTCOME_LABELS["deterrence"]]
    for name in ("mean", "p05", "p50", "p95"):
        assert [row[name] for row in own] == pytest.approx(pair[0].series("deterrence")[name].tolist())
    assert [row["base mean"] for row in own] == pytest.approx(pair[1].series("deterrence")["mean"].tolist())
    assert own[1]["month"] == datetime(2025, 7, 1)
    spending = pair[0].data["spending"].sel(month="2026-03-01", ally="POL").mean().item()
    (poland,) = [
        row for row in rows(book, "Allies") if row["ally"] == "Poland" and row["month"] == datetime(2026, 3, 1)
    ]
    assert poland["spending"] == pytest.approx(spending)


def test_numbers_and_months_have_formats(book: "openpyxl.Workbook") -> None:
    decisions, outcomes = book["Decisions"], book["Outcomes"]
    head = [cell.value for cell in decisions[1]]
    assert decisions.cell(2, head.index("passes") + 1).number_format == "0.0%"
    assert decisions["A2"].number_format == outcomes["A2"].number_format == "yyyy-mm"
    assert outcomes["C2"].number_format == "0.000" and outcomes["C2"].data_type == "n"


def test_every_column_and_outcome_is_explained(book: "openpyxl.Workbook") -> None:
    labels = rows(book, "Labels")
    explained = {(row["sheet"], row["name"]) for row in labels}
    for sheet in ("Decisions", "Objections", "Outcomes", "Allies", "Inputs"):
        assert {(sheet, cell.value) for cell in book[sheet][1]} <= explained
    assert {(f"Outcomes ({name})", OUTCOME_LABELS[name]) for name in OUTCOMES} <= explained
    assert all(row["meaning"] for row in labels)


def test_the_summary_has_the_sentences_and_the_commands(
    book: "openpyxl.Workbook", pair: tuple[Ensemble, Ensemble]
) -> None:
    texts = [row["text"] for row in rows(book, "Summary")]
    assert [text for text in als.headline(*pair).sentences if text not in texts] == []
    options = "us_russia_reset_2025 --against baseline_2025 --draws 40 --seed 3"
    assert f"alliance-sim report {options} --out us_russia_reset_2025.xlsx" in texts


def test_inputs_are_numbers_where_they_are() -> None:
    what_if = als.load_scenario("baseline_2025").with_parameters({"pledge": 0.5})
    book = openpyxl.load_workbook(io.BytesIO(workbook(Facts(als.simulate(what_if, 2), None))))
    inputs = rows(book, "Inputs")
    (row,) = [row for row in inputs if row["kind"] == "parameter"]
    assert (row["name"], row["value"]) == ("pledge", 0.5)
    meetings = sum(len(meeting.agenda) for meeting in what_if.meetings)
    assert [row["kind"] for row in inputs] == ["event"] * len(what_if.events) + ["meeting"] * meetings + ["parameter"]


def test_texts_never_become_formulas_or_errors() -> None:
    run = als.simulate(load_text(FORMULAS), 2)
    book = openpyxl.load_workbook(io.BytesIO(workbook(Facts(run, None))))
    assert not {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} & {"f", "e"}
    texts = {cell.value: cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "s"}
    for text in ("=1+1", '=HYPERLINK("https://example.org")', "=cmd|' /C calc'!A0", "+1"):
        assert texts[text].quotePrefix, text
    assert "#N/A" in texts


def test_without_allies_or_meetings_the_rest_is_there() -> None:
    ensemble = als.simulate("baseline_2018", 1, keep="final")
    book = openpyxl.load_workbook(io.BytesIO(workbook(Facts(ensemble, None))))
    assert book.sheetnames == [name for name in SHEETS if name != "Allies"]
    assert len(rows(book, "Outcomes")) == len(OUTCOMES)
    assert all(row["base"] is None and row["difference"] is None for row in rows(book, "Decisions"))


def test_the_same_run_gives_the_same_bytes(pair: tuple[Ensemble, Ensemble]) -> None:
    data = workbook(Facts(*pair))
    assert data == workbook(Facts(als.simulate("us_russia_reset_2025", 40, 3), pair[1]))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.properties.created == book.properties.modified == datetime(2025, 6, 23)
