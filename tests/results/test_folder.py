import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance_sim.errors import InputError
from alliance_sim.registry.forums import DECISIONS
from alliance_sim.results import folder
from alliance_sim.results.ensemble import Ensemble, load_ensemble
from alliance_sim.scenarios import load_scenario
from alliance_sim.simulation import first_months, simulate

RESET = load_scenario("us_russia_reset_2025")
SHORT = first_months(RESET, 9)
PACKAGE = """
name: package
title: A package
description: Posture in the east against effort in the south.
era: "2025"
start: 2025-06
months: 3
sources: [test]
meetings:
  - month: 2025-07
    forum: nac
    title: A deal
    source: test
    agenda:
      - {issue: deterrence_posture, proposed: 0.7, reversion: 0.6, package: deal, text: east, source: test}
      - {issue: open_door, proposed: 0.6, reversion: 0.5, text: alone, source: test}
      - {issue: southern_flank, proposed: 0.5, reversion: 0.4, package: deal, text: south, source: test}
"""


@pytest.fixture(scope="module")
def reset() -> Ensemble:
    return simulate(SHORT, draws=40, seed=3, keep="trace")


def same(one: Ensemble, other: Ensemble, draws: int | None = None) -> None:
    pairs = zip((*one.output, *one.records), (*other.output, *other.records), strict=True)
    for left, right in pairs:
        np.testing.assert_array_equal(left[:draws], right[:draws])


def test_rows_of_a_package_have_one_outcome(tmp_path: Path) -> None:
    path = tmp_path / "package.yaml"
    path.write_text(PACKAGE)
    result = simulate(path, 30)
    board = result.decisions().set_index("issue")
    assert board.loc["deterrence_posture", list(DECISIONS)].equals(board.loc["southern_flank", list(DECISIONS)])
    same(load_ensemble(result.save(tmp_path / "kept")), result)


def test_results_without_decisions_come_back(tmp_path: Path) -> None:
    quiet = simulate(first_months(load_scenario("baseline_2018"), 2), 3)
    assert quiet.decisions().empty and quiet.frame("objections").empty
    same(load_ensemble(quiet.save(tmp_path / "quiet")), quiet)
    with pytest.raises(InputError, match="no meetings"):
        quiet.plot("decisions")


@pytest.mark.parametrize("keep", ["final", "allies", "trace"])
def test_saved_ensembles_come_back(keep: str, tmp_path: Path) -> None:
    kept = simulate(SHORT.with_parameters({"threat_reversion": 0.1}), 5, 2**64 - 1, keep)
    loaded = load_ensemble(kept.save(tmp_path / "deep" / "results"))
    same(loaded, kept)
    assert loaded.data.identical(kept.data)
    pd.testing.assert_frame_equal(loaded.frame("decisions"), kept.frame("decisions"))
    # The manifest alone is enough to compute the same numbers again.
    assert loaded.scenario.parameters == {"threat_reversion": 0.1}
    same(simulate(loaded.scenario, loaded.draws, loaded.seed, keep), kept)
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["results"]


def test_saving_in_pieces_is_saving_at_once(reset: Ensemble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "ROWS", 16)
    same(load_ensemble(reset.save(tmp_path / "pieces")), reset)


def test_a_full_folder_is_refused(reset: Ensemble, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        reset.save(tmp_path)
    with pytest.raises(InputError, match="not an empty folder"):
        reset.save(tmp_path / "notes.txt")
    assert (tmp_path / "notes.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    reset.save(tmp_path / "empty")


def test_broken_results_are_refused(reset: Ensemble, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no complete results"):
        load_ensemble(tmp_path / "nowhere")
    folder = reset.save(tmp_path / "results")
    whole = (folder / "decisions.parquet").read_bytes()
    for spoiled in (b"PAR1", whole[:1000] + bytes([whole[1000] ^ 1]) + whole[1001:]):
        (folder / "decisions.parquet").write_bytes(spoiled)
        with pytest.raises(InputError, match=r"decisions\.parquet: is damaged"):
            load_ensemble(folder)
    (folder / "decisions.parquet").unlink()
    with pytest.raises(InputError, match=r"decisions\.parquet: cannot be read"):
        load_ensemble(folder)
    (folder / "manifest.json").write_text("{")
    with pytest.raises(InputError, match=r"manifest\.json: cannot be read"):
        load_ensemble(folder)
    (folder / "manifest.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(InputError, match="layout 99, of another version of the model; allowed: 3; run it again"):
        load_ensemble(folder)
