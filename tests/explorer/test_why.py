"""The page Why has the numbers of `diagnose --json`, and the rows of `evidence --json`."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

pytest.importorskip("solara", reason="needs the extra 'explorer'")

import alliance_sim as als
from alliance_sim.analysis.words import FAILURES
from alliance_sim.explorer.answers import why
from alliance_sim.explorer.answers.evidence import evidence_of
from alliance_sim.registry.labels import DECISION_LABELS, ISSUE_LABELS
from alliance_sim.wording import percent, percent_cell

Found = dict[str, Any]


@pytest.fixture(scope="module")
def found() -> Found:
    return als.diagnose("us_russia_reset_2025", "russia_strategy", "2026-07", draws=300, seed=3).json()


@pytest.fixture(scope="module")
def passing() -> Found:
    """A decision that passes in most futures."""
    return als.diagnose("baseline_2025", "ukraine_support", "2026-07", draws=200).json()


def all_of(nodes: Sequence[Found]) -> Iterator[Found]:
    for node in nodes:
        yield node
        yield from all_of(node["nodes"])


@pytest.mark.parametrize("name", ["found", "passing"])
def test_the_tree_has_the_numbers_of_the_diagnosis(name: str, request: pytest.FixtureRequest) -> None:
    found: Found = request.getfixturevalue(name)
    nodes = {node["key"]: node for node in all_of(why.tree(found))}
    assert nodes["passes"]["share"] == pytest.approx(found["passing"], abs=5e-5)
    assert nodes["passes"]["share"] + nodes["fails"]["share"] == pytest.approx(1.0)
    parts = {"outcomes": (DECISION_LABELS, "futures"), "failures": (FAILURES, "failures")}
    for part, (labels, of) in parts.items():
        for key, share in found[part].items():
            assert (key in nodes) == (share > 0.0)
            if share:
                assert nodes[key]["label"] == labels[key]
                assert nodes[key]["text"] == f"{percent_cell(share)} % of {of}"
    # The allies below a reason: those who object most, and those who object over something else only.
    for reason, field in (("substance", "objects"), ("dispute", "dispute")):
        shares = {node["ally"]: node["share"] for node in nodes[reason]["nodes"]} if reason in nodes else {}
        most = sorted((each[field] for each in found["allies"]), reverse=True)[: len(shares)]
        assert list(shares.values()) == pytest.approx(most, abs=5e-5)
        given = {each["ally"]: each[field] for each in found["allies"]}
        assert shares == pytest.approx({ally: given[ally] for ally in shares}, abs=5e-5)
    json.dumps(list(nodes.values()), allow_nan=False)


def test_a_text_that_always_passes_has_nothing_below() -> None:
    found = {"outcomes": {"adopted": 1.0, "diluted": 0.0, "withdrawn": 0.0, "blocked": 0.0, "deferred": 0.0}}
    nodes = why.tree({**found, "passing": 1.0, "failures": None, "allies": []})
    assert [node["key"] for node in all_of(nodes)] == ["passes", "adopted"]


def test_what_an_ally_weighs(found: Found) -> None:
    for ally in found["allies"]:
        means, shown = ally["weights_failed"], why.weights(ally)
        assert shown and shown["loss"] == pytest.approx(1000.0 * means["loss"], abs=0.051)
        parts = {part["name"]: part["value"] for part in shown["parts"]}
        assert shown["bears"] == pytest.approx(sum(parts.values()), abs=0.3)
        for name, value in parts.items():
            assert abs(value) == pytest.approx(1000.0 * abs(means[name]), abs=0.051)
        assert parts["stake"] <= 0.0
    assert why.weights({"weights_failed": None, "weights": None}) is None
    first = why.ally_of(found, "")
    assert first == found["allies"][0] and why.ally_of(found, "no ally") == first
    assert why.ally_of({"allies": []}, "HUN") is None
    text = why.said(found["allies"][0])
    for name in ("objects", "alone", "voiced", "pivotal"):
        assert f"in {percent(first[name])}" in text.lower()
    # As a diagnosis comes back from JSON, where the keys of the rounds are text.
    assert why.said(json.loads(json.dumps(first))) == text


def test_without_an_ally_and_with_another_leader(found: Found) -> None:
    for each in found["without"]:
        assert f"pass in {percent(each['passing'])} of futures" in why.without(found, each["ally"])
    assert "Not tried" in why.without(found, "ISL")
    tried = {f"{each['lever']}:{each['value']}": each for each in found["restore"]}
    for ally in ("USA", "HUN"):
        rows = why.leader_rows(found, ally)
        assert rows
        for row in rows:
            assert row["share"] == pytest.approx(tried[row["key"]]["passing"], abs=5e-5)
            assert row["high"] - found["passing"] == pytest.approx(tried[row["key"]]["high"], abs=1e-4)


def test_the_texts_on_their_way(found: Found) -> None:
    given = [each for each in found["texts"] if each["mean"] is not None]
    for row, text in zip(why.levels(found), given, strict=True):
        assert (row["mean"], row["low"], row["high"]) == pytest.approx(
            (text["mean"], text["p05"], text["p95"]), abs=6e-3
        )


@pytest.mark.parametrize("ally", ["USA", "HUN", "TUR", "ISL"])
@pytest.mark.parametrize("era", ["2018", "2025"])
def test_evidence_has_the_rows_of_the_report_and_no_more_text(ally: str, era: str) -> None:
    report = als.evidence(ally, era)
    by_id = {each.id: each for each in report.sources}
    for issue in ("russia_strategy", "sanctions"):
        found = evidence_of(ally, issue, era)
        assert len(found["numbers"]) == (4 if ally == "USA" else 2)
        threat = next(each for each in report.numbers if each.name.startswith("threat."))
        assert threat.posterior and found["numbers"][0]["now"].startswith(f"{threat.posterior.mean:.2f} (")
        rows = [row for group in found["groups"] for row in group["rows"]]
        assert rows and {row["id"] for row in rows} <= set(by_id)
        for row in rows:
            source = by_id[row["id"]]
            assert row["text"] == source.text and row["where"]
            if source.document not in ("", "act"):
                assert row["where"] == f"Document {source.document}, paragraph {source.paragraph}"
                assert row["source"] == source.source != ""
        *_, last = found["groups"]
        assert bool(last["rows"]) != bool(last["note"])
        assert all(row["about"].endswith(ISSUE_LABELS[issue]) for row in last["rows"])
