"""The calibration report as Markdown."""

from __future__ import annotations

import copy
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alliance_sim.estimation.behaviour_sections import informed, uninformed
from alliance_sim.estimation.pictures import FIGURES, write_figures
from alliance_sim.estimation.report import read_report, report_path
from alliance_sim.estimation.targets import targets
from alliance_sim.estimation.written import markdown, write_markdown

SHIPPED = read_report(report_path())
WATCHED = ("threat.HUN.2025", "threat.SVK.2025", "threat.USA.leader.2025", "threat.EST.2025", "gap 2025 - 2018")
LABELS = [f"{name} x {factor}" for name in ("all", "own", "move", "certainty", "group", "lean") for factor in (0.5, 2)]
#: What was measured, with made-up checks of it.
MEASURED = SHIPPED | {
    "ordering_without_lean": {name: 0.9 * share for name, share in SHIPPED["ordering"].items()},
    "means_without_lean": {name: [0.9 * mean, sd] for name, (mean, sd) in SHIPPED["means"].items()},
    "left_out_figures": {
        name: {"figures": 29.0, "mean": 0.6, "low": 0.4, "high": 0.7, "of_means": 0.65}
        for name in ("expulsions.2018", "aid.2025", "opinion.2018", "opinion.2025")
    },
    "scale_moves": {label: {name: 0.01 * i for i, name in enumerate(WATCHED)} for label in LABELS},
    "refits": {row: {name: 0.02 * i for i, name in enumerate(WATCHED)} for row in SHIPPED["unreliable"]},
}
KINDS = ("fit", "parameters", "actors", "nuisance", "ridges", "predictive", "coverage", "folds", "left_out_items")


def unknown(rng: np.random.Generator, shrinkage: float, edge: float = 0.02) -> dict[str, Any]:
    mean, sd = float(rng.uniform(0.3, 0.7)), 0.1
    return {
        "prior": [0.5, sd, 0.33, 0.67],
        "posterior": [mean, sd * (1 - shrinkage), mean - 0.1, mean + 0.1],
        "shrinkage": shrinkage,
        "shift": (mean - 0.5) / sd if shrinkage > 0.1 else 0.01,
        "edge": edge,
        "pulls": {"nac-2018-07-summit": 0.012, "spending.POL": -0.034},
    }


def fitted() -> dict[str, Any]:
    """Return a report on behaviour of the form that a fit writes, with made-up numbers."""
    rng = np.random.default_rng(3)
    names = ["pledge", "hedge", *(f"parameter_{i}" for i in range(60))]
    shrinkages = [0.58, 0.36, *np.linspace(0.3, 0.0, 60).round(3).tolist()]
    parameters = {name: unknown(rng, each) for name, each in zip(names, shrinkages, strict=True)}
    around = {"level": 0.8, "share": 0.79, "informed": 12}
    rounds = [
        {"runs": 20000, "from": where, "validation": 1.23, "r_hat": 1.004, "ess_bulk": 900, "ess_tail": 800}
        | {"divergences": 0, "pareto_k": k, "effective": 0.01, "error_sd": 3.1}
        for where, k in (("prior", 1.9), ("posterior", 1.2), ("posterior", 0.61))
    ]
    classes = [
        {"forum": forum, "class": kind, "observed": observed, "low": 0.1, "high": 0.7}
        for forum in ("NATO", "EU")
        for kind, observed in (("adopted", 0.61), ("diluted", 0.2), ("blocked", 0.72))
    ]
    return {
        "fit": {"data": "a", "versions": {}, "seed": 0, "power": 1.0, "pareto_k": 0.61, "effective": 0.3, "draws": 4000}
        | {"paths": 64, "repeats": 4, "minutes": 31.0, "rounds": rounds}
        | {"r_hat": 1.003, "ess_bulk": 900, "ess_tail": 800, "divergences": 0}
        | {"powers": [{"power": 0.5, "pareto_k": 0.41, "effective": 0.44}]},
        "parameters": parameters,
        "actors": {f"threat.{ally}.2025": unknown(rng, each) for ally, each in (("HUN", 0.26), ("EST", 0.01))},
        "nuisance": {
            name: {key: value for key, value in unknown(rng, 0.2).items() if key != "pulls"}
            | {"posterior": [0.271, 0.05, 0.2, 0.34]}
            for name in ("recorded_share", "unexplained", "spending_sd")
        },
        "ridges": [["pledge", "hedge", -0.62], ["hedge", "parameter_1", 0.31]],
        "predictive": {
            "spending": {"share80": 0.81, "by_ally": {"POL": 0.91, "DEU": 0.73}, "by_year": {"2015": 0.83}},
            "classes": classes,
            "items": {"count": 97, "with_unexplained": -91.3, "without_unexplained": -99.4, "rates": -95.2}
            | {"unreliable": 2, "worst": [["C027", -9.0, -4.0], ["C129", -5.0, -3.0]]}
            | {
                "by_forum": {
                    "NATO": {"count": 97, "with_unexplained": -91.3, "without_unexplained": -99.4, "rates": -95.2}
                }
            },
        },
        "coverage": {
            "prior": {"sets": 50, **around, "by_unknown": dict.fromkeys(names, 0.82)},
            "posterior": {"sets": 29, **around, "by_unknown": {"pledge": 0.5862}},
        },
        "folds": {"2019": {"power": 1.0, "pareto_k": 0.63, "effective": 0.2, "moves": {"pledge": 0.123}}},
        "left_out_items": {
            "nac-2018-07-summit": {"score": -1.5, "score_without_dispute": -1.25, "k": 0.43, "moves": {"pledge": 0.045}}
        },
    }


def section(text: str, head: str) -> str:
    """Return what stands between a head and the next."""
    return re.split(r"^#+ ", text.split(f"# {head}\n")[1], flags=re.MULTILINE)[0]


def cells(text: str, first: str) -> list[str]:
    """Return the cells of the only row that begins so."""
    rows = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    assert len(rows) == 1, rows
    return [cell.strip() for cell in rows[0].strip("|").split("|")]


# Numbers


def test_numbers_of_measurement_are_those_of_the_file() -> None:
    text = markdown(MEASURED, {})
    for name, share in MEASURED["ordering"].items():
        other = MEASURED["ordering_without_lean"][name]
        assert cells(section(text, "The order that the documents state"), name) == [
            name,
            f"{share:.3f}",
            f"{other:.3f}",
        ]
    aid = MEASURED["left_out_figures"]["aid.2025"]
    assert cells(text, "support to Ukraine, 2025")[1:3] == [f"{aid['figures']:.0f}", f"{aid['mean']:.2f}"]
    moves = MEASURED["scale_moves"]["all x 2"]
    assert [float(cell) for cell in cells(text, "all x 2")[1:]] == pytest.approx(list(moves.values()), abs=5e-4)


def test_numbers_of_behaviour_are_those_of_the_file() -> None:
    text = markdown({}, report := fitted())
    pledge = report["parameters"]["pledge"]
    mean, _, low, high = pledge["posterior"]
    row = cells(section(text, "Parameters that the record informs").split("largest pulls")[0], "`pledge`")
    assert row[1:4] == ["0.50 [0.33, 0.67]", f"{mean:.2f} [{low:.2f}, {high:.2f}]", "0.58"]
    assert "spending.POL -0.034, nac-2018-07-summit 0.012" in text
    assert cells(section(text, "Behaviour: what the record tells"), "3")[5] == "0.61"
    assert cells(text, "0.50") == ["0.50", "0.41", "0.44"]
    assert cells(section(text, "Ridges"), "`pledge`") == ["`pledge`", "`hedge`", "-0.62"]
    assert cells(text, "all") == ["all", "97", "-91.3", "-99.4", "-95.2"]
    assert (
        "At these 2 items the model without eps loses most against rates, 7.0 together; at the others it gains 2.8."
        in text
    )
    assert cells(section(text, "Years left out"), "2019")[-1] == "pledge 0.123"
    assert cells(section(text, "Items left out"), "nac-2018-07-summit")[1:] == [
        *("0.43", "-1.50", "-1.25", "0.25"),
        "pledge 0.045",
    ]
    assert "| ally | DEU | POL |\n| --- | --- | --- |\n| share inside | 0.73 | 0.91 |" in text
    assert cells(section(text, "Coverage on synthetic histories"), "prior")[1:] == ["50", "0.80", "0.79", "12"]


def test_every_parameter_is_in_one_of_the_two_tables() -> None:
    found = fitted()["parameters"]
    known, unknown = informed(found), uninformed(found)
    assert sorted([*known, *unknown]) == sorted(found)
    text = markdown({}, fitted())
    assert known[0] == "pledge"
    for name in known:
        assert f"\n| `{name}` |" in section(text, "Parameters that the record informs")
    for name in unknown:
        assert f"\n| `{name}` |" in section(text, "Parameters that it does not")
    assert "correlation of 0.5 and more: `pledge` with `hedge` (-0.62)." in section(text, "What is not identified")


# Verdicts


def verdicts(measured: dict[str, Any], report: dict[str, Any]) -> dict[str, str]:
    return {each.what: each.verdict for each in targets(measured, report)}


def test_targets_are_passed_and_missed() -> None:
    found = verdicts(MEASURED, fitted())
    missed = {what for what, verdict in found.items() if "missed" in verdict}
    assert missed == {
        "coverage of 80 % intervals, histories around the posterior",  # 29 histories
        "class rates by forum inside 90 % intervals",
        "leave-one-out log score of items, without eps",
    }
    assert sum(verdict == "passed" for verdict in found.values()) == len(found) - len(missed)


def change(report: dict[str, Any], *path: str | int, to: object) -> dict[str, Any]:
    changed = copy.deepcopy(report)
    place: Any = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return changed


@pytest.mark.parametrize(
    ("path", "to", "what"),
    [
        (("fit", "pareto_k"), 0.7, "behaviour: Pareto k at the stated power"),
        (("fit", "r_hat"), 1.011, "behaviour: worst split R-hat"),
        (("fit", "divergences"), 1, "behaviour: divergences"),
        (("parameters", "hedge", "edge"), 0.21, "most mass of a parameter in the outer 5 % of its range"),
        (("coverage", "prior", "share"), 0.91, "coverage of 80 % intervals, histories around the prior"),
        (("coverage", "prior", "by_unknown", "pledge"), 0.6, "coverage of single unknowns, histories around the prior"),
        (("predictive", "spending", "share80"), 0.69, "yearly spending inside 80 % intervals"),
        (("predictive", "items", "with_unexplained"), -95.3, "leave-one-out log score of items, with eps"),
    ],
)
def test_target_is_missed_beyond_its_limit(path: tuple[str | int, ...], to: float, what: str) -> None:
    assert verdicts({}, fitted())[what] == "passed"
    assert verdicts({}, change(fitted(), *path, to=to))[what] == "**missed**"


def test_ranks_are_judged_over_all_quantities() -> None:
    quantities = {name: {"least_p": p, "mean": 0.5, "spread": 1.0} for name, p in (("mu", 0.04), ("threat", 0.9))}
    what = "measurement: ranks of true values uniform"
    ranks = {"sets": 200, "divergences": 0, "quantities": quantities}
    assert verdicts({"ranks": ranks}, {})[what] == "passed"  # 0.04 times 2
    ranks = change(ranks, "quantities", "mu", "least_p", to=0.02)
    assert verdicts({"ranks": ranks}, {})[what] == "**missed**"
    assert cells(markdown({"ranks": ranks}, {}), "`mu`")[1:] == ["0.020", "0.500", "1.000"]


@pytest.mark.parametrize(("share", "failed"), [(0.35, False), (0.351, True)])
def test_a_model_that_leaves_much_unexplained_has_failed(share: float, failed: bool) -> None:
    report = change(fitted(), "nuisance", "unexplained", "posterior", to=[share, 0.05, 0.3, 0.4])
    text = markdown(MEASURED, report)
    assert ("**the model has failed**" in text) == failed
    assert ("**failed model**" in text) == failed
    assert ("the model has failed.**" in section(text, "rho, eps and the errors of spending")) == failed


# Missing parts


@pytest.mark.parametrize("part", KINDS)
def test_a_missing_part_is_named_and_the_rest_stays(part: str) -> None:
    report = fitted()
    whole = markdown(MEASURED, report)
    del report[part]
    text = markdown(MEASURED, report)
    assert text.count("not run: `") > whole.count("not run: `")
    assert [line for line in text.splitlines() if line.startswith("#")] == [
        line for line in whole.splitlines() if line.startswith("#")
    ]


@pytest.mark.parametrize("part", sorted(MEASURED))
def test_a_missing_part_of_measurement_is_named(part: str) -> None:
    text = markdown({name: each for name, each in MEASURED.items() if name != part}, {})
    assert text.startswith("# Calibration report")
    if part not in ("others", "priors", "unreliable"):  # no parts of the text, and a count in it
        assert text.count("not run: `") > markdown(MEASURED, {}).count("not run: `")


def test_without_any_number_everything_is_to_be_run(tmp_path: Path) -> None:
    write_markdown(tmp_path)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "not run: `alliance-sim calibrate --stage checks`" in text
    assert {each.verdict.partition(":")[0] for each in targets({}, {})} == {"not run"}
    assert list(tmp_path.rglob("*.svg")) == []


# Files


def test_figures_are_valid_and_small_and_the_same_each_time(tmp_path: Path) -> None:
    means = MEASURED["means"]
    quantities = {"mu": {"least_p": 0.9, "mean": 0.49, "spread": 1.02}}
    measured = {
        **MEASURED,
        "means_without_lean": means,
        "ranks": {"sets": 9, "divergences": 0, "quantities": quantities},
    }
    for folder in ("a", "b"):
        assert write_figures(measured, fitted(), tmp_path / folder) == set(FIGURES)
    paths = sorted((tmp_path / "a").iterdir())
    assert [path.stem for path in paths] == sorted(FIGURES)
    for path in paths:
        assert ET.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
    assert sum(path.stat().st_size for path in paths) < 400_000


def test_a_figure_without_numbers_is_removed(tmp_path: Path) -> None:
    (tmp_path / "behaviour.json").write_text(json.dumps(fitted()), encoding="utf-8")
    write_markdown(tmp_path)
    shown = re.findall(r"\((figures/\w+\.svg)\)", (tmp_path / "README.md").read_text(encoding="utf-8"))
    assert shown and sorted(shown) == sorted(f"figures/{path.name}" for path in (tmp_path / "figures").iterdir())
    (tmp_path / "behaviour.json").unlink()
    write_markdown(tmp_path)
    assert list((tmp_path / "figures").iterdir()) == []


def test_the_shipped_report_is_up_to_date() -> None:
    folder = report_path().parent
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text == markdown(SHIPPED, read_report(folder / "behaviour.json"))
    shown = set(re.findall(r"\(figures/(\w+\.svg)\)", text))
    assert shown == {path.name for path in (folder / "figures").iterdir()}
    assert sum(path.stat().st_size for path in folder.rglob("*.svg")) < 400_000
