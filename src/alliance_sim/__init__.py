"""A simulation of an alliance that decides by consensus: who blocks what, how surely, and what would restore consensus.

`simulate` runs many draws of a scenario, `headline` says what matters in it, `report` makes a page or a workbook of it,
`diagnose` says who stands in the way of a text and what would restore consensus. `compare` sets scenarios against a
base with common random numbers, `branch` continues one draw in many futures. `sensitivity` ranks parameters and
mechanisms. `sweep` runs a designed experiment, which `discover` and `policy` analyse. `evidence` says where a number
comes from, `claims` tests what the documents say, `hindcast` scores forecasts of the record, `ask` answers forecast
questions.
`AllianceModel` is one draw as a Mesa model.

Examples
--------
>>> import alliance_sim as als
>>> ensemble = als.simulate("us_russia_reset_2025", draws=5, seed=1)
>>> ensemble.summary().loc["cohesion", "unit"]
'share'
>>> comparison = als.compare("baseline_2025", "us_russia_reset_2025", draws=5, seed=1)
>>> comparison.summary().shape  # outcomes, statistics
(36, 11)

Notes
-----
Names are loaded when they are first used, so that ``import alliance_sim`` takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alliance_sim.analysis.comparison import Comparison, compare
    from alliance_sim.analysis.diagnosis import Diagnosis, diagnose
    from alliance_sim.analysis.discovery import Discovery, discover
    from alliance_sim.analysis.policy import Policies, policy
    from alliance_sim.analysis.sensitivity import Sensitivity, sensitivity
    from alliance_sim.errors import InputError
    from alliance_sim.estimation.evidence import Evidence, evidence
    from alliance_sim.experiments import Experiment, list_experiments, load_experiment
    from alliance_sim.experiments.results import Results, load_results
    from alliance_sim.experiments.runner import sweep
    from alliance_sim.model import AllianceModel, Ally, Russia, Ukraine, UnitedStates
    from alliance_sim.results.ensemble import Ensemble
    from alliance_sim.results.headline import Headline, headline
    from alliance_sim.results.report_file import report
    from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario
    from alliance_sim.simulation import branch, simulate
    from alliance_sim.validation.claims import claims
    from alliance_sim.validation.hindcast_scores import Hindcast, hindcast
    from alliance_sim.validation.question_files import list_questions, load_questions
    from alliance_sim.validation.questions import Answers, ask

__version__ = "0.1.0"

__all__ = [
    "AllianceModel",
    "Ally",
    "Answers",
    "Comparison",
    "Diagnosis",
    "Discovery",
    "Ensemble",
    "Evidence",
    "Experiment",
    "Headline",
    "Hindcast",
    "InputError",
    "Policies",
    "Results",
    "Russia",
    "Scenario",
    "Sensitivity",
    "Ukraine",
    "UnitedStates",
    "__version__",
    "ask",
    "branch",
    "claims",
    "compare",
    "diagnose",
    "discover",
    "evidence",
    "headline",
    "hindcast",
    "list_experiments",
    "list_questions",
    "list_scenarios",
    "load_experiment",
    "load_questions",
    "load_results",
    "load_scenario",
    "policy",
    "report",
    "sensitivity",
    "simulate",
    "sweep",
]

_MODULES = {
    "analysis.comparison": ("Comparison", "compare"),
    "analysis.diagnosis": ("Diagnosis", "diagnose"),
    "analysis.discovery": ("Discovery", "discover"),
    "analysis.policy": ("Policies", "policy"),
    "analysis.sensitivity": ("Sensitivity", "sensitivity"),
    "errors": ("InputError",),
    "estimation.evidence": ("Evidence", "evidence"),
    "experiments": ("Experiment", "list_experiments", "load_experiment"),
    "experiments.runner": ("sweep",),
    "experiments.results": ("Results", "load_results"),
    "model": ("AllianceModel", "Ally", "Russia", "Ukraine", "UnitedStates"),
    "results.ensemble": ("Ensemble",),
    "results.headline": ("Headline", "headline"),
    "results.report_file": ("report",),
    "scenarios": ("Scenario", "list_scenarios", "load_scenario"),
    "simulation": ("branch", "simulate"),
    "validation.hindcast_scores": ("Hindcast", "hindcast"),
    "validation.question_files": ("list_questions", "load_questions"),
    "validation.questions": ("Answers", "ask"),
    "validation.claims": ("claims",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
