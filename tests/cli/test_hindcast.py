"""The command that scores forecasts of the record."""

import json
import re
from pathlib import Path

import pytest

from command_line import Shell

COMMAND = ("hindcast", "--draws", "8")


@pytest.fixture
def found(shell: Shell) -> dict[str, list[dict[str, object]]]:
    result: dict[str, list[dict[str, object]]] = json.loads(shell.good(*COMMAND, "--json"))
    return result


def test_json_has_a_score_of_each_model_on_each_part(found: dict[str, list[dict[str, object]]]) -> None:
    rows = found["scores"]
    assert {row["target"] for row in rows} == {"class", "objections", "broken silence", "spending"}
    models = {row["model"] for row in rows if row["target"] == "class"}
    assert {"alliance_sim", "alliance_sim, mixed with past rates", "rates of the forum"} <= models
    every = [row for row in rows if row["cases"] == "2020 to 2025" and row["target"] == "class"]
    assert len(every) == len(models) and {row["n"] for row in every} == {53}
    assert all(0.0 <= float(str(row["rps"])) <= 1.0 and float(str(row["log"])) > 0.0 for row in every)
    assert all(row["auc"] is None for row in every)
    for skill in found["skill"]:
        assert float(str(skill["low"])) <= float(str(skill["difference"])) <= float(str(skill["high"]))


def test_the_report_fits_the_terminal_and_has_the_numbers(
    shell: Shell, found: dict[str, list[dict[str, object]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    out = shell.good(*COMMAND)
    assert max(map(len, out.splitlines())) <= 80 and "…" not in out and "nan" not in out
    row = next(r for r in found["scores"] if r["target"] == "class" and r["model"] == "alliance_sim")
    assert re.search(rf"alliance_sim +53 +{row['rps']:.3f} +{row['log']:.3f}", out)
    assert "rows from 2020 on" in out.replace("\n", " ") and "better" in out.replace("not clear", "better")


def test_it_draws_reliability(shell: Shell, tmp_path: Path) -> None:
    figure = tmp_path / "reliability.svg"
    assert f"Written: {figure}" in shell.good(*COMMAND, "--plot", str(figure)).replace("\n", "")
    assert figure.read_text().count("<svg") == 1


def test_same_seed_same_bytes(shell: Shell) -> None:
    assert shell.good(*COMMAND, "--json") == shell.good(*COMMAND, "--json")


def test_bad_draws_are_refused(shell: Shell) -> None:
    assert "draws" in shell.bad("hindcast", "--draws", "0")
