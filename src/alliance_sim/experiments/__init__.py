"""Designed experiments: which runs, run where, kept how, and what they say.

Names are loaded when they are first used: an experiment file is read and checked without a numerical library.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alliance_sim.experiments.design import Points, points
    from alliance_sim.experiments.language import json_schema
    from alliance_sim.experiments.library import experiment_path, list_experiments, load_experiment, load_file
    from alliance_sim.experiments.schema import Design, Experiment, Patch, Variant

__all__ = [
    "Design",
    "Experiment",
    "Patch",
    "Points",
    "Variant",
    "experiment_path",
    "json_schema",
    "list_experiments",
    "load_experiment",
    "load_file",
    "points",
]

_MODULES = {
    "design": ("Points", "points"),
    "language": ("json_schema",),
    "library": ("experiment_path", "list_experiments", "load_experiment", "load_file"),
    "schema": ("Design", "Experiment", "Patch", "Variant"),
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
