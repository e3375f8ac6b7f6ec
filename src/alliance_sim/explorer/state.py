"""What a visitor has chosen and sees; each has a session of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import solara

from alliance_sim.scenarios import Scenario, load_scenario

FIRST_SCENARIO = "us_russia_reset_2025"
DRAWS = (500, 2_000, 10_000)
MAX_SEED = 2**64 - 1


@dataclass(frozen=True)
class Request:
    """The run that the controls describe; `levers` holds the values of those that are on."""

    scenario: str
    draws: int
    seed: int
    levers: tuple[tuple[str, float], ...] = ()

    def what_if(self) -> Scenario:
        """Return the scenario with the levers set; InputError if it does not exist or a value is out of range."""
        return load_scenario(self.scenario).with_parameters(dict(self.levers))

    def command(self) -> str:
        """Return the command line that computes the same numbers."""
        settings = "".join(f" --set {name}={value:g}" for name, value in self.levers)
        return f"alliance-sim run {self.scenario} --draws {self.draws} --seed {self.seed}{settings}"

    def python(self) -> str:
        """Return the Python lines that compute the same numbers."""
        values = ", ".join(f'"{name}": {value:g}' for name, value in self.levers)
        setting = f".with_parameters({{{values}}})" if values else ""
        return (
            "import alliance_sim as als\n\n"
            f'scenario = als.load_scenario("{self.scenario}"){setting}\n'
            f"ensemble = als.simulate(scenario, draws={self.draws}, seed={self.seed})\n"
            "ensemble.decisions()"
        )


@dataclass(frozen=True)
class View:
    """A finished run, ready for the browser.

    Attributes
    ----------
    request : Request
    draws : int
        Draws run; fewer than requested in a preview.
    seconds : float
    months : list of str
        ``YYYY-MM``.
    said : list of str
        The sentences of its headline.
    board : list of dict
        One row per agenda item, in time order.
    fans : dict
        By outcome: its 5, 25, 50, 75 and 95 % quantiles, one list of T numbers each.
    maps : dict
        By variable: T lists of one number per ally, None before it joins. Means over the draws of the preview.
    cohesion, error : float
        Mean of cohesion over months and draws, and its Monte Carlo standard error.
    """

    request: Request
    draws: int
    seconds: float
    months: list[str]
    said: list[str]
    board: list[dict[str, Any]]
    fans: dict[str, list[list[float]]]
    maps: dict[str, list[list[float | None]]]
    cohesion: float
    error: float


@dataclass
class ResultCache:
    """The last result, and the last run without levers: its scenario and seed, and its medians."""

    view: View | None = None
    calibrated: tuple[tuple[str, int], dict[str, list[float]]] | None = None

    def store(self, view: View) -> None:
        """Keep a result, to be shown until the next."""
        self.view = view
        if not view.request.levers:
            self.store_reference(view)

    def store_reference(self, view: View) -> None:
        """Keep the medians of a run without levers."""
        medians = {name: quantiles[2] for name, quantiles in view.fans.items()}
        self.calibrated = (view.request.scenario, view.request.seed), medians

    def reference(self) -> dict[str, list[float]] | None:
        """Return the medians to compare the result shown with; None without levers."""
        if self.view is None or not self.view.request.levers or self.calibrated is None:
            return None
        key, medians = self.calibrated
        return medians if key == (self.view.request.scenario, self.view.request.seed) else None


class Session:
    """The state of one visitor, shared by all pages.

    Attributes
    ----------
    scenario, draws, seed, levers : reactive
        What the controls show; `levers` maps those that are on to their values.
    item, ally : reactive str
        Key of the item selected on the board, and ISO3 code of the ally selected on the map; empty if none is.
    phase : reactive str
        ``compiling`` or ``computing``, while a run is in progress.
    version : reactive int
        Counts the results stored in `cache`, so that components render again.
    cache : ResultCache
    """

    def __init__(self) -> None:
        no_levers: dict[str, float] = {}
        self.scenario = solara.reactive(FIRST_SCENARIO)
        self.draws = solara.reactive(DRAWS[1])
        self.seed = solara.reactive(0)
        self.levers = solara.reactive(no_levers)
        self.item = solara.reactive("")
        self.ally = solara.reactive("")
        self.phase = solara.reactive("")
        self.version = solara.reactive(0)
        self.cache = ResultCache()

    @property
    def request(self) -> Request:
        """The run that the controls describe."""
        levers = tuple(sorted(self.levers.value.items()))
        return Request(self.scenario.value, self.draws.value, self.seed.value, levers)

    def move(self, lever: str, value: float | None) -> None:
        """Set a lever, or switch it off with None."""
        rest = {name: old for name, old in self.levers.value.items() if name != lever}
        self.levers.value = rest if value is None else {**rest, lever: value}
