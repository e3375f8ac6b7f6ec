"""How to compute the same results again: the commands, and the files of scenarios that are not bundled."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alliance_sim.scenarios import Scenario, dump, list_scenarios, load_scenario, load_with_parent

if TYPE_CHECKING:
    from alliance_sim.results.ensemble_like import EnsembleLike

__all__ = ["Reproduction", "reproduction"]

#: Fields in which a scenario may differ from a file and still be called by its name: options set or ignore them.
_BESIDE = ("parameters", "calibration", "text")


@dataclass(frozen=True)
class Reproduction:
    """How to compute the same results again.

    Attributes
    ----------
    commands : tuple of str
        Empty where no command can.
    files : mapping of str to str
        Texts of the scenario files that the commands read and that are not bundled, by name of file.
    note : str

    Examples
    --------
    >>> import alliance_sim as als
    >>> found = reproduction(als.simulate("baseline_2018", draws=2), None, ".html")
    >>> found.commands[0], dict(found.files)
    ('alliance-sim run baseline_2018 --draws 2 --seed 0', {})
    """

    commands: tuple[str, ...]
    files: Mapping[str, str]
    note: str


def reproduction(ensemble: EnsembleLike, base: EnsembleLike | None, ending: str) -> Reproduction:
    """Return how to compute a run again, and its report as a file of some ending; no path of this machine is in it.

    Examples
    --------
    >>> import alliance_sim as als
    >>> base, reset = (als.simulate(name, draws=2) for name in ("baseline_2025", "us_russia_reset_2025"))
    >>> print(reproduction(reset, base, ".html").commands[1])
    alliance-sim report us_russia_reset_2025 --against baseline_2025 --draws 2 --seed 0 --out us_russia_reset_2025.html
    """
    if "parent_draw" in ensemble.origin:
        branched = f"draw {ensemble.origin['parent_draw']} in {ensemble.origin['branched']}"
        return Reproduction((), {}, f"A branch of {branched}: made in Python with als.branch; no command makes it.")
    scenario = ensemble.scenario
    without = _settings(base.scenario, scenario) if base and base.scenario.name == scenario.name else None
    note, against = "", []
    if base and without:  # the base is what the command takes: the same without what is set
        name, own, files = _called(base.scenario, settings=False)
        settings = [*own, *without]
    else:
        name, settings, files = _called(scenario, settings=True)
        if base:
            other, _, more = _called(base.scenario, settings=False, suffix="_base" * (base.scenario.name in name))
            against, files = ["--against", other], {**files, **more}
        elif not files and load_with_parent(name)[1]:
            note = "This report has no base; the command sets the scenario against the one that its file extends."
    options = [each for setting in settings for each in ("--set", setting)]
    options += [*against, "--draws", str(ensemble.draws), "--seed", str(ensemble.seed)]
    commands = ["run", name, *options], ["report", name, *options, "--out", f"{scenario.name}{ending}"]
    return Reproduction(tuple(f"alliance-sim {shlex.join(each)}" for each in commands), files, note)


def _called(scenario: Scenario, settings: bool, suffix: str = "") -> tuple[str, list[str], dict[str, str]]:
    """Return a bundled name with what is set besides, if `settings` allows it; else a file and its text."""
    if scenario.name in list_scenarios():
        found = _settings(load_scenario(scenario.name), scenario)
        if found is not None and (settings or all(each.startswith("calibration=") for each in found)):
            return scenario.name, found, {}
    file = f"{scenario.name}{suffix}.yaml"
    return file, [], {file: dump(scenario)}


def _settings(before: Scenario, after: Scenario) -> list[str] | None:
    """Return what ``--set`` gives to make one scenario of another; None if it cannot."""
    if any(value != getattr(after, name) for name, value in dict(before).items() if name not in _BESIDE):
        return None
    changed = {name: value for name, value in after.parameters.items() if before.parameters.get(name) != value}
    if before.parameters.keys() - after.parameters.keys():
        return None
    if not all(isinstance(value, (int, float)) for value in changed.values()):
        return None
    calibration = [f"calibration={after.calibration}"] * (before.calibration != after.calibration)
    return [*(f"{name}={value!r}" for name, value in changed.items()), *calibration]
