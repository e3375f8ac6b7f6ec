"""What the shell offers for an incomplete word, each with a description; nothing here loads a numerical library."""

from __future__ import annotations

from collections.abc import Iterator

from alliance_sim.data import table
from alliance_sim.experiments import list_experiments
from alliance_sim.registry.actors import ALLIES
from alliance_sim.registry.labels import ISSUE_LABELS, OUTCOME_LABELS
from alliance_sim.registry.parameter_names import parameter_names, resolve
from alliance_sim.registry.parameters import PARAMETERS
from alliance_sim.scenarios import list_scenarios

#: A word that may stand there, and what it means. Those that do not begin as the incomplete word does are left out.
Offers = Iterator[tuple[str, str]]


def scenario_names() -> Offers:
    """Offer the bundled scenarios; shells offer files where none of these fits."""
    return ((name, "scenario") for name in list_scenarios())


def experiment_names() -> Offers:
    """Offer the bundled experiments."""
    return ((name, "experiment") for name in list_experiments())


def file_names() -> Offers:
    """Offer the bundled scenarios and experiments."""
    yield from scenario_names()
    yield from experiment_names()


def outcome_names() -> Offers:
    """Offer the outcomes."""
    yield from OUTCOME_LABELS.items()


def parameters(incomplete: str) -> Offers:
    """Offer the parameters; once a word is begun also those of each ally, and the quantities of actors: many."""
    names = dict.fromkeys((*PARAMETERS, *parameter_names())) if incomplete else PARAMETERS
    return ((name, resolve(name)[0].description) for name in names)


def settings(incomplete: str) -> Offers:
    """Offer what ``--set`` takes, up to the value."""
    yield from ((f"{name}=", description) for name, description in parameters(incomplete))
    yield from ((f"calibration={name}", "what is drawn where nothing is set") for name in ("posterior", "prior"))


def evidence_names() -> Offers:
    """Offer the actors, parameters and issues that ``evidence`` takes."""
    yield from ((row["iso3"], row["name"]) for row in table("facts/actors") if row["iso3"] in ALLIES)
    yield from (("USA.leader", "the president"), ("USA.institutions", "the institutions"))
    yield from ISSUE_LABELS.items()
    yield from ((name, parameter.description) for name, parameter in PARAMETERS.items())
