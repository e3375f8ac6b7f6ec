import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

import alliance_sim as als
from alliance_sim.errors import InputError
from alliance_sim.explorer.answers import futures
from alliance_sim.explorer.downloads import FILES, file_of, reproduced
from alliance_sim.explorer.request import Request
from alliance_sim.explorer.state import Session
from alliance_sim.pool import Cancelled
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.registry.outcomes import OUTCOMES

REQUEST = Request("us_russia_reset_2025", "baseline_2025", 400, 5)


def answers(request: Request, outcomes: tuple[str, ...] = ("cohesion",)) -> list[futures.View]:
    return [futures.view(request, *runs, 0.0, outcomes) for runs in futures.pairs(request, lambda: False)]


def test_the_page_has_the_numbers_of_a_run() -> None:
    first, last = answers(REQUEST)
    assert (first.draws, last.draws) == (256, 400)
    for shown in (first, last):
        own, base = (als.simulate(name, shown.draws, 5) for name in ("us_russia_reset_2025", "baseline_2025"))
        assert shown.headline == als.headline(own, base).json("future")
        board = own.decisions()
        assert [cell["shares"] for cell in shown.cells] == board[list(DECISIONS)].round(4).to_numpy().tolist()
        before = base.decisions().set_index(["meeting", "issue"])
        for cell in shown.cells:
            row = before.loc[(cell["meeting"], cell["issue"])] if cell["mark"] != "new" else None
            assert cell["base"] == (None if row is None else pytest.approx(row["adopted"] + row["diluted"], abs=1e-4))
            assert cell["passes"] == pytest.approx(sum(cell["shares"][:2]), abs=2e-4)
        fan = shown.fans["cohesion"]
        series = own.series("cohesion")
        for key in ("p05", "p25", "p50", "p75", "p95"):
            np.testing.assert_allclose(fan[key], series[key], atol=5.1e-4)
        np.testing.assert_allclose(fan["base"], base.series("cohesion")["p50"], atol=5.1e-4)
    json.dumps([shown.headline for shown in (first, last)], allow_nan=False)


def test_a_base_is_run_once_while_levers_move(monkeypatch: pytest.MonkeyPatch) -> None:
    from alliance_sim import simulation

    ran: list[str] = []
    usual = simulation.in_stages

    def counted(scenario: als.Scenario, *args: object, **kwargs: object) -> object:
        ran.append(scenario.name)
        return usual(scenario, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(simulation, "in_stages", counted)
    for value in (0.1, 0.2, 0.3):
        moved = replace(REQUEST, seed=99, settings=(("min_share", value),))
        shown = answers(moved)
        assert [each.draws for each in shown] == [256, 400]
        base = als.simulate("baseline_2025", 256, 99)
        assert shown[0].fans["cohesion"]["base"] == base.series("cohesion")["p50"].round(3).tolist()
    assert ran == ["us_russia_reset_2025", "baseline_2025", "us_russia_reset_2025", "us_russia_reset_2025"]


def test_without_another_base_a_run_is_set_against_itself_without_the_changes() -> None:
    request = Request("baseline_2018", draws=100, settings=(("min_share", 0.9),))
    (shown,) = answers(request)
    assert shown.base_title == "without the changes" and shown.headline["base"] == "the base"
    plain = als.simulate("baseline_2018", 100).series("cohesion")["p50"]
    assert shown.fans["cohesion"]["base"] == plain.round(3).tolist()


def test_a_run_is_stopped() -> None:
    with pytest.raises(Cancelled):
        list(futures.pairs(replace(REQUEST, seed=77), lambda: True))


def test_changes_that_do_not_fit_together_leave_nothing_to_reproduce() -> None:
    unfit = replace(REQUEST, later=(("bilateral_summit-2025-09", 400),))
    assert reproduced(unfit) == [] and len(reproduced(REQUEST)) == 2


def test_files_have_what_the_page_shows() -> None:
    session = Session("scenario=helsinki_2018&draws=60&set=min_share:0.4")
    (shown,) = answers(session.request, tuple(OUTCOMES))
    session.store(shown)
    text = {name: file_of(name, session)[1] for name in FILES}
    rows = [line.split(",") for line in text["decisions.csv"].decode().splitlines()]
    assert len(rows) == 1 + len(shown.cells) and rows[0][:3] == ["meeting", "month", "forum"]
    assert len(text["outcomes.csv"].decode().splitlines()) == 1 + len(OUTCOMES) * len(shown.months)
    own = als.load_scenario("helsinki_2018").with_parameters({"min_share": 0.4})
    assert own.title in text["report.html"].decode() and text["report.xlsx"][:2] == b"PK"
    assert "min_share: 0.4" in text["what_if.yaml"].decode()


def test_a_file_that_cannot_be_made_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    session = Session("scenario=helsinki_2018&draws=60")
    with pytest.raises(InputError, match=r"decisions.csv: there is no result yet"):
        file_of("decisions.csv", session)
    (shown,) = answers(session.request)
    session.store(shown)
    monkeypatch.setattr("alliance_sim.results.report_file.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"needs openpyxl; install it with"):
        file_of("report.xlsx", session)
