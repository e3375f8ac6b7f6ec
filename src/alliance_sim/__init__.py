"""An alliance that decides by consensus: who blocks what, how sure we are, what would restore consensus.

Names are loaded when they are first used, so that ``import alliance_sim`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alliance_sim.ensemble import Ensemble, load_results, simulate
    from alliance_sim.errors import InputError
    from alliance_sim.scenarios import Scenario, list_scenarios, load_scenario

__version__ = "0.1.0"

__all__ = [
    "Ensemble",
    "InputError",
    "Scenario",
    "__version__",
    "list_scenarios",
    "load_results",
    "load_scenario",
    "simulate",
]

_HOMES = {
    "Ensemble": "ensemble",
    "InputError": "errors",
    "Scenario": "scenarios",
    "list_scenarios": "scenarios",
    "load_results": "ensemble",
    "load_scenario": "scenarios",
    "simulate": "ensemble",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
