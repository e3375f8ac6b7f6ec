"""Stages of the calibration: what they keep, what they use again, and what they hand on."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from alliance_sim.data import data_folder
from alliance_sim.errors import InputError
from alliance_sim.estimation import report, stages, work

COPIED = ("posterior", "report")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A folder with draws and report as they are shipped, as if of today's data and code."""
    for name in COPIED:
        shutil.copytree(data_folder("calibration") / name, tmp_path / "out" / name)
    path = report.report_path(tmp_path / "out")
    report.write_report(path, diagnostics=report.read_report(path)["diagnostics"] | {"data": work.data_hash()})
    return tmp_path / "out"


@pytest.fixture(autouse=True)
def versions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions of libraries of the extra, which need not be installed here."""
    monkeypatch.setattr(stages, "version", lambda name: "1.0")


def silent(text: str) -> None:
    pass


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Any, ...]]:
    """What the stages on behaviour are given."""
    found: dict[str, tuple[Any, ...]] = {}
    given = SimpleNamespace(
        behaviour=lambda *arguments: found.update(behaviour=arguments),
        coverage=lambda *arguments: found.update(coverage=arguments),
    )
    monkeypatch.setitem(sys.modules, "alliance_sim.estimation.behaviour_stages", given)
    monkeypatch.setattr("alliance_sim.estimation.behaviour_stages", given, raising=False)
    return found


def test_behaviour_and_its_coverage_work_in_one_folder(
    out: Path, tmp_path: Path, handed: dict[str, tuple[Any, ...]]
) -> None:
    for stage in ("behaviour", "coverage"):
        stages.STAGES[stage](out, tmp_path, 3, silent)
    assert handed["behaviour"] == handed["coverage"]
    target, folder, seed, say = handed["behaviour"]
    assert (target, folder.parent, seed, say) == (out, tmp_path, 3, silent)


def test_behaviour_of_other_measured_actors_works_in_another_folder(
    out: Path, tmp_path: Path, handed: dict[str, tuple[Any, ...]]
) -> None:
    stages.behaviour(out, tmp_path, 3, silent)
    before = handed["behaviour"][1]
    rows = report.read_posterior(report.posterior_path(out))
    report.write_posterior({name: values[::-1] for name, values in rows.items()}, report.posterior_path(out))
    stages.behaviour(out, tmp_path, 3, silent)
    assert handed["behaviour"][1] != before


def test_draws_of_other_data_are_refused(out: Path, tmp_path: Path, handed: dict[str, tuple[Any, ...]]) -> None:
    path = report.report_path(out)
    diagnostics = report.read_report(path)["diagnostics"]
    report.write_report(path, diagnostics={**diagnostics, "data": "another"})
    with pytest.raises(InputError, match="comes from other data or code than are here now; allowed: --stage measure"):
        stages.behaviour(out, tmp_path, 0, silent)
    assert handed == {}


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """A work folder with a fit of measurement, made up of the shipped one."""
    folder, (chains, samples) = stages._measurement_folder(tmp_path / "work"), stages.FITTED
    folder.mkdir(parents=True)
    draws = folder / f"measure-0-{chains}x{samples}.parquet"
    shutil.copy(report.posterior_path(), draws)
    shipped = report.read_report(report.report_path())
    parts = {name: shipped[name] for name in ("means", "others", "ordering", "pulls", "unreliable")}
    diagnostics = {**shipped["diagnostics"], "data": work.data_hash(), "seed": 0}
    draws.with_suffix(".json").write_text(json.dumps({"diagnostics": diagnostics, **parts}), encoding="utf-8")
    return tmp_path / "work"


def test_a_kept_fit_is_used_again(measured: Path, tmp_path: Path) -> None:
    said: list[str] = []
    stages.measure(tmp_path / "new", measured, 0, said.append)
    assert len(said) == 1 and said[0].startswith("same data and seed as before")
    assert report.posterior_path(tmp_path / "new").read_bytes() == report.posterior_path().read_bytes()
    assert report.read_report(report.report_path(tmp_path / "new"))["diagnostics"]["data"] == work.data_hash()


@pytest.mark.parametrize("other", [None, "data", "seed"])
def test_checks_stay_in_the_report_of_the_same_fit_alone(other: str | None, measured: Path, out: Path) -> None:
    path = report.report_path(out)
    before = {"data": work.data_hash(), "seed": 0} | ({other: "another"} if other else {})
    report.write_report(path, diagnostics=before, left_out_figures={"aid.2025": {}})
    stages.measure(out, measured, 0, silent)
    assert ("left_out_figures" in report.read_report(path)) == (other is None)


def test_the_manifest_says_of_each_table_how_it_was_made(
    measured: Path, out: Path, handed: dict[str, tuple[Any, ...]]
) -> None:
    path = out / "posterior" / "manifest.json"
    path.write_text('{"fit": "", "rows": {"rows": 7}, "seed": 1, "versions": {"numpy": "2"}}', encoding="utf-8")
    versions = dict.fromkeys(("numpy", "pyarrow", "numpyro", "jax", "arviz"), "1.0")
    stages.measure(out, measured, 0, silent)
    found = report.read_report(path)
    assert "behaviour not fitted with them" in found["fit"]
    assert found["rows"] == {"rows": 1000, "measurement": 2000}
    assert (found["seed"], found["data"]) == ({"measurement": 0}, {"measurement": work.data_hash()})
    stages.behaviour(out, measured, 5, silent)
    found = report.read_report(path)
    shipped = report.read_report(report.behaviour_path())["fit"]
    assert found["fit"] == (
        f"actors measured; behaviour fitted to the record at power {shipped['power']:g} of the likelihood, "
        f"Pareto k {shipped['pareto_k']:.2f}"
    )
    assert found["seed"] == {"measurement": 0, "rows": 5}
    assert found["versions"] == {"measurement": versions, "rows": versions}
    rows = report.read_posterior(report.posterior_path(out))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "read_posterior", lambda path: {name: values[::-1] for name, values in rows.items()})
        stages.measure(out, measured, 0, silent)
    assert "behaviour not fitted with them" in report.read_report(path)["fit"]


# Folders and hashes


def test_the_hash_is_of_sources_and_not_of_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(data_folder("calibration"), tmp_path / "calibration")
    monkeypatch.setattr(work, "data_folder", lambda kind: tmp_path / kind)
    hashes = [work.data_hash.__wrapped__()]
    for name in ("report/measurement.json", "posterior/manifest.json", "README.md"):
        (tmp_path / "calibration" / name).write_text("changed", encoding="utf-8")
    assert work.data_hash.__wrapped__() == hashes[0] == work.data_hash()
    for name in ("consensus_record.csv", "facts/actors.csv", "priors/issues.csv", "documents.yaml"):
        with (tmp_path / "calibration" / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        hashes.append(work.data_hash.__wrapped__())
    monkeypatch.setattr(work, "__version__", "another")
    hashes.append(work.data_hash.__wrapped__())
    monkeypatch.setattr(work, "HISTORY", "baseline_2018")
    hashes.append(work.data_hash.__wrapped__())
    assert len(set(hashes)) == 7


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    path = tmp_path / "fit.json"
    for damaged in ("", '{"mean": 0.', "[1]"):
        path.write_text(damaged, encoding="utf-8")
        assert work.kept(path, lambda: {"mean": 0.5}) == {"mean": 0.5}
        assert json.loads(path.read_text(encoding="utf-8")) == {"mean": 0.5}


def test_a_fit_that_is_interrupted_is_not_kept(tmp_path: Path) -> None:
    def make() -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work.kept(tmp_path / "fit.json", make)
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_was_cut_off_is_removed_once(tmp_path: Path) -> None:
    path = tmp_path / "sets.jsonl"
    assert work.kept_lines(path) == []
    for cut in (b'{"set": 1, "ran', b"{", b""):
        path.write_bytes(b'{"set": 0}\n' + cut)
        assert work.kept_lines(path) == [{"set": 0}]
        assert path.read_bytes() == b'{"set": 0}\n'
    path.write_bytes(b'{"se')
    assert work.kept_lines(path) == [] and path.read_bytes() == b""


def test_draws_that_cannot_be_written_leave_the_old_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "draws.parquet"
    report.write_posterior({"a": np.zeros(2)}, path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        report.write_posterior({"a": np.ones(2)}, path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


CHECKS = """
import json, sys
from pathlib import Path
from types import SimpleNamespace
from alliance_sim.estimation import checks, measurement, report, stages

out, work = Path(sys.argv[1]), Path(sys.argv[2])
rows, asked = report.read_posterior(report.posterior_path()), []

def fit(left_out, *settings, factors):
    asked.append((left_out, factors))
    if len(asked) == 5:
        raise KeyboardInterrupt
    return SimpleNamespace(rows=rows)

measurement.fit = fit
before = report.read_report(report.report_path(out))
try:
    stages.checks(out, work, 0, lambda text: None)
except KeyboardInterrupt:
    assert report.read_report(report.report_path(out)) == before
stages.checks(out, work, 0, lambda text: None)
stages.refits(out, work, 0, lambda text: None)
print(json.dumps({"asked": asked, "scales": list(checks.scale_factors())}))
"""


@pytest.mark.skipif(importlib.util.find_spec("numpyro") is None, reason="needs the extra 'calibration'")
def test_checks_go_on_where_they_stopped(out: Path, tmp_path: Path) -> None:
    before = report.read_report(report.report_path(out))
    # A process of its own: JAX must not be in one that forks.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHECKS, str(out), str(tmp_path / "work")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    asked, scales = printed["asked"], printed["scales"]
    assert asked[4] == asked[5]  # the one that was interrupted
    rest = [*asked[:4], *asked[5:]]
    assert len(rest) == 3 + 1 + len(before["unreliable"]) + len(scales)
    assert all(rest.count(each) == 1 for each in rest)
    found = report.read_report(report.report_path(out))
    assert found["left_out_figures"].keys() == before["left_out_figures"].keys()
    assert [*found["scale_moves"]] == scales and [*found["refits"]] == before["unreliable"]
    assert {abs(value) for moves in found["refits"].values() for value in moves.values()} == {0.0}
    assert found["ordering_without_lean"].keys() == before["ordering"].keys()
