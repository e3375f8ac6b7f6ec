"""Figures of runs: all that the overview promises is in it, and can be read."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

import alliance_sim as als
from alliance_sim.errors import InputError
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.labels import OUTCOME_LABELS
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.results.run_plots import MOST_NUMBERS, OVERVIEW, event_key
from alliance_sim.scenarios import load_with_parent
from alliance_sim.simulation import first_months

#: A base or none, many items and events, events by chance, three months only.
RUNS = [
    ("us_russia_reset_2025", 48),
    ("us_russia_reset_2025", 3),
    ("helsinki_2018", 36),
    ("baseline_2025", 48),
    ("outlook_2025", 48),
    ("history_2014_2025", 138),
]


def run(name: str, months: int) -> tuple[Ensemble, Ensemble | None]:
    scenario, parent = load_with_parent(name)
    base = parent and als.simulate(first_months(parent, months), 40, keep="monthly")
    return als.simulate(first_months(scenario, months), 40, keep="monthly"), base


@pytest.fixture(scope="module", params=RUNS, ids=str)
def drawn(request: pytest.FixtureRequest) -> tuple[Ensemble, Ensemble | None, Figure]:
    ensemble, base = run(*request.param)
    figure = ensemble.plot("overview", base=base)
    FigureCanvasAgg(figure).draw()
    return ensemble, base, figure


def labels(figure: Figure) -> set[str]:
    return {text.get_text() for part in figure.subfigs for legend in part.legends for text in legend.get_texts()}


def boards(figure: Figure) -> list[Axes]:
    return [axis for axis in figure.axes if axis.get_xlabel() == "share of draws"]


def extents(figure: Figure) -> list[tuple[str, Bbox]]:
    """Return the place of every text that is seen, except tick labels outside the range of their axis."""
    found = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_visible() and text.get_text().strip():
            found.append((text.get_text(), text.get_window_extent()))
    return found


def test_overview_has_headline_outcomes_events_base_and_decisions(
    drawn: tuple[Ensemble, Ensemble | None, Figure],
) -> None:
    ensemble, base, figure = drawn
    part = figure.subfigs[0]
    said = part.get_suptitle().replace("\n", " ").replace("\N{NO-BREAK SPACE}", " ")
    assert said == str(als.headline(ensemble, base)) and figure.get_suptitle() == ensemble.scenario.title
    panels = [axis for axis in figure.axes if axis not in boards(figure)]
    titles = [axis.get_title(loc="left").replace("\n", " ").lower() for axis in panels]
    assert titles == [OUTCOME_LABELS[name].lower() for name in OVERVIEW]
    with_events = any(event.during == 1 for event in ensemble.scenario.events)
    assert ("event, by its number below" in labels(figure)) == with_events
    assert ("median of the base" in labels(figure)) == (base is not None)
    if base is not None:
        (dashed,) = [line for line in panels[0].lines if line.get_label() == "median of the base"]
        np.testing.assert_array_equal(dashed.get_ydata(), base.series("cohesion")["p50"])
        assert dashed.get_linestyle() == "--" and base.scenario.name in figure.get_supxlabel()
    rows = [label.get_text() for axis in boards(figure) for label in axis.get_yticklabels()]
    assert len(rows) == len(ensemble.decisions())


def test_every_bar_is_whole_and_ticks_are_what_passes_in_the_base(
    drawn: tuple[Ensemble, Ensemble | None, Figure],
) -> None:
    ensemble, base, figure = drawn
    board = ensemble.decisions()
    at = 0
    for axis in boards(figure):
        count = len(axis.get_yticks())
        ends = np.zeros(count)
        for bar in axis.patches[: count * len(DECISIONS)]:
            ends[round(bar.get_y() + bar.get_height() / 2)] += bar.get_width()
        np.testing.assert_allclose(ends, 1.0)
        ticks = [line for line in axis.lines if line.get_label() == "passes in the base"]
        assert len(ticks) == (base is not None)
        if base is not None:
            before = base.decisions().set_index(["meeting", "issue"])
            for place, passes in zip(*map(np.asarray, reversed(ticks[0].get_data())), strict=True):
                row = board.iloc[at + int(place)]
                if (row["meeting"], row["issue"]) not in before.index:
                    assert np.isnan(passes)
                else:
                    own = before.loc[(row["meeting"], row["issue"])]
                    assert passes == pytest.approx(own["adopted"] + own["diluted"])
        at += count
    assert at == len(board)


def test_all_texts_are_within_the_figure_and_marks_and_rows_do_not_overlap(
    drawn: tuple[Ensemble, Ensemble | None, Figure],
) -> None:
    _, _, figure = drawn
    width, height = figure.canvas.get_width_height()
    for text, box in extents(figure):
        assert box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1, text
    for axis in figure.axes:
        kinds = [axis.get_xticklabels(), axis.get_yticklabels(), axis.texts]
        for kind in kinds:
            boxes = [text.get_window_extent() for text in kind if text.get_text()]
            assert not any(one.overlaps(two) for one, two in itertools.pairwise(boxes)), axis.get_title(loc="left")
    parts = [text for part in figure.subfigs for text in part.texts]
    for one, two in itertools.combinations([text.get_window_extent() for text in parts], 2):
        assert not one.overlaps(two)


def test_key_has_every_event_once_and_its_numbers_fit(drawn: tuple[Ensemble, Ensemble | None, Figure]) -> None:
    ensemble, _, figure = drawn
    events = ensemble.scenario.events
    entries, any_month = event_key(events, ensemble.months, MOST_NUMBERS)
    assert len(entries) <= MOST_NUMBERS
    dated = [event for event in events if event.during == 1]
    assert [month for months in entries for month in months] == sorted({event.month for event in dated})
    counted = sum(
        int(kind.rpartition("(")[2].rstrip(")")) if kind.endswith(")") else 1
        for kinds in (*entries.values(), *filter(None, [any_month]))
        for kind in kinds.split(", ")
    )
    assert counted == len(events)
    panel = figure.axes[0]
    lines = [line for line in panel.lines if line.get_label() == "event, by its number below"]
    assert len(lines) == len({event.month for event in dated})
    assert [text.get_text() for text in panel.texts] == [str(number) for number in range(1, len(entries) + 1)]
    shown = "\n".join(text.get_text() for part in figure.subfigs for text in part.texts)
    assert all(f"{number:>2}  {months[0]}" in shown for number, months in enumerate(entries, 1))


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_equal_overviews_are_equal_files(kind: str, tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.{kind}" for number in range(2)]
    for path in paths:
        ensemble, base = run("us_russia_reset_2025", 9)
        ensemble.plot("overview", path, base)
    assert paths[0].read_bytes() == paths[1].read_bytes()


def test_without_meetings_there_is_no_board_and_a_title_is_no_formula(tmp_path: Path) -> None:
    quiet = als.load_scenario("baseline_2018")
    meetings = als.Scenario.validated({**dict(quiet), "meetings": (), "events": (), "title": r"Costs $\odd_{$"})
    figure = als.simulate(meetings, 4).plot("overview", tmp_path / "figure.svg")
    assert not boards(figure) and len(figure.axes) == len(OVERVIEW)
    assert "No meeting decides anything here." in figure.subfigs[0].get_suptitle()


def test_a_base_that_cannot_be_drawn_is_refused() -> None:
    ensemble, _ = run("us_russia_reset_2025", 3)
    with pytest.raises(InputError, match="single month"):
        ensemble.plot("cohesion", base=als.simulate("baseline_2025", 40, keep="final"))
    with pytest.raises(InputError, match="headline: seed"):
        ensemble.plot("overview", base=als.simulate("baseline_2025", 40, seed=1))
    with pytest.raises(InputError, match="'overview' on its own"):
        ensemble.plot(["overview", "cohesion"])
