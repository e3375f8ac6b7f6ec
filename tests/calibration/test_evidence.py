"""Where an actor's numbers come from, and the priors that judgement set."""

from __future__ import annotations

import re

import pytest

from alliance_sim.calibration.evidence import ACTORS, evidence
from alliance_sim.calibration.leanings import CODERS
from alliance_sim.data import data_folder, table
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERAS, LEADERS, coded_as
from alliance_sim.registry.issues import ISSUES


def test_who_is_measured() -> None:
    assert tuple(ACTORS) == LEADERS and ACTORS["2024"] == ("USA.leader",)
    assert all(len(ACTORS[era]) == len(ALLIES) + 1 for era in ERAS)


@pytest.mark.parametrize("name", ["issues", "measurement"])
def test_every_prior_names_its_reasons(name: str) -> None:
    known = {row["id"] for row in table("evidence")} | {row["id"] for row in table("facts/conduct")}
    for row in table(f"priors/{name}"):
        cited = re.findall(r"\b[A-Z]{1,2}-\d\d\b", row["reason"])
        assert set(cited) <= known, row
        files = re.findall(r"facts/(\w+)", row["reason"])
        assert all((data_folder("calibration") / "facts" / f"{file}.csv").is_file() for file in files)
        assert cited or files or row["reason"].startswith("judgement: "), row


def test_curves_have_a_prior_for_every_issue_and_era_of_their_own() -> None:
    cells = [(row["era"], row["issue"]) for row in table("priors/issues")]
    assert sorted(cells) == sorted((era, issue) for era in {*map(coded_as, ERAS)} for issue in ISSUES)


def test_priors_are_proper() -> None:
    for row in table("priors/measurement"):
        assert row["family"] in ("normal", "lognormal") and float(row["spread"]) > 0.0, row
        assert (row["least"] == "") == (row["family"] == "normal"), row
        assert not row["least"] or 0.0 <= float(row["least"]) < 0.2, row


def test_every_actor_of_every_era_has_a_trace() -> None:
    for era, actors in ACTORS.items():
        for actor in actors:
            trace = evidence(actor, era)
            assert all(0.0 < mean < 1.0 and sd > 0.0 for mean, sd in trace.traits.values())
            assert len(trace.leanings) == (0 if actor == "USA.institutions" else len(CODERS))


def test_statements_of_a_predecessor_do_not_count_for_a_president() -> None:
    assert {row["era"] for row in evidence("USA.leader", "2025").rows} == {"2025"}
    assert {row["era"] for row in evidence("POL").rows} == {"2024", "2025"}
    assert "B-62" in str(evidence("POL", "2014")) and "B-06" not in str(evidence("USA.leader", "2014"))


def test_a_trace_shows_statements_leanings_and_departures() -> None:
    trace = evidence("HUN", "2025")
    assert set(trace.departures) == {"ukraine_support", "russia_dialogue"}
    text = str(trace)
    for part in ("A-22", "leaning 1", "ukraine_support ", f"{trace.traits['threat'][0]:.2f}"):
        assert part in text


@pytest.mark.parametrize(("actor", "era"), [("HUM", "2025"), ("POL", "2024"), ("POL", "2019"), ("USA", None)])
def test_a_trace_of_unknown_names_is_refused(actor: str, era: str | None) -> None:
    with pytest.raises(InputError, match=r"2018|2025|USA.leader"):
        evidence(actor, era)
