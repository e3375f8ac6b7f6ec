"""Figures of runs: outcomes over time, the decision board, and both in one overview."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from alliance_sim.errors import InputError
from alliance_sim.registry.forums import FORUM_LABELS
from alliance_sim.registry.labels import DECISION_LABELS, ISSUE_LABELS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.results.headline import headline
from alliance_sim.results.plots import BLUE, COLOURS, GREY, INK, STYLE, NotebookFigure, frame
from alliance_sim.results.summaries import objectors_by_item
from alliance_sim.results.views import dates
from alliance_sim.wording import counted

if TYPE_CHECKING:
    from alliance_sim.registry.events import Event
    from alliance_sim.results.ensemble_like import EnsembleLike

__all__ = ["draw", "event_key", "fan"]

#: Outcomes of the overview.
OVERVIEW = ("cohesion", "consensus_capacity", "threat_gap", "deterrence", "sanctions_durability", "mean_spending")
#: Inches: the width of a figure, a line of the headline, one of the key of events, a row of the decision board.
WIDTH, LINE, KEY_LINE, ROW = 10.5, 0.15, 0.137, 0.22
#: Characters of a line: of the headline, of a column of the key of events, of the labels of a row of panels.
HEADLINE_WIDTH, KEY_WIDTH, LABEL_WIDTH = 150, 58, 96
#: Columns of the key of events.
KEY_COLUMNS = 3
#: Numbers of events that fit above a panel of the overview.
MOST_NUMBERS = 20
#: Items from which on the decision board has two columns.
LONG_BOARD = 45
#: Objectors that a row of the board names.
NAMED = 3


def draw(ensemble: EnsembleLike, names: Sequence[str], base: EnsembleLike | None = None) -> Figure:
    """Draw outcomes over time, the decision board (``decisions``), or both (``overview``).

    Parameters
    ----------
    ensemble : Ensemble
    names : sequence of str
        Outcomes, or ``decisions`` or ``overview`` on its own.
    base : Ensemble, optional
        What it is set against.

    Raises
    ------
    InputError
        If a name is unknown, there is a single month, or no decision to draw.

    Examples
    --------
    >>> import alliance_sim as als
    >>> base, reset = (als.simulate(name, draws=5) for name in ("baseline_2025", "us_russia_reset_2025"))
    >>> figure = draw(reset, ["overview"], base)
    >>> figure.get_suptitle()
    'A U.S.-Russia reset while the war goes on'
    """
    alone = {"decisions", "overview"} & set(names)
    if not names or (alone and len(names) > 1):
        raise InputError("plot: give one outcome or more, or 'decisions' or 'overview' on its own")
    if "decisions" not in names and 1 in (len(ensemble.months), len(base.months) if base else 0):
        raise InputError("plot: there is a single month, and nothing to draw over time; allowed: two or more")
    scenario = ensemble.scenario
    against = "" if base is None else f" against {base.scenario.name}"
    note = (
        f"{scenario.name}{against} · {counted(ensemble.draws, 'draw')} · seed {ensemble.seed} · "
        f"alliance_sim {ensemble.origin['version']}"
    )
    with rc_context(STYLE):
        if "overview" in names:
            figure = _overview(ensemble, base)
        elif "decisions" in names:
            if ensemble.decisions().empty:
                raise InputError("plot: the scenario holds no meetings, so there are no decisions to draw")
            figure = _figure(1.6 + _board_height(len(ensemble.decisions())))
            _board(_parts(figure, [1.0])[0], ensemble, base)
        else:
            columns = min(2, len(names))
            figure = _figure(1.0 + 2.9 * -(-len(names) // columns), 6.8 if columns == 1 else WIDTH)
            part = _parts(figure, [1.0])[0]
            _legend(part, _fans(part, ensemble, base, names, columns), 4)
        frame(figure, scenario.title, note)
    return figure


def event_key(events: Sequence[Event], months: Sequence[str], most: int) -> tuple[dict[tuple[str, ...], str], str]:
    """Return what happens when, in so few entries that their numbers fit into a figure.

    Parameters
    ----------
    events : sequence of Event
    months : sequence of str
        Of the figure, ``YYYY-MM``; events of others are left out.
    most : int
        Entries; months that are close together share one where there would be more.

    Returns
    -------
    entries : dict
        By months in which something happens: what it is, in words.
    any_month : str
        What may happen in any of many months; empty if there is nothing.

    Examples
    --------
    >>> import alliance_sim as als
    >>> reset = als.load_scenario("us_russia_reset_2025")
    >>> entries, any_month = event_key(reset.events, ["2025-09", "2025-10", "2025-11"], 2)
    >>> list(entries)
    [('2025-09', '2025-10'), ('2025-11',)]
    >>> entries["2025-09", "2025-10"]
    'bilateral summit, guarantee statement, ceasefire offer'
    """
    at = {month: place for place, month in enumerate(months)}
    groups: list[list[Event]] = []
    for event in sorted(
        (each for each in events if each.during == 1 and each.month in at), key=lambda each: each.month
    ):
        if groups and at[event.month] - at[groups[-1][0].month] < len(months) / most:
            groups[-1].append(event)
        else:
            groups.append([event])
    entries = {tuple(dict.fromkeys(event.month for event in group)): _kinds(group) for group in groups}
    return entries, _kinds([each for each in events if each.during > 1])


def _kinds(events: Sequence[Event]) -> str:
    """Return the kinds of events, each once and with its number if there are several."""
    counts: Counter[str] = Counter()
    for event in events:
        name = "other change" if event.type == "shift" else event.type.replace("_", " ")
        possible = event.during == 1 and (event.probability < 1.0 or event.when is not None)
        counts[f"possible {name}" if possible else name] += 1
    return ", ".join(kind if count == 1 else f"{kind} ({count})" for kind, count in counts.items())


def _figure(height: float, width: float = WIDTH) -> Figure:
    return NotebookFigure(figsize=(width, height), dpi=150, layout="constrained")


def _parts(figure: Figure, heights: Sequence[float]) -> list[SubFigure]:
    """Divide a figure below its title and above its note, which legends of a part do not overlap."""
    return list(figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights).ravel())


def _overview(ensemble: EnsembleLike, base: EnsembleLike | None) -> Figure:
    """Draw the headline, outcomes over time with events, and the decision board."""
    said = str(headline(ensemble, base)).replace(" %", "\N{NO-BREAK SPACE}%")
    text = textwrap.wrap(said, HEADLINE_WIDTH, break_on_hyphens=False)
    entries, any_month = event_key(ensemble.scenario.events, ensemble.months, MOST_NUMBERS)
    key = _key_columns(entries, any_month)
    key_height = KEY_LINE * (0.5 + max(map(len, key))) if any(key) else 0.0
    items = len(ensemble.decisions())
    heights = [0.7 + LINE * len(text) + 2 * 2.2, key_height, _board_height(items) + 0.9 if items else 0.0]
    figure = _figure(0.5 + sum(heights))
    parts = iter(_parts(figure, [height for height in heights if height]))
    fans = next(parts)
    fans.suptitle("\n".join(text), x=0.01, ha="left", fontsize=9.0, parse_math=False)
    axes = _fans(fans, ensemble, base, OVERVIEW, 3)
    for axis in axes:
        for number, months in enumerate(entries, 1):
            places = axis.convert_xunits(dates(months))  # type: ignore[no-untyped-call]
            for place in places:
                axis.axvline(place, color=GREY, linewidth=0.6, linestyle=":", label="event, by its number below")
            axis.annotate(
                str(number), (places[0], 1.0), (0, 1),
                xycoords=axis.get_xaxis_transform(), textcoords="offset points", ha="center", fontsize=6.5, color=GREY,
            )  # fmt: skip
    _legend(fans, axes, 5)
    if key_height:
        part = next(parts)
        for place, column in enumerate(key):
            part.text(
                0.01 + place / KEY_COLUMNS, 1.0, "\n".join(column), va="top", fontsize=7.5, linespacing=1.3, color=INK
            )
    if items:
        _board(next(parts), ensemble, base)
    return figure


def _key_columns(entries: Mapping[tuple[str, ...], str], any_month: str) -> list[list[str]]:
    """Return the lines of the key of events, column by column."""
    texts = [
        f"{number:>2}  {' to '.join(dict.fromkeys((months[0], months[-1])))}: {kinds}"
        for number, (months, kinds) in enumerate(entries.items(), 1)
    ]
    if any_month:
        texts.append(f"in any of many months: {any_month}")
    wrapped = [textwrap.wrap(text, KEY_WIDTH, subsequent_indent="      ", drop_whitespace=True) for text in texts]
    columns: list[list[str]] = [[] for _ in range(KEY_COLUMNS)]
    total, before = sum(map(len, wrapped)), 0
    for lines in wrapped:
        columns[before * KEY_COLUMNS // total] += lines
        before += len(lines)
    return columns


def _fans(
    figure: SubFigure, ensemble: EnsembleLike, base: EnsembleLike | None, names: Sequence[str], columns: int
) -> list[Axes]:
    """Draw outcomes over time: the median, the middle half of the draws, and 5 to 95 % of them."""
    axes = list(figure.subplots(-(-len(names) // columns), columns, squeeze=False).ravel())
    for axis, name in zip(axes, names, strict=False):
        fan(axis, ensemble.series(name))
        if base is not None:
            before = base.series(name)["p50"]
            axis.plot(
                before.index.to_numpy(), before, color=INK, linewidth=1.2, linestyle="--", label="median of the base"
            )
        label = textwrap.fill(OUTCOME_LABELS[name], LABEL_WIDTH // columns)
        axis.set_title(label[0].upper() + label[1:], loc="left", fontsize=9.5, fontweight="bold", pad=10)
        axis.set_ylabel(OUTCOMES[name].unit)
    for axis in axes[len(names) :]:
        axis.remove()
    return axes[: len(names)]


def fan(axis: Axes, series: pd.DataFrame) -> None:
    """Draw an outcome over time, of which `Ensemble.series` gives the table.

    Examples
    --------
    >>> import alliance_sim as als
    >>> axis = Figure().subplots()
    >>> fan(axis, als.simulate("baseline_2018", draws=5).series("cohesion"))
    >>> [line.get_label() for line in axis.lines]
    ['median']
    """
    months = series.index.to_numpy()
    axis.fill_between(
        months, series["p05"], series["p95"], color=BLUE, alpha=0.15, linewidth=0, label="5-95 % of draws"
    )
    axis.fill_between(months, series["p25"], series["p75"], color=BLUE, alpha=0.28, linewidth=0, label="25-75 %")
    axis.plot(months, series["p50"], color=BLUE, linewidth=1.6, label="median")
    axis.yaxis.set_major_locator(MaxNLocator(5))
    axis.grid(axis="y", color="#e4e7eb", linewidth=0.6)
    axis.set_axisbelow(True)
    axis.set_xlim(months[0], months[-1])
    step = next(
        step for step in (1, 2, 3, 6, *range(12, 12 * len(months), 12)) if len(months) <= (4 if step < 12 else 6) * step
    )
    shown = [month for month in series.index if (12 * month.year + month.month - 1) % step == 0]
    axis.set_xticks(shown, [f"{month:%Y-%m}" if step < 12 else f"{month:%Y}" for month in shown])
    axis.spines[["top", "right"]].set_visible(False)
    axis.tick_params(labelsize=8)


def _board_height(items: int) -> float:
    """Return the inches of the rows of a decision board."""
    return ROW * -(-items // (2 if items >= LONG_BOARD else 1))


def _board(figure: SubFigure, ensemble: EnsembleLike, base: EnsembleLike | None) -> None:
    """Draw the decision board: one bar an item, split by outcome, and how often it passes in the base."""
    decisions, objecting = ensemble.decisions(), objectors_by_item(ensemble.objectors())
    before = None
    if base is not None:
        found = base.decisions().set_index(["meeting", "issue"])
        before = found["adopted"] + found["diluted"]
    columns = 2 if len(decisions) >= LONG_BOARD else 1
    rows = -(-len(decisions) // columns)
    axes = figure.subplots(1, columns, squeeze=False).ravel()
    for column, axis in enumerate(axes):
        _bars(axis, decisions[column * rows : (column + 1) * rows], rows, objecting, before)
    _legend(figure, axes, 4)


def _legend(figure: SubFigure, axes: Iterable[Axes], columns: int) -> None:
    """Explain below some panels what they show, each label once."""
    handles = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    figure.legend(
        handles.values(), handles.keys(), loc="outside lower center", ncols=columns, frameon=False, fontsize=8
    )


def _bars(
    axis: Axes,
    decisions: pd.DataFrame,
    rows: int,
    objecting: Mapping[tuple[str, str], Mapping[str, float]],
    before: pd.Series | None,
) -> None:
    """Draw a part of the decision board, of the height of a number of rows."""
    count = len(decisions)
    places, left = np.arange(count), np.zeros(count)
    for name, colour in COLOURS.items():
        share = decisions[name].to_numpy()
        axis.barh(places, share, left=left, color=colour, label=DECISION_LABELS[name], height=0.78)
        left += share
    # What others worked around is part of what was blocked.
    if decisions["bypassed"].any():
        blocked = left - decisions["deferred"].to_numpy() - decisions["bypassed"].to_numpy()
        axis.barh(
            places, decisions["bypassed"], left=blocked, color=COLOURS["blocked"],
            edgecolor="white", hatch="////", linewidth=0, height=0.78, label="blocked, and worked around by others",
        )  # fmt: skip
    items = list(zip(decisions["meeting"], decisions["issue"], strict=True))
    if before is not None:
        passes = before.reindex(items).to_numpy()
        axis.plot(passes, places, "|", color="white", markersize=9, markeredgewidth=3.0)
        axis.plot(passes, places, "|", color=INK, markersize=9, markeredgewidth=1.3, label="passes in the base")
    axis.set_yticks(
        places,
        [
            f"{row['month']:%Y-%m}  {FORUM_LABELS[row['forum']]}  {ISSUE_LABELS[row['issue']]}"
            for row in decisions.to_dict("records")
        ],
    )
    axis.set_xlim(0, 1)
    axis.set_ylim(rows - 0.4, -0.6)
    axis.xaxis.set_major_formatter(PercentFormatter(1.0))
    axis.set_xlabel("share of draws")
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0, labelsize=8)
    for at, item in enumerate(items):
        most = list(objecting.get(item, {}).items())[:NAMED]
        worst = "  ".join(f"{ally} {share:.0%}" for ally, share in most if share >= 0.01)
        axis.annotate(worst, (1.0, at), (6, 0), textcoords="offset points", va="center", fontsize=7, color=GREY)
