"""Folders of experiments: what each holds, and which analyses its design allows."""

from __future__ import annotations

import json
import logging
import os
import shlex
from pathlib import Path
from typing import Any

from alliance_sim.analysis.sensitivity import Method
from alliance_sim.errors import InputError, printable
from alliance_sim.experiments.library import list_experiments, load_experiment
from alliance_sim.experiments.plan import plan_of
from alliance_sim.experiments.results import Results, open_results
from alliance_sim.registry.issues import ISSUES
from alliance_sim.registry.labels import ISSUE_LABELS, OUTCOME_LABELS
from alliance_sim.registry.outcomes import OUTCOMES
from alliance_sim.registry.parameter_names import ACTOR_QUANTITIES, resolve
from alliance_sim.wording import counted, month_in_words

__all__ = ["SECTIONS", "described", "folders", "input_labels", "sections", "variant_labels"]

#: Names of the analyses by their key, in the order of the page.
SECTIONS = {
    "spread": "Distribution",
    "map": "Two inputs at a time",
    "drivers": "Sensitivity",
    "conditions": "Conditions",
    "policies": "Policies",
}
_METHODS = {
    "lhs": "a Latin hypercube",
    "sobol": "a Sobol sequence",
    "grid": "a grid",
    "morris": "trajectories after Morris, for screening",
    "sobol_indices": "a design for Sobol indices",
}
#: Designs for which sensitivity indices can be computed from the runs of the folder.
SENSITIVE: dict[str, Method] = {"morris": "morris", "sobol_indices": "sobol"}

_log = logging.getLogger("alliance_sim")


def folders(results: Path) -> list[dict[str, str]]:
    """Return one row for each folder of results below a folder, or for the folder itself if it holds results.

    Parameters
    ----------
    results : Path

    Returns
    -------
    list of dict
        ``name, path, title``, ``state`` (``complete``, ``unfinished``, ``run`` or ``unreadable``), ``said`` (what to
        know of it, one sentence) and ``resume`` (the command that goes on; empty unless it is unfinished).

    Raises
    ------
    InputError
        If there is no such folder, or it cannot be read.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> _ = als.sweep(experiment, "results/summits")
    >>> [(row["name"], row["state"]) for row in folders(Path("results"))]
    [('summits', 'complete')]
    """
    try:
        below = sorted(path for path in results.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise InputError(f"{results}: {error.strerror}; allowed: a folder with folders of results") from None
    own = any((results / name).exists() for name in ("plan.json", "manifest.json"))
    return [_folder(path) for path in ([results] if own else below)]


def _folder(path: Path) -> dict[str, str]:
    row = {"name": printable(path.name), "path": str(path), "title": "", "said": "", "resume": ""}
    row["state"] = "unreadable"
    try:
        if not (path / "plan.json").exists() and (path / "manifest.json").exists():
            said = "Runs of one scenario, not an experiment. To ask about them: "
            return row | {"state": "run", "said": said + f'alliance-sim query {shlex.quote(str(path))} "SELECT ..."'}
        found = open_results(path)
        experiment, note = found.experiment, found.note
    except (InputError, OSError) as error:
        return row | {"said": str(error).splitlines()[0]}
    except Exception as error:  # a file of another program can be anything; the other folders are shown all the same
        _log.exception("cannot read %s", path)
        return row | {"said": f"{path}: cannot be read as results ({type(error).__name__})"}
    row |= {"title": experiment.title, "state": "complete" if found.finished else "unfinished", "said": note}
    if not found.finished:
        row["resume"] = f"alliance-sim sweep {_source(found)} --out {shlex.quote(os.path.relpath(path))} --resume"
    return row


def _source(found: Results) -> str:
    """Return what `sweep` was given: the name of a bundled experiment, if it is that, or a file."""
    name = found.experiment.name
    if name in list_experiments():
        bundled = plan_of(load_experiment(name)).document["experiment"]
        if json.dumps(bundled, sort_keys=True) == json.dumps(found.plan["experiment"], sort_keys=True):
            return name
    return shlex.quote(f"{name}.yaml")


def sections(results: Results) -> list[dict[str, str]]:
    """Return the analyses that the design of an experiment allows; none before it is finished.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> [each["value"] for each in sections(als.sweep(experiment, "summits"))]
    ['spread', 'map', 'conditions', 'policies']
    """
    experiment = results.experiment
    inputs = len(experiment.levers) + len(results.points.names)
    allowed = {
        "spread": True,
        "map": inputs >= 2,
        "drivers": experiment.design.method in SENSITIVE and len(results.points.names) > 0,
        "conditions": inputs > 0,
        "policies": len(results.variants) > 1,
    }
    return [{"value": key, "text": text} for key, text in SECTIONS.items() if results.finished and allowed[key]]


def described(results: Results) -> dict[str, Any]:
    """Return what an experiment asks, varies and looks at.

    Returns
    -------
    dict
        ``title, question, size, scenario`` in words; ``levers`` (name and options) and ``uncertainties`` (name, label,
        values), ``outcomes`` (name and label, those of interest first) and ``texts`` (agenda items).

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> found = described(als.sweep(experiment, "summits"))
    >>> found["size"], found["levers"][1]["options"]
    ('6 policies, 27 points of a grid, 2 draws at each: 324 runs', 'held, spared')
    """
    experiment = results.experiment
    points, policies = counted(experiment.points, "point"), len(results.variants)
    size = f"{points} of {_METHODS[experiment.design.method]}, {counted(experiment.replications, 'draw')} at each"
    of_interest = list(dict.fromkeys((*experiment.outcomes, *OUTCOMES)))
    return {
        "title": experiment.title,
        "question": experiment.description,
        "size": f"{f'{policies} policies, ' if policies > 1 else ''}{size}: {counted(experiment.runs, 'run')}",
        "scenario": experiment.scenario.title,
        "levers": [{"name": name, "options": ", ".join(options)} for name, options in experiment.levers.items()],
        "uncertainties": [
            {"name": name, "label": input_labels(results)[name], "values": str(prior)}
            for name, prior in experiment.priors().items()
        ],
        "outcomes": [{"value": name, "text": _sentence(OUTCOME_LABELS[name])} for name in of_interest],
        "texts": _texts(results),
    }


def input_labels(results: Results) -> dict[str, str]:
    """Return what every lever and uncertainty is called on the page, by name.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> input_labels(als.sweep(experiment, "summits"))["cover"]
    'emboldening of those with ties to Russia'
    """
    experiment = results.experiment
    labels = {name: name.replace("_", " ") for name in experiment.levers}
    for name in results.points.names:
        parameter, ally = resolve(name)
        if name in ACTOR_QUANTITIES:
            quantity, _, actor = name.partition(".")
            labels[name] = f"{quantity.replace('_', ' ')} of {actor.replace('.', ' ').replace('_', ' ')}"
        else:
            labels[name] = f"{parameter.description}{f' ({ally})' if ally else ''}"
    return labels


def variant_labels(results: Results) -> dict[str, str]:
    """Return the options of each scenario of an experiment, by its name; without levers the title of the scenario.

    Examples
    --------
    >>> import alliance_sim as als
    >>> experiment = als.load_experiment("summit_form_2018").model_copy(update={"replications": 2})
    >>> list(variant_labels(als.sweep(experiment, "summits")).values())[:2]
    ['meeting: closed, quarrels: held', 'meeting: closed, quarrels: spared']
    """
    return {
        each.scenario.name: ", ".join(f"{lever}: {option}" for lever, option in each.options.items())
        or each.scenario.title
        for each in results.variants
    }


def _texts(results: Results) -> list[dict[str, str]]:
    """Return the agenda items of an experiment, by time; none while no task is done."""
    if not results.markers:
        return []
    rows = results.sql("SELECT DISTINCT month, meeting, issue FROM decisions ORDER BY month, meeting, issue")
    return [
        {
            "value": f"{meeting}/{issue}",
            "text": f"{_sentence(ISSUE_LABELS[issue])}, {month_in_words(f'{month:%Y-%m}')} ({meeting})",
        }
        for month, meeting, issue in rows.itertuples(index=False)
        if issue in ISSUES
    ]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
