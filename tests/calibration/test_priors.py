"""The priors that judgement set."""

from __future__ import annotations

import re

import pytest

from alliance_sim.data import data_folder, table
from alliance_sim.registry.eras import ERAS, coded_as
from alliance_sim.registry.issues import ISSUES


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
