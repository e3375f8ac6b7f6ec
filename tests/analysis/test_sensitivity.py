"""Sensitivity: known indices through the same runner, and what must hold of the model's own."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import alliance_sim as als
from alliance_sim.analysis import sensitivity as module
from alliance_sim.analysis.sensitivity import SCREENED, ablation, indices, sensitivity
from alliance_sim.cli import main
from alliance_sim.errors import InputError
from alliance_sim.experiments.design import Points
from alliance_sim.experiments.plan import Task
from alliance_sim.registry.distributions import uniform
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.simulation import first_months

#: Ishigami and Homma (1990), An importance quantification technique in uncertainty analysis for computer models.
ISHIGAMI = {f"x{i}": uniform(-np.pi, np.pi) for i in (1, 2, 3)}
#: With a = 7, b = 0.1, in closed form.
FIRST, TOTAL = {"x1": 0.3139, "x2": 0.4424, "x3": 0.0}, {"x1": 0.5576, "x2": 0.4424, "x3": 0.2437}

SHORT = first_months(als.load_scenario("us_russia_reset_2025"), 8)
MOVED = ("guarantee_loss_conciliation", "tolerated_move", "concession_gain", "susceptibility.HUN")


@dataclass(frozen=True)
class Ishigami:
    """The work of a task: Ishigami's function, with noise that is the draw's."""

    points: Points
    noise: float = 0.0

    def __call__(self, task: Task) -> dict[str, pa.Table]:
        rows = [(p, d) for p in range(task.point0, task.point1) for d in range(task.draw0, task.draw1)]
        point, draw = np.array(rows).T
        x1, x2, x3 = self.points.values[point].T
        value = np.sin(x1) + 7.0 * np.sin(x2) ** 2 + 0.1 * x3**4 * np.sin(x1)
        return {"response": pa.table({"point": point, "draw": draw, "value": value + self.noise * (-1.0) ** draw})}


def test_sobol_indices_of_ishigamis_function_are_the_published_ones():
    table, chance = indices("sobol", ISHIGAMI, 2048, 1, 0, Ishigami)
    for name in ISHIGAMI:
        row = table.loc[name]
        assert abs(row["S1"] - FIRST[name]) <= row["S1_conf"] < 0.1, name
        assert abs(row["ST"] - TOTAL[name]) <= row["ST_conf"] < 0.1, name
    assert list(table.index) == ["x1", "x2", "x3"] and np.isnan(chance)


def test_noise_common_to_all_points_does_not_change_the_indices():
    quiet, _ = indices("sobol", ISHIGAMI, 64, 2, 3, Ishigami)
    loud, chance = indices("sobol", ISHIGAMI, 64, 2, 3, lambda points: Ishigami(points, noise=5.0))
    np.testing.assert_allclose(loud, quiet, atol=1e-9)
    # Of two draws at +-5 the variance is 50, that of the function a^2/8 + b pi^4/5 + b^2 pi^8/18 + 1/2 = 13.84.
    assert chance == pytest.approx(50.0 / (50.0 + 13.84), rel=0.05)


def test_morris_effects_of_ishigamis_function():
    """x2 acts alone, both ways and by the same amount; x3 only together with x1."""
    table, _ = indices("morris", ISHIGAMI, 100, 1, 0, Ishigami)
    # Medians of quarters of [-pi, pi] are -3/4, -1/4, 1/4, 3/4 pi: sin^2 is the same at all, sin moves by sqrt(2).
    assert table["mu_star"]["x2"] == pytest.approx(0.0, abs=1e-12)
    at = np.array([0.25, 0.75]) * np.pi
    assert table["mu_star"]["x1"] == pytest.approx(np.sqrt(2.0) * (1.0 + 0.1 * (at**4).mean()), rel=0.15)
    assert table["sigma"]["x3"] > abs(table["mu"]["x3"]) + table["mu_star_conf"]["x3"]


@pytest.fixture(scope="module")
def screened():
    return sensitivity(SHORT, "cohesion", parameters=MOVED, points=3, draws=2, seed=4)


def test_a_parameter_that_acts_on_nothing_else_has_no_effect_at_all(screened):
    """Exactly none: points share their draws, so that no noise is left to be mistaken for an effect."""
    effects = screened.parameters["mu_star"]
    assert effects["concession_gain"] == 0.0
    assert (effects.drop("concession_gain") > 0.0).all()
    assert screened.parameters["mu"]["guarantee_loss_conciliation"] < 0.0 and 0.0 < screened.chance < 1.0


def test_a_point_is_the_mean_of_its_draws(monkeypatch):
    seen = []
    respond = module._respond

    def noted(at, *rest):
        seen.append((at, respond(at, *rest)))
        return seen[-1][1]

    monkeypatch.setattr(module, "_respond", noted)
    sensitivity(SHORT, "mean_spending", parameters=MOVED, points=2, draws=3, seed=4)
    ((points, values),) = seen
    for row in (0, 4):
        what_if = SHORT.with_parameters(dict(zip(points.names, points.values[row].tolist(), strict=True)))
        np.testing.assert_array_equal(values[row], als.simulate(what_if, 3, 4, "monthly").per_draw()["mean_spending"])


def test_ablation_is_the_paired_difference_of_two_runs():
    found = ablation(SHORT, "mean_guarantee_confidence", 20, 4)
    runs = [
        als.simulate(what_if, 20, 4, "monthly").per_draw()
        for what_if in (SHORT, SHORT.with_parameters({"guarantee_loss_conciliation": 0}))
    ]
    differences = (runs[0] - runs[1])["mean_guarantee_confidence"]
    row = found.loc["guarantee_loss_conciliation"]
    assert row["effect"] == pytest.approx(differences.mean()) and row["effect"] < 0.0
    assert row["mc_error"] == pytest.approx(differences.std() / 20**0.5)
    assert row["low"] < row["effect"] < row["high"]
    assert found["effect"].abs().is_monotonic_decreasing
    # It acts on the pressure to concede, and on nothing else.
    assert "concession_gain" not in found.index


def test_a_mechanism_is_switched_off_for_every_ally():
    own = SHORT.with_parameters({"susceptibility.HUN": 0.5})
    off = SHORT.with_parameters({"susceptibility": 0.0, "susceptibility.HUN": 0.0})
    runs = [als.simulate(what_if, 6, 4, "monthly").per_draw()["agreement"] for what_if in (own, off)]
    assert ablation(own, "agreement", 6, 4)["effect"]["susceptibility"] == pytest.approx((runs[0] - runs[1]).mean())


@pytest.fixture
def little(monkeypatch):
    """Less to screen and to ablate."""
    monkeypatch.setattr(module, "METHODS", {"morris": 2, "sobol": 4})


def test_sobol_varies_the_parameters_that_screening_finds(little):
    reported = []
    short = first_months(SHORT, 2)
    found = sensitivity(short, "agreement", "sobol", draws=1, progress=lambda *done: reported.append(done))
    screening, _ = indices(
        "morris", module._moved(short, ()), 2, 1, 0, lambda at: module._Response(short, at, 0, "agreement")
    )
    assert set(found.parameters.index) == set(screening.index[:SCREENED]) and "ST" in found.parameters
    free = sum(not p.per_ally and p.prior("2025").kind != "fixed" for p in PARAMETERS.values())
    assert len(screening) == found.screened == free
    assert reported[-1] == (found.runs, found.runs) and reported == sorted(reported)
    assert found.runs == 2 * (free + 1) + 4 * (SCREENED + 2) + 2 * (len(module.STRENGTHS) + 1)


def test_plot_shows_both_rankings(screened, tmp_path: Path):
    figure = screened.plot(tmp_path / "drivers.svg")
    assert (tmp_path / "drivers.svg").stat().st_size > 10_000
    parameters, mechanisms = ([tick.get_text() for tick in axis.get_yticklabels()] for axis in figure.axes)
    assert parameters == list(screened.parameters.index)
    assert mechanisms == list(screened.mechanisms.index[: len(mechanisms)]) and len(mechanisms) > 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"outcome": "cohesio"}, r"'cohesio' is not an outcome \(nearest: cohesion\)"),
        ({"method": "fast"}, "method: 'fast' is unknown; allowed: morris, sobol"),
        ({"parameters": ("kappa", "threat_reversion")}, "threat_reversion: is the same parameter as kappa"),
        ({"parameters": ("pledg",)}, r"no parameter is called 'pledg' \(nearest: pledge\)"),
        ({"parameters": ("concession_step",)}, "concession_step is fixed at 0.3; allowed: one with a distribution"),
        ({"parameters": ("susceptibility",)}, "susceptibility has one value per ally; allowed: .* susceptibility.ALLY"),
        ({"parameters": ("threat_perception.HUN",)}, "threat_perception.HUN is calibrated"),
        ({"method": "sobol", "points": 100}, "points: 100 is not allowed with sobol; allowed: a power of two"),
        ({"points": 1}, "points: 1 is out of range; allowed: a whole number from 2 to 1000000"),
        ({"draws": 0}, "draws: 0 is out of range"),
        ({"outcome": "opacity", "scenario": "baseline_2025", "parameters": ("tolerated_move",), "points": 2,
          "draws": 1},
         "the outcome is 0 at all points"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        sensitivity(**{"scenario": SHORT, "outcome": "cohesion", **options})


def test_command_prints_the_result_of_the_function(little, capsys):
    with pytest.raises(SystemExit) as end:
        main(["sensitivity", "baseline_2018", "--outcome", "threat_gap", "--parameter", "threat_reversion",
              "--parameter", "threat_diffusion",
              "--points", "2", "--draws", "2", "--set", "beta=0.5", "--json"])  # fmt: skip
    assert end.value.code == 0
    reported = json.loads(capsys.readouterr().out)
    what_if = als.load_scenario("baseline_2018").with_parameters({"conduct_response": 0.5})
    found = sensitivity(what_if, "threat_gap", parameters=("threat_reversion", "threat_diffusion"), points=2, draws=2)
    assert reported["parameters"] == found.parameters.reset_index().to_dict("records")
    assert reported["mechanisms"] == found.mechanisms.reset_index().to_dict("records")
    assert (reported["scenario"], reported["method"], reported["runs"]) == ("baseline_2018", "morris", found.runs)


@pytest.mark.parametrize("method", ["morris", "sobol"])
def test_report_ranks_in_words(method, little, capsys):
    with pytest.raises(SystemExit) as end:
        main(["sensitivity", "baseline_2025", "--outcome", "cohesion", "--method", method,
              "--parameter", "tolerated_move",
              "--parameter", "threat_reversion", "--points", "2", "--draws", "2"])  # fmt: skip
    out = capsys.readouterr().out
    assert end.value.code == 0 and "what drives cohesion, mean over the months, share" in out
    assert "move away from the reversion" in out and "% of the variance of single runs" in out
    assert out.index("tolerated_move ") < out.index("threat_reversion ")
