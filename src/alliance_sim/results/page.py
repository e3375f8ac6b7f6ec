"""A run as one HTML page for readers who do not program: no script, no request, and two sheets of paper in print."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from alliance_sim.registry.events import Event
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import (
    ALLY_NAMES,
    DECISION_LABELS,
    FORUM_NAMES,
    ISSUE_LABELS,
    OUTCOME_LABELS,
    RULE_LABELS,
)
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.happenings import happening, when
from alliance_sim.results.headline import CAVEAT, SHIFT
from alliance_sim.results.page_figures import SHOWN, figure
from alliance_sim.results.report_facts import Facts, Setting, limits
from alliance_sim.results.reproduction import reproduction
from alliance_sim.scenarios import Meeting
from alliance_sim.wording import counted, in_a_row, month_in_words, percent, points_of, with_code

__all__ = ["page"]

#: Rows that the tables have at most: a page is to be read, and the workbook has the rest.
MOST_TEXTS, MOST_EVENTS, MOST_SETTINGS = 8, 14, 12
#: Texts on one issue that the page has at most: renewals of one text look alike.
MOST_ALIKE = 2
#: Dates and sources that a row of the meetings names at most.
MOST_DATES, MOST_SOURCES = 10, 3
#: Allies that a row of the texts names at most, and the least share of draws.
NAMED, LEAST = 3, 0.05
#: Halves of years that the board has as columns at most; of longer runs it has the years.
MOST_PERIODS = 9
#: Events that a reader has to know of before others (judgement), and the fields that say how large one is.
_MAIN = ("bilateral_summit", "escalation", "ceasefire", "sanctions_relief", "aid_change", "leadership_change")
_SIZES = ("size", "share", "conciliation", "severity", "pressure", "strength")
#: Kinds of events, as a plural.
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "bilateral_summit": "meetings of the two presidents",
        "sanctions_relief": "changes of U.S. sanctions",
        "aid_change": "changes of U.S. aid",
        "ceasefire": "ceasefires",
        "escalation": "escalations",
        "guarantee_statement": "statements on the guarantee",
        "spending_demand": "demands for spending",
        "ceasefire_offer": "offers of a ceasefire",
        "trade_dispute": "trade disputes",
        "leadership_change": "changes of government",
        "accession": "accessions",
        "hybrid_campaign": "hybrid campaigns",
        "strategic_document": "strategic documents",
        "exercise": "exercises",
        "dispute": "disputes over other matters",
        "shift": "other changes",
    }
)
#: What the words for the endings of a text mean.
_ENDS: Mapping[str, str] = MappingProxyType(
    {
        "adopted": "as it was tabled",
        "diluted": "adopted in a weaker form",
        "withdrawn": "withdrawn, because the chair expects a refusal or time is short",
        "blocked": "refused in the open; others may go ahead without the ally",
        "deferred": "left to a later meeting",
    }
)
_TERMS = (
    ("Draw", "one run of the model, with its own values of all that is not known; shares are shares of the draws."),
    ("Passes", "is adopted, as it was tabled or in a weaker form."),
    ("Objects", "refuses in the open, or is expected to where a text is withdrawn."),
    ("Level", "strength of the response, 0 none to 1 the strongest: in force before → asked for → agreed (mean)."),
)


def page(facts: Facts) -> str:
    """Return a run as an HTML page.

    Parameters
    ----------
    facts : Facts
        Of a run, and of what it is set against.

    Examples
    --------
    >>> import alliance_sim as als
    >>> text = page(Facts(als.simulate("baseline_2018", draws=2), None))
    >>> text[:15], "<script" in text, "Three years without the Helsinki meeting</h1>" in text
    ('<!DOCTYPE html>', False, True)
    """
    title = facts.ensemble.scenario.title
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    parts = (_said, _about, _happens, _board, _texts, _outcomes, _certainty, _again)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, ("\n".join(part(facts)) for part in parts)))
        + "\n</main>\n</body>\n</html>\n"
    )


def _said(facts: Facts) -> Iterator[str]:
    yield f'<p class="kind">{escape(CAVEAT.removesuffix("."))}</p>'
    yield f"<h1>{escape(facts.ensemble.scenario.title)}</h1>"
    first, *rest = facts.headline.sentences
    yield f'<div class="said"><p><strong>{_words(first)}</strong></p><p>{_words(" ".join(rest))}</p></div>'


def _about(facts: Facts) -> Iterator[str]:
    scenario = facts.ensemble.scenario
    yield "<h2>What is assumed</h2>"
    yield f"<p>{_words(scenario.description)}</p>"
    yield f"<p>{_words(f'{facts.period}. {facts.base_sentence}')}</p>"
    settings = facts.settings
    if settings:
        left = len(settings) - MOST_SETTINGS
        more = f" {counted(left, 'parameter')} more in the workbook." if left > 0 else ""
        rows = [_setting(each) for each in settings[:MOST_SETTINGS]]
        yield _table("settings", f"Parameters that are set.{more}", ("parameter", "value", "instead of", "name"), rows)


def _setting(setting: Setting) -> list[str]:
    """Return the cells of a parameter."""
    value = f"{setting.value:g}" if isinstance(setting.value, float) else setting.value
    name = f"<code>{escape(setting.name)}</code>"
    return [escape(setting.label), f"{escape(value)} {_small(setting.unit)}", escape(setting.usual), name]


def _happens(facts: Facts) -> Iterator[str]:
    scenario = facts.ensemble.scenario
    months = {*facts.ensemble.program.months}
    events = [each for each in scenario.events if each.during > 1 or each.month in months]
    meetings = [each for each in scenario.meetings if each.month in months]
    if not events and not meetings:
        return
    yield "<h2>What happens, and when</h2>"
    known = {*facts.base.scenario.events} if facts.base else set()
    if events:
        shown, note = _chosen(events, known)
        both = bool(known & {*events}) and bool({*events} - known)
        rows = []
        for each in shown:
            text = happening(each)
            mark = "● " if both and each not in known else ""
            rows.append([escape(when(each)), _words(mark + _capital(text)), escape(each.source)])
        marks = " ●: not in the base." if both else ""
        numbers = "Numbers in brackets are strengths from 0 to 1."
        yield _table("events", f"Events, which are assumed. {numbers}{marks}{note}", ("when", "what", "source"), rows)
    if meetings:
        forums = dict.fromkeys(each.forum for each in meetings)
        rows = [_meetings(forum, [each for each in meetings if each.forum == forum]) for forum in forums]
        yield _table("meetings", "Meetings, and the issues on their agendas.", ("forum", "when", "on", "source"), rows)
    yield (
        '<p class="note">A, B: the analyses of June 2025 and July 2018 behind the model, by paragraph (¶). Record: '
        "decisions of NATO, the EU and the G7. Hypothetical: no fact.</p>"
    )


def _chosen(events: Sequence[Event], known: set[Event]) -> tuple[list[Event], str]:
    """Return the events that a page shows, in time order, and what is said of the rest."""

    def weight(event: Event) -> tuple[bool, bool, bool, float]:
        main = event.type in _MAIN and event.allies() in ((), ("USA",))
        size = next((abs(getattr(event, name)) for name in _SIZES if hasattr(event, name)), 1.0)
        return event in known, event.during == 1 and event.probability < 1.0, not main, -size

    shown = sorted(sorted(events, key=weight)[:MOST_EVENTS], key=lambda each: each.month)
    left = Counter(_KINDS[each.type] for each in events if each not in shown)
    rest = ", ".join(f"{kind} ({number})" for kind, number in left.most_common())
    return shown, f" Not shown: {rest}." if rest else ""


def _meetings(forum: str, meetings: Sequence[Meeting]) -> list[str]:
    """Return the row of a forum: when it meets, on what, and where that comes from."""
    dates = [month_in_words(each.month) for each in sorted(meetings, key=lambda each: each.month)]
    dates = list(dict.fromkeys(dates))
    said = ", ".join(dates) if len(dates) <= MOST_DATES else f"{len(meetings)} times, {dates[0]} to {dates[-1]}"
    issues = dict.fromkeys(ISSUE_LABELS[item.issue] for each in meetings for item in each.agenda)
    rules = dict.fromkeys(item.rule or each.rule for each in meetings for item in each.agenda)
    by = f"; by {in_a_row([RULE_LABELS[rule] for rule in rules])}" if [*rules] != ["unanimity"] else ""
    sources = list(dict.fromkeys(part for each in meetings for part in each.source.split("; ")))
    more = f"; and {len(sources) - MOST_SOURCES} more" if len(sources) > MOST_SOURCES else ""
    name = FORUM_NAMES[forum].removeprefix("the ")
    return [escape(each) for each in (name, said, ", ".join(issues) + by, "; ".join(sources[:MOST_SOURCES]) + more)]


def _board(facts: Facts) -> Iterator[str]:
    board = facts.board
    if board.empty:
        return
    yield "<h2>Which texts pass</h2>"
    yield f"<p>{_words(facts.who_objects)}</p>"
    halves = [(month.year, 1 if month.month < 7 else 2) for month in board["month"]]
    if len({*halves}) > MOST_PERIODS:
        halves = [(year, 0) for year, _ in halves]
    board = board.assign(period=pd.Series(halves, board.index))
    columns = sorted({*halves})
    size = board["difference"].abs() if facts.base is not None else 0.5 - (board["passes"] - 0.5).abs()
    order = size.groupby(board["issue"], sort=False).max().sort_values(ascending=False, kind="stable")
    main = facts.headline.issue
    lines = []
    for issue in [main, *(each for each in order.index if each != main)]:
        own = board[board["issue"] == issue]
        cells = "".join(_share(own[own["period"] == period]) for period in columns)
        kind = ' class="main"' if issue == main else ""
        lines.append(f'<tr{kind}><th scope="row">{escape(ISSUE_LABELS[issue])}</th>{cells}</tr>')
    marks = (
        f" ▲ ▼: more, less often than in the base, whose share follows; by {100.0 * SHIFT:.0f} points and by more "
        "than chance."
        if facts.base is not None
        else ""
    )
    half = " H1: January to June, H2: July to December." if columns[0][1] else ""
    caption = f"Passes, % of draws; of several texts the one that passes least.{marks}{half}"
    yield (
        f'<div class="scroll" role="region" aria-label="Which texts pass" tabindex="0"><table class="matrix">'
        f"<caption>{escape(caption)}</caption>{_periods(columns)}<tbody>{''.join(lines)}</tbody></table></div>"
    )


def _periods(columns: Sequence[tuple[int, int]]) -> str:
    """Return the head of the board: years, and the halves of each if the board has them."""
    if not columns[0][1]:
        years = "".join(f'<th scope="col">{year}</th>' for year, _ in columns)
        return f'<thead><tr><th scope="col">issue</th>{years}</tr></thead>'
    counts = Counter(year for year, _ in columns)
    years = "".join(f'<th scope="colgroup" colspan="{counts[year]}">{year}</th>' for year in counts)
    parts = "".join(f'<th scope="col">H{half}</th>' for _, half in columns)
    return f'<thead><tr><th scope="col" rowspan="2">issue</th>{years}</tr><tr>{parts}</tr></thead>'


def _share(items: pd.DataFrame) -> str:
    """Return the cell of an issue in a period."""
    if items.empty:
        return "<td></td>"
    row = items.sort_values("passes", kind="stable").iloc[0]
    base = f"<small>{'▲' if row['difference'] > 0.0 else '▼'} {_digits(row['base'])}</small>" if row["clear"] else ""
    return f'<td style="--p:{100.0 * row["passes"]:.0f}"><b>{escape(_digits(row["passes"]))}</b>{base}</td>'


def _digits(share: float) -> str:
    """Return a share in percent, never rounded to none or all, without its sign."""
    return percent(share).replace("less than ", "<").replace("more than ", ">").removesuffix(" %")


def _texts(facts: Facts) -> Iterator[str]:
    board, main = facts.board, facts.headline
    if board.empty:
        return
    shift = board["difference"].abs().where(board["clear"], 0.0)
    first = (board["meeting"] == main.meeting) & (board["issue"] == main.issue)
    order = board.assign(later=~first, shift=-shift, settled=(board["passes"] - 0.5).abs())
    order = order.sort_values(["later", "shift", "settled"], kind="stable")
    chosen = order[order.groupby("issue").cumcount() < MOST_ALIKE][:MOST_TEXTS]
    shown = board if len(board) <= MOST_TEXTS else board.loc[sorted(chosen.index)]
    few = len(shown) < len(board)
    which = "that differ most from the base, then the least settled ones" if shift.any() else "that are least settled"
    some = f"{len(shown)} of {len(board)} texts: those {which}, at most {MOST_ALIKE} an issue; the workbook has all."
    heads = ("meeting", "text", "passes", "ends most often", "who objects")
    yield f"<section><h3>{'The texts that matter most' if few else 'The texts'}</h3>"
    yield _table("texts", some if few else "All texts.", heads, [list(_text(row)) for row in shown.to_dict("records")])
    yield _key((name, f"{DECISION_LABELS[name]}: {meaning}") for name, meaning in _ENDS.items()) + "</section>"
    terms = "".join(f"<div><dt>{term}:</dt> <dd>{escape(meaning)}</dd></div>" for term, meaning in _TERMS)
    yield f'<dl class="terms">{terms}</dl>'


def _text(row: Mapping[Hashable, Any]) -> Iterator[str]:
    """Yield the cells of a text."""
    forum = FORUM_NAMES[row["forum"]].removeprefix("the ")
    yield f"{month_in_words(row['month'].strftime('%Y-%m'))} {_small(forum)}"
    agreed = f"{row['level_passed']:.2f}" if pd.notna(row["level_passed"]) else "none"
    level = f"{row['reversion']:.2f} → {row['proposed']:.2f} → {agreed}"
    yield f"{escape(row['title'])} " + _small(f"{ISSUE_LABELS[row['issue']]}; level {level}")
    passes = f"<b>{_percent(row['passes'])}</b>"
    if pd.notna(row["base"]):
        change = f", {points_of(row['difference'])} points" if row["clear"] else ""
        passes += " " + _small(f"base {_percent(row['base'])}{change}")
    yield passes
    usual = max(DECISIONS, key=lambda name: float(row[name]))
    every = ", ".join(f"{DECISION_LABELS[name]} {_percent(row[name])}" for name in DECISIONS)
    parts = "".join(f'<i class="{name}" style="--share:{row[name]:.3f}"></i>' for name in DECISIONS if row[name])
    words = f"{DECISION_LABELS[usual]} {_percent(row[usual])}"
    yield f'{escape(words)}<span class="bar" role="img" aria-label="{escape(every)}">{parts}</span>'
    who = [
        f"{ALLY_NAMES[ally].removeprefix('the ')} {_percent(share)}"
        for ally, share in row["objectors"].items()
        if share >= LEAST
    ]
    yield escape(", ".join(who[:NAMED]) or f"none in {percent(LEAST)} or more")


def _outcomes(facts: Facts) -> Iterator[str]:
    run, base = facts.ensemble, facts.base
    last = month_in_words(run.months[-1])
    yield f"<h2>Outcomes {'by month' if len(run.months) > 1 else f'in {last}'}</h2>"
    if len(run.months) == 1:
        rows = []
        for name, meaning in SHOWN.items():
            row = run.series(name).iloc[-1]
            label, spread = _capital(OUTCOME_LABELS[name]), f"{row['p05']:z.2f} to {row['p95']:z.2f}"
            rows.append([escape(label), f"{row['p50']:z.2f}", spread, _before(facts, name), escape(meaning)])
        yield _table(
            "months", f"At the end of {last}.", ("outcome", "median", "5 to 95 % of draws", "base", "meaning"), rows
        )
        return
    marks = [("mark", "median"), ("half", "middle half of the draws"), ("most", "5 to 95 % of the draws")]
    if base is not None:
        marks.append(("mark base", "median of the base"))
    if any(each.during == 1 and each.month in run.months for each in run.scenario.events):
        marks.append(("mark event", "event"))
    yield _key(marks)
    yield f'<div class="figures">{"".join(_figure(facts, name, last) for name in SHOWN)}</div>'


def _figure(facts: Facts, name: str, last: str) -> str:
    series, before = facts.ensemble.series(name), _before(facts, name)
    first, row = series.iloc[0], series.iloc[-1]
    numbers = f"{last}: {row['p50']:z.2f} ({row['p05']:z.2f} to {row['p95']:z.2f})"
    numbers += f"; base {before}" if before else ""
    better = {1: " More is better.", -1: " Less is better.", 0: ""}[OUTCOMES[name].better]
    label = _capital(OUTCOME_LABELS[name])
    heard = f"{label} by month: median {first['p50']:z.2f} in {month_in_words(facts.ensemble.months[0])}; {numbers}"
    return (
        f"<figure><figcaption><b>{escape(label)}</b>{escape(SHOWN[name] + better)}<span>{escape(numbers)}</span>"
        f"</figcaption>{figure(facts.ensemble, facts.base, name, heard)}</figure>"
    )


def _before(facts: Facts, name: str) -> str:
    """Return the median of the base in the last month of the run; nothing where there is none."""
    base, month = facts.base, facts.ensemble.months[-1]
    if base is None or month not in base.months:
        return ""
    return f"{base.series(name)['p50'].iloc[base.months.index(month)]:z.2f}"


def _certainty(facts: Facts) -> Iterator[str]:
    yield "<h2>How sure this is</h2>"
    yield f"<ul class='sure'>{''.join(f'<li>{escape(text)}</li>' for text in (*facts.certainty, *limits()))}</ul>"


def _again(facts: Facts) -> Iterator[str]:
    found = reproduction(facts.ensemble, facts.base, ".html")
    yield "<h2>How to get the same numbers</h2>"
    if found.commands:
        yield f"<pre><code>{escape(chr(10).join(found.commands))}</code></pre>"
        yield '<p class="note">With .xlsx in place of .html the second command writes a workbook with all numbers.</p>'
    yield f'<p class="note">{escape(f"{facts.made_by}. {found.note}".strip())}</p>'
    for name, text in found.files.items():
        what = f"{escape(name)}, the file that the commands read"
        yield f"<details><summary>{what}</summary><pre>{escape(text)}</pre></details>"


def _table(kind: str, caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are HTML; on narrow screens each row is an entry of its own."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    lines = (
        f'<tr><th scope="row">{first}</th>'
        + "".join(
            f"<td{f' data-head={name!r}' if cell else ''}>{cell}</td>"
            for name, cell in zip(heads[1:], rest, strict=True)
        )
        + "</tr>"
        for first, *rest in rows
    )
    said = f"<caption>{escape(caption)}</caption>"
    return f'<table class="rows {kind}">{said}<thead><tr>{head}</tr></thead><tbody>{"".join(lines)}</tbody></table>'


def _key(entries: Iterable[tuple[str, str]]) -> str:
    """Return what the colours and lines of a table or figure mean: the class of each in the style sheet, and a text."""
    return f'<ul class="key">{"".join(f"<li><i class={kind!r}></i>{escape(text)}</li>" for kind, text in entries)}</ul>'


def _small(text: str) -> str:
    return f"<small>{escape(text)}</small>" if text else ""


def _words(text: str) -> str:
    """Return a text in which no percent sign begins a line, and commands stand in their own font."""
    return with_code(escape(text)).replace(" %", "\N{NO-BREAK SPACE}%")


def _percent(share: float) -> str:
    """Return a share in percent that is not broken into two lines."""
    return percent(share).replace(" %", "\N{NO-BREAK SPACE}%")


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
