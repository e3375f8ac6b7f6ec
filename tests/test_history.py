"""The bundled history of eleven years: membership by date, who votes, and levels by rule."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import alliance_sim as als
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.forums import FORUMS
from alliance_sim.registry.issues import ISSUE_TABLE
from alliance_sim.results.ensemble import Ensemble
from alliance_sim.scenarios import load_text

NAME = "history_2014_2025"
#: First month as an ally.
JOINS = {"MNE": "2017-06", "MKD": "2020-03", "FIN": "2023-04", "SWE": "2024-03"}
ROSTER = {"2014-01": 28, "2017-05": 28, "2017-06": 29, "2018-07": 29, "2020-02": 29, "2020-03": 30, "2023-03": 30}
ROSTER |= {"2023-04": 31, "2024-02": 31, "2024-03": 32, "2025-06": 32}
PER_ALLY = ("threat_perception", "guarantee_confidence", "spending", "ukraine_support")


@pytest.fixture(scope="module")
def history() -> Ensemble:
    return als.simulate(NAME, draws=150, seed=4)


def seated(ensemble: Ensemble, forum: str, month: str) -> set[str]:
    inside = ensemble.program.member[ensemble.program.months.index(month), FORUMS.index(forum)]
    return {ally for ally, sits in zip(ALLIES, inside, strict=True) if sits}


def test_the_roster_grows_by_the_dates_of_accession(history: Ensemble) -> None:
    for month, count in ROSTER.items():
        assert len(seated(history, "nac", month)) == len(seated(history, "nato_summit", month)) == count, month
    before, after = (seated(history, "eu_council", month) for month in ("2020-01", "2020-02"))
    assert before - after == {"GBR"} and after < before


def test_values_of_an_ally_begin_when_it_joins(history: Ensemble) -> None:
    for name in PER_ALLY:
        values = history.data[name]
        for ally in ALLIES:
            known = np.isfinite(values.sel(ally=ally)).all("draw").to_series()
            unknown = values.sel(ally=ally).isnull().all("draw").to_series()
            assert (known ^ unknown).all()
            assert known.idxmax() == pd.Timestamp(JOINS.get(ally, "2014-01")) and known.is_monotonic_increasing
    frame = history.frame("threat_perception")
    first = frame.dropna().groupby("ally", observed=True)["month"].min()
    for ally, month in JOINS.items():
        assert first[ally] == pd.Timestamp(month)


def test_nobody_objects_or_holds_up_before_joining(history: Ensemble) -> None:
    decisions, objections = history.frame("decisions"), history.frame("objections")
    month = decisions.drop_duplicates("meeting").set_index("meeting")[["month", "forum"]]
    found = objections.join(month, on="meeting")
    assert len(found) > 500 and {"MNE", "GBR"} <= set(found["ally"])
    for ally, joined in JOINS.items():
        at_nato = found[(found["ally"] == ally) & found["forum"].isin(["nac", "nato_summit"])]
        assert (at_nato["month"] >= pd.Timestamp(joined)).all()
        named = decisions[decisions["forum"].isin(["nac", "nato_summit"]) & (decisions["month"] < pd.Timestamp(joined))]
        assert not (named["pivotal"] == ally).any()
    british = found[(found["ally"] == "GBR") & (found["forum"] == "eu_council")]
    assert (british["month"] < pd.Timestamp("2020-02")).all()
    outside = found[(found["forum"] == "eu_council") & found["ally"].isin(["USA", "TUR", "NOR", "CAN"])]
    assert outside.empty


@pytest.mark.parametrize(("event", "counts"), [("", (29, 29, 30, 30)), ("2020-05", (29, 29, 29, 30))])
def test_a_scenario_of_2018_that_runs_longer_has_a_thirtieth_member(event: str, counts: tuple[int, ...]) -> None:
    moved = f"events: [{{month: {event}, type: accession, ally: MKD, source: hypothetical}}]\n" if event else ""
    longer = load_text(f"name: longer\nextends: baseline_2018\nmonths: 40\n{moved}")
    ensemble = als.simulate(longer, draws=20, seed=2)
    listed = ensemble.data["spending"].notnull().all("draw").sum("ally").to_series()
    found = tuple(int(listed[pd.Timestamp(month)]) for month in ("2018-07", "2020-02", "2020-04", "2020-05"))
    assert found == counts
    assert np.isfinite(ensemble.data["mean_spending"]).all()


def test_aid_begins_with_the_invasion(history: Ensemble) -> None:
    aid = history.data["ukraine_support_total"]
    assert (aid.sel(month=slice("2014-01", "2022-02")) == 0.0).all()
    assert (aid.sel(month=slice("2022-03", None)) > 0.3).all()


def test_levels_follow_from_date_issue_and_class_alone() -> None:
    """Levels chosen item by item could reveal the outcome: what holds is the norm of the era, what is asked a class.

    Only what words give a level has one of its own: a renewal what is in force, a target its percentage of GDP.
    """
    norms = {issue.name: issue.norm for issue in ISSUE_TABLE}
    of_their_own = []
    for meeting in als.load_scenario(NAME).meetings:
        era = "2014" if meeting.month <= "2014-09" else "2018" if meeting.month <= "2022-06" else "2025"
        for item in meeting.agenda:
            norm = norms[item.issue][era]
            if (meeting.id, item.issue) == ("eu_council-2014-09", "sanctions"):
                norm = norms["sanctions"]["2018"]  # in force since July
            assert item.min_share is None or item.divisible is False, item  # without effect on what is taken or left
            if item.text.startswith("Prolong the sectoral sanctions"):
                assert (item.ask, item.proposed, item.reversion, item.divisible) == (None, norm, 0.0, False), item
                continue
            assert item.reversion == norm, item
            if item.proposed is not None:
                percent = max(int(number) for number in re.findall(r"(\d+) %", item.text))
                assert item.issue == "defence_spending" and item.proposed == percent / 5.0, item
                of_their_own.append(meeting.id)
    assert of_their_own == ["nato_summit-2014-09", "nato_summit-2018-07"]


def test_the_threat_gap_of_june_2025_exceeds_that_of_every_month_before(history: Ensemble) -> None:
    gap = history.data["threat_gap"]
    before, after = gap.sel(month=slice(None, "2024-12")).max("month"), gap.sel(month="2025-06").squeeze()
    assert float((after > before).mean()) > 0.9
