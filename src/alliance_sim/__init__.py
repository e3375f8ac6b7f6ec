"""A simulation of an alliance that decides by consensus: who blocks what, how surely, and what would restore consensus.

`simulate` runs many draws of a scenario, `compare` sets scenarios against a base with common random numbers, `branch`
continues one draw in many futures. `sensitivity` ranks parameters and mechanisms. `sweep` runs a designed experiment,
which `discover` and `policy` analyse. `evidence` says where a number comes from, `claims` tests what the documents say.
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
    from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario
    from alliance_sim.simulation import branch, simulate
    from alliance_sim.validation.claims import claims

__version__ = "0.1.0"

__all__ = [
    "AllianceModel",
    "Ally",
    "Comparison",
    "Discovery",
    "Ensemble",
    "Evidence",
    "Experiment",
    "InputError",
    "Policies",
    "Results",
    "Russia",
    "Scenario",
    "Sensitivity",
    "Ukraine",
    "UnitedStates",
    "__version__",
    "branch",
    "claims",
    "compare",
    "discover",
    "evidence",
    "list_experiments",
    "list_scenarios",
    "load_experiment",
    "load_results",
    "load_scenario",
    "policy",
    "sensitivity",
    "simulate",
    "sweep",
]

_MODULES = {
    "analysis.comparison": ("Comparison", "compare"),
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
    "scenarios": ("Scenario", "list_scenarios", "load_scenario"),
    "simulation": ("branch", "simulate"),
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
