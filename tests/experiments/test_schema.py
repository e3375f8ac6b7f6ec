import pickle

import pytest

from alliance_sim.errors import InputError
from alliance_sim.experiments import Design, Experiment, Patch, load_experiment
from alliance_sim.experiments.schema import METHODS
from alliance_sim.registry.distributions import Prior
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import parameter_names
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import Scenario, input_differences, load_scenario, load_text

FIELDS = {
    "name": "mine",
    "title": "t",
    "description": "d",
    "scenario": "baseline_2025",
    "sources": ["judgement"],
    "constants": {"threat_reversion": 0.1, "tolerated_move": 0.03},
    "uncertainties": {"threat_diffusion": {"uniform": [0.0, 0.05]}, "slack_scale": {"lognormal": [-5.5, 0.3]}},
    "levers": {
        "aid": {
            "as_is": {},
            "cut": {"events": [{"month": 3, "type": "aid_change", "channel": "all", "share": -1, "source": "s"}]},
        },
        "talks": {"held": {}, "dropped": {"drop": ["nac-2025-10"]}, "tough": {"parameters": {"tolerated_move": 0.05}}},
    },
    "replications": 10,
}


def made(**changes: object) -> Experiment:
    return Experiment.validated({**FIELDS, **changes})


def test_variants_are_all_combinations_the_last_lever_fastest() -> None:
    experiment = made()
    variants = experiment.variants()
    assert [variant.number for variant in variants] == list(range(6))
    assert [variant.scenario.name.split("+") for variant in variants] == [
        ["baseline_2025", aid, talks] for aid in ("as_is", "cut") for talks in ("held", "dropped", "tough")
    ]
    assert [dict(variant.options) for variant in variants][4] == {"aid": "cut", "talks": "dropped"}
    assert (experiment.points, experiment.runs) == (128, 6 * 128 * 10)


def test_a_variant_equals_a_scenario_that_extends_the_base() -> None:
    variant = made().variants()[5].scenario
    same = load_text(
        "name: baseline_2025+cut+tough\nextends: baseline_2025\n"
        "parameters: {threat_reversion: 0.1, tolerated_move: 0.05}\nevents:\n"
        "- {month: 3, type: aid_change, channel: all, share: -1, source: s}\n"
    )
    assert variant == same.model_copy(update={"text": variant.text})
    base, dropped = load_scenario("baseline_2025"), made(constants={}).variants()[1].scenario
    assert [str(each)[:20] for each in input_differences(base, dropped)] == ["- 2025-10 nac meetin"]


def test_policies_name_the_combinations_and_may_leave_levers_out() -> None:
    experiment = made(policies=[{"talks": "tough"}, {"aid": "cut", "talks": "dropped"}, {}])
    assert [tuple(variant.options.values()) for variant in experiment.variants()] == [
        ("as_is", "tough"),
        ("cut", "dropped"),
        ("as_is", "held"),
    ]
    assert experiment.runs == 3 * 128 * 10


def test_an_experiment_of_one_scenario_has_one_variant_at_one_point() -> None:
    experiment = made(levers={}, uncertainties={}, constants={})
    (variant,) = experiment.variants()
    assert (experiment.points, experiment.runs) == (1, 10)
    assert variant.scenario.name == "baseline_2025" and variant.options == {}
    assert input_differences(load_scenario("baseline_2025"), variant.scenario) == ()


def test_options_of_some_levers_can_be_looked_at() -> None:
    experiment = made()
    assert experiment.scenario_with({}).parameters == {"threat_reversion": 0.1, "tolerated_move": 0.03}
    assert experiment.scenario_with({"talks": "tough"}).parameters["tolerated_move"] == 0.05


@pytest.mark.parametrize("method", METHODS)
def test_a_design_knows_its_number_of_points(method: str) -> None:
    design = Design(method=method, points=4)
    assert [design.size(count) for count in (0, 1, 3)] == {
        "lhs": [1, 4, 4],
        "sobol": [1, 4, 4],
        "grid": [1, 4, 64],
        "morris": [1, 8, 16],
        "sobol_indices": [1, 12, 20],
    }[method]


def test_uncertainties_are_priors_on_the_ranges_of_the_parameters() -> None:
    experiment = made(uncertainties={**FIELDS["uncertainties"], "position.sanctions.HUN": {"uniform": [0.1, 0.4]}})
    priors = experiment.priors()
    assert priors["slack_scale"] == Prior(
        "lognormal", -5.5, 0.3, PARAMETERS["slack_scale"].low, PARAMETERS["slack_scale"].high
    )
    assert (priors["position.sanctions.HUN"].low, priors["position.sanctions.HUN"].high) == (0.1, 0.4)


def test_experiments_travel_and_are_rebuilt_from_their_fields() -> None:
    experiment = made()
    assert pickle.loads(pickle.dumps(experiment)) == experiment
    assert isinstance(experiment.levers["aid"]["cut"], Patch) and isinstance(experiment.scenario, Scenario)
    again = Experiment.validated({**dict(experiment), "replications": 7})
    assert again == experiment.model_copy(update={"replications": 7})
    assert again.variants() == experiment.variants()
    alone = made(uncertainties={})
    assert Experiment.validated(dict(alone)) == alone


def test_levers_cannot_have_the_names_of_other_columns() -> None:
    names = [*PARAMETERS, *OUTCOMES]
    assert len({name.lower() for name in names}) == len(names)  # DuckDB ignores case
    two = {"x": {}, "y": {"drop": ["nac-2025-10"]}}
    for name in ("draw", "Point", "Cohesion", "dispute_onset.HUN", parameter_names()[-1]):
        with pytest.raises(InputError, match=f"levers.*{name}.*another column"):
            made(levers={name: two})


def test_bundled_experiment_is_returned_as_it_is() -> None:
    experiment = made()
    assert load_experiment(experiment) is experiment


@pytest.mark.parametrize("where", ["constants", "uncertainties"])
@pytest.mark.parametrize("name", ["threat_reversion.", "kappa.", "susceptibility.", "threat_reversion..", ".pledge"])
def test_names_with_empty_parts_are_no_parameters(where: str, name: str) -> None:
    value = 0.1 if where == "constants" else {"uniform": [0.04, 0.1]}
    with pytest.raises(InputError, match=rf"{where}\.{name}: no parameter is called"):
        made(**{"constants": {}, "uncertainties": {}, where: {name: value}, "design": {}})


@pytest.mark.parametrize("first", ["threat_diffusion ", " threat_diffusion", "eta "])
def test_two_names_that_differ_in_blanks_are_one_parameter(first: str) -> None:
    spread = {"uniform": [0.0, 0.05]}
    with pytest.raises(InputError, match=r"is the same parameter as .*; allowed: one of the two"):
        made(uncertainties={first: spread, "threat_diffusion": {"uniform": [0.01, 0.05]}})


def test_names_of_levers_and_options_have_no_blanks_around_them() -> None:
    with pytest.raises(InputError, match=r"levers\.'aid ': 'aid ' has blanks around it; allowed: none"):
        made(levers={"aid ": FIELDS["levers"]["aid"]})
    with pytest.raises(InputError, match=r"levers\.aid\.' as_is': ' as_is' has blanks around it; allowed: none"):
        made(levers={"aid": {" as_is": {}, "cut": {"drop": ["nac-2025-10"]}}})
