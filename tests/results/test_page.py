"""The page for readers who do not program: its numbers are those of the tables, its HTML is valid."""

import itertools
import math
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

import alliance_sim as als
from alliance_sim.registry.labels import ALLY_NAMES, DECISION_LABELS, FORUM_NAMES, ISSUE_LABELS
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.results.page import MOST_ALIKE, MOST_EVENTS, MOST_TEXTS, page
from alliance_sim.results.page_figures import SHOWN
from alliance_sim.results.report_facts import Facts
from alliance_sim.results.run_plots import OVERVIEW
from alliance_sim.scenarios import load_text
from alliance_sim.wording import month_in_words
from command_line import one_month

DRAWS = 60
ODD = """
name: odd
extends: baseline_2018
title: "<script>alert(1)</script> & more"
description: "</p><b>bold"
events:
  - {month: 2018-05, type: escalation, size: 0.2, source: "<img src=x>", when: assertiveness > 0.6}
"""
#: Elements of HTML without an end.
VOID = {"meta", "link", "br", "img", "hr"}


class Read(HTMLParser):
    """What a page holds; every element has to be closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("th", "td"):
            self.tables[-1][-1].append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data.replace("\N{NO-BREAK SPACE}", " ")
        if {"th", "td"} & {*self.open}:
            self.tables[-1][-1][-1] += data.replace("\N{NO-BREAK SPACE}", " ")

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def pair() -> tuple[Ensemble, Ensemble]:
    reset, base = (als.simulate(name, DRAWS, 3, "monthly") for name in ("us_russia_reset_2025", "baseline_2025"))
    return reset, base


@pytest.fixture(scope="module")
def text(pair: tuple[Ensemble, Ensemble]) -> str:
    return page(Facts(*pair))


@pytest.fixture(scope="module")
def read(text: str) -> Read:
    return Read(text)


def digits(share: float) -> str:
    return "<1" if 0 < share < 0.005 else ">99" if 0.995 < share < 1 else f"{100 * share:.0f}"


def test_the_page_says_the_headline_and_what_is_assumed(read: Read, pair: tuple[Ensemble, Ensemble]) -> None:
    said = als.headline(*pair).sentences
    assert (said[0] + " ".join(said[1:])).replace("`", "") in read.text
    assert pair[0].scenario.description in read.text and "June 2025 to May 2029 (48 months)" in read.text
    assert "“The calendar after The Hague” (baseline_2025), with the same random numbers; 12 inputs differ" in read.text


def test_the_board_has_the_shares_of_the_decisions_and_of_the_base(read: Read, pair: tuple[Ensemble, Ensemble]) -> None:
    (board,) = [table for table in read.tables if table[0][0] == "issue"]
    assert board[0] == ["issue", "2025", "2026", "2027", "2028", "2029"] and board[1] == ["H1", "H2"] * 4 + ["H1"]
    decisions, before = (run.decisions() for run in pair)
    passes, base = (each["adopted"] + each["diluted"] for each in (decisions, before))
    cells = {(row[0], column): cell for row in board[2:] for column, cell in enumerate(row[1:])}
    halves = [2 * (month.year - 2025) + (month.month > 6) for month in decisions["month"]]
    assert {row[0] for row in board[2:]} == {ISSUE_LABELS[issue] for issue in decisions["issue"]}
    for (label, half), cell in cells.items():
        own = [i for i in range(len(decisions)) if ISSUE_LABELS[decisions["issue"][i]] == label and halves[i] == half]
        if not own:
            assert cell == ""
            continue
        least = min(own, key=lambda i: passes[i])
        share, _, rest = cell.replace("▲", "|▲").replace("▼", "|▼").partition("|")
        assert share == digits(passes[least]), (label, half)
        if rest:
            assert rest == f"{'▲' if passes[least] > base[least] else '▼'} {digits(base[least])}"
    assert any("▼" in cell for cell in cells.values())


def test_marks_are_beyond_chance(pair: tuple[Ensemble, Ensemble]) -> None:
    board = Facts(*pair).board
    changes = als.compare("baseline_2025", "us_russia_reset_2025", draws=DRAWS, seed=3).decisions()
    assert board["difference"].to_numpy() == pytest.approx(changes["difference"].to_numpy(), abs=1e-12)
    clear = (changes["difference"].abs() >= 0.05) & (changes["low"] * changes["high"] > 0.0)
    assert board["clear"].tolist() == clear.tolist() and 0 < clear.sum() < len(clear)


def test_texts_are_the_headline_and_those_that_shift_most(read: Read, pair: tuple[Ensemble, Ensemble]) -> None:
    (table,) = [table for table in read.tables if table[0][0] == "meeting"]
    facts, decisions = Facts(*pair), pair[0].decisions()
    assert len(table) - 1 <= MOST_TEXTS < len(decisions) and f"{len(table) - 1} of {len(decisions)} texts" in read.text
    rows = {
        (month_in_words(row["month"].strftime("%Y-%m")), row["title"]): row for row in facts.board.to_dict("records")
    }
    found = []
    for meeting, what, passes, ends, who in table[1:]:
        ((_, row),) = [
            (key, row) for key, row in rows.items() if meeting.startswith(f"{key[0]} ") and what.startswith(key[1])
        ]
        assert meeting.endswith(FORUM_NAMES[row["forum"]].removeprefix("the "))
        assert ISSUE_LABELS[row["issue"]] in what and f"{row['reversion']:.2f} → {row['proposed']:.2f} → " in what
        assert passes.startswith(f"{digits(row['passes'])} % base {digits(row['base'])} %")
        assert ("points" in passes) == row["clear"]
        usual = max(("adopted", "diluted", "withdrawn", "blocked", "deferred"), key=lambda name: row[name])
        assert ends == f"{DECISION_LABELS[usual]} {digits(row[usual])} %"
        for ally, share in list(row["objectors"].items())[:3]:
            assert (f"{ALLY_NAMES[ally].removeprefix('the ')} {digits(share)} %" in who) == (share >= 0.05)
        found.append(row)
    main = facts.headline
    assert (main.meeting, main.issue) in [(row["meeting"], row["issue"]) for row in found]
    issues = [row["issue"] for row in found]
    assert max(map(issues.count, issues)) <= MOST_ALIKE
    largest = facts.board.loc[facts.board["difference"].abs().where(facts.board["clear"]).idxmax()]
    assert (largest["meeting"], largest["issue"]) in [(row["meeting"], row["issue"]) for row in found]


def test_captions_of_figures_have_the_numbers_of_the_last_month(read: Read, pair: tuple[Ensemble, Ensemble]) -> None:
    assert tuple(SHOWN) == OVERVIEW
    figures = read.all("svg")
    assert len(figures) == len(SHOWN)
    for name, attributes in zip(SHOWN, figures, strict=True):
        last, before = pair[0].series(name).iloc[-1], pair[1].series(name)["p50"].iloc[-1]
        said = f"May 2029: {last['p50']:z.2f} ({last['p05']:z.2f} to {last['p95']:z.2f}); base {before:z.2f}"
        assert said in read.text and said in (attributes["aria-label"] or "") and attributes["role"] == "img"


def test_the_page_stands_alone(text: str, read: Read) -> None:
    assert not {"script", "img", "iframe", "object", "form", "input"} & {tag for tag, _ in read.elements}
    assert not re.search(r"https?:|//|@import|url\((?!#)|@font-face|\bon[a-z]+=", text.replace("http-equiv", ""))
    assert read.all("link") == [{"rel": "icon", "href": "data:,"}]
    assert read.all("meta")[1]["content"] == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert len(read.all("style")) == 1 and "prefers-color-scheme: dark" in text and "@page { size: A4" in text


def test_no_path_time_or_machine_is_on_the_page(text: str) -> None:
    assert not re.search(r"20\d\d-\d\d-\d\d|\d\d:\d\d|metadata|/(?:home|usr)/", text) and str(Path.cwd()) not in text


def test_the_page_can_be_read_aloud(read: Read) -> None:
    assert read.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in read.elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    assert all("scope" in attributes for attributes in read.all("th"))
    assert len(read.all("caption")) == len(read.tables)
    bars = [each for each in read.all("span") if each.get("class") == "bar"]
    assert bars and all((each["aria-label"] or "").startswith("adopted ") and each["role"] == "img" for each in bars)
    ids = [attributes["id"] for _, attributes in read.elements if "id" in attributes]
    assert len(ids) == len({*ids}) and {tag for tag, attributes in read.elements if "id" in attributes} <= {
        "path", "clippath", "lineargradient"
    }  # fmt: skip


def test_the_same_run_gives_the_same_bytes(text: str, tmp_path: Path) -> None:
    again = [als.simulate(name, DRAWS, 3, "allies") for name in ("us_russia_reset_2025", "baseline_2025")]
    assert page(Facts(*again)) == text
    path = als.report(again[0], tmp_path / "new" / "report.html", again[1])
    assert path.read_text(encoding="utf-8") == text and [*path.parent.iterdir()] == [path]


def test_texts_of_files_are_escaped() -> None:
    scenario = load_text(ODD)
    text = page(Facts(als.simulate(scenario, 20), None))
    read = Read(text)
    assert "<script" not in text and "<img" not in text and "<b>bold" not in text
    assert "<script>alert(1)</script> & more" in read.text and "<img src=x>" in read.text
    assert "; if assertiveness of Russia was above 0.6 the month before" in read.text
    (file,) = re.findall(r"<details><summary>odd.yaml.*?</summary><pre>(.*?)</pre>", text, re.DOTALL)
    again = load_text(unescape(file))
    assert (again.title, again.events, again.meetings) == (scenario.title, scenario.events, scenario.meetings)


def test_a_month_without_meetings_or_base_is_a_page_too() -> None:
    ensemble = als.simulate(load_text(one_month("one")), 1)
    read = Read(page(Facts(ensemble, None)))
    assert "No meeting decides anything here." in read.text and "It is not set against another scenario." in read.text
    assert "1 draw, seed 0" in read.text and "1 draws" not in read.text and "1 months" not in read.text
    assert "nan" not in read.text and read.all("svg") == [] and "Which texts pass" not in read.text
    (table,) = read.tables
    assert len(read.all("caption")) == 1
    assert [row[1] for row in table[1:]] == [f"{ensemble.series(name)['p50'].iloc[0]:z.2f}" for name in SHOWN]


def test_the_base_of_a_shorter_run_is_read_in_its_month() -> None:
    run, base = als.simulate(load_text(one_month("one")), 20), als.simulate("baseline_2018", 20)
    (table,) = Read(page(Facts(run, base))).tables
    assert [row[3] for row in table[1:]] == [f"{base.series(name)['p50'].iloc[0]:z.2f}" for name in SHOWN]


def test_the_last_month_alone_is_a_page() -> None:
    read = Read(page(Facts(als.simulate("baseline_2018", 20, keep="final"), None)))
    assert "Outcomes in December 2020" in read.text and "January 2018 to December 2020 (36 months)" in read.text
    assert "Which texts pass" in read.text


def test_long_runs_show_the_events_that_matter_and_say_what_is_left_out() -> None:
    read = Read(page(Facts(als.simulate("history_2014_2025", 20, keep="monthly"), None)))
    (events,) = [table for table in read.tables if table[0] == ["when", "what", "source"]]
    shown = [f"{when}: {what}" for when, what, _ in events[1:]]
    assert len(shown) == MOST_EVENTS
    assert "February 2022: Russia escalates (size 1; 1 is February 2022)" in shown
    assert "January 2025: Washington is led as in 2025" in shown
    (said,) = re.findall(r"Not shown: (.*?\))\.", read.text)
    total = len(als.load_scenario("history_2014_2025").events)
    assert sum(map(int, re.findall(r"\((\d+)\)", said))) == total - MOST_EVENTS
    (board,) = [table for table in read.tables if table[0][0] == "issue"]
    assert board[0][1:] == [str(year) for year in range(2014, 2026)]


def test_parameters_that_are_set_are_listed_with_what_is_usual() -> None:
    base = als.load_scenario("baseline_2025")
    what_if = base.with_parameters({"susceptibility.HUN": 0.2})
    facts = Facts(*(als.simulate(each, 20, keep="monthly") for each in (what_if, base)))
    read = Read(page(facts))
    (table,) = [table for table in read.tables if table[0][0] == "parameter"]
    assert [cell.split(" ")[0] for cell in table[1][1:3]] == ["0.2", "uniform"] and table[1][3] == "susceptibility.HUN"
    assert table[1][0].endswith(": Hungary") and "against the same scenario without the parameters" in read.text


def test_who_objects_is_the_mean_over_texts(pair: tuple[Ensemble, Ensemble]) -> None:
    said = Facts(*pair).who_objects
    for ally, name in (("USA", "the United States"), ("HUN", "Hungary")):
        shares = [(run.data["objection"].sel(ally=ally) >= 0).mean().item() for run in pair]
        assert f"{name} in {digits(shares[0])} % ({digits(shares[1])} %)" in said


@pytest.mark.parametrize("draws", [1, 100, 1000])
def test_the_monte_carlo_error_is_that_of_a_share_of_one_half(draws: int) -> None:
    first, _ = Facts(als.simulate("baseline_2018", draws, keep="monthly"), None).certainty
    assert f"is up to {50 / math.sqrt(draws):.1f} points" in first and ("Few draws" in first) == (draws < 400)
