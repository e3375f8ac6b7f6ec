"""The measurement model; with the extra 'calibration' only."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from alliance_sim.estimation.readings import CURVES, SOUTH, THREAT, all_departures, data
from alliance_sim.estimation.report import posterior_path, report_path
from alliance_sim.registry.actors import EUROPEANS
from alliance_sim.registry.issues import ISSUES

NEEDS_EXTRA = pytest.mark.skipif(importlib.util.find_spec("numpyro") is None, reason="needs the extra 'calibration'")


# The shipped draws


@pytest.fixture(scope="module")
def shipped() -> dict[str, np.ndarray]:
    rows = pq.read_table(posterior_path())
    return {name: rows[name].to_numpy() for name in rows.column_names}


def test_the_shipped_draws_have_every_column_in_single_precision(shipped: dict[str, np.ndarray]) -> None:
    curves = [f"{part}.{curve}" for part in ("intercept", "threat_slope", "south_slope") for curve in CURVES]
    assert set(shipped) == {
        *(f"threat.{cell}" for cell in THREAT),
        *(f"south.{cell}" for cell in SOUTH),
        *curves,
        *(f"residual.{issue}" for issue in ISSUES),
        "residual.leader",
        *(f"departure.{cell}" for cell in all_departures(data().departures)),
    }
    for name, values in shipped.items():
        assert values.dtype == np.float32 and values.shape == (2000,) and np.isfinite(values).all(), name
        assert not name.startswith(("threat.", "south.")) or ((values > 0.0) & (values <= 1.0)).all(), name


def test_the_shipped_fit_converged() -> None:
    found = json.loads(report_path().read_text(encoding="utf-8"))["diagnostics"]
    assert found["left_out"] == [] and found["divergences"] == 0
    assert found["r_hat"]["worst"] <= 1.01
    assert min(found["ess_bulk"]["worst"], found["ess_tail"]["worst"]) >= 400
    now = data()
    fitted = (found["readings"], found["leanings"], found["figures"])
    assert fitted == (len(now.readings), len(now.lean_names), len(now.figure_names))


def test_the_report_describes_the_shipped_draws(shipped: dict[str, np.ndarray]) -> None:
    means = json.loads(report_path().read_text(encoding="utf-8"))["means"]
    assert means.keys() == shipped.keys()
    for name, values in shipped.items():
        assert means[name] == pytest.approx([values.mean(), values.std()], abs=2e-4), name


def test_what_the_documents_say_about_the_order(shipped: dict[str, np.ndarray]) -> None:
    mean = {name: values.mean() for name, values in shipped.items()}
    assert mean["threat.USA.leader.2018"] < mean["threat.USA.institutions.2018"]
    assert mean["threat.USA.leader.2025"] < mean["threat.USA.institutions.2025"] < mean["threat.EST.2025"]
    europeans = sorted(EUROPEANS, key=lambda ally: mean[f"threat.{ally}.2025"])
    assert set(europeans[:2]) == {"HUN", "SVK"}


# The model


def run(code: str) -> str:
    """Run code in a process of its own: JAX must not be in one that forks."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@NEEDS_EXTRA
def test_the_likelihood_of_levels_is_that_of_simulated_coders() -> None:
    code = """
import numpy as np, jax.numpy as jnp
from alliance_sim.estimation.measurement import _coded, _ordinal
n, limits = 200_000, np.array([[0.2, 0.4, 0.6, 0.8]])
mean, sd, coder = np.array([0.55]), np.array([0.1]), 0.04
given = np.zeros((n, 2), dtype=int)
seen = _coded(np.random.default_rng(1), np.repeat(mean, n), np.repeat(sd, n), coder, np.repeat(limits, n, 0), given)
for pair in ((2, 2), (2, 3), (1, 2), (3, 3)):
    found = np.exp(_ordinal(jnp.array(mean), jnp.array(sd), coder, jnp.array(limits), np.array([pair]))[0])
    assert abs(found - (seen == pair).all(axis=1).mean()) < 4e-3, pair
    traced = np.exp(_ordinal(jnp.array(mean), jnp.array(sd), coder, jnp.array(limits), jnp.array([pair]))[0])
    assert abs(found - traced) < 1e-12, pair
one = [float(np.exp(_ordinal(jnp.array(mean), jnp.array(sd), coder, jnp.array(limits), np.array([[-1, k]]))[0]))
       for k in range(5)]
assert abs(sum(one) - 1.0) < 1e-9
print(np.abs(np.array(one) - np.bincount(seen[:, 0], minlength=5) / n).max() < 4e-3)
"""
    assert run(code) == "True\n"


@NEEDS_EXTRA
def test_a_fit_with_a_row_left_out_runs_and_lists_the_others() -> None:
    code = """
from alliance_sim.estimation.measurement import fit
found = fit(left_out=("A-22", "lean.HUN.2025", "C050"), chains=1, samples=5, warmup=5)
names = set(found.log_likelihood)
assert not names & {"A-22", "lean.HUN.2025", "expulsions.EST.2018"}
assert {"A-21", "A-41", "lean.SVK.2025", "aid.EST.2025"} & names == {"A-41", "lean.SVK.2025", "aid.EST.2025"}
assert "departure.HUN.ukraine_support.2025" not in found.rows
print({values.shape for values in found.rows.values()})
"""
    assert run(code) == "{(5,)}\n"


@NEEDS_EXTRA
@pytest.mark.full
def test_ranks_of_true_values_are_uniform(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from alliance_sim.estimation.checks import ranks, rank_summary
path = Path({str(tmp_path / "ranks.jsonl")!r})
ranks(range(20), path)
found = rank_summary(path)
assert found["sets"] == 20
for name, each in found["quantities"].items():
    assert each["least_p"] > 1e-4, (name, each)
print(abs(found["quantities"]["threat"]["mean"] - 0.5) < 0.06)
"""
    assert run(code) == "True\n"


@NEEDS_EXTRA
def test_priors_of_the_report_are_those_of_the_model() -> None:
    code = """
from alliance_sim.estimation.checks import priors
from alliance_sim.estimation.report import read_report, report_path
shipped, found = read_report(report_path())["priors"], priors(draws=1000, seed=1)
assert shipped.keys() == found.keys()
print(all(abs(found[name][0] - mean) < 0.2 * sd and abs(found[name][1] / sd - 1.0) < 0.3
          for name, (mean, sd, _, _) in shipped.items() if name.startswith(("threat.", "south.", "intercept."))))
"""
    assert run(code) == "True\n"
