"""Designed experiments: their files, designs, sweeps and results.

The names here load no numerical library: experiment files are read and checked without one.
"""

from alliance_sim.experiments.json_schema import json_schema
from alliance_sim.experiments.levers import Patch
from alliance_sim.experiments.library import experiment_path, list_experiments, load_experiment, load_file
from alliance_sim.experiments.schema import Design, Experiment, Variant

__all__ = [
    "Design",
    "Experiment",
    "Patch",
    "Variant",
    "experiment_path",
    "json_schema",
    "list_experiments",
    "load_experiment",
    "load_file",
]
