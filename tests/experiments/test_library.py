import re
from pathlib import Path

import pytest
import yaml

from alliance_sim.data import data_folder
from alliance_sim.experiments import Experiment, list_experiments, load_experiment, load_file
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario

EXPERIMENTS = list_experiments()
EUROPEAN = {"spending", "support", "flanks", "agenda", "willing"}


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_bundled_experiment_loads_under_its_own_name_and_is_short(name: str) -> None:
    experiment = load_experiment(name)
    assert experiment.name == name
    # Under two minutes at three milliseconds a run, twice what a busy machine took.
    assert 4_000 <= experiment.runs <= 40_000
    assert experiment.text == (data_folder("scenarios") / "experiments" / f"{name}.yaml").read_text("utf-8").strip()


def test_there_are_experiments_of_every_design_with_distinct_names() -> None:
    methods = [load_experiment(name).design.method for name in EXPERIMENTS]
    assert sorted(methods) == ["grid", "lhs", "morris", "sobol", "sobol_indices"]
    assert not set(EXPERIMENTS) & set(list_scenarios())


def test_european_levers_meet_uncertainties_about_washington_and_moscow() -> None:
    experiment = load_experiment("european_levers_2025")
    assert set(experiment.levers) == EUROPEAN and len(experiment.variants()) == 32
    groups = {PARAMETERS[name].group for name in experiment.uncertainties}
    assert {"Washington", "Russia"} <= groups
    pillar = load_scenario("european_pillar_2025")
    willing = experiment.levers["willing"]["yearly"].meetings
    assert [meeting for meeting in pillar.meetings if meeting.id.startswith("willing")] == list(willing)
    spending, support = experiment.levers["spending"]["lasting"], experiment.levers["support"]["lasting"]
    shifts = {event.name: event.to for event in pillar.events if event.type == "shift"}
    assert {**spending.parameters, **support.parameters} == shifts


def test_european_levers_keep_the_texts_of_the_baseline() -> None:
    base = {item.id: item for item in load_scenario("baseline_2025").meetings}
    levers = load_experiment("european_levers_2025").levers
    for meeting in levers["agenda"]["short"].meetings:
        kept = [item for item in base[meeting.id].agenda if item.issue != "russia_strategy"]
        assert list(meeting.agenda) == kept and len(kept) == len(base[meeting.id].agenda) - 1
    for meeting in levers["flanks"]["package"].meetings:
        apart = [item.model_copy(update={"package": None}) for item in meeting.agenda]
        assert all(item in apart for item in base[meeting.id].agenda)
        packed = {item.issue for item in meeting.agenda if item.package}
        assert packed == {"deterrence_posture", "southern_flank"}


def test_forms_of_the_summit_are_those_of_the_scenarios() -> None:
    experiment = load_experiment("summit_form_2018")
    variants = {form: experiment.scenario_with({"meeting": form}) for form in experiment.levers["meeting"]}
    assert variants["closed"].events == load_scenario("helsinki_2018").events
    assert set(variants["open"].events) == set(load_scenario("helsinki_open_2018").events)
    assert not any(event.type == "bilateral_summit" for event in variants["none"].events)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_range_lies_within_the_prior_or_says_why_not(name: str) -> None:
    experiment = load_experiment(name)
    lines = experiment.text.splitlines()
    for parameter, prior in experiment.priors().items():
        (line,) = [line for line in lines if line.startswith(f"  {parameter}: ")]
        if parameter not in PARAMETERS:
            assert "calibration" in line
            continue
        usual = PARAMETERS[parameter].prior(experiment.scenario.era)
        inside = usual.low <= prior.low and prior.high <= usual.high
        assert inside or prior.kind == usual.kind == "lognormal" or re.search(r"# .*(judgement|prior is)", line), line


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_change_says_where_it_comes_from(name: str) -> None:
    documents = yaml.safe_load((data_folder("calibration") / "documents.yaml").read_text(encoding="utf-8"))
    last = {document["label"]: document["paragraphs"] for document in documents}
    experiment = load_experiment(name)
    patches = [patch for options in experiment.levers.values() for patch in options.values()]
    entries = [entry for patch in patches for entry in (*patch.events, *patch.meetings)]
    items = [item for entry in entries for item in getattr(entry, "agenda", ())]
    for entry in entries:
        later = entry.month > "2025-06"
        assert not later or re.search("calendar|judgement|hypothetical|counterfactual", entry.source), entry.source
    for source in (entry.source for entry in (*entries, *items)):
        assert re.search(r"\b[AB] ¶\d|\b20\d\d\b|calendar|judgement|hypothetical|counterfactual", source), source
    cited = re.findall(r"\b([AB]) ¶(\d+)(?:-(\d+))?", experiment.text)
    assert all(1 <= int(number) <= last[label] for label, *span in cited for number in span if number)


def test_the_keys_of_a_file_decide_how_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("name: base\nextends: baseline_2018\ndrop: [nac-2018-06]\n")
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: t\ndescription: d\nscenario: ./base.yaml\nsources: [judgement]\nreplications: 2\n"
    )
    experiment = load_file(path)
    assert isinstance(experiment, Experiment) and experiment == load_experiment(path)
    assert experiment.scenario == load_file(tmp_path / "base.yaml")
    assert isinstance(load_file("baseline_2018"), Scenario)
    assert load_file("summit_form_2018") == load_experiment("summit_form_2018")
