"""Where a number comes from: the report on an actor or a parameter agrees with the files, in words and in numbers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import alliance_sim as als
from alliance_sim import countries
from alliance_sim.calibration.actors import draws_from
from alliance_sim.calibration.leanings import CODERS
from alliance_sim.calibration.posterior import table_of
from alliance_sim.data import data_folder, find_row, table
from alliance_sim.errors import InputError
from alliance_sim.estimation.evidence import ACTORS, Evidence, parameters, reports
from alliance_sim.estimation.evidence.parts import Source, figure, share
from alliance_sim.estimation.report import read_report, report_path
from alliance_sim.registry.actors import ALLIES, ALLY_INDEX
from alliance_sim.registry.distributions import Prior, fixed, lognormal, normal, triangular, uniform
from alliance_sim.registry.eras import ERAS, LEADERS
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES, parameter_names, symbol_of
from alliance_sim.registry.parameters import PARAMETERS

FITTED = json.loads((Path(__file__).parent / "behaviour_report.json").read_text(encoding="utf-8"))


@pytest.fixture(params=["absent", "fitted"])
def fit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Both without a report on the fit of behaviour and with one."""
    return set_report({} if request.param == "absent" else FITTED, monkeypatch)


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> Any:
    return set_report(FITTED, monkeypatch)


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> Any:
    return set_report({}, monkeypatch)


def set_report(content: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    def read(path: Path) -> dict[str, Any]:
        return content if path.name == "behaviour.json" else read_report(path)

    monkeypatch.setattr(reports, "read_report", read)
    return content


def text_of(found: Evidence) -> str:
    return " ".join(found.words)


def shipped(name: str, column: str) -> np.ndarray:
    path = data_folder("calibration") / "posterior" / f"{name}.parquet"
    return pq.read_table(path, columns=[column])[column].to_numpy().astype(float)


def sourced(found: Evidence, ident: str) -> Source:
    return next(each for each in found.sources if each.id == ident)


# Numbers


@pytest.mark.parametrize("actor", ["HUN", "EST", "USA.leader", "USA.institutions"])
def test_traits_are_those_of_the_files(actor: str) -> None:
    found = als.evidence(actor, era="2025")
    for number, column in zip(found.numbers[:2], (f"threat.{actor}.2025", None), strict=True):
        column = column or number.name
        assert number.name == column and column.partition(".")[0] in ("threat", "south")
        for summary, file in ((number.posterior, "rows"), (number.measured, "measurement")):
            values = shipped(file, column)
            assert summary is not None
            expected = (values.mean(), values.std(), *np.quantile(values, (0.05, 0.95)))
            assert (summary.mean, summary.sd, summary.low, summary.high) == pytest.approx(expected, abs=1e-6)
        assert number.prior is not None
        prior = [number.prior.mean, number.prior.sd, number.prior.low, number.prior.high]
        assert prior == read_report(report_path())["priors"][column]


def test_priors_of_traits_are_wider_than_what_was_measured() -> None:
    priors = read_report(report_path())["priors"]
    for ally in ALLIES[1:]:
        mean, sd, low, high = priors[f"threat.{ally}.2025"]
        assert 0.0 < low < mean < high < 1.0 and sd > shipped("measurement", f"threat.{ally}.2025").std()


def test_positions_are_those_that_runs_draw() -> None:
    drawn = draws_from(table_of("posterior"), "2025", seed=0, draw0=0)
    by_name = {number.name: number for number in als.evidence("USA").numbers}
    for k, issue in enumerate(ISSUES):
        leader = by_name[f"position.{issue}.USA.leader"].posterior
        assert leader and leader.mean == drawn.leader_position[:, LEADERS.index("2025"), k].mean()
        institutions = by_name[f"position.{issue}.USA.institutions"].posterior
        assert institutions and institutions.mean == drawn.institutions_position[:, k].mean()
    number = next(each for each in als.evidence("HUN").numbers if each.name == "position.sanctions.HUN")
    values = drawn.position[:, ALLY_INDEX["HUN"], ISSUES.index("sanctions")]
    assert number.posterior and number.posterior.low == np.quantile(values, 0.05) and number.prior is None


def test_parameters_are_those_of_the_files() -> None:
    (number,) = als.evidence("pledge").numbers
    values = shipped("rows", "pledge")
    assert number.posterior and number.posterior.mean == pytest.approx(values.mean(), abs=1e-6)
    assert number.prior_text == str(PARAMETERS["pledge"].prior("2025"))


@pytest.mark.parametrize(
    "prior",
    [
        uniform(0.1, 0.4),
        normal(0.5, 0.3, 0.2, 0.9),
        triangular(0.0, 0.2, 1.0),
        lognormal(0.0, 0.5, 0.2, 5.0),
        fixed(0.3),
    ],
)
def test_summaries_of_priors_are_those_of_their_draws(prior: Prior) -> None:
    noise = np.random.default_rng(1)
    many = 400_000
    match prior.kind:
        case "uniform":
            values = noise.uniform(prior.low, prior.high, many)
        case "triangular":
            values = noise.triangular(prior.low, prior.a, prior.high, many)
        case "fixed":
            values = np.full(many, prior.a)
        case _:
            values = noise.normal(prior.a, prior.b, many)
            values = np.exp(values) if prior.kind == "lognormal" else values
            values = values[(values >= prior.low) & (values <= prior.high)]
    found = parameters.of_prior(prior)
    expected = (values.mean(), values.std(), *np.quantile(values, (0.05, 0.95)))
    assert (found.mean, found.sd, found.low, found.high) == pytest.approx(expected, rel=0.02)


# Rows


def test_pulls_are_those_of_the_report() -> None:
    report = read_report(report_path())
    for actor, era in (("HUN", "2025"), ("FIN", "2018"), ("USA.leader", "2025")):
        found = als.evidence(actor, era)
        rows = {each.id: each for each in found.sources}
        for row, pulled in report["pulls"].items():
            if f"threat.{actor}.{era}" in pulled["moves"]:
                assert dict(rows[row].pulls) == pulled["moves"] and rows[row].k == pulled["k"]
        for row in set(rows) & set(report["unreliable"]):
            assert not rows[row].reliable


def test_refits_have_the_sign_of_pulls() -> None:
    refits = read_report(report_path()).get("refits", {})
    found = als.evidence("HUN")
    behind = {each.id for each in found.sources}
    moves = {row: moved["threat.HUN.2025"] for row, moved in refits.items() if row in behind}
    if not moves:
        pytest.skip("no row on Hungary needs a refit, or its checks were not run")
    most = max(moves, key=lambda row: abs(moves[row]))
    row = sourced(found, most)
    assert row.pull("threat.HUN.2025") == -moves[most] and row.known("threat.HUN.2025")
    pulls = [line.split()[0] for line in str(found).splitlines() if line]
    assert f"{-moves[most]:+.3f}r".replace("0.", ".", 1) in pulls


def test_rows_that_cannot_be_known_say_so() -> None:
    report = read_report(report_path())
    row = report["pulls"]["lean.USA.2025"]
    if row["k"] <= 0.7 or "lean.USA.2025" in report.get("refits", {}):
        pytest.skip("the leaning of the president can be said")
    found = als.evidence("USA.leader")
    pull = row["moves"]["threat.USA.leader.2025"]
    assert f"it says {figure(pull, sign=True)}, with k = {figure(row['k'])}" in text_of(found)
    assert f"{pull:+.3f}?".replace("0.", ".", 1) in str(found)


def test_statements_have_document_paragraph_and_paraphrase() -> None:
    row = sourced(als.evidence("HUN"), "A-22")
    coded = find_row("evidence", id="A-22")
    assert (row.document, row.paragraph, row.text) == ("A", coded["paragraph"], coded["paraphrase"])
    assert row.value == "1 of 5" and "Foreign Policy" in row.source


def test_figures_have_value_and_source() -> None:
    found = als.evidence("HUN")
    aid = find_row("facts/ukraine_support", donor="HUN")
    row = sourced(found, "aid.HUN.2025")
    assert row.value == f"{aid['total_pct_gdp']} % of GDP" and row.source == aid["source"]
    assert sourced(found, "expulsions.HUN.2018").value == find_row("facts/russia_ties", iso3="HUN")["expulsions"]
    opinion = next(row for row in table("facts/public_opinion") if (row["iso3"], row["year"]) == ("HUN", "2017"))
    assert sourced(found, "opinion.HUN.2018").value == f"{float(opinion['pct']):g} %"
    assert sourced(found, "lean.HUN.2025").value == f"{find_row('coding/lean_a', actor='HUN', era='2025')['lean']} of 5"
    assert {"cause"} == {each.kind for each in found.sources if each.id == "exposure.HUN"}


def test_what_a_predecessor_said_does_not_count_for_a_president() -> None:
    rows = [each for each in als.evidence("USA.leader", "2025").sources if each.counts and each.era]
    assert {each.era for each in rows} == {"2025"} and {each.kind for each in rows} >= {"statement", "leaning"}
    rows = [each for each in als.evidence("POL").sources if each.counts and each.document]
    assert {each.era for each in rows} == {"2024", "2025"}
    assert "B-62" in {each.id for each in als.evidence("POL", "2014").sources}
    assert "B-06" not in {each.id for each in als.evidence("USA.leader", "2014").sources if each.counts}


# Words


def threats(era: str) -> dict[str, float]:
    return {ally: shipped("rows", f"threat.{ally}.{era}").mean() for ally in ALLIES[1:]}


@pytest.mark.parametrize("actor", ["HUN", "EST", "SVK", "FRA"])
def test_words_match_numbers(actor: str) -> None:
    found = als.evidence(actor)
    first = found.words[0]
    posterior = found.numbers[0].posterior
    assert posterior is not None and first.startswith(f"{find_row('facts/actors', iso3=actor)['name']} sees a threat")
    assert f"threat of {share(posterior.mean)} (90 % {share(posterior.low)} to {share(posterior.high)})" in first
    order = sorted(threats("2025"), key=threats("2025").__getitem__)
    rank = 1 + order.index(actor)
    said = {1: "the lowest of the 31 allies", 31: "the highest of the 31 allies"}.get(rank, f"rank {rank} of 31")
    if 31 > rank > 26:
        said = f"among the highest of the allies (rank {32 - rank} of 31 from above)"
    assert said in first


def test_the_largest_known_pull_is_in_words() -> None:
    found = als.evidence("HUN")
    name = "threat.HUN.2025"
    said = [each for each in found.sources if each.known(name)]
    most = max(said, key=lambda each: abs(each.pull(name) or 0.0))
    measured = found.numbers[0].measured
    assert measured is not None
    assert f"it would be {share(measured.mean - (most.pull(name) or 0.0))}" in found.words[0]
    assert str(found).index("it would be") < str(found).index("mean [5 %")  # words come first


def test_a_parameter_that_the_record_does_not_inform_is_called_judgement(fitted: Any) -> None:
    assert "The record does not inform it" in text_of(als.evidence("hedge"))
    assert "The number is judgement." in text_of(als.evidence("hedge"))
    said = text_of(als.evidence("pledge"))
    assert "narrows it by 41 %" in said and "does not inform" not in said


def test_a_parameter_shows_what_pulls_it_most(fitted: Any) -> None:
    found = als.evidence("pledge")
    assert [each.id for each in found.sources] == ["C019", "spending.POL", "C017"]
    assert sourced(found, "C019").text == find_row("consensus_record", id="C019")["decision"]
    posterior = found.numbers[0].posterior
    # The item that pulls most cannot be said.
    assert (
        posterior
        and f"Without the defence spending of Poland it would be {share(posterior.mean + 0.03)}." in text_of(found)
    )
    assert "+.050?" in str(found) and "-.030 " in str(found)
    assert "jointly better than apart: correlation -.62" in text_of(found) and "power 0.5" in text_of(found)


def test_the_record_pulls_actors(fitted: Any) -> None:
    found = als.evidence("HUN")
    assert sourced(found, "C018").pull("threat.HUN.2025") == -0.02
    assert "Of the record, C018 (2014-04 NATO NAC" in text_of(found) and found.numbers[0].shrinkage == 0.1


def test_a_parameter_of_allies_names_those_that_the_record_informs(fitted: Any) -> None:
    found = als.evidence("susceptibility")
    assert len(found.numbers) == len(ALLIES) and "narrows Hungary (by 30 %)" in text_of(found)
    lines = found.lines()
    assert lines[1 + next(i for i, line in enumerate(lines) if line.startswith("mean ["))].startswith("Hungary")


@pytest.mark.parametrize("name", ["pledge", "HUN"])
def test_a_missing_report_is_said(name: str, absent: Any) -> None:
    assert any("There is no report on the fit to the record yet" in note for note in als.evidence(name).notes)


@pytest.mark.parametrize("part", sorted(FITTED))
def test_any_part_of_the_report_may_be_missing(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_report({key: value for key, value in FITTED.items() if key != part}, monkeypatch)
    for name in ("pledge", "HUN", "susceptibility"):
        assert str(als.evidence(name)).startswith(name)


def test_draws_of_other_tables_are_replaced_by_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(calibration: Any) -> Any:
        if calibration == "posterior":
            raise InputError("posterior/rows.parquet: threat.POL.2016: the column is missing")
        return table_of(calibration)

    monkeypatch.setattr(reports, "table_of", broken)
    reports.stands_in.cache_clear()
    try:
        found = als.evidence("POL")
        assert found.numbers[0].posterior == found.numbers[0].measured
        assert "what was measured stands in for it" in str(found).replace("\n", " ")
        assert als.evidence("pledge").numbers[0].posterior is None
    finally:
        reports.stands_in.cache_clear()


def test_without_any_report_the_rows_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "read_report", lambda path: {})
    found = als.evidence("HUN")
    assert found.numbers[0].prior is None and any("no report on the pull" in note for note in found.notes)
    assert sourced(found, "A-22").pulls == {} and "unknown  A, paragraph 4" in "\n".join(found.lines(every=True))
    for name in ("USA", "pledge", "sanctions"):
        assert str(als.evidence(name)).startswith(name)


# Every actor and parameter


def check(found: Evidence) -> None:
    assert found.words and all(found.words) and found.numbers
    for every in (False, True):
        lines = found.lines(every)
        assert max(map(len, lines)) <= 80 and not any(line != line.rstrip() for line in lines)
    assert "  " not in text_of(found) and not re.search(r"\bnan\b|None|\(\)", str(found))
    content = found.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert len(content["sources"]) == len(found.sources) == len({each.id for each in found.sources})


def test_every_actor_of_every_era(fit: Any) -> None:
    for era, actors in ACTORS.items():
        for actor in actors:
            found = als.evidence(actor, era)
            check(found)
            assert len(found.numbers) == 2 + len(ISSUES)
            own = "USA" if actor == "USA.leader" else actor
            rows = [each.id for each in found.sources if each.id == f"lean.{own}.{era}"]
            assert len(rows) == (actor != "USA.institutions")
    assert all(len(ACTORS[era]) == len(ALLIES) + 1 for era in ERAS) and len(CODERS) == 2


def test_every_parameter(fit: Any) -> None:
    for name in (*PARAMETERS, *(each for each in parameter_names() if each not in ACTOR_QUANTITIES)):
        found = als.evidence(name)
        assert found.name == name and found.kind == "parameter"
        check(found)


def test_every_issue(fit: Any) -> None:
    for era in ACTORS:
        for issue in ISSUES:
            found = als.evidence(issue, era)
            assert (found.kind, found.name) == ("issue", issue) and len(found.numbers) == 4
            check(found)
            ids = {row["id"] for row in table("evidence") if row["issue"] == issue and row["era"] == era}
            assert ids <= {each.id for each in found.sources}


def test_the_curve_of_an_issue_is_that_of_the_files() -> None:
    found = als.evidence("sanctions", "2025")
    parts = [shipped("rows", f"{part}.sanctions.2025") for part in ("intercept", "threat_slope", "south_slope")]
    usual = parts[0] + 0.6 * parts[1] + 0.4 * parts[2]
    low, high = np.quantile(usual, (0.05, 0.95))
    assert f"stands at {share(usual.mean())} (90 % {share(low)} to {share(high)})" in text_of(found)
    center = find_row("priors/issues", issue="sanctions", era="2025")
    prior = found.numbers[1].prior
    assert prior and prior.mean == pytest.approx(float(center["slope_threat"]), abs=0.02)
    assert center["reason"] in text_of(found)
    of_2014, of_2018 = ({each.id for each in als.evidence("sanctions", era).sources} for era in ("2014", "2018"))
    assert of_2014 == of_2018
    assert "1 of 5   A, paragraph 4    HUN and SVK: Both argue" in str(als.evidence("ukraine_support"))


def test_short_reports_are_short() -> None:
    sizes = [len(als.evidence(actor).lines()) for actor in ACTORS["2025"]]
    assert max(sizes) <= 36 and np.median(sizes) <= 30
    assert len(als.evidence("USA").lines()) <= 52


# Names


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Hungary", "HUN"),
        ("hun", "HUN"),
        ("Türkiye", "TUR"),
        ("EL", "GRC"),
        ("United States", "USA"),
        ("threat_perception.HUN", "HUN"),
        ("position.sanctions.USA.leader", "USA.leader"),
        ("kappa", "threat_reversion"),
        ("susceptibility.HUN", "susceptibility.HUN"),
    ],
)
def test_names_that_are_understood(name: str, meant: str) -> None:
    assert als.evidence(name).name == meant


def test_a_symbol_of_a_parameter_is_not_a_country() -> None:
    for name in PARAMETERS:
        assert als.evidence(symbol_of(name)).name == name
    assert "grc" in countries.meant("g_r") and als.evidence("g_r").kind == "parameter"


def test_the_united_states_are_both_principals() -> None:
    found = als.evidence("USA")
    assert len(found.words) == 2 and found.words[0].startswith("The president") and "Congress" in found.words[1]
    assert {number.name for number in found.numbers} >= {"threat.USA.leader.2025", "threat.USA.institutions.2025"}
    assert len(als.evidence("USA", "2024").words) == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("HUM", "nearest actor: HUN"),
        ("pledg", "nearest parameter: pledge"),
        ("susceptibility.HUM", "nearest parameter: susceptibility.HUN"),
        ("h0", "gone; tolerated_move took its place"),
        ("sanction", "nearest issue: sanctions"),
        ("XKX", "no actor, parameter or issue is called 'XKX'; allowed"),
        ("", "no actor, parameter or issue is called ''"),
        ("\udcff", "no actor, parameter or issue"),
        ("x" * 5000, "no actor, parameter or issue"),
    ],
)
def test_unknown_names_are_refused(name: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        als.evidence(name)


@pytest.mark.parametrize(("name", "era"), [("POL", "2024"), ("POL", "2019"), ("pledge", "2024"), ("pledge", "")])
def test_unknown_eras_are_refused(name: str, era: str) -> None:
    with pytest.raises(InputError, match=r"2014, 2018"):
        als.evidence(name, era)


def test_the_prior_of_an_era() -> None:
    assert len(als.evidence("initial_autonomy").numbers) == len(ERAS)
    (number,) = als.evidence("initial_autonomy", "2018").numbers
    assert number.prior_text == str(PARAMETERS["initial_autonomy"].prior("2018"))
    assert "judgement" in text_of(als.evidence("initial_autonomy", "2018"))
