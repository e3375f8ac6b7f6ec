"""The coded statements and the priors are consistent."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
import yaml

from alliance_sim.calibration import fit
from alliance_sim.calibration.evidence import evidence
from alliance_sim.calibration.facts import members
from alliance_sim.data import data_folder, table
from alliance_sim.errors import InputError
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.eras import ERA_TABLE, ERAS, coded_as
from alliance_sim.registry.issues import ISSUES

EVIDENCE = table("evidence")
PRIORS = {(row["era"], row["actor"]): row for row in table("priors/actors")}
OTHERS = {"USA.leader", "USA.institutions", "RUS", "UKR"}


def test_statements_cite_existing_paragraphs() -> None:
    documents = yaml.safe_load((data_folder("calibration") / "documents.yaml").read_text(encoding="utf-8"))
    paragraphs = {document["document"]: document["paragraphs"] for document in documents}
    labels = {document["document"]: document["label"] for document in documents}
    for row in EVIDENCE:
        assert 1 <= int(row["paragraph"]) <= paragraphs[row["document"]]
        assert row["id"].startswith(labels[row["document"]])


def test_statements_are_coded_in_the_codebook_s_terms() -> None:
    assert len({row["id"] for row in EVIDENCE}) == len(EVIDENCE)
    for row in EVIDENCE:
        assert row["construct"] in fit.CONSTRUCTS
        assert row["era"] in ERA_TABLE
        assert row["issue"] in ("", *ISSUES)
        assert row["issue"] or row["construct"] != "position"
        assert row["level"] in ("", *"12345") and row["direction"] in ("", "-1", "0", "1")
        assert row["level"] or row["direction"]
        assert row["certainty"] in ("low", "medium", "high") and row["pass"] == "1"
        for actor in row["actors"].split(";"):
            assert actor in OTHERS or actor in ALLIES or actor in members(row["era"]), (row["id"], actor)


@pytest.mark.parametrize("name", ["actors", "issues", "positions", "indicators"])
def test_every_prior_names_its_reasons(name: str) -> None:
    known = {row["id"] for row in EVIDENCE} | {row["id"] for row in table("facts/conduct")}
    indicators = {row["indicator"] for row in table("priors/indicators")}
    for row in table(f"priors/{name}"):
        cited = re.findall(r"\b[A-Z]{1,2}-\d\d\b", row["reason"])
        assert set(cited) <= known, row
        files = re.findall(r"facts/(\w+)", row["reason"])
        assert all((data_folder("calibration") / "facts" / f"{file}.csv").is_file() for file in files)
        words = set(re.findall(r"\w+", row["reason"]))
        assert cited or files or "judgement" in words or words & indicators, row


def test_departures_cite_statements_about_their_actor() -> None:
    """A departure cites statements and acts of that actor, not of another."""
    rows = {row["id"]: row for row in EVIDENCE}
    acts = {row["id"]: row["actors"].split(";") for row in table("facts/conduct")}
    for row in table("priors/positions"):
        if "judgement" in row["reason"] or "as in" in row["reason"]:
            continue
        for cited in re.findall(r"\b[A-Z]-\d\d\b", row["reason"]):
            statement = rows[cited]
            named = row["actor"] in statement["actors"].split(";")
            assert named or fit.bears_on(statement, row["actor"], row["era"]) or cited == "B-46", (row, cited)
        for cited in re.findall(r"CN-\d\d", row["reason"]):
            named = row["actor"][:3] in acts[cited]
            groups = members(coded_as(row["era"]))
            assert named or any(row["actor"] in groups.get(name, ()) for name in acts[cited]), (row, cited)


def test_shifts_of_washington_give_the_positions_stated_in_their_reasons() -> None:
    for row in table("priors/positions"):
        if stated := re.match(r"towards ([\d.]+):", row["reason"]):
            place = (coded_as(row["era"]), row["issue"])
            curve = next(found for found in table("priors/issues") if (found["era"], found["issue"]) == place)
            prior = PRIORS[row["era"], row["actor"]]
            expected = float(curve["intercept"]) + float(row["shift"])
            for trait in ("threat", "south"):
                expected += float(curve[f"slope_{trait}"]) * float(prior[f"{trait}_mean"])
            assert expected == pytest.approx(float(stated[1]), abs=0.006), row


def test_regenerating_the_priors_gives_the_shipped_file() -> None:
    shipped = (data_folder("calibration") / "priors" / "actors.csv").read_text(encoding="utf-8")
    assert fit.priors_csv() == shipped


def test_prior_of_one_and_of_two_readings() -> None:
    one = fit.Reading("a", 0.4, 0.3)
    assert fit.prior((one,), 0.4) == pytest.approx((0.4, 0.5))
    # Equal weights, apart by far more than stated: the standard error of two numbers takes over.
    assert fit.prior((fit.Reading("a", 0.0, 0.01), fit.Reading("b", 1.0, 0.01)), 0.0) == pytest.approx((0.5, 0.5))
    # They agree: precisions add up.
    assert fit.prior((fit.Reading("a", 0.5, 0.2), fit.Reading("b", 0.5, 0.1)), 0.0) == pytest.approx(
        (0.5, 0.2 / 5**0.5)
    )


def test_priors_are_proper_and_complete() -> None:
    assert set(PRIORS) == {(era, actor) for era, actors in fit.ACTORS.items() for actor in actors}
    for row in PRIORS.values():
        for trait in ("threat", "south"):
            assert 0.05 < float(row[f"{trait}_mean"]) < 0.95
            assert 0.06 <= float(row[f"{trait}_sd"]) < 0.25
    cells = [(row["era"], row["issue"]) for row in table("priors/issues")]
    assert sorted(cells) == sorted((era, issue) for era in {*map(coded_as, ERAS)} for issue in ISSUES)
    departures = [(row["era"], row["actor"], row["issue"]) for row in table("priors/positions")]
    assert len(set(departures)) == len(departures)
    for era, actor, issue in departures:
        assert (era, actor) in PRIORS and issue in ISSUES
    for era, actor in PRIORS:
        if actor.startswith("USA"):
            coded = era if actor == "USA.leader" else coded_as(era)
            assert sum(place[:2] == (coded, actor) for place in departures) == len(ISSUES)


def threat(era: str, actor: str) -> float:
    return float(PRIORS[era, actor]["threat_mean"])


@pytest.mark.parametrize(
    ("era", "falling"),
    [
        ("2025", "EST GBR ITA TUR SVK USA.leader"),
        ("2025", "POL FRA ESP HUN USA.leader"),
        ("2025", "LVA ROU BEL TUR HUN"),
        ("2025", "USA.institutions TUR USA.leader"),
        ("2018", "POL GBR DEU GRC TUR"),
        ("2018", "LTU NOR FRA HUN"),
        ("2018", "EST USA.institutions ESP USA.leader"),
        ("2018", "ROU PRT ITA"),
    ],
)
def test_order_of_threat_perceptions(era: str, falling: str) -> None:
    values = [threat(era, actor) for actor in falling.split()]
    assert all(higher > lower + 0.02 for higher, lower in pairwise(values)), values


def test_the_gap_across_the_atlantic_opens_with_the_president_of_2025() -> None:
    europeans = [threat("2025", actor) for actor in members("2025")["european_allies"]]
    mean = sum(europeans) / len(europeans)
    assert threat("2024", "USA.leader") > mean - 0.05
    assert threat("2025", "USA.leader") < mean - 0.5


def test_a_statement_about_a_member_replaces_one_about_its_group() -> None:
    sources = [reading.source for reading in fit.readings("HUN", "2025", "threat")]
    assert "A-21" in sources and not {"A-02", "A-26", "A-30"} & set(sources)
    assert "A-26" in [reading.source for reading in fit.readings("NLD", "2025", "threat")]


def test_statements_of_a_predecessor_do_not_count_for_a_president() -> None:
    assert {row["era"] for row in evidence("USA.leader", "2025").rows} == {"2025"}
    assert {row["era"] for row in evidence("POL").rows} == {"2024", "2025"}


def test_priors_of_2014_are_the_priors_of_2018_with_less_threat() -> None:
    washington = {"USA.leader": "USA.institutions", "USA.institutions": "USA.institutions"}
    for actor in fit.ACTORS["2014"]:
        then, later = PRIORS["2014", actor], PRIORS["2018", washington.get(actor, actor)]
        step = 0.0 if actor in washington else 0.18
        assert float(then["threat_mean"]) == pytest.approx(float(later["threat_mean"]) - step, abs=2e-3)
        assert float(then["threat_sd"]) > float(later["threat_sd"])
    assert "B-61" in str(evidence("POL", "2014")) and "B-06" not in str(evidence("USA.leader", "2014"))


def test_a_trace_shows_statements_acts_figures_and_the_prior() -> None:
    text = str(evidence("HUN", "2025"))
    for part in ("A-22", "CN-11", "lean", PRIORS["2025", "HUN"]["threat_mean"]):
        assert part in text


@pytest.mark.parametrize(("actor", "era"), [("HUM", "2025"), ("POL", "2024"), ("POL", "2019"), ("USA", None)])
def test_a_trace_of_unknown_names_is_refused(actor: str, era: str | None) -> None:
    with pytest.raises(InputError, match=r"2018|2025|USA.leader"):
        evidence(actor, era)
