"""What the page Experiments says of a folder is what the Python API says of it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import alliance_sim as als
from alliance_sim.errors import InputError
from alliance_sim.experiments.results import Results, open_results
from alliance_sim.explorer.answers.analyses import conditions, drivers, policies, spread, two_inputs, worst_fifth
from alliance_sim.explorer.answers.experiments import described, folders, input_labels, sections, variant_labels


@pytest.fixture(scope="module")
def small(swept: Path) -> Results:
    return open_results(swept)


@pytest.fixture(scope="module")
def summits(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A sweep that keeps decisions."""
    experiment = als.load_experiment("summit_form_2018")
    design = experiment.design.model_copy(update={"points": 2})
    experiment = experiment.model_copy(update={"replications": 4, "design": design})
    return als.sweep(experiment, tmp_path_factory.mktemp("summits") / "summits", progress=False)


def designed(tmp_path: Path, method: str, points: int) -> Results:
    experiment = als.load_experiment("us_support_ends_indices_2025")
    design = experiment.design.model_copy(update={"method": method, "points": points})
    experiment = experiment.model_copy(update={"replications": 2, "design": design})
    return als.sweep(experiment, tmp_path / method, progress=False)


def test_distribution_of_each_policy_is_that_of_its_runs(small: Results) -> None:
    runs = small.frame("runs")
    found = spread(small, "mean_spending")
    assert [group["name"] for group in found["groups"]] == list(variant_labels(small).values())
    for name, group in zip(variant_labels(small), found["groups"], strict=True):
        values = runs.loc[runs["scenario"] == name, "mean_spending"]
        assert group["runs"] == len(values)
        assert (group["mean"], group["p50"]) == pytest.approx((values.mean(), values.median()), abs=1e-4)
        assert sum(group["shares"]) == pytest.approx(1.0, abs=1e-2)
        middle = (np.array(group["shares"]) * (np.arange(30) + 0.5)).sum() / 30
        assert found["low"] + middle * (found["high"] - found["low"]) == pytest.approx(values.mean(), abs=0.05)


def test_distribution_by_lever_counts_every_run_once(small: Results) -> None:
    groups = spread(small, "cohesion", "money")["groups"]
    assert [group["name"] for group in groups] == ["usual", "more"]
    assert sum(group["runs"] for group in groups) == small.experiment.runs


def test_constant_outcome_has_a_distribution(small: Results) -> None:
    found = spread(small, "postponements")
    assert found["low"] < found["high"] and all(group["shares"][0] == 1.0 for group in found["groups"])


def test_cells_are_means_of_their_runs(small: Results) -> None:
    runs = small.frame("runs")
    found = two_inputs(small, "money", "talk", "mean_spending")
    means = runs.groupby(["talk", "money"])["mean_spending"].mean()
    for y, talk in enumerate(found["down"]):
        assert found["cells"][y] == pytest.approx([means[talk, money] for money in found["across"]], abs=1e-4)


def test_classes_of_many_values_hold_all_runs_and_their_mean(small: Results) -> None:
    found = two_inputs(small, "spending_response_threat", "concession_gain", "mean_spending")
    runs = np.array(found["runs"])
    assert runs.sum() == small.experiment.runs and runs.shape == (6, 6)
    cells = np.array([[0.0 if cell is None else cell for cell in row] for row in found["cells"]])
    assert (cells * runs).sum() / runs.sum() == pytest.approx(small.frame("runs")["mean_spending"].mean(), abs=1e-4)
    assert all((cell is None) == (number == 0) for row, numbers in zip(found["cells"], runs, strict=True)
               for cell, number in zip(row, numbers, strict=True))  # fmt: skip


def test_share_of_a_text_is_that_of_its_decisions(summits: Results) -> None:
    texts = described(summits)["texts"]
    assert texts[0]["text"].startswith("Dialogue with Russia, June 2018")
    decisions = summits.frame("decisions")
    for text in texts:
        meeting, issue = text["value"].split("/")
        of_text = decisions[(decisions["meeting"] == meeting) & (decisions["issue"] == issue)]
        passed = of_text["outcome"].isin(["adopted", "diluted"]).groupby(of_text["scenario"]).mean()
        found = two_inputs(summits, "meeting", "quarrels", text=text["value"])
        names = {tuple(variant.options.values()): variant.scenario.name for variant in summits.variants}
        for y, down in enumerate(found["down"]):
            expected = [passed[names[across, down]] for across in found["across"]]
            assert found["cells"][y] == pytest.approx(expected, abs=1e-4)


def test_wrong_inputs_are_refused(summits: Results) -> None:
    with pytest.raises(InputError, match="two inputs"):
        two_inputs(summits, "meeting", "meeting", "cohesion")
    with pytest.raises(InputError, match="allowed: meeting, quarrels"):
        two_inputs(summits, "other", "meeting", "cohesion")
    with pytest.raises(InputError, match="on no agenda"):
        two_inputs(summits, "meeting", "quarrels", text="it's/sanctions")
    with pytest.raises(InputError, match="allowed: scenario, meeting, quarrels"):
        spread(summits, "cohesion", "draw")
    with pytest.raises(InputError, match="allowed: morris, sobol_indices"):
        drivers(summits, "cohesion")


def test_sobol_indices_are_those_of_salib(tmp_path: Path) -> None:
    from SALib.analyze import sobol

    results = designed(tmp_path, "sobol_indices", 16)
    mean = results.frame("runs").groupby("point")["resistance"].mean().to_numpy()
    names = results.points.names
    problem = {"num_vars": len(names), "names": list(names), "bounds": [[0.0, 1.0]] * len(names)}
    expected = sobol.analyze(problem, mean, calc_second_order=False, seed=1)
    rows = {row["name"]: row for row in drivers(results, "resistance")["rows"]}
    assert [rows[name]["value"] for name in names] == pytest.approx(list(expected["ST"]), abs=1e-4)
    assert [rows[name]["other"] for name in names] == pytest.approx(list(expected["S1"]), abs=1e-4)
    assert all(row["low"] <= row["value"] <= row["high"] for row in rows.values())


def test_screening_finds_what_moves_the_outcome(tmp_path: Path) -> None:
    results = designed(tmp_path, "morris", 4)
    found = drivers(results, "ukraine_support_total")
    values = [row["value"] for row in found["rows"]]
    assert values == sorted(values, reverse=True)
    moves = {row["name"]: row["change"] for row in found["rows"]}
    assert moves["fatigue_rate"] < 0.0 and moves["cutoff_cost"] == pytest.approx(0.0, abs=0.02)


def test_conditions_are_those_of_discover(small: Results) -> None:
    side, bound = worst_fifth(small, "mean_spending")
    found = conditions(small, "mean_spending", side, bound)
    expected = als.discover(small, "mean_spending", **{side: bound})
    assert found["base_rate"] == pytest.approx(expected.base_rate, abs=1e-4)
    assert [box["coverage"] for box in found["boxes"]] == pytest.approx([b.coverage for b in expected.boxes], abs=1e-4)
    for box, other in zip(found["boxes"], expected.boxes, strict=True):
        assert [rule["name"] for rule in box["rules"]] == [each.name for each in other.restrictions]
        assert all(rule["low"] is None or 0.0 <= rule["low"] <= rule["high"] <= 1.0 for rule in box["rules"])


def test_policies_are_those_of_policy(small: Results) -> None:
    found = policies(small, "mean_spending")
    expected = als.policy(small, "mean_spending")
    assert [row["behind"] for row in found["rows"]] == pytest.approx(sorted(expected.table["behind"]), abs=1e-4)
    assert sum(len(row["chosen"]) for row in found["rows"]) == len(expected.choices)
    assert {row["lever"]: row["seen"] for row in found["effects"]}["money"]


def test_sections_follow_the_design(small: Results, summits: Results, tmp_path: Path) -> None:
    levers = ["spread", "map", "conditions", "policies"]
    assert [each["value"] for each in sections(small)] == levers
    assert [each["value"] for each in sections(summits)] == levers
    assert [each["value"] for each in sections(designed(tmp_path, "morris", 2))] == [
        "spread",
        "map",
        "drivers",
        "conditions",
    ]
    assert all(label for label in input_labels(small).values())


def unfinished(whole: Path, folder: Path) -> Path:
    """Copy a sweep without its last task."""
    shutil.copytree(whole, folder)
    (folder / "manifest.json").unlink()
    marker = sorted((folder / "parts" / "done").iterdir())[-1]
    for part in (folder / "parts").glob(f"*/{marker.stem}.*"):
        part.unlink()
    return folder


def test_folders_are_listed_whatever_is_in_them(swept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = tmp_path / "results"
    shutil.copytree(swept, results / "good")
    unfinished(swept, results / "stopped")
    als.simulate("baseline_2018", draws=2, keep="final").save(results / "run")
    (results / "empty").mkdir()
    (results / ".hidden").mkdir()
    (results / "file.txt").write_text("no folder")
    rows = {row["name"]: row for row in folders(results)}
    assert list(rows) == ["empty", "good", "run", "stopped"]
    states = {name: row["state"] for name, row in rows.items()}
    assert states == {"empty": "unreadable", "good": "complete", "run": "run", "stopped": "unfinished"}
    assert "unfinished: " in rows["stopped"]["said"] and "tasks are done" in rows["stopped"]["said"]
    assert rows["stopped"]["resume"] == "alliance-sim sweep small.yaml --out results/stopped --resume"
    assert sections(open_results(results / "stopped")) == []
    assert [row["name"] for row in folders(results / "good")] == ["good"]


@pytest.mark.parametrize("name", ["plan.json", "points.parquet", "manifest.json", "parts/done/00000.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"experiment": 3}', b"\xff\x00\xfe"])
def test_damaged_folder_has_one_message_and_hides_no_other(
    swept: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    shutil.copytree(swept, tmp_path / "good")
    shutil.copytree(swept, tmp_path / "worse")
    paths = sorted((tmp_path / "worse" / "parts" / "done").iterdir())
    path = paths[0] if name.startswith("parts") else tmp_path / "worse" / name
    path.write_bytes(content)
    good, worse = folders(tmp_path)
    assert (good["name"], good["state"]) == ("good", "complete")
    assert "\n" not in worse["said"]
    if worse["state"] == "unreadable":
        assert worse["said"] and "worse" in worse["said"]
    else:  # the points are read with the runs
        assert name == "points.parquet"
        with pytest.raises(InputError, match=r"points\.parquet"):
            described(open_results(tmp_path / "worse"))


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="allowed: a folder"):
        folders(tmp_path / "none")


def test_bundled_experiment_goes_on_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from alliance_sim.experiments.parts import begin
    from alliance_sim.experiments.plan import plan_of

    monkeypatch.chdir(tmp_path)
    for name, replications in (("as-it-is", 10), ("changed", 3)):
        experiment = als.load_experiment("us_support_ends_indices_2025").model_copy(
            update={"replications": replications}
        )
        folder = tmp_path / "results" / name
        (folder / "parts" / "done").mkdir(parents=True)
        begin(folder, plan_of(experiment))
    first, second = folders(tmp_path / "results")
    assert first["resume"] == "alliance-sim sweep us_support_ends_indices_2025 --out results/as-it-is --resume"
    assert second["resume"] == "alliance-sim sweep us_support_ends_indices_2025.yaml --out results/changed --resume"


def test_everything_is_plain(small: Results) -> None:
    side, bound = worst_fifth(small, "cohesion")
    json.dumps(
        [
            described(small),
            spread(small, "cohesion"),
            two_inputs(small, "money", "talk", "cohesion"),
            conditions(small, "cohesion", side, bound),
            policies(small, "cohesion"),
        ],
        allow_nan=False,
    )
